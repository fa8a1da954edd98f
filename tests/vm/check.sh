# lutrace check judges a live update as it happens, clean and counted, and lets its command through.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
plan=12

# rule NAME SUMMARY: the rule is clean and looked at that much.
rule() {
	grep -q "^$1  *clean .*($2" /share/check.txt
}

checked() {
	lutrace check --deep --json /share/check.json -- luctl run --no-kexec /share/check.plan \
		>/share/check.txt 2>/share/check.log
}

# Whether freed pages are told is the kernel's choice, and what is said must fit.
freed() {
	if grep -q 'does not tell of pages that are freed' /share/check.log; then
		grep -q '^freed  *not checked ' /share/check.txt
	else
		grep -q '^freed  *clean ' /share/check.txt
	fi
}

# Where KHO's map is not in debugfs that is said, and all else is done.
looked_in_kho() {
	if [ -e /sys/kernel/debug/kho ]; then
		! grep -i kho /share/check.log
	else
		grep -q "not looked for in KHO's map: cannot open /sys/kernel/debug/kho" /share/check.log
	fi
}

own() {
	lutrace record -d 0.1 -o /share/own.rec && lutrace check --before /share/own.rec -- true
}

# Two HWPTs, preserved three times: two aborts, and the session's end. Each time the iommufd is tried
# before its memfds as well, which is refused, and the FLB comes and goes for it without a domain: six
# FLBs of four events and six preserves and unpreserves of two.
stage1() {
	expect "a clean live update is clean" checked
	expect "it says so in JSON" grep -q '"verdict": "clean"' /share/check.json
	expect "all preserves were looked at" rule once '6 preserves compared by record and by root'
	expect "all unpreserves were looked at" rule unchanged \
		'6 unpreserves compared with their preserve'
	expect "all aborts were looked at" rule abort '6 aborts'
	expect "page tables were walked, and walked again" rule deep \
		'[0-9]* walks of [2-6] domains, [1-9][0-9]* tables in [0-9.]* s; [1-9][0-9]* compared with one before'
	expect "each table was looked for in KHO's map, if that can be seen" looked_in_kho
	expect "no event was lost" rule loss '48 events, 0 missing'
	expect "it says whether freed pages are told" freed
	expect_fail "a recording of this kernel is not one of the kernel before" 1 own
	expect_fail "a check that saw nothing is incomplete" 3 lutrace check -d 1
	expect_fail "the command's failure is an error" 1 lutrace check -- false
}
