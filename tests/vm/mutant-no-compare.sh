# Without the comparison a hole that was punched after mapping is seen by lutrace check and luctl alone.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
append='lutrace_seeded_bug=25'
plan=3

stage1() {
	lutrace check -- luctl run --no-kexec /share/punched.plan >/share/luctl.log 2>&1
	expect "the hole was punched" grep -q '^luctl: hook marked .* ok$' /share/luctl.log
	# luctl goes on to ask how much was compared
	expect "the kernel preserves it, and luctl sees that nothing was compared" \
		grep -q 'error: no entry of hwpt .* was compared' /share/luctl.log
	expect "to lutrace check it is a violation" \
		grep -q '^VIOLATION of memory: .* no entry was compared with the memory' /share/luctl.log
}
