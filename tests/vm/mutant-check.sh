# A restore that gives an empty domain is called a violation by lutrace check, with the events.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
append='lutrace_seeded_bug=15'
plan=7

stage2() {
	lutrace check --deep --before /share/old.rec --on-violation 'echo "$LUTRACE_RULE" >>/share/rules' \
		--json /dev/full -- luctl resume /share/demo.plan /share/demo2.plan >/share/check.txt 2>/share/check.log
	echo $? >/share/check.status
	expect "the status is 2, also where the JSON cannot be written" grep -qx 2 /share/check.status
	expect "which is said" grep -qx 'lutrace: cannot write /dev/full: No space left on device' \
		/share/check.log
	expect "the command of --on-violation was told the rule" grep -qx restore /share/rules
	expect "so does what was walked in the kernel before" grep -qx deep /share/rules
	expect "what its restore says is not what was walked" \
		grep -q '^VIOLATION of deep: restore end .*: it is not what was walked .*: its root is ' \
		/share/check.txt
	expect "the violation names what differs, and the event" \
		grep -q '^VIOLATION of restore: .*: its root is ' /share/check.txt
}
