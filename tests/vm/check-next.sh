# lutrace check in the next kernel: with the recording of the old one every restore is compared.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
plan=5

checked() {
	lutrace check --before /share/old.rec -- luctl resume /share/demo.plan /share/demo2.plan \
		>/share/check.txt 2>/share/check.log
}

stage2() {
	expect "the update is clean in the next kernel" checked
	expect "all restores were compared" \
		grep -q '^restore  *clean .*(32 restores, 32 compared with their preserve in [^;]*)' /share/check.txt
	expect "the finish was looked at" \
		grep -q '^finish  *clean .*(4 events of the FLB)' /share/check.txt
	expect "no event was lost" grep -q '^loss  *clean .*, 0 missing)' /share/check.txt
}
