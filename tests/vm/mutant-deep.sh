# A table that is counted and not preserved is found by lutrace check --deep before any kexec.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
append='lutrace_seeded_bug=1'
plan=3

# What else was told is shown if it was not that.
of_both() {
	cat /share/rules
	test "$(sort -u /share/rules | grep -c "^deep 0x[0-9a-f]*[1-9a-f]")" -ge 2
}

stage1() {
	: >/share/rules
	sed 's,^hook  *preserved .*,hook preserved /share/both.sh,' /share/check.plan >/share/both.plan
	expect_fail "the status is 2" 2 lutrace check --deep \
		--on-violation 'echo "$LUTRACE_RULE $LUTRACE_RECORD" >>/share/rules' \
		-- luctl run --no-kexec /share/both.plan
	expect "the rule was deep, and of both domains" of_both
	expect "no other rule was" sh -c '! grep -v "^deep " /share/rules'
}
