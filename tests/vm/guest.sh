# SPDX-License-Identifier: GPL-2.0-only
# Test points, for the guest (busybox sh) and for check() on the host (bash). Each goes to
# $KTAP as a line of KTAP, and to the standard output.

: "${KTAP:=/share/ktap}"

_point() {
	_n=0
	[ ! -e "$KTAP" ] || _n=$(grep -cE '^(not )?ok ' "$KTAP")
	printf '%s %d - %s\n' "$1" "$((_n + 1))" "$2" >>"$KTAP"
	printf '%s %d - %s\n' "$1" "$((_n + 1))" "$2"
}

# note TEXT: a diagnostic line.
note() {
	printf '# %s\n' "$*" >>"$KTAP"
	printf '# %s\n' "$*"
}

# ok NAME, not_ok NAME [WHY], skip NAME WHY: one point.
ok() {
	_point ok "$1"
}

not_ok() {
	_point 'not ok' "$1"
	[ -z "${2:-}" ] || note "$2"
}

skip() {
	_point ok "$1 # SKIP $2"
}

# vmstat KEY: a counter of the kernel, with what the CPUs have not added to it yet.
vmstat() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk -v k="$1" '$1 == k { print $2 }' /proc/vmstat
}

# tables_are N: that many page tables of IOMMUs are allocated.
tables_are() {
	vmstat nr_iommu_pages
	[ "$(vmstat nr_iommu_pages)" -eq "$1" ]
}

# cmdline_word KEY: the value of the last KEY=VALUE on the kernel's command line
cmdline_word() {
	tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p" | tail -n 1
}

# look_for_leaks: what kmemleak finds goes to the console, where it spoils the test. It leaves alone
# what is younger than five seconds, and what it has not seen twice. Each stage ends with it; one that
# ends in a kexec calls it before.
look_for_leaks() {
	[ -e /sys/kernel/debug/kmemleak ] || return 0
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	echo scan >/sys/kernel/debug/kmemleak
	cat /sys/kernel/debug/kmemleak >/dev/console
}

# look_for_pins: ends all processes, and says on the console, where it spoils the test, if as many pages
# were not unpinned as were pinned. More of either is somebody else's memory. What a process leaves is
# unpinned by the kernel soon after its end. Each stage that does not jump ends with it.
look_for_pins() {
	kill -9 -1
	_left=1
	for _try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		_left=$(($(vmstat nr_foll_pin_acquired) - $(vmstat nr_foll_pin_released)))
		[ "$_left" -ne 0 ] || return 0
		sleep 0.25
	done
	echo "pins: $_left more pages were pinned than unpinned" >/dev/console
}

# expect NAME CMD...: CMD must succeed; its output is shown if it does not.
expect() {
	_expect 0 "$@"
}

# expect_fail NAME STATUS CMD...: CMD must end with exactly that status.
expect_fail() {
	_name=$1
	_want=$2
	shift 2
	_expect "$_want" "$_name" "$@"
}

_expect() {
	_want=$1
	_name=$2
	shift 2
	# A function among CMD may have an _rc of its own, so it is set only afterwards.
	if "$@" >"${KTAP%/*}/expect.out" 2>&1; then _rc=0; else _rc=$?; fi
	if [ "$_rc" -eq "$_want" ]; then
		ok "$_name"
		return 0
	fi
	not_ok "$_name" "status $_rc instead of $_want from: $*"
	tail -n 20 "${KTAP%/*}/expect.out" | while IFS= read -r _line; do
		note "  $_line"
	done
	return 1
}

# await CMD...: until it succeeds; fails after five minutes, which only the debug kernel comes near.
await() {
	_await 3000 "$@"
}

# soon CMD...: what is given up is freed a moment later, when a worker or RCU comes to it; fails after
# three seconds, which is not a moment.
soon() {
	_await 30 "$@"
}

_await() {
	_n=$1
	shift
	until "$@" 2>/dev/null; do
		sleep 0.1
		_n=$((_n - 1))
		[ "$_n" -gt 0 ] || return 1
	done
}

# said FILE TEXT: waits for it.
said() {
	await grep -q "$2" "$1"
}

# record NAME [ARG...]: starts lutrace record into a new /share/NAME.rec, and returns when it records. What it
# says is in NAME.log, its id in /run/NAME.pid.
record() {
	_recording=$1
	shift
	rm -f "/run/$_recording.pid" "/share/$_recording.rec"
	lutrace record -o "/share/$_recording.rec" --pidfile "/run/$_recording.pid" "$@" \
		2>"/share/$_recording.log" &
	await test -s "/run/$_recording.pid"
}

# end NAME: interrupts the process whose id is in /run/NAME.pid, and waits until it is no more.
end() {
	_pid=$(cat "/run/$1.pid")
	kill -INT "$_pid" || return
	await test ! -d "/proc/$_pid"
}

# jump PLAN...: luctl does what the plans say. Does not return if all goes well: luctl jumps into the
# next kernel.
jump() {
	luctl run "$@" >/share/luctl-run.log 2>&1
	not_ok "the kexec" "$(tail -n 1 /share/luctl-run.log)"
}

# swap_on: swap to a RAM disk (kernel test). Nothing is won by it, but much is moved.
swap_on() {
	mkswap /dev/ram0 >/dev/null && swapon /dev/ram0
}

# import_points FILE: a point for each line "ok N - NAME" or "not ok N - NAME" of FILE, and a note
# for each comment.
import_points() {
	while IFS= read -r _line; do
		case $_line in
		'ok '*' - '*) ok "${_line#* - }" ;;
		'not ok '*' - '*) not_ok "${_line#* - }" ;;
		'# '*) note "${_line#??}" ;;
		esac
	done <"$1"
}
