# A HWPT whose record is bad is refused alone, and its device is stopped; all others come through.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
append='lutrace_seeded_bug=2'
plan=11

stage1() {
	remember_memory
	next_kernel lutrace.stage=2
	jump /share/main.plan /share/second.plan /share/other.plan
}

stage2() {
	main_is_refused
	comes_through "another device does DMA through its HWPT" /share/second.plan
	comes_through "the other session comes through" /share/other.plan
	expect "all memory is back" memory_is_there
	expect "the device works with new memory" fresh "$EDU"
}

check() {
	expect "the kernel names the table" \
		grep -aq 'list of tables refused: table is not a preserved page' console.log
	expect "and refuses nothing else" \
		test "$(grep -ao "liveupdate: .* refused: .*" console.log | sort -u | wc -l)" -eq 1
}
