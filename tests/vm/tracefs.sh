# Through tracefs lutrace sees what it sees with BPF, on both sides of a kexec, and leaves nothing.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
debug=no
plan=24

INSTANCES=/sys/kernel/tracing/instances

# Two at the same time, which see the same.
record_both() {
	record "bpf$1"
	export LUTRACE_NO_BPF=1
	record "tracefs$1"
	unset LUTRACE_NO_BPF
}

end_both() {
	end "bpf$1" && end "tracefs$1"
}

none_left() {
	[ -z "$(ls "$INSTANCES")" ]
}

# rule NAME SUMMARY FILE: the rule is clean and looked at that much.
rule() {
	grep -q "^$1  *clean .*($2" "$3"
}

checked() {
	lutrace check -- luctl run --no-kexec /share/abort.plan >/share/check.txt 2>/share/check.log
}

# It loses what does not fit while it is stopped.
stopped() {
	lutrace latency --json --ring-size 4 --output /share/small.json -- \
		sh -c 'kill -STOP $PPID; luctl run --no-kexec /share/many.plan; kill -CONT $PPID'
}

terminated() {
	timeout -s TERM 2 lutrace record -o /share/term.rec
	none_left
}

# One that is killed cannot remove its instance; the next one does.
killed() {
	record killed
	_pid=$(cat /run/killed.pid)
	kill -KILL "$_pid"
	await test ! -d "/proc/$_pid"
	[ -d "$INSTANCES/lutrace-$_pid" ] && lutrace record -d 0.1 -o /share/after.rec && none_left
}

# A kernel without its types cannot load the programs.
without_btf() {
	mount -t tmpfs none /sys/kernel/btf
	lutrace check -- luctl run --no-kexec /share/many.plan >/share/fallback.txt \
		2>/share/fallback.log
	_rc=$?
	umount /sys/kernel/btf
	return "$_rc"
}

nowhere() {
	umount /sys/kernel/tracing
	lutrace record -d 1 -o /share/nowhere.rec 2>/share/nowhere.log
	_rc=$?
	cat /proc/mounts >/share/nowhere.mounts
	mount -t tracefs tracefs /sys/kernel/tracing
	return "$_rc"
}

stage1() {
	export LUTRACE_NO_BPF=1
	expect "a clean live update is clean" checked
	expect "it says its mode and its probes at start" \
		grep -q '^lutrace: tracepoints through tracefs.*, iommu_flb_finish_end' /share/check.log
	expect "all preserves were looked at" \
		rule once '6 preserves compared by record and by root' /share/check.txt
	expect "all unpreserves were looked at" \
		rule unchanged '6 unpreserves compared with their preserve' /share/check.txt
	expect "what was preserved before is not known, and that is said" \
		grep -q '^preserved before the check: not known: LUTRACE_NO_BPF' /share/check.txt
	expect "its instance is gone" none_left
	expect "latencies are measured" lutrace latency --json --output /share/latency.json \
		--slowest 3 -- luctl run --no-kexec /share/abort.plan
	expect_fail "a buffer that is too small makes it incomplete" 3 stopped
	expect "top judges" lutrace top --batch -- luctl run --no-kexec /share/many.plan
	expect_fail "walk needs BPF" 1 lutrace walk
	expect "a signal leaves no instance" terminated
	expect "what a killed one left is removed" killed
	expect_fail "without tracefs there is no way left" 1 nowhere
	expect "and it says what to do" grep -q 'mount -t tracefs' /share/nowhere.log
	expect "and mounted nothing" sh -c '! grep " tracefs " /share/nowhere.mounts'
	unset LUTRACE_NO_BPF
	expect "without the kernel's types it goes on through tracefs" without_btf
	expect "and says why" grep -q '^lutrace: without BPF: .*btf' /share/fallback.log
	record_both 1
	jump /share/live.plan
}

stage2() {
	record_both 2
	expect "the update goes on" luctl resume /share/live.plan
	expect "both recordings end" end_both 2
	expect "nothing is left in the next kernel" none_left
}

check() {
	expect "the events are the same, in number and order" \
		python3 share/same.py share/bpf1.rec share/tracefs1.rec
	expect "and in the next kernel" python3 share/same.py share/bpf2.rec share/tracefs2.rec
	expect "a report of both is clean, and says how they were recorded" sh -c \
		"'$TOP/build/bin/lutrace' report share/tracefs1.rec share/tracefs2.rec >report.txt &&
		grep -c 'complete, through tracefs\$' report.txt | grep -x 2"
	expect "latencies are counted, and what was lost is of no one probe" python3 -c 'import json
r = json.load(open("share/latency.json"))
n = r["operations"]["preserve"]["n"]
assert r["complete"] and n == r["operations"]["unpreserve"]["n"] == 6, r["operations"]
assert len(r["slowest"]) == 3 and all(s["comm"] == "luctl" for s in r["slowest"]), r["slowest"]
r = json.load(open("share/small.json"))
lost = {p["tracepoint"]: p["lost_samples"] for p in r["programs"]}
assert not r["complete"] and lost.pop("unknown") > 0 and not any(lost.values()), lost'
}
