# What the previous kernel left is damaged, field by field, in records and page tables: each mutant is
# refused by name, and all else is kept. KUnit, after a kexec with KHO, so that KHO has work to do.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=80

stage1() {
	kexec /share/bzImage /share/initrd "$(sed 's/lutrace.stage=1/lutrace.stage=2/' /proc/cmdline) \
kunit.autorun=1 kunit.enable=1 kunit.filter_glob=*mutants*" >/share/kexec.log 2>&1
	not_ok "the kexec" "$(tail -n 1 /share/kexec.log)"
}

stage2() {
	dmesg >/share/dmesg.txt
}

check() {
	local n

	ktap_import console.log
	# Each test says how many it tried
	n=$(tr -d '\r' <console.log | sed -n 's/^\[.*\]  *# .*: mutants: \([0-9]*\)$/\1/p' |
		awk '{ n += $1 } END { print n + 0 }')
	echo "mutants: $n" >count
	expect "enough mutants were tried" test "$n" -ge 2000
}
