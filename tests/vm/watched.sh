# Who looks at open files makes close() of a session return before its end; lutrace does not, and luctl asks for the end.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
plan=12
timeout=300

# How often a session is closed, by `closes` and by luctl.
TIMES=1000

# watch: lutrace in all its ways; each looks for names and page tables at every preserve.
watch() {
	record watched --deep
	sh -c 'echo $$ >/run/check.pid; exec lutrace check --deep' >/share/check.txt 2>/share/check.err &
	sh -c 'echo $$ >/run/top.pid; exec lutrace top --batch --interval 0.2' >/share/top.txt 2>&1 &
	said /share/check.err '^checking$'
}

# unwatch: ends them; what check found stays in check.txt.
unwatch() {
	kill -INT "$(cat /run/check.pid)" "$(cat /run/top.pid)"
	end watched
	await grep -q '^verdict: ' /share/check.txt
}

# look HOW: starts a reader of all processes' files.
look() {
	looker "$1" >"/share/looker-$1.txt" 2>&1 &
	echo $! >"/run/looker-$1.pid"
	said "/share/looker-$1.txt" '^looking$'
}

stop_looking() {
	kill "$(cat "/run/looker-$1.pid")"
}

# A loop like lsof's, of what every machine has
shell_reader() {
	while :; do
		for _f in /proc/[0-9]*/fd/*; do readlink "$_f"; done >/dev/null 2>&1
	done
}

# What a busybox shell can be asked to do a thousand times
thousand_aborts() {
	sed "s/@TIMES@/$TIMES/" /share/watched.plan >/share/thousand.plan
	luctl run --no-kexec /share/thousand.plan >/share/luctl.log
}

aborts() {
	grep -c '^\(\[.*\] \)*close session watched' /share/luctl.log
}

stage1() {
	expect "nobody looks: each close is the end" closes "$TIMES"
	expect "lutrace is there" watch
	expect "lutrace looks: each close still is the end" closes "$TIMES"
	expect "an iterator over files looks too" look iterator
	expect "and a reader of /proc/PID/fd" look files
	expect_fail "they make ends late" 2 closes "$TIMES"
	expect "and one that takes duplicates" look duplicates
	shell_reader &
	_reader=$!
	expect "luctl sees none as late" thousand_aborts
	expect "it closed a session that often" test "$(aborts)" -ge "$TIMES"
	kill "$_reader"
	stop_looking iterator
	stop_looking files
	stop_looking duplicates
	expect "lutrace ends" unwatch
	expect "and has no cause" grep -q '^verdict: clean' /share/check.txt
	note "$(closes 10)"
}

check() {
	expect "top was there all the time" grep -q closes share/top.txt
}
