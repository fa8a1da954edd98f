# A next kernel with other records of the core refuses the HWPTs; all else comes through.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
plan=14
next=lutrace_seeded_bug=93

stage2() {
	main_is_refused
	comes_through "the other session comes through" /share/other.plan
	expect "all memory is back but the 264 tables" memory_is_there 1056
	expect "they are lost" test "$(lost_kb)" -ge 1056
	expect "the device works with new memory" fresh "$EDU"
	next_kernel lutrace.stage=3 lutrace_seeded_bug=93
	jump /share/main.plan /share/other.plan
}

stage3() {
	comes_through "a live update from there comes through" /share/main.plan /share/other.plan
	expect "all memory is there" memory_is_there
}

check() {
	expect "the kernel names the field" \
		grep -aq 'iommu: liveupdate: state of the previous kernel refused: header field version 0x1' \
		console.log
	expect "and says what is lost" \
		grep -aq "FLB 'iommu-core-v1' is not finished, its memory is lost until the next boot" \
		console.log
	expect "the guest counted three stages" grep -qx '3 0' share/stages
}
