# A next kernel with VT-d in another mode refuses tables that it cannot use; all else comes through.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
machine=vtd-fs
plan=10
next=intel_iommu=on,sm_off

stage2() {
	expect "the device cannot do DMA" bus_master_is_off
	refused "luctl resume says what happened" \
		'LIVEUPDATE_RECLAIM of hwpt main .*map them in a new HWPT.*EBADMSG' \
		luctl resume /share/main.plan
	expect "the device cannot do DMA still" bus_master_is_off
	expect "it has no translation of the old kernel" maps_nothing
	comes_through "the other session comes through" /share/other.plan
	expect "all memory is back" memory_is_there
	expect "no tables are left behind" test "$(vmstat nr_iommu_pages)" -le "$(cat /share/tables)"
	expect "the device works with new memory" fresh "$EDU"
}

check() {
	expect "luctl warned before the jump" \
		grep -q 'warning: .* differ in sm_on of intel_iommu=.*make them the same' \
		share/luctl-run.log
	expect "the guest counted its second stage" grep -qx '2 0' share/stages
}
