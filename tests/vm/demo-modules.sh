# The demo's path with iommufd and VFIO as modules, in both kernels.
# SPDX-License-Identifier: GPL-2.0-only
kernel=modules
modules='iommufd vfio_pci'
soak=1
plan=14

stage1() {
	expect "iommufd is a module" grep -q '^iommufd ' /proc/modules
	path_stage1
}

stage2() {
	expect "iommufd is a module in the next kernel" grep -q '^iommufd ' /proc/modules
	path_stage2
}

check() {
	path_check
}
