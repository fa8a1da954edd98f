# A VMM that lets a page fault wait keeps nobody else: who preserves can be killed, finish goes on.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=11

stage1() {
	stuck map other >/share/stuck-map.ktap 2>/share/stuck-map.log
	import_points /share/stuck-map.ktap
	jump /share/stuck.plan
}

stage2() {
	stuck answer stuck >/share/stuck-answer.ktap 2>/share/stuck-answer.log
	import_points /share/stuck-answer.ktap
	expect "both programs ran to their end" \
		test "$(grep -cx '1\.\.[0-9]*' /share/stuck-map.ktap /share/stuck-answer.ktap |
			grep -c ':1$')" -eq 2
}
