# The tables of a reclaimed HWPT are charged to the control group of who reclaims it, until they are
# freed; what does not fit into its limit is not taken, can be had when it does, and nobody is killed
# for it.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=19

GROUPS_DIR=/run/groups
GROUP=$GROUPS_DIR/vmm

stage1() {
	jump /share/memcg.plan
}

make_group() {
	mkdir $GROUPS_DIR &&
		mount -t cgroup2 none $GROUPS_DIR &&
		echo +memory >$GROUPS_DIR/cgroup.subtree_control &&
		mkdir $GROUP
}

in_group() {
	sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' $GROUP "$@"
}

# table_kb NAME: what the group paid for tables then
table_kb() {
	echo $(($(sed -n 's/^sec_pagetables //p' "/share/$1.stat") / 1024))
}

pays() {
	echo "$(table_kb "$1") kB"
	test "$(table_kb "$1")" "$2" "$3"
}

pays_nothing_now() {
	grep -qx 'sec_pagetables 0' $GROUP/memory.stat
}

stage2() {
	pages=$(vmstat nr_iommu_pages)
	expect "there is a control group" make_group
	# 8 MiB of tables do not fit into what is left, whatever can be reclaimed
	in_group take memcg 0x200 "!cat $GROUP/memory.stat >/share/none.stat" \
		"!echo \$((\$(cat $GROUP/memory.current) + 600000)) >$GROUP/memory.max" \
		1=0 2=ENOMEM "!cat $GROUP/memory.stat >/share/few.stat" \
		"!echo max >$GROUP/memory.max" 2=0 "!cat $GROUP/memory.stat >/share/all.stat" \
		>/share/take.ktap 2>/share/take.log
	import_points /share/take.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/take.ktap
	expect "nothing is charged before it is reclaimed" pays none -eq 0
	expect "few tables are charged, and none of those that did not fit" pays few -lt 100
	expect "all of them are when there is room" pays all -gt 8192
	expect "nobody was killed" grep -qx 'oom_kill 0' $GROUP/memory.events
	expect "nothing stays charged" soon pays_nothing_now
	expect "the count of page tables is as before" tables_are "$pages"
}
