# A next kernel with other records of the core refuses the HWPTs; all else comes through.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
plan=15
next=lutrace_seeded_bug=93

T=/sys/kernel/tracing

# pair_of_refused: that of the first HWPT, which is the only one that is asked for
pair_of_refused() {
	cat $T/trace >/share/trace.txt
	[ "$(grep -c 'iommu_domain_restore_begin: .* ser=0x[1-9a-f].* generation=' /share/trace.txt)" -eq 1 ] &&
		[ "$(grep -c 'iommu_domain_restore_end: .* ret=-74$' /share/trace.txt)" -eq 1 ]
}

stage2() {
	echo 1 >$T/events/iommu_liveupdate/enable
	main_is_refused
	expect "a restore that is refused has both events" pair_of_refused
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
	# At the reclaim, and not again when the last file is finished
	expect "the kernel names the field, once" test "$(grep -ac \
		'iommu: liveupdate: state of the previous kernel refused: header field version 0x2' \
		console.log)" -eq 1
	expect "and says what is lost" \
		grep -aq "FLB 'iommu-core-v1' is not finished, its memory is lost until the next boot" \
		console.log
	expect "the guest counted three stages" grep -qx '3 0' share/stages
}
