# A hole that was punched into a memfd after it was mapped is found before anything is preserved.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=6

run_punched() {
	luctl run --no-kexec /share/punched.plan >/share/luctl.log 2>&1
}

said() {
	grep -q "$1" /share/luctl.log
}

stage1() {
	before=$(vmstat nr_iommu_pages)
	expect_fail "the live update ends before the jump" 1 run_punched
	expect "the hole was punched" said '^luctl: hook marked .* ok$'
	expect "the memfds are preserved all the same" said '^luctl: preserve memfd small .* ok$'
	expect "the iommufd is refused with EINVAL" \
		said 'error: .*PRESERVE_FD of the iommufd .*(EINVAL)'
	expect "nothing stays preserved" said 'session punched closed, nothing is preserved'
	expect "all page tables are freed in the end" soon tables_are "$before"
}
