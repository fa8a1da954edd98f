# A map that fails half way through a memfd gives back the pins that it made, and no others.
# SPDX-License-Identifier: GPL-2.0-only
kernel=test
plan=4

stage1() {
	pins >/share/pins.ktap 2>/share/pins.log
	import_points /share/pins.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/pins.ktap
}
