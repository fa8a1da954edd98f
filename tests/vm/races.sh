# Two sessions that preserve and abort against map, unmap, destroy, attach and close: settled errnos,
# the mappings as before, nothing left, and the events of both CPUs in the order of their numbers.
# SPDX-License-Identifier: GPL-2.0-only
# RACES=N sets for how many seconds.
kernel=test
plan=9
append="lutrace.races=${RACES:-10}"
timeout=$((120 + ${RACES:-10}))

stage1() {
	lutrace check -- sh -c "races $(cmdline_word lutrace.races) >/share/races.ktap 2>/share/races.log" \
		>/share/check.txt 2>&1
	expect "lutrace check saw all events" grep -q '^loss *clean' /share/check.txt
	expect "and no violation" sh -c '! grep -q "^VIOLATION\|^verdict: violation" /share/check.txt'
	import_points /share/races.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/races.ktap
}

check() {
	sed -n 's/^# \(races: .*\)/\1/p' share/races.ktap >count
}
