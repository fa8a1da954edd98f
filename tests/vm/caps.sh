# An ordinary user with CAP_BPF and CAP_PERFMON alone can record, measure and check a live update that root
# makes; lutrace gives up what it holds once it is attached, and names what it lacks.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
debug=no
plan=23

WALK=cap_bpf,cap_perfmon,cap_syslog,cap_sys_rawio,cap_dac_read_search

# user CAPABILITIES COMMAND...
user() {
	caps 1000 "$@"
}

# start NAME COMMAND...: in the background as that user; its pid is in $NAME.
start() {
	_name=$1
	shift
	caps 1000 cap_bpf,cap_perfmon "$@" >"/tmp/u/$_name.txt" 2>"/tmp/u/$_name.log" &
	eval "$_name=$!"
}

# gave_up PID: it has no capability, and can get none.
gave_up() {
	[ "$(grep -cE '^Cap(Inh|Prm|Eff|Amb):.0+$' "/proc/$1/status")" -eq 4 ] &&
		grep -qE '^NoNewPrivs:.1$' "/proc/$1/status" && grep -qE '^Uid:.1000' "/proc/$1/status"
}

# ended PID STATUS
ended() {
	kill -INT "$1"
	wait "$1"
	_got=$?
	[ "$_got" -eq "$2" ] || { echo "status $_got"; return 1; }
}

# one_sentence CAPABILITIES WORDS: record fails with status 1 and says so in one line.
one_sentence() {
	user "$1" lutrace record -o /tmp/u/none.rec 2>/tmp/none.log
	_got=$?
	cat /tmp/none.log
	[ "$_got" -eq 1 ] && [ "$(wc -l </tmp/none.log)" -eq 1 ] && grep -q "$2" /tmp/none.log &&
		grep -q 'setcap cap_bpf,cap_perfmon+ep' /tmp/none.log
}

# command_has_all CAPS COMMAND...: around a command lutrace has no more than this by now; the command has
# what root has.
command_has_all() {
	_caps=$1
	shift
	"$@" -d 1 -- sh -c 'grep -h ^CapEff /proc/$PPID/status /proc/$$/status >/tmp/both.txt'
	cat /tmp/both.txt
	sed -n 1p /tmp/both.txt | grep -qE "^CapEff:.0+$_caps$" &&
		[ "$(sed -n 2p /tmp/both.txt)" = "$(grep ^CapEff /proc/self/status)" ]
}

# All walks are made after the capabilities were given up.
walked() {
	lutrace report /share/deep.rec | tee /share/deep.txt
	grep -qE '^deep  *clean .*\([1-9][0-9]* walks of .*; 1 of 1' /share/deep.txt
}

stage1() {
	mkdir -m 755 /tmp/u && chown 1000:1000 /tmp/u
	start record lutrace record -o /tmp/u/caps.rec
	start latency lutrace latency --stats
	start check lutrace check
	expect "an ordinary user records" said /tmp/u/record.log '^recording$'
	expect "an ordinary user measures" said /tmp/u/latency.log '^lutrace: BPF programs on'
	expect "an ordinary user checks" said /tmp/u/check.log '^checking$'
	expect "record gave up its capabilities" soon gave_up "$record"
	expect "latency gave up its capabilities" soon gave_up "$latency"
	expect "check gave up its capabilities" soon gave_up "$check"
	lutrace record --deep -o /share/deep.rec 2>/tmp/u/deep.log &
	deep=$!
	expect "root records and walks" said /tmp/u/deep.log '^recording$'
	expect "root goes through a live update" luctl run --no-kexec /share/check.plan
	expect "the recording ends well" ended "$record" 0
	expect "latency ends well" ended "$latency" 0
	kill -INT "$deep"
	wait "$deep"
	expect "walks go on when the capabilities are given up" walked
	# What was preserved before is not known: this needs more than the two
	expect "check ends well" ended "$check" 0
	cp /tmp/u/*.txt /tmp/u/*.log /share/
	cat /tmp/u/check.txt
	expect "what check cannot list it calls unknown, and says why" grep -q \
		'^preserved before the check: not known: .*hides the addresses.*CAP_SYSLOG' /tmp/u/check.txt
	lutrace report /tmp/u/caps.rec >/share/report.txt
	expect "the recording has all of it" grep -q '^loss  *clean' /share/report.txt
	expect "latency says what the figures lack" grep -q 'SYS_ADMIN' /tmp/u/latency.txt
	expect "without a capability it says so" one_sentence none 'lacks CAP_BPF and CAP_PERFMON'
	expect "with one of the two it names the other" one_sentence cap_bpf 'lacks CAP_PERFMON'
	expect "doctor says that the two are enough" user cap_bpf,cap_perfmon lutrace doctor
	expect_fail "doctor says that one is not" 1 user cap_perfmon lutrace doctor
	user "$WALK" lutrace check -d 0.5 >/tmp/walk.txt
	expect "with some more check can list" grep -q '^preserved before the check: 0 dom' /tmp/walk.txt
	expect_fail "and walk look" 3 user "$WALK" lutrace walk
	# To signal
	expect "latency's command has all, and latency no more than it needs" \
		command_has_all 20 lutrace latency
	expect "check's command has all, and check no more than it needs" \
		command_has_all 20 lutrace check
}
