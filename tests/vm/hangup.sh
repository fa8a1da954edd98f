# The terminal that started luctl goes away: run ends cleanly, resume gets all back, what they say is kept.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
plan=31
timeout=300

LOG=/run/luctl/luctl.log

counters() {
	echo "$(vmstat nr_iommu_pages) tables," \
		"$(($(vmstat nr_foll_pin_acquired) - $(vmstat nr_foll_pin_released))) pins"
}

counters_are() {
	[ "$(counters)" = "$1" ] || { echo "$(counters), and before: $1"; return 1; }
}

# strike STAGE SIGNAL
strike() {
	echo "$1" >/run/strike-at
	echo "$2" >/run/strike-with
}

not_loaded() {
	grep -qx 0 /sys/kernel/kexec_loaded
}

# ends_at STAGE SIGNAL PLAN [OPTION]: run ends, and leaves nothing
ends_at() {
	strike "$1" "$2"
	expect_fail "SIG$2 when $1: luctl ends" 1 luctl run $4 "$3"
	expect "SIG$2 when $1: nothing is preserved or pinned" soon counters_are "$before"
	expect "SIG$2 when $1: no file says that the session is held" test ! -e /run/luctl/hangup.pid
	expect "SIG$2 when $1: no kernel is loaded" not_loaded
}

# read_one COMMAND...: one line of it is read, then nobody reads. Ends with the command's status.
read_one() {
	{ "$@" 2>&1; echo $? >/run/status; } | head -n 1
	# The log of what nobody read, if the test fails
	cat $LOG
	return "$(cat /run/status)"
}

stage1() {
	strike never TERM
	{
		echo 'kernel image=/share/bzImage initrd=/share/initrd cmdline="@CMDLINE@ lutrace.stage=2"'
		cat /share/hangup.plan
	} >/share/jump.plan
	# What was printed last pins a page until it is on the shared folder
	sleep 1
	before=$(counters)
	expect "a run that nobody disturbs" luctl run --no-kexec /share/hangup.plan
	expect "it leaves nothing" soon counters_are "$before"
	expect "who has /dev/liveupdate open is named" \
		grep -q "failed (process [0-9]*, luctl, has it open" /run/busy.txt
	ends_at mapped HUP /share/hangup.plan --no-kexec
	ends_at preserved HUP /share/hangup.plan --no-kexec
	ends_at aborted TERM /share/hangup.plan --no-kexec
	ends_at before-kexec HUP /share/jump.plan

	strike preserved KILL
	expect_fail "killed when preserved: luctl dies" 137 luctl run --no-kexec /share/hangup.plan
	expect "its file names nobody" sh -c '! luctl status | grep "held by"'
	expect_fail "abort ends nobody for it" 1 luctl abort --session hangup
	strike never TERM
	expect "the next run does not mind it" luctl run --no-kexec /share/hangup.plan

	expect "a full disk under its output ends no run" \
		sh -c 'luctl run --no-kexec /share/hangup.plan >/dev/full 2>&1'
	expect "what it said is in the log" grep -q 'end without kexec: nothing is preserved ok' $LOG
	expect "the kernel log says where" sh -c "dmesg | grep 'goes on in $LOG'"
	rm $LOG
	expect "a reader that goes away ends no run" read_one luctl run --no-kexec /share/hangup.plan
	jump /share/jump.plan
}

stage2() {
	strike all HUP
	expect "hung up at each step, with nobody who reads, resume has all back" \
		read_one luctl resume /share/hangup.plan
	expect "what it said is in the log" grep -q 'everything came through ok' $LOG
	expect "its hooks' output is there too" grep -qx 'a hook' $LOG
}

check() {
	expect "the guest counted its second stage" grep -qx '2 0' share/stages
}
