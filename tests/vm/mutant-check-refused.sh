# A restore that the kernel refuses is called a violation by lutrace check when the FLB is finished.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
append='lutrace_seeded_bug=1'
plan=4

stage2() {
	lutrace check --before /share/old.rec \
		--on-violation 'echo "$LUTRACE_RULE $LUTRACE_RECORD" >>/share/rules' \
		-- luctl resume /share/demo.plan /share/demo2.plan >/share/check.txt 2>/share/check.log
	echo $? >/share/check.status
	expect "the status is 2" grep -qx 2 /share/check.status
	expect "the command of --on-violation was told the rule and the record" \
		grep -q '^restore-error 0x[0-9a-f]*[1-9a-f][0-9a-f]*$' /share/rules
	expect "the violation says since when, and why" \
		grep -q '^VIOLATION of restore-error: flb_finish begin .* Bad message (-74)' \
		/share/check.txt
}
