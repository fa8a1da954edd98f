# Under lockdown what cannot work says that it is for that, and how to do without.
# SPDX-License-Identifier: GPL-2.0-only
kernel=locked
soak=1
append='lockdown=confidentiality'
plan=9

stage1() {
	mount -t securityfs securityfs /sys/kernel/security
	cat /sys/kernel/security/lockdown
	for c in "doctor" "record -d 0.1 -o /tmp/a.rec" "latency -d 0.1" "latency -d 0.1 --slowest 3 --why --stack" "check -d 0.1" "check --deep -d 0.1" "top --batch --interval 0.2 -d 0.3" walk "ready" "bundle -o /tmp/b.tar"; do
		echo "== $c"
		lutrace $c
		echo "status $?"
		echo "== NO BPF $c"
		LUTRACE_NO_BPF=1 lutrace $c
		echo "status $?"
	done >/share/all.txt 2>&1
}
