# IOMMU domains come through a real kexec with the device's DMA, seen by lutrace and the driver.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
plan=12

check() {
	path_check
}
