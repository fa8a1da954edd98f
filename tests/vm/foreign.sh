# A record that names another iommufd as its memory costs its HWPT, and not the other iommufd.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
append='lutrace_seeded_bug=94'
plan=8

stage1() {
	held --two kexec /share/bzImage /share/initrd \
		"$(sed 's/lutrace.stage=1/lutrace.stage=2/' /proc/cmdline)" >/share/kexec.log 2>&1
	not_ok "the kexec" "$(tail -n 1 /share/kexec.log)"
}

stage2() {
	foreign >/share/foreign.ktap 2>/share/foreign.log
	import_points /share/foreign.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/foreign.ktap
	dmesg >/share/dmesg.txt
	expect "the log names the field" grep -q 'area field memfd_token' /share/dmesg.txt
}
