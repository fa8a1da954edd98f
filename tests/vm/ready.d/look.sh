#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# look.sh POINT: what ready says there, for the plan's hooks; the test looks at it afterwards. When
# all is preserved a check begins, too, that outlives luctl.
cd /share || exit

# ask NAME OPTION...
ask() {
	name=$1
	shift
	lutrace ready "$@" >"$name.txt" 2>&1
	echo $? >"$name.status"
}

ask "$1"
[ "$1" = preserved ] || exit 0
ask next --kernel bzImage --cmdline "$(cat /proc/cmdline)"
ask off --kernel bzImage --cmdline "$(sed 's/kho=on/kho=off/' /proc/cmdline)"
ask json --json
ask nobody --kernel nowhere
ask folder --kernel /share
# In place of the kernel that luctl loaded, which will not jump
kexec_load && ask plain
kexec_load unload && ask unloaded
lutrace walk -o walk.txt
lutrace check --json late.json >late.txt 2>late.log &
echo $! >/run/late.pid
n=0
until grep -q '^checking' late.log; do
	sleep 0.1
	n=$((n + 1))
	[ "$n" -lt 300 ] || exit
done
