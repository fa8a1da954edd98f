# The kernel's own selftest of iommufd: that of the live update point by point, and all the others.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=28
timeout=480

stage1() {
	# for the variants with huge pages, which are skipped otherwise
	echo 64 >/proc/sys/vm/nr_hugepages
	kselftest-iommufd -f iommufd_liveupdate_mark -f iommufd_liveupdate \
		>/share/liveupdate.ktap 2>/share/liveupdate.log
	# Linux 7.3.4 returns 0 instead of the dma-buf that these two ask the mock driver for
	kselftest-iommufd -F iommufd_liveupdate_mark -F iommufd_liveupdate -T dmabuf_simple \
		-T dmabuf_revoke >/share/others.ktap 2>/share/others.log
}

# ran FILE: it has as many results as it announced, and some.
ran() {
	local n

	n=$(sed -n 's/^1\.\.//p' "$1")
	[ "$n" -gt 0 ] && [ "$n" -eq "$(grep -cE '^(not )?ok ' "$1")" ]
}

check() {
	local bad

	# The harness puts no dash between number and name
	sed -E 's/^((not )?ok [0-9]+) /\1 - /' share/liveupdate.ktap >points
	import_points points
	expect "the tests of the live update ran to their end" ran share/liveupdate.ktap
	expect "the others did" ran share/others.ktap
	bad=$(grep '^not ok' share/others.ktap | head -n 5) || bad=''
	if [ -z "$bad" ]; then
		ok "the others pass"
	else
		not_ok "the others pass" "$bad; see share/others.log"
	fi
}
