# A page table that the hardware loses costs its domain: nobody reads it, before the kexec and after it,
# and all other domains come through.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=10

says_poisoned() {
	luctl run --no-kexec /share/live.plan >/share/luctl-live.log 2>&1 && return 1
	cat /share/luctl-live.log
	grep -q 'EHWPOISON' /share/luctl-live.log
}

stage1() {
	expect "a domain with a lost table is not preserved" says_poisoned
	jump /share/poison.plan
}

stage2() {
	. /share/root.sh
	expect "a table is lost" poison_root 2 /share/walk.txt
	take poison 0x200 2=EBADMSG 1=0 3=0 >/share/take.ktap 2>/share/take.log
	import_points /share/take.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/take.ktap
	dmesg >/share/dmesg.txt
	expect "the log says what was refused" \
		grep -q 'list of tables refused: table is not a preserved page' /share/dmesg.txt
}
