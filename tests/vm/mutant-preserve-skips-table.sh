# A table page left out of the preserve is found by the next kernel, and the demo says so.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
append='lutrace_seeded_bug=1'
plan=7

check() {
	path_failures >failures
	while IFS= read -r line; do note "$line"; done <failures
	expect "the demo fails at reclaim, with EBADMSG" \
		grep -q '^resume: .*RECLAIM.*EBADMSG\|^resume: .*RECLAIM.*Bad message' failures
	expect "the report blames a restore that failed" \
		grep -q '^report: violation of .*restore-error' failures
	expect "the report is a violation" grep -q '"verdict": *"violation"' report.json
	expect "the kernel names the table" \
		grep -aq 'list of tables refused: table is not a preserved page' console.log
}
