# lutrace doctor finds all of the series on the demo kernel, loads nothing, and says what is off.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
debug=no
plan=9

# finds STATE NAME FILE
finds() {
	grep -q "^$1 *$2 " "$3"
}

stage1() {
	umount /sys/kernel/tracing
	expect "a recording would work" lutrace doctor
	lutrace doctor >/share/doctor.txt
	expect "all tracepoints are there" \
		grep -q '^ok *tracepoints *all 14 tracepoints of the series are there' /share/doctor.txt
	expect "KHO is on" finds ok kho /share/doctor.txt
	expect "the live update device is there" finds ok liveupdate /share/doctor.txt
	expect "a walk would work" grep -qx 'lutrace walk: would work' /share/doctor.txt
	expect "tracefs is seen not to be mounted" finds missing tracefs /share/doctor.txt
	expect "and was not mounted by looking" sh -c '! grep -q " tracefs " /proc/mounts'
	kexec /share/bzImage /share/initrd \
		"$(sed 's/kho=on/kho=off/; s/lutrace.stage=1/lutrace.stage=2/' /proc/cmdline)"
}

stage2() {
	lutrace --version -v >/share/off.txt
	expect "without kho=on KHO is missing" finds missing kho /share/off.txt
	expect "and so is the live update device" finds missing liveupdate /share/off.txt
}
