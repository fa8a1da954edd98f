# The 1st, 2nd, 3rd ... allocation of each call of a live update fails: ENOMEM, and all as before.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=65
timeout=300
append='loglevel=5'
allow_log='vmalloc error'

stage1() {
	sweep out >/share/sweep-out.ktap 2>/share/sweep-out.log
	import_points /share/sweep-out.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/sweep-out.ktap
	look_for_leaks
	sweep over /share/bzImage /share/initrd >/share/sweep-over.log 2>&1
	not_ok "the kexec" "$(tail -n 1 /share/sweep-over.log)"
}

stage2() {
	sweep in >/share/sweep-in.ktap 2>/share/sweep-in.log
	import_points /share/sweep-in.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/sweep-in.ktap
}

check() {
	local n

	n=$(sed -n 's/^# sweep: //p' share/sweep-out.ktap share/sweep-in.ktap |
		awk '{ n += $1 } END { print n + 0 }')
	echo "sweep: $n" >count
	expect "enough allocations failed" test "$n" -ge 200
}
