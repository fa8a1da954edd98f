# KUnit of all page-table formats, those that the kernel had before included.
# SPDX-License-Identifier: GPL-2.0-only
soak=yes
kernel=test
plan=0
append='kunit.autorun=1 kunit.enable=1'
timeout=1800

stage1() {
	dmesg >/share/dmesg.txt
}

check() {
	ktap_import console.log
}
