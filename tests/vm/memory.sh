# The memory under reclaimed HWPTs stays where it is and is nobody else's, whatever is done to it.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=14

stage1() {
	jump /share/memory.plan
}

hog_result() {
	touch /run/hog.stop
	await test -s /run/hog || return
	cat /run/hog
	grep -q '^intact' /run/hog
}

# What the hooks saw, a line each: "ok NAME" or "not ok NAME"
hook_points() {
	for _name in "$@"; do
		if grep -qx "ok $_name" /share/hooks; then
			ok "$_name"
		else
			not_ok "$_name" "$(grep -A1 -x "not ok $_name" /share/hooks | tail -n 1)"
		fi
	done
}

all_unpinned() {
	[ "$(vmstat nr_foll_pin_acquired)" -eq "$(vmstat nr_foll_pin_released)" ]
}

stage2() {
	: >/share/hooks
	expect "there is swap" swap_on
	echo 500 >/proc/sys/vm/watermark_scale_factor
	expect "what nothing pins does move" abuse move
	luctl resume /share/memory.plan >/share/luctl-resume.log 2>&1
	_rc=$?
	cat /share/luctl-resume.log
	expect "everything comes through, with the right bytes in both directions" test "$_rc" -eq 0
	expect "nobody else's memory has changed" hog_result
	hook_points "retrieved: reclaim moves nothing" "retrieved: khugepaged moves nothing" \
		"retrieved: compaction moves nothing" "reclaimed: the size cannot be changed" \
		"reclaimed: khugepaged moves nothing" "reclaimed: compaction moves nothing" \
		"finished: khugepaged moves nothing" "finished: compaction moves nothing"
	expect "no page stays pinned" soon all_unpinned
}

check() {
	expect "the guest counted its second stage" grep -qx '2 0' share/stages
}
