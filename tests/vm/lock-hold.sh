# What is done under the one lock of the IOMMU core does not grow with the tables of a domain: preserving,
# unpreserving and restoring 4,000 of them holds it no longer than a few.
# SPDX-License-Identifier: GPL-2.0-only
# With -icount a nanosecond is an instruction, so that the times are the same each time.
kernel=test
icount=1
debug=no
cpus=1
plan=8
timeout=480

T=/sys/kernel/tracing
TABLES=4000
# Nanoseconds that the longest hold with many tables may be longer than with few, of the clock's own
# resolution and of what interrupts it
SLACK_NS=200000

# plan_of NAME N: with N tables of 4 KiB entries
plan_of() {
	{
		cat /share/lock.plan
		echo "area main iova=0x100000000 memfd=page length=4K count=$2 stride=2M step=0"
	} >"/share/$1.plan"
}

watch_lock() {
	_lock=$(awk '$3 == "iommu_lu_lock" { print $1 }' /proc/kallsyms)
	echo "iommu_lu_lock is at 0x$_lock"
	echo 'p:lu/lock mutex_lock m=%di' >>$T/kprobe_events &&
		echo 'p:lu/unlock mutex_unlock m=%di' >>$T/kprobe_events &&
		echo "m == 0x$_lock" >$T/events/lu/filter &&
		echo mono >$T/trace_clock && echo 1 >$T/events/lu/enable
}

# longest NAME: the longest time from a lock to the unlock after it, in ns, and how often, to NAME.hold
longest() {
	cat $T/trace >"/share/$1.trace"
	: >$T/trace
	awk '{ for (i = 1; i < NF; i++) if ($(i + 1) ~ /^(lock|unlock):$/) { t = $i; what = $(i + 1) }
		sub(/:$/, "", t) }
		what == "lock:" { begin = t }
		what == "unlock:" && begin { n++; d = (t - begin) * 1e9; if (d > max) max = d; begin = 0 }
		{ what = "" }
		END { printf "%d %d\n", max, n }' "/share/$1.trace" >"/share/$1.hold"
	cat "/share/$1.hold"
	[ "$(cut -d' ' -f2 "/share/$1.hold")" -ge 1 ]
}

# no_longer FEW MANY
no_longer() {
	_few=$(cut -d' ' -f1 "/share/$1.hold")
	_many=$(cut -d' ' -f1 "/share/$2.hold")
	note "held for $_few ns at most with few tables, $_many ns with $TABLES"
	[ "$_many" -le $((_few + SLACK_NS)) ]
}

stage1() {
	plan_of few 4
	plan_of many $TABLES
	expect "the lock is watched" watch_lock
	luctl run --no-kexec /share/few.plan >/share/few.log 2>&1
	expect "it was taken for few tables" longest few
	luctl run --no-kexec /share/many.plan >/share/many.log 2>&1
	expect "and for many" longest many
	expect "preserving and giving up holds it no longer" no_longer few many
	jump /share/many.plan
}

stage2() {
	expect "the lock is watched in the next kernel" watch_lock
	luctl resume /share/many.plan >/share/resume.log 2>&1
	expect "it was taken for the restore" longest resume
	expect "restoring holds it no longer" no_longer few resume
}

check() {
	expect "the guest counted its second stage" grep -qx '2 0' share/stages
}
