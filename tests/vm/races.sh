# Two sessions that preserve and abort against map, unmap, destroy, attach and close: settled errnos,
# the mappings as before, and nothing left.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=7

stage1() {
	races 20 >/share/races.ktap 2>/share/races.log
	import_points /share/races.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/races.ktap
}
