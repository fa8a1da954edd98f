# One live update after the other, each with the HWPTs that the one before gave back; then an abort.
# SPDX-License-Identifier: GPL-2.0-only
# CYCLES=N sets the number of live updates.
kernel=test
plan=10
append="lutrace.cycles=${CYCLES:-3}"
timeout=$((120 + 40 * ${CYCLES:-3}))

# plan_of N: the plan whose kernel is told that it is the Nth
plan_of() {
	sed "s/@N@/$1/" /share/cycles.plan.in >/share/cycles.plan
}

# What is free, and what each CPU keeps for itself of that
free_kb() {
	awk '$1 == "nr_free_pages" || $1 == "count:" { n += $2 } END { print 4 * n }' /proc/zoneinfo
}

# look POINT: what there is at this point of the cycle, a line of /share/cycles
look() {
	echo "$1 $(cmdline_word lutrace.cycle) preserved=$(cat /sys/kernel/debug/kho/out/nr_preserved)" \
		"tables=$(vmstat nr_iommu_pages)" \
		"pins=$(($(vmstat nr_foll_pin_acquired) - $(vmstat nr_foll_pin_released)))" \
		"free=$(free_kb)" >>/share/cycles
}

stage1() {
	plan_of 1
	jump /share/cycles.plan
}

# The last one gives all of it up again, after a preserve and an abort
stage2() {
	_cycle=$(cmdline_word lutrace.cycle)
	look boot
	if [ "$_cycle" -lt "$(cmdline_word lutrace.cycles)" ]; then
		plan_of $((_cycle + 1))
		luctl resume --again /share/cycles.plan >"/share/resume-$_cycle.log" 2>&1
		not_ok "live update $((_cycle + 1))" "$(tail -n 1 "/share/resume-$_cycle.log")"
		return
	fi
	sed 's/@CMDLINE@/@CMDLINE@ kho=off/; s/@N@/0/' /share/cycles.plan.in >/share/off.plan
	expect_fail "a next kernel that gets nothing stops it before a session is retrieved" 1 \
		luctl resume --again --strict /share/off.plan
	luctl resume --again --no-kexec /share/cycles.plan >"/share/resume-$_cycle.log" 2>&1
	_rc=$?
	expect "the last one is preserved again, aborted, and given up" test "$_rc" -eq 0
	sleep 1
	look end
}

# all_same POINT KEY [NOISE]: the value of KEY at POINT, over all kernels but the first, which has what
# does not come back
all_same() {
	sed -n "s/^$1 [0-9][0-9]* .*$2=\([0-9]*\).*/\1/p" share/cycles | sort -n |
		awk -v noise="${3:-0}" 'NR == 1 { min = $1 } { max = $1 }
			END { print NR " values from " min " to " max
			      exit !(NR > 0 && max - min <= noise) }'
}

# at POINT KEY: the value in the last kernel
at() {
	grep "^$1 " share/cycles | tail -n 1 | sed "s/.* $2=\([0-9]*\).*/\1/"
}

check() {
	local n=${CYCLES:-3}

	echo "cycles: $(grep -c '^boot ' share/cycles)" >count
	expect "each live update was followed by the next" \
		test "$(grep -c '^boot ' share/cycles)" -eq "$n"
	expect "in each kernel all came through" \
		test "$(cat share/resume-*.log | grep -c ': compared [0-9]* leaves, pinned')" -eq $((2 * n))
	expect "as many blocks are handed over each time" all_same jump preserved
	expect "as many tables and pins are held each time" all_same jump tables
	expect "as much memory is free after each boot" all_same boot free 512
	expect "no block stays preserved in the end" \
		test "$(at end preserved)" -eq "$(at boot preserved)"
	expect "no table and no pin is left in the end" \
		test "$(at end tables) $(at end pins)" = "$(at boot tables) $(at boot pins)"
	expect "the guest counted its last stage" grep -qx '2 0' share/stages
}
