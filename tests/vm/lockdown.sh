# Under lockdown=confidentiality lutrace records and checks events, and says of the rest why it cannot.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
append='lockdown=confidentiality'
plan=9

why='locked down; boot without lockdown=confidentiality'

stage1() {
	expect "the kernel is locked down" grep -qF '[confidentiality]' /sys/kernel/security/lockdown
	expect "doctor says what works and what does not" doctor_knows
	expect "a live update that is given up is recorded" recorded
	expect "without names, and it says why" grep -q "without names: .*$why" /share/locked.log
	expect_fail "check judges what events tell, and is incomplete without a walk" 3 checked
	expect "and says why" grep -q "page tables are not walked: .*$why" /share/check.log
	expect "walk says why it cannot" refused walk
	export LUTRACE_NO_BPF=1
	expect "so does the second way" refused record -d 0.1 -o /tmp/no.rec
}

doctor_knows() {
	lutrace doctor >/share/doctor.txt
	cat /share/doctor.txt
	grep -q '^lutrace record: would work' /share/doctor.txt &&
		grep -q '^lutrace record without BPF: would not work: lockdown' /share/doctor.txt &&
		grep -q '^lutrace walk: would not work: lockdown' /share/doctor.txt &&
		! grep -qE 'run as root|boot a kernel with' /share/doctor.txt
}

recorded() {
	record locked && luctl run --no-kexec /share/check.plan && end locked && wait $!
}

checked() {
	lutrace check --deep -- luctl run --no-kexec /share/check.plan \
		>/share/check.txt 2>/share/check.log
}

# refused ARG...: it fails with one line, and that line says why
refused() {
	lutrace "$@" >/dev/null 2>/share/refused.log
	[ $? -eq 1 ] && cat /share/refused.log && [ "$(wc -l </share/refused.log)" -eq 1 ] &&
		grep -q "$why" /share/refused.log
}

check() {
	expect "the recording is clean" sh -c '"$0" report share/locked.rec' "$BUILD/bin/lutrace"
}
