# KUnit in the patched kernel: the records of domains, and preserve, restore and discard of page
# tables in each format.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=130
append='kunit.autorun=1 kunit.enable=1 kunit.filter_glob=*liveupdate*'

stage1() {
	dmesg >/share/dmesg.txt
}

check() {
	ktap_import console.log
}
