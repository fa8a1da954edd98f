# The plain way where the recorder hardly gets a CPU: what it saw is on the disk all the same, because luctl
# asks it before the jump.
# SPDX-License-Identifier: GPL-2.0-only
# The guest's time is that of its instructions, so that only this starves the recorder, and not what else the host
# does.
kernel=demo
debug=no
icount=1
cpus=1
plan=6
timeout=240

# Somebody who never sleeps, and is much more important than the recorder
starve() {
	(while :; do :; done) &
}

stage1() {
	expect "the recorder goes to the background once it records" \
		sh -c 'renice -n 15 -p $$ && exec lutrace record --background -o /share/old.rec'
	starve
	luctl run /share/way.plan >/share/luctl-run.log 2>&1
	not_ok "the kexec" "$(tail -n 1 /share/luctl-run.log)"
}

stage2() {
	expect "the next kernel records" lutrace record --background --pidfile /run/new.pid \
		-o /share/new.rec
	expect "all is reclaimed" luctl resume /share/way.plan
	end new
}

check() {
	expect "luctl has asked it" grep -q 'luctl: 1 recorder was asked' share/luctl-run.log
	expect "and has not waited in vain" sh -c '! grep -q "has not written" share/luctl-run.log'
	expect "the report is clean" sh -c \
		'"$0" report -j report.json share/old.rec share/new.rec >report.txt' "$BUILD/bin/lutrace"
}
