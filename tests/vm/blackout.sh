# From the jump to the first DMA: how long, with and without lutrace, which resume never waits for.
# SPDX-License-Identifier: GPL-2.0-only
# VARIANTS names what is measured, one live update each: words of with-record (in the old kernel) and
# of none, waited, aside, stopped and after (in the next one, see stage2), joined by commas.
kernel=demo
icount=1
debug=no
cpus=1
VARIANTS=${VARIANTS:-none with-record,stopped}
plan=$((2 + 2 * $(echo "$VARIANTS" | wc -w)))
append="lutrace.variants=$(echo "$VARIANTS" | tr ' ' ':'):"
timeout=$((120 + 90 * $(echo "$VARIANTS" | wc -w)))

# variant N: the words of the Nth live update; "" after the last one
variant() {
	cmdline_word lutrace.variants | cut -d : -f "$1" | tr , ' '
}

# has WORD of the variant $_words
has() {
	case " $_words " in *" $1 "*) true ;; *) false ;; esac
}

# plan_of N: the plan of the Nth live update
plan_of() {
	sed "s/@N@/$1/" /share/blackout.plan.in >/share/blackout.plan
}

# start_record NAME: lutrace begins to load, and nobody waits
start_record() {
	rm -f /run/record.pid
	lutrace record --output "/share/$1.rec" --pidfile /run/record.pid \
		2>"/share/$1.log" &
	_record=$!
}

wait_record() {
	while [ ! -s /run/record.pid ] && [ -d "/proc/$_record" ]; do usleep 1000; done
	[ -s /run/record.pid ]
}

# Recording goes on into the jump, which ends it with all else
before_jump() {
	_words=$(variant "$1")
	plan_of "$1"
	if has with-record; then
		start_record "old-$1"
		expect "$1: record is attached before the jump" wait_record
	else
		ok "$1: nothing is attached before the jump"
	fi
}

stage1() {
	before_jump 1
	luctl run /share/blackout.plan >/share/luctl-0.log 2>&1
	not_ok "the kexec" "$(tail -n 1 /share/luctl-0.log)"
}

# In the next kernel: nothing of lutrace ("none"), or lutrace record that is started before the reclaim
# and "waited" for, or not waited for ("aside"), or "stopped" before it has loaded anything, or started
# "after" the first DMA.
stage2() {
	_update=$(cmdline_word lutrace.update)
	_words=$(variant "$_update")
	_since=$(sed -n 's/^luctl: the jump is at TSC //p' "/share/luctl-$((_update - 1)).log")
	_again=
	[ -z "$(variant $((_update + 1)))" ] || _again=1
	if has waited || has aside || has stopped; then start_record "new-$_update"; fi
	if has waited; then wait_record; fi
	if has stopped; then kill -STOP "$_record"; fi
	luctl resume --since "$_since" /share/blackout.plan >"/share/resume-$_update.log" 2>&1
	_rc=$?
	if has stopped; then
		[ -s /run/record.pid ] && _rc=1
		kill -CONT "$_record"
	fi
	if has after; then start_record "new-$_update"; fi
	if has aside || has stopped || has after; then wait_record || _rc=1; fi
	expect "$_update: ${_words}: all came through" test "$_rc" -eq 0
	if has waited || has aside || has stopped || has after; then
		kill -INT "$_record"
		wait "$_record"
	fi
	[ -n "$_again" ] || return 0
	before_jump $((_update + 1))
	luctl run /share/blackout.plan >"/share/luctl-$_update.log" 2>&1
	not_ok "the kexec $((_update + 1))" "$(tail -n 1 "/share/luctl-$_update.log")"
}

# Milliseconds of the Nth live update
blackout_of() {
	sed -n 's/^luctl: \([0-9.]*\) ms from the jump .*/\1/p' "share/resume-$1.log"
}

# Two runs without lutrace may differ by so many milliseconds
NOISE_MS=50

# not_in_the_way: lutrace in the old kernel adds none, nor one that is not yet there in the next
not_in_the_way() {
	awk -v noise="$NOISE_MS" 'NR == 1 { base = $1 } { print }
		!/waited|aside/ && ($1 > base + noise || $1 < base - noise) { bad = 1 }
		END { exit NR < 2 || bad }' blackout
}

# The words of the variants, in words
explain() {
	sed -e 's/with-record,/record attached until the jump, /
		s/with-record$/record attached until the jump/
		s/none/without lutrace/
		s/after/record started after the first DMA/
		s/aside/record started before the reclaim, beside it, on one CPU/
		s/stopped/record stopped before it has loaded anything/
		s/waited/record started before the reclaim, and waited for/'
}

check() {
	local n=0 words

	for words in $VARIANTS; do
		n=$((n + 1))
		echo "$(blackout_of "$n") $words"
	done >blackout
	expect "each was measured" test "$(grep -cE '^[0-9]+\.[0-9]+ ' blackout)" -eq "$n"
	expect "what is not waited for adds nothing to the time" not_in_the_way
	{
		echo "Milliseconds from the jump to the end of the first DMA, which takes 100"
		explain <blackout
	} >blackout.txt
	sed 's/^/blackout: /' blackout >count
}
