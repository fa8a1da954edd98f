# A next kernel in which VFIO does without the IOMMU gives back memory, and no HWPT for such a device.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=8
next='intel_iommu=off vfio.enable_unsafe_noiommu_mode=1'

stage2() {
	expect "there is no IOMMU" test ! -e "/sys/bus/pci/devices/$EDU/iommu_group"
	echo vfio-pci >"/sys/bus/pci/devices/$EDU/driver_override"
	echo "$EDU" >/sys/bus/pci/drivers_probe
	noiommu main 0x200 0x1 >/share/noiommu.ktap 2>/share/noiommu.log
	import_points /share/noiommu.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/noiommu.ktap
	comes_through "the other session comes through" /share/other.plan
	expect "no tables are left behind" test "$(vmstat nr_iommu_pages)" -le "$(cat /share/tables)"
}
