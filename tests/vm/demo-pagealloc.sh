# The demo's path where the kernel counts what is mapped, page by page (iommu.debug_pagealloc): the
# counts are right in the next kernel too, which has not mapped what it unmaps.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
append='debug_pagealloc=on iommu.debug_pagealloc=1'
plan=13

check() {
	path_check
	expect "the next kernel counted" test "$(grep -ac 'Debugging page allocations' console.log)" -eq 2
}
