# Two iommufds are preserved, and their HWPTs reclaimed, by two threads at the same time on two CPUs; how much faster
# that is than one thread.
# SPDX-License-Identifier: GPL-2.0-only
# GAIN=N: it must be N tenths as fast as one thread, for which two CPUs of the host must be free. `make bench` asks
# for that. What makes it possible is tested without a clock by lock-hold.
kernel=demo
debug=no
cpus=2
plan=6
append="lutrace.gain=${GAIN:-0}"

# The program leaves all preserved, and jumps
stage1() {
	scaling /share "$(cmdline_word lutrace.gain)" before /share/bzImage /share/initrd \
		"$(sed 's/lutrace.stage=1/lutrace.stage=2/' /proc/cmdline)" >/share/before.ktap 2>/share/before.log
	not_ok "the kexec" "$(tail -n 1 /share/before.log)"
}

stage2() {
	import_points /share/before.ktap
	scaling /share "$(cmdline_word lutrace.gain)" after >/share/after.ktap 2>/share/after.log
	import_points /share/after.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/after.ktap
}

check() {
	sed 's/^/scaling: /' share/scaling.txt >count
}
