# luctl killed at each step leaves nothing behind, and the next run finds everything as before.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=13

counters() {
	echo "$(vmstat nr_iommu_pages) tables," \
		"$(($(vmstat nr_foll_pin_acquired) - $(vmstat nr_foll_pin_released))) pins"
}

counters_are() {
	[ "$(counters)" = "$1" ] || { echo "$(counters), and before: $1"; return 1; }
}

# kill_at STAGE
kill_at() {
	echo "$1" >/run/kill-at
	expect_fail "killed when $1: luctl dies" 137 \
		luctl run --no-kexec /share/killed.plan
	expect "killed when $1: nothing is preserved or pinned" soon counters_are "$before"
}

stage1() {
	echo nobody >/run/kill-at
	# What was printed last pins a page until it is on the shared folder
	sleep 1
	before=$(counters)
	expect "a run that nobody kills" luctl run --no-kexec /share/killed.plan
	expect "it leaves nothing" soon counters_are "$before"
	for stage in mapped marked aborted preserved; do
		kill_at "$stage"
	done
	echo nobody >/run/kill-at
	expect "after all that, a run that nobody kills" luctl run --no-kexec /share/killed.plan
	expect "it leaves nothing" soon counters_are "$before"
	expect "the FLB is not left behind" test "$(dmesg | grep -c 'flb-v0: unpreserve')" -ge 6
}
