# HWPTs reclaimed wrongly, twice at once, during and after finish, or never: no leak.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=23

# Does not return if all goes well: luctl jumps into the next kernel.
stage1() {
	luctl run /share/reclaim.plan >/share/luctl-run.log 2>&1
	not_ok "the kexec" "$(tail -n 1 /share/luctl-run.log)"
}

stage2() {
	reclaim reclaim >/share/reclaim.ktap 2>/share/reclaim.log
	import_points /share/reclaim.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/reclaim.ktap
}
