# The demo's path on VT-d in scalable mode, with tables of the second stage (vtdss).
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
machine=vtd-sm
plan=12

check() {
	path_check
}
