# Memory that nothing keeps in place once it is retrieved does move, and the test of it says so.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
append='lutrace_seeded_bug=26'
plan=4

stage1() {
	jump /share/memory.plan
}

stage2() {
	: >/share/hooks
	swap_on
	lutrace check -- luctl resume /share/memory.plan >/share/luctl-resume.log 2>&1
	expect "pages moved between retrieve and reclaim" \
		grep -qx "not ok retrieved: reclaim moves nothing" /share/hooks
	expect "to lutrace check it is a violation" \
		grep -q '^VIOLATION of memory: .* memory was not all kept where it is' \
		/share/luctl-resume.log
	expect "and so the HWPT is refused" grep -q 'RECLAIM.*EBADMSG' /share/luctl-resume.log
}

check() {
	expect "the kernel says that the table is not that of the memfds" \
		grep -aq 'page table does not map the memfds' console.log
}
