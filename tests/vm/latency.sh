# lutrace latency counts as many operations as the plan has, before and after a real kexec.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
debug=no
plan=7

stage1() {
	expect "measured around preserve and abort" lutrace latency --json --output /share/abort.json \
		--by domain --slowest 3 --stats -- luctl run --no-kexec /share/abort.plan
	expect_fail "a command that fails is told" 1 lutrace latency -- sh -c 'exit 7'
	expect_fail "a buffer that is too small makes it incomplete" 3 lutrace latency --json \
		--ring-size 4 --min-us 1 --output /share/small.json -- \
		sh -c 'kill -STOP $PPID; for i in 1 2 3; do luctl run --no-kexec /share/abort.plan; done; kill -CONT $PPID'
	jump /share/finish.plan
}

stage2() {
	expect "measured around a finish" lutrace latency --json --output /share/finish.json -- \
		luctl finish --session finish
}

check() {
	expect "one sample per domain of each preserve and unpreserve, and what they were" \
		python3 -c 'import json
plan = [l.split() for l in open("share/abort.plan")]
marked = sum(l[:1] == ["hwpt"] and "token=" in " ".join(l) for l in plan)
aborts = sum(int(l[1]) for l in plan if l[:1] == ["abort"])
r = json.load(open("share/abort.json"))
assert r["complete"] and r["schema"] == "lutrace-latency/2"
assert r["command"]["status"] == 0, r["command"]
n = r["operations"]["preserve"]["n"]
assert marked and n == marked * (aborts + 1), (n, marked, aborts)
assert r["operations"]["unpreserve"]["n"] == n and r["operations"]["restore"]["n"] == 0
assert sum(b["n"] for b in r["operations"]["preserve"]["histogram"]) == n
assert sum(d["operations"]["preserve"]["n"] for d in r["domains"]) == n
assert len(r["slowest"]) == 3 and all(s["comm"] == "luctl" for s in r["slowest"])
assert all(p["runs"] >= p["events"] for p in r["programs"])'
	expect "what was lost is counted by program" python3 -c 'import json
r = json.load(open("share/small.json"))
lost = {p["tracepoint"]: p["lost_samples"] for p in r["programs"]}
assert not r["complete"] and lost["iommu_domain_preserve_end"] > 0, lost
assert all(not n or t.endswith("_end") for t, n in lost.items()), lost'
	expect "the FLB was retrieved and finished once in the next kernel" python3 -c 'import json
ops = json.load(open("share/finish.json"))["operations"]
assert [ops[o]["n"] for o in ("flb_retrieve", "flb_finish", "restore")] == [1, 1, 0], ops'
}
