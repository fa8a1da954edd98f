# Domains get the names that their operator gave them, in both kernels, and are selected by them.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
debug=no
plan=20

named() {
	record "$1" && ! grep -q 'without names' "/share/$1.log"
}

# Two processes of the same plan; the first's session is another one.
measured() {
	sed 's/^session .*/session first/; /^kernel/d; /^hook/d' /share/names.plan >/share/first.plan
	sed 's/^session .*/session second/; /^kernel/d; /^hook/d' /share/names.plan >/share/second.plan
	lutrace latency --json --output "/share/$1.json" $2 -- sh -c \
		'luctl run --no-kexec /share/first.plan && luctl run --no-kexec /share/second.plan'
}

checked() {
	lutrace check --session second -- sh -c \
		'luctl run --no-kexec /share/first.plan && luctl run --no-kexec /share/second.plan'
}

stage1() {
	expect "the slowest have names, and what they waited for" measured why \
		'--slowest 4 --why --stack --by session --op preserve --op unpreserve'
	expect "a session and a token select" measured second '--session second --token 2'
	expect "a process selects" measured process '--process luctl --by device'
	expect "a clean update is clean for one session" checked
	expect "the old kernel is recorded, with names" named old
	jump /share/names.plan
}

stage2() {
	expect "the new kernel is recorded, with names" named new
	expect "the new kernel takes it over" luctl resume /share/names.plan
	expect "the recording ends" end new
}

# python CODE: what it asserts of the reports, of both recordings (both) and of the new one (new)
python() {
	python3 -c "import json, csv
both = json.load(open('both.json'))
live = {n: json.load(open(f'share/{n}.json')) for n in ('why', 'second', 'process')}
new = json.load(open('new.json'))
rows = list(csv.DictReader(open('both.csv', newline='')))
$1"
}

check() {
	local lutrace=$BUILD/bin/lutrace

	expect "the report is clean" "$lutrace" report -j both.json -c both.csv share/old.rec \
		share/new.rec
	"$lutrace" report -j new.json share/new.rec >new.txt
	expect "the new kernel alone is incomplete" [ $? -eq 3 ]
	expect "each domain has its session, tokens and devices" python '
names = [(d["session"], d["iommufd_token"], d["hwpt_token"], d["devices"]) for d in both["domains"]]
assert names == [("guest", "0x200", "0x1", ["0000:00:04.0"]), ("guest", "0x200", "0x2", [])], names
assert all(d["comm"] == "luctl" and d["records"] == 3 for d in both["domains"]), both["domains"]'
	expect "so has each operation that succeeded, those that were aborted too" python '
done = [r for r in rows if not r["operation"].startswith("flb") and r["ret_errno"] == "0"]
kinds = {o: sum(r["operation"] == o for r in done) for o in ("preserve", "unpreserve", "restore")}
assert kinds == {"preserve": 6, "unpreserve": 4, "restore": 2}, kinds
assert all(r["session"] == "guest" and r["hwpt_id"] for r in done), done'
	expect "the new kernel alone knows session, tokens and object ids" python '
names = [(d["session"], d["iommufd_token"], d["hwpt_token"]) for d in new["domains"]]
assert names == [("guest", "0x200", "0x1"), ("guest", "0x200", "0x2")], names
assert all(d["hwpt_id"] for d in new["domains"]), new["domains"]'
	expect "a token selects its domain alone" sh -c "'$lutrace' report --token 2 share/old.rec \
		share/new.rec | grep -q '^restore  *1 '"
	expect "another session is an error that says what there is" sh -c "'$lutrace' report \
		--session gues share/old.rec share/new.rec 2>&1 | grep -q 'has session gues; there are: guest$'"
	expect "each of the slowest has a name and all parts, which fit" python '
slow = live["why"]["slowest"]
assert len(slow) == 4 and all(s["session"] in ("first", "second") for s in slow), slow
for s in slow:
    w = s["why"]
    assert None not in w.values(), w
    for part in ("lock_wait_ns", "off_cpu_ns", "alloc_ns", "kho_ns"):
        assert w[part] <= s["latency_ns"], (part, s)
    # Each table, and the page that lists them
    assert w["kho"] == s["tables"] + 1 and w["kho_ns"] > 0, s'
	expect "and was called by the functions that preserve, and by the system call" python '
for s in live["why"]["slowest"]:
    names = [f.split("+")[0] for f in s["stack"]]
    assert names[0].startswith("iommu_domain_" + s["operation"]), names
    assert "iommufd_" in "".join(names) and "do_syscall_64" in names, names'
	expect "sessions are told apart" python '
groups = {g["key"]: g["operations"]["preserve"]["n"] for g in live["why"]["groups"]}
assert groups == {"first": 6, "second": 6}, groups'
	expect "what is selected was measured, and nothing else" python '
ops = live["second"]["operations"]
assert ops["preserve"]["n"] == 3 and ops["unpreserve"]["n"] == 3, ops
assert live["second"]["left_out"] == 18 and live["second"]["without_name"] == 0, live["second"]'
	expect "devices are told apart, and who has none" python '
groups = {g["key"]: g["operations"]["preserve"]["n"] for g in live["process"]["groups"]}
assert groups == {"0000:00:04.0": 6, "-": 6}, groups'
}
