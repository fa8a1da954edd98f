# The kernel refuses to jump into an image that takes no session along, and all is as it was.
# SPDX-License-Identifier: GPL-2.0-only
plan=3

stage1() {
	held sh -c 'kexec_load jump 2>/share/refused.txt
		dmesg >/share/dmesg.txt
		exec kexec /share/bzImage /share/initrd "$1"' sh \
		"$(sed 's/lutrace.stage=1/lutrace.stage=2/' /proc/cmdline)" >/share/kexec.log 2>&1
	not_ok "the kexec" "$(tail -n 1 /share/kexec.log)"
}

stage2() {
	expect "what kexec_load(2) loaded is refused" \
		grep -qx 'kexec_load: reboot: .*not supported' /share/refused.txt
	expect "the log names the session" grep -q "session 'held' is preserved" /share/dmesg.txt
	expect "after that the right image takes it along" luctl finish --session held
}
