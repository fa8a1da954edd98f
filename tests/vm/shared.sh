# What two HWPTs of one IOAS map is pinned and counted as locked memory once after the kexec, as before it.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=13

stage1() {
	jump /share/shared.plan
}

# pins NAME KB: what the process had locked then
pins() {
	cat "/share/$1.pin"
	grep -qE "^VmPin:[[:space:]]*$2 kB" "/share/$1.pin"
}

stage2() {
	take shared 0x200 1=0 '!grep VmPin /proc/$PPID/status >/share/first.pin' \
		2=0 '!grep VmPin /proc/$PPID/status >/share/twin.pin' \
		3=0 '!grep VmPin /proc/$PPID/status >/share/part.pin' \
		>/share/take.ktap 2>/share/take.log
	import_points /share/take.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/take.ktap
	expect "the first one counts" pins first 2048
	expect "the second one counts nothing again" pins twin 2048
	expect "another piece counts" pins part 2112
}
