# A reclaimed HWPT without pins of its own is found by luctl, which asks the kernel, and by lutrace check.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
append='lutrace_seeded_bug=27'
plan=2

stage1() {
	jump /share/memory.plan
}

stage2() {
	# luctl asks the kernel what it has pinned, and stops there
	lutrace check -- luctl resume /share/memory.plan >/share/luctl-resume.log 2>&1
	expect "luctl sees that nothing is pinned" \
		grep -q 'error: 0 pages are pinned under hwpt main' /share/luctl-resume.log
	expect "to lutrace check it is a violation" \
		grep -q '^VIOLATION of memory: .* maps pages that were not pinned when it was reclaimed' /share/luctl-resume.log
}
