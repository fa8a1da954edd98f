# A next kernel with iommu.passthrough=1 takes all of it back: domains of user space translate.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=5
next=iommu.passthrough=1

stage2() {
	expect "the device cannot do DMA" bus_master_is_off
	comes_through "all of it comes through" /share/main.plan /share/other.plan
	expect "the kernel passes through what nobody took" \
		grep -q identity "/sys/bus/pci/devices/$EDU/iommu_group/type"
	expect "all memory is back" memory_is_there
}

check() {
	expect "luctl had nothing to warn of" sh -c '! grep "warning:" share/luctl-run.log'
}
