# A restore that gives an empty domain makes the demo fail, and it says so in four ways.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
append='lutrace_seeded_bug=15'
plan=8

check() {
	path_failures >failures
	while IFS= read -r line; do note "$line"; done <failures
	expect "the demo fails at reclaim, with EBADMSG" \
		grep -q '^resume: .*RECLAIM.*EBADMSG\|^resume: .*RECLAIM.*Bad message' failures
	expect "the kernel says that the table is not that of the memfds" \
		grep -aq 'page table does not map the memfds' console.log
	expect "the report blames the restore" grep -q '^report: violation of restore[,;]' failures
	expect "the report is a violation" grep -q '"verdict": *"violation"' report.json
	expect "the mappings are gone" grep -q '^mappings: ' failures
}
