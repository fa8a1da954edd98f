# Everything that cannot be preserved is refused with its errno, and a refusal changes nothing.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=129
timeout=480

stage1() {
	refuse >/share/refuse.ktap 2>/share/refuse.log
	import_points /share/refuse.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/refuse.ktap
}
