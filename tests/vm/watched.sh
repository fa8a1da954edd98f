# Who looks at open files makes close() return before a session's end; lutrace does not, and luctl asks for the end.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
plan=12
timeout=480

# How often a session is closed; luctl takes long for each, since it tries all that must be as before.
TIMES=1000
ABORTS=100

# watch: lutrace in all its ways; each looks for names and page tables at every preserve.
watch() {
	checked() {
		sh -c 'echo $$ >/run/check.pid
			exec lutrace check --deep' >/share/check.txt 2>/share/check.err
		echo $? >/share/check.status
	}
	checked &
	sh -c 'echo $$ >/run/top.pid
		exec lutrace top --batch --interval 0.2' >/share/top.txt 2>/share/top.err &
	record watched --deep && said /share/check.err '^checking$' && said /share/top.txt preserve
}

# unwatch: ends them; check says in the end what it found.
unwatch() {
	end top && end watched && end check && await test -s /share/check.status
}

# look HOW: starts a reader of the files of all processes.
look() {
	looker "$1" >"/share/looker-$1.txt" 2>&1 &
	echo $! >"/run/looker-$1.pid"
	said "/share/looker-$1.txt" '^looking$'
}

# As many as lsof and its like read on any host
read_links() {
	while :; do
		for _f in /proc/[0-9]*/fd/*; do
			readlink "$_f"
		done
	done >/dev/null 2>&1
}

stop_looking() {
	for _how in iterator files duplicates; do
		kill "$(cat "/run/looker-$_how.pid")" || return
	done
}

luctl_closes() {
	sed "s/@ABORTS@/$ABORTS/" /share/watched.plan >/share/many.plan
	luctl run --no-kexec /share/many.plan >/share/luctl.log 2>&1 || {
		tail -n 3 /share/luctl.log
		return 1
	}
	[ "$(grep -c 'close session watched' /share/luctl.log)" -ge "$ABORTS" ]
}

# ends_are_awaited TIMES: whether an end was late or not, who asks for it can map at once.
ends_are_awaited() {
	closes "$1"
	_rc=$?
	[ "$_rc" -eq 0 ] || [ "$_rc" -eq 2 ]
}

# Domains that are unpreserved before they could be walked make deep incomplete, and nothing else is.
no_cause() {
	grep -qxE '0|3' /share/check.status &&
		! grep -E '^[a-z-]+ +(violation|incomplete|unknown) ' /share/check.txt | grep -v '^deep '
}

stage1() {
	expect "nobody looks: each close is the end" closes "$TIMES"
	expect "lutrace looks" watch
	expect "and each close still is the end" closes "$TIMES"
	expect "an iterator over files looks too" look iterator
	expect "and a reader of links in /proc" look files
	read_links &
	expect "who asks for the end of each can map at once" ends_are_awaited "$TIMES"
	expect "another one has files for milliseconds" look duplicates
	expect_fail "it makes ends late, and who asks until the end can map at once" 2 closes "$TIMES"
	expect "luctl takes no session as ended before it has" luctl_closes
	expect "they stop" stop_looking
	kill $!
	expect "lutrace ends" unwatch
	expect "check has no cause" no_cause
}
