# Thousands of preserves and unpreserves, in sessions that take turns, leave memory as it is.
# SPDX-License-Identifier: GPL-2.0-only
# FLAT=N sets the number of cycles.
kernel=test
debug=no
plan=7
append="loglevel=5 lutrace.flat=${FLAT:-600}"
timeout=$((180 + ${FLAT:-600} / 5))

stage1() {
	flat "$(cmdline_word lutrace.flat)" >/share/flat.ktap 2>/share/flat.log
	import_points /share/flat.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/flat.ktap
}

check() {
	sed -n 's/^# \(flat: .*\)/\1/p' share/flat.ktap >count
}
