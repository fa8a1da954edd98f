# A flag in place of the count of preserved HWPTs lets one be changed while another is preserved.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
append='lutrace_seeded_bug=28'
allow_log='iommufd|iommu_unmap|WARNING: .*drivers/iommu'
plan=2

stage1() {
	races 20 >/share/races.ktap 2>/share/races.log
	expect "the test of races says so" grep -q '^not ok' /share/races.ktap
}

check() {
	expect "the kernel warns of what cannot be unmapped" \
		grep -aq 'WARNING: .*drivers/iommu/iommufd/pages.c' console.log
}
