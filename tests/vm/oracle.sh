# A right kernel gives lutrace no cause in all that a live update can be; seeded bugs do (make mutants).
# SPDX-License-Identifier: GPL-2.0-only
# Each check's status is in NAME.status, and what it found in NAME.json; that of luctl in NAME.luctl.
# scripts/mutants reads them.
kernel=test
plan=17
timeout=300

T=/sys/kernel/tracing

# start_watching: a recording, and a check that is there until the jump.
start_watching() {
	checked jump 2>/share/jump.err &
	record old --deep && said /share/jump.err '^checking$'
}

end_watching() {
	end jump
	end old
	await test -s /share/jump.status
}

# checked NAME [ARG...]: lutrace check; its status goes to NAME.status.
checked() {
	_name=$1
	shift
	sh -c 'echo $$ >"/run/$0.pid"
		exec lutrace check --deep --json "/share/$0.json" "$@"' "$_name" "$@" >"/share/$_name.txt"
	echo $? >"/share/$_name.status"
}

# Marks of pages for the next kernel, with the page, as KHO gets them.
watch_kho() {
	echo 'p:kho/mark kho_preserve_folio page=%di' >>$T/kprobe_events &&
		echo 'p:kho/unmark kho_unpreserve_folio page=%di' >>$T/kprobe_events &&
		echo 4096 >$T/buffer_size_kb &&
		echo 1 >$T/events/kho/enable
}

# Prints the pages that were marked again while they were, unmarked while they were not, or left.
bad_marks() {
	sed -n 's/.*: \(mark\|unmark\): .*page=\(0x[0-9a-f]*\).*/\1 \2/p' /share/kho.txt |
		awk '$1 == "mark" { if (n[$2]++) print "twice", $2; marks++ }
			$1 == "unmark" { if (!n[$2]--) print "not marked", $2 }
			END { for (p in n) if (n[p]) print "left", p, n[p]; if (marks < 40) print marks }'
}

marks_are_right() {
	echo 0 >$T/events/kho/enable
	cat $T/trace >/share/kho.txt
	! grep -q 'LOST' /share/kho.txt && bad_marks >/share/marks && cat /share/marks &&
		[ ! -s /share/marks ]
}

# is NAME STATUS
is() {
	[ "$(cat "/share/$1.status")" = "$2" ] || { tail -n 40 "/share/$1.txt"; false; }
}

# One that is given up at once may be gone before it is walked: that is status 3.
no_violation() {
	[ "$(cat "/share/$1.status")" = 3 ] || is "$1" 0
}

went_well() {
	[ "$(cat "/share/$1")" = 0 ] || { tail -n 3 /share/luctl-*.log; false; }
}

nothing_is_preserved() {
	cat /sys/kernel/debug/kho/out/nr_preserved
	[ "$(cat /sys/kernel/debug/kho/out/nr_preserved)" -eq "$1" ]
}

# A bug that kills luctl must leave the checks alive: an oops is no panic here.
survive() {
	echo 0 >/proc/sys/kernel/panic_on_oops
}

# So many that their records need a second page
crowd() {
	_i=0
	while [ "$_i" -lt 60 ]; do
		printf 'hwpt crowd%d token=0x%x device=edu2 ioas=strip\n' "$_i" $((0x100 + _i))
		_i=$((_i + 1))
	done
}

hole_pid() {
	cut -d " " -f 1 /run/luctl/hole.pid
}

split_huge() {
	sed -n "s/^\([0-9a-f]*\)-\([0-9a-f]*\) .*memfd:.*/$(hole_pid),0x\1,0x\2/p" "/proc/$(hole_pid)/maps" |
		while read -r _range; do echo "$_range" >/sys/kernel/debug/split_huge_pages; done
}

# The entry maps all of the memfd, whose pages are small by now.
punch_behind() {
	lutrace walk --token 0x2 >/share/hole.walk
	grep -q 'iova=0x0*40000000 .* size=0x200000 ' /share/hole.walk && abuse punch "$(hole_pid)" 1
}

# What does not lead to its memfd any more is refused, and all is as before. A kernel that looks at less hands it
# over, which lutrace sees.
refuses_a_hole() {
	checked hole -- sh -c 'timeout 60 luctl run --no-kexec /share/hole.plan >/share/luctl-hole.log 2>&1
		echo $? >/share/hole.luctl' 2>/share/hole.err
	cat /share/luctl-hole.log
	grep -q '^abuse: punch: 2 of 2' /share/luctl-hole.log && [ "$(cat /share/hole.luctl)" = 1 ] &&
		grep -q 'EINVAL\|Invalid argument' /share/luctl-hole.log
}

stage1() {
	survive
	[ -e /sys/class/iommu/dmar0 ] || cat /share/grow.plan >>/share/a.plan
	crowd >>/share/b.plan
	cat /share/left.plan >>/share/b.plan
	_tables=$(vmstat nr_iommu_pages)
	_blocks=$(cat /sys/kernel/debug/kho/out/nr_preserved)
	expect "KHO's marks are watched" watch_kho
	checked abort -- sh -c 'timeout 60 luctl run --no-kexec /share/a.plan /share/b.plan \
		>/share/luctl-abort.log 2>&1; echo $? >/share/abort.luctl' 2>/share/abort.err
	expect "preserved and given up, all is as before" went_well abort.luctl
	expect "and lutrace has no cause" is abort 0
	expect "each page is marked once, and unmarked" marks_are_right
	expect "all page tables are freed" soon tables_are "$_tables"
	expect "KHO has no block more" nothing_is_preserved "$_blocks"

	expect "a table that leads elsewhere is refused" refuses_a_hole
	expect "and there too lutrace has no cause" no_violation hole
	expect "the first kernel is watched" start_watching
	timeout 60 luctl run /share/a.plan /share/b.plan >/share/luctl-run.log 2>&1
	echo $? >/share/run.luctl
	not_ok "the kexec" "$(tail -n 1 /share/luctl-run.log)"
	end_watching
}

# The second session is restored when the first one was finished, preserved again and given up.
stage2() {
	survive
	expect "up to the jump lutrace has no cause" is jump 0
	expect "and what is mapped was compared with the memfds" \
		grep -q '^ *deep .*, [1-9][0-9]* with the memory of the memfds' /share/jump.txt
	_blocks=$(cat /sys/kernel/debug/kho/out/nr_preserved)
	# What nobody takes over is freed with the last session
	sed '/^[a-z]*  *left /d' /share/b.plan >/share/b2.plan
	checked resume --before /share/old.rec -- sh -c '
		timeout 60 luctl resume --again --no-kexec /share/a.plan >/share/luctl-resume.log 2>&1
		echo $? >/share/resume.luctl
		timeout 60 luctl resume /share/b2.plan >/share/luctl-resume2.log 2>&1
		echo $? >/share/resume2.luctl' 2>/share/resume.err
	expect "the first session comes through" went_well resume.luctl
	expect "the second session comes through" went_well resume2.luctl
	expect "in the next kernel lutrace has no cause" is resume 0
	expect "there too it looked for tables in KHO's map" sh -c '! grep KHO /share/resume.err'
	expect "KHO has no block more in the next kernel" nothing_is_preserved "$_blocks"
}

check() {
	expect "the kernel refuses nothing" sh -c '! grep -a "liveupdate: .* refused: " console.log'
}
