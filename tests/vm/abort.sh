# A session that is closed before the kexec leaves everything as it was, and no page marked in KHO.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
plan=9

T=/sys/kernel/tracing

# Every call that marks a page for the next kernel or takes the mark back, with the page.
watch_kho() {
	echo 'p:kho/mark kho_preserve_folio page=%di' >>$T/kprobe_events &&
		echo 'p:kho/unmark kho_unpreserve_folio page=%di' >>$T/kprobe_events &&
		echo 8192 >$T/buffer_size_kb &&
		echo 1 >$T/events/kho/enable
}

# Prints the pages that are marked more often than unmarked, and the number of marks.
marked_pages() {
	sed -n 's/.*: \(mark\|unmark\): .*page=\(0x[0-9a-f]*\).*/\1 \2/p' /share/kho.txt |
		awk '$1 == "mark" { n[$2]++; marks++ } $1 == "unmark" { n[$2]-- }
			END { for (p in n) if (n[p]) print p, n[p]; print "marks", marks > "/share/marks" }'
}

none_marked() {
	cat $T/trace >/share/kho.txt
	! grep -q 'LOST' /share/kho.txt && [ -z "$(marked_pages)" ]
}

step() {
	grep -q "^luctl: $1.* ok\$" /share/luctl.log
}

run_plan() {
	luctl run --no-kexec /share/abort.plan >/share/luctl.log 2>&1 || { cat /share/luctl.log; false; }
}

enough_marks() {
	[ "$(sed 's/marks //' /share/marks)" -gt 100 ]
}

stage1() {
	before=$(vmstat nr_iommu_pages)
	expect "KHO's marks are watched" watch_kho
	expect "preserve and abort, three times, with all assertions" run_plan
	expect "no page stays marked" none_marked
	expect "pages were marked in between" enough_marks
	expect "a HWPT cannot get another token" \
		step 'mark: another token for hwpt main.* refused with EEXIST'
	expect "and marking it again with its own is a success" \
		step 'mark: the same token for hwpt main.* again is a success'
	expect "a token cannot be used twice" \
		step 'mark: token 0x1 for a second hwpt is refused with EADDRINUSE'
	expect "the iommufd is refused before its memfds" \
		step 'preserve: the iommufd before its memfds is refused with ENOENT'
	expect "all page tables are freed in the end" soon tables_are "$before"
}
