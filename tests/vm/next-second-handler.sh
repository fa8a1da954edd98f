# A next kernel in which one more kind of file depends on the FLB counts only the files that the old one did.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
mutant=seeded-bugs
plan=7
next=lutrace_seeded_bug=95

T=/sys/kernel/tracing

# finished N: the FLB was, so often
finished() {
	cat $T/trace >/share/trace.txt
	[ "$(grep -c 'iommu_flb_finish_end' /share/trace.txt)" -eq "$1" ]
}

# The one session has memfds alone, and when it ends it must leave the FLB to the other
stage2() {
	echo 1 >$T/events/iommu_liveupdate/enable
	comes_through "the session without an iommufd comes through" /share/other.plan
	expect "the FLB is there still" finished 0
	comes_through "the other session comes through" /share/main.plan
	expect "the FLB is finished with it" finished 1
	expect "all memory is back" memory_is_there
}

check() {
	expect "the kernel warns of nothing" sh -c '! grep -a "WARNING: \|refcount_t" console.log'
	expect "the guest counted its second stage" grep -qx '2 0' share/stages
}
