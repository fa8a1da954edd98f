# Preserve and abort against map, unmap, allocate and destroy: settled errnos, and nothing left.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=5

stage1() {
	races 20 >/share/races.ktap 2>/share/races.log
	import_points /share/races.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/races.ktap
}
