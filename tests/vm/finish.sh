# A session that is finished without retrieving its files: the IOMMU core's FLB is finished all the
# same, once, and the tables that nobody wanted are freed.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=9

T=/sys/kernel/tracing

# Compaction empties the lists of free pages that each CPU keeps to itself.
free_kb() {
	echo 1 >/proc/sys/vm/compact_memory
	awk '/^MemFree/ { print $2 }' /proc/meminfo
}

stage1() {
	jump /share/finish.plan
}

events() {
	[ "$(grep -c "$1" /share/trace.txt)" -eq "$2" ]
}

log_has() {
	[ "$(dmesg | grep -c "$1")" -eq "$2" ]
}

# The memfds had 516 MiB. Other pages come and go meanwhile: 8 MiB were seen.
more_memory() {
	echo "free now: $(free_kb) kB"
	[ "$(free_kb)" -gt "$(($1 + 450000))" ]
}

stage2() {
	echo 1 >$T/events/iommu_liveupdate/enable
	pages=$(vmstat nr_iommu_pages)
	free=$(free_kb)
	expect "the session is finished, nothing retrieved" luctl finish --session finish
	cat $T/trace >/share/trace.txt
	expect "the FLB is retrieved once" events 'iommu_flb_retrieve_end: .* domains=6 ret=0' 1
	expect "the FLB is finished once" events 'iommu_flb_finish_end' 1
	expect "no domain is restored" events 'iommu_domain_restore' 0
	expect "an FLB that nobody asked for is finished (the kernel's own test)" \
		log_has 'liveupdate-test-flb-v2: finish was triggered' 1
	expect "no tables are left behind" log_has 'nobody took over are not freed' 0
	expect "the count of page tables is as before" tables_are "$pages"
	expect "the memory is back" soon more_memory "$free"
}

check() {
	expect "the guest counted its second stage" grep -qx '2 0' share/stages
}
