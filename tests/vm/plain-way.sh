# The plain way: record, run, and in the next kernel record, resume, report. It is clean, without a hook,
# without anything that ends the recorder before the jump, and without waiting for what it wrote.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
debug=no
plan=9

stage1() {
	expect "the recorder goes to the background once it records" lutrace record --background \
		-o /share/old.rec
	luctl run /share/way.plan >/share/luctl-run.log 2>&1
	not_ok "the kexec" "$(tail -n 1 /share/luctl-run.log)"
}

stage2() {
	expect_fail "the half of the old kernel is not written over" 1 lutrace record -o /share/old.rec
	expect "the next kernel records" lutrace record --background --pidfile /run/new.pid \
		-o /share/new.rec
	expect "all is reclaimed" luctl resume /share/way.plan
	end new
}

# says CODE: what it asserts of the report
says() {
	python3 -c "import json
r = json.load(open('report.json'))
$1"
}

check() {
	expect "the report is clean" sh -c \
		'"$0" report -j report.json share/old.rec share/new.rec >report.txt' "$BUILD/bin/lutrace"
	# Whether the recorder still gets a CPU between the freeze and the jump is the scheduler's
	expect "nothing is missing before the jump, and it says how that is known" says '
loss = [c for c in r["checks"] if c["name"] == "loss"][0]
assert r["recordings"][0]["complete"] or "the next kernel found" in str(loss), loss
assert r["recordings"][1]["complete"] and loss["verdict"] == "clean", loss'
	# The second, if the recorder did not come to write that the kernel freezes its sessions
	expect "the text says so too" grep -qE \
		'^kernel 1 .*recording share/old.rec: [0-9]* events, (complete|all events up to the kexec)' \
		report.txt
	expect "all operations are in it, up to the last preserve" says '
n = {op: r["operations"][op]["n"] for op in ("preserve", "unpreserve", "restore")}
assert n == {"preserve": 9, "unpreserve": 6, "restore": 3}, n'
	expect "it says how each kernel came up" sh -c \
		'grep -aq "^kexec_count=0" share/old.rec && grep -aq "^kexec_count=1" share/new.rec &&
			grep -aq "^previous_release=7\.3" share/new.rec'
}
