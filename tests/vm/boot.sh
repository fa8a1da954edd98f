# The kernel boots on the machine under test, with VT-d on, the edu device and /dev/liveupdate.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
plan=5

dmar_on() {
	dmesg | grep -q 'DMAR: Intel(R) Virtualization Technology for Directed I/O'
}

has_id() {
	[ "$(cat "/sys/bus/pci/devices/$1/vendor"):$(cat "/sys/bus/pci/devices/$1/device")" = "$2" ]
}

stage1() {
	expect "VT-d translates" dmar_on
	expect "the edu device is at 0000:00:04.0" has_id 0000:00:04.0 0x1234:0x11e8
	expect "the edu device is in an IOMMU group" test -e /sys/bus/pci/devices/0000:00:04.0/iommu_group
	expect "/dev/liveupdate exists" test -c /dev/liveupdate
}

check() {
	expect "the guest counted its stage" grep -qx '1 0' share/stages
}
