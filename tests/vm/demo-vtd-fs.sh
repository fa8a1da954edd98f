# The demo's path on VT-d in scalable mode, with tables of the first stage (x86_64).
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
machine=vtd-fs
plan=12

check() {
	path_check
}
