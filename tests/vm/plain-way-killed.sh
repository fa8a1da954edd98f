# A recorder that is killed, or whose disk is full, has what it had read, and what it has is never called clean
# for what it has not. What the next kernel was handed over tells whether anything is missing.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
debug=no
plan=9

# The disk is full: the recorder ends with one sentence, and what it had written is a recording.
full() {
	mkdir /tmp/full && mount -t tmpfs -o size=16k tmpfs /tmp/full || return 1
	lutrace record -o /tmp/full/old.rec 2>/share/full.log &
	_full=$!
	said /share/full.log '^recording$' || return 1
	luctl run --no-kexec /share/many.plan || return 1
	wait "$_full"
	[ $? -eq 1 ] && cp /tmp/full/old.rec /share/full.rec
}

stage1() {
	sed 's/^abort .*/abort 40/; /^kernel/d' /share/way.plan >/share/many.plan
	expect "a full disk ends the recorder with status 1" full
	expect "it says so in one sentence" test "$(grep -c '^lutrace: cannot write .*No space left' \
		/share/full.log)" -eq 1
	expect_fail "what was written is read, and is incomplete" 3 lutrace report /share/full.rec

	expect "the old kernel is recorded" lutrace record -b -p /run/old.pid -o /share/old.rec
	{
		cat /share/way.plan
		echo 'hook preserved kill -9 $(cat /run/old.pid)'
	} >/share/killed.plan
	jump /share/killed.plan
}

stage2() {
	expect "the next kernel records" lutrace record -b -p /run/new.pid -o /share/new.rec
	expect "all is reclaimed" luctl resume /share/killed.plan
	end new
}

check() {
	"$BUILD/bin/lutrace" report share/old.rec >old.txt 2>&1
	expect "the recording that was cut is incomplete by itself" test $? -eq 3
	expect "all that had been read is in it" grep -q '^preserve  *9 ' old.txt
	expect "with the next kernel's, which proves that nothing is missing, it is clean" \
		"$BUILD/bin/lutrace" report share/old.rec share/new.rec
}
