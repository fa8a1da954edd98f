# HWPTs reclaimed wrongly, twice at once, during and after finish, or never: no leak.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=24

stage1() {
	jump /share/reclaim.plan
}

stage2() {
	reclaim reclaim >/share/reclaim.ktap 2>/share/reclaim.log
	import_points /share/reclaim.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/reclaim.ktap
}
