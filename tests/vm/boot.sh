# The kernel boots on the machine under test, with VT-d on, the edu device and /dev/liveupdate.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
plan=6

dmar_on() {
	dmesg | grep -q 'DMAR: Intel(R) Virtualization Technology for Directed I/O'
}

has_id() {
	[ "$(cat "/sys/bus/pci/devices/$1/vendor"):$(cat "/sys/bus/pci/devices/$1/device")" = "$2" ]
}

# The length that the header of KHO's tree says is there; a subtree was added after the tree was shown
whole() {
	_fdt=/sys/kernel/debug/kho/out/fdt
	_says=$((0x$(dd if=$_fdt bs=1 skip=4 count=4 2>/dev/null | hexdump -e '4/1 "%02x"')))
	_has=$(cat $_fdt | wc -c)
	echo "$_has bytes, and the header says $_says"
	[ "$_says" -gt 100 ] && [ "$_has" -ge "$_says" ]
}

stage1() {
	expect "VT-d translates" dmar_on
	expect "the edu device is at 0000:00:04.0" has_id 0000:00:04.0 0x1234:0x11e8
	expect "the edu device is in an IOMMU group" test -e /sys/bus/pci/devices/0000:00:04.0/iommu_group
	expect "/dev/liveupdate exists" test -c /dev/liveupdate
	expect "KHO shows all of the tree that it hands over" whole
}

check() {
	expect "the guest counted its stage" grep -qx '1 0' share/stages
}
