# A restore that gives an empty domain makes the demo fail, and it says so in three ways.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
mutant=restore-empty
plan=7

stage1() {
	. /share/path.sh
	path_stage1
}

stage2() {
	. /share/path.sh
	path_stage2
}

check() {
	. share/path.sh
	path_failures >failures
	while IFS= read -r line; do note "$line"; done <failures
	expect "the demo fails because DMA does not go through" \
		grep -q '^resume: .*moved wrong bytes' failures
	expect "the report blames the restore" grep -q '^report: violation of restore[,;]' failures
	expect "the report is a violation" grep -q '"verdict": *"violation"' report.json
	expect "the mappings are gone" grep -q '^mappings: ' failures
}
