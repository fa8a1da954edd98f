# A next kernel with other records of iommufd refuses the iommufd; all else comes through.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
plan=13
next=lutrace_seeded_bug=92

stage2() {
	expect "the device cannot do DMA" bus_master_is_off
	refused "luctl resume says what happened" \
		'RETRIEVE_FD of the iommufd .*map them in a new iommufd.*EBADMSG' \
		luctl resume /share/main.plan
	expect "the memfds came back all the same" \
		grep -q 'retrieve memfd small .* ok$' /share/refused.log
	expect "the device cannot do DMA still" bus_master_is_off
	expect "it has no translation of the old kernel" maps_nothing
	comes_through "the other session comes through" /share/other.plan
	expect "all memory is back" memory_is_there
	expect "no tables are left behind" test "$(vmstat nr_iommu_pages)" -le "$(cat /share/tables)"
	expect "the device works with new memory" fresh "$EDU"
	next_kernel lutrace.stage=3 lutrace_seeded_bug=92
	jump /share/main.plan /share/other.plan
}

stage3() {
	comes_through "a live update from there comes through" /share/main.plan /share/other.plan
	expect "all memory is there" memory_is_there
}

check() {
	expect "the kernel names the field" \
		grep -aq 'iommu: liveupdate: iommufd of the previous kernel refused: header field version 0x2' \
		console.log
	expect "the guest counted three stages" grep -qx '3 0' share/stages
}
