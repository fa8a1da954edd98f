# A next kernel with the IOMMU off gives back memory but no HWPT, and the device cannot do DMA.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=14
next=intel_iommu=off

stage2() {
	expect "there is no IOMMU" test ! -e "/sys/bus/pci/devices/$EDU/iommu_group"
	expect "the device cannot do DMA" bus_master_is_off
	refused "luctl resume says what happened" \
		"device $EDU has no IOMMU in this kernel; boot with the IOMMU on" \
		luctl resume /share/main.plan
	expect "the device cannot do DMA still" bus_master_is_off
	comes_through "the other session comes through" /share/other.plan
	expect "the session can be given up" luctl finish --session main
	expect "all memory is back" memory_is_there
	expect "no tables are left behind" test "$(vmstat nr_iommu_pages)" -le "$(cat /share/tables)"
	refused "another live update of the device is refused" \
		"device $EDU has no IOMMU in this kernel" luctl run --no-kexec /share/main.plan
	mv /share/luctl-run.log /share/luctl-run-1.log
	next_kernel lutrace.stage=3 intel_iommu=on
	jump /share/other.plan
}

stage3() {
	comes_through "one of memory alone comes through" /share/other.plan
	expect "with the IOMMU on, all of a live update works" luctl run --no-kexec /share/main.plan
}

check() {
	expect "luctl warned before the jump" \
		grep -q 'warning: .* has intel_iommu=off: .*; write intel_iommu=on' share/luctl-run-1.log
	expect "and not before one that needs no IOMMU" \
		sh -c '! grep "warning:" share/luctl-run.log'
	expect "the guest counted three stages" grep -qx '3 0' share/stages
}
