# The flight recorder as the systemd units start it: through a kexec, with a check that ends by itself and a
# bundle; and with tiny limits on a disk that gets full, and has room again.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
debug=no
plan=27
timeout=400

# unit NAME: what it executes
unit() {
	sed -n 's/^ExecStart=//p' "/share/lutrace-$1.service"
}

folder() {
	mkdir -p /share/flight /var/lib/lutrace-bundle && ln -s /share/flight /var/lib/lutrace
}

# The jump ends its last file.
start_recorder() {
	$(unit record) --pidfile /run/old.pid 2>"/share/record$STAGE.log" &
	recorder=$!
	said "/share/record$STAGE.log" '^recording$'
}

end_recorder() {
	kill -TERM "$recorder"
	wait "$recorder"
}

# The log goes first: that of the one before says "recording" too.
small() {
	rm -f /share/small.log
	lutrace record --flight /tmp/small --file-size 64 --files 3 2>/share/small.log &
	small=$!
	said /share/small.log '^recording$'
}

# 250 KiB of events, and more than three files hold
many() {
	luctl run --no-kexec /share/flight.plan
}

few() {
	sed 's/^abort .*/abort 2/' /share/flight.plan >/tmp/few.plan
	luctl run --no-kexec /tmp/few.plan
}

bounded() {
	ls -l /tmp/small
	[ "$(ls /tmp/small/*.rec | wc -l)" -eq 3 ] &&
		[ "$(find /tmp/small -name '*.rec' -size +64k | wc -l)" -eq 0 ]
}

# fill: leaves no room for another file
fill() {
	dd if=/dev/zero of=/tmp/small/fill bs=4k 2>/dev/null
	[ -s /tmp/small/fill ]
}

# whole FILES: each is, and something is missing between them, or before.
whole() {
	lutrace report /tmp/small/*.rec >/share/small.txt
	_got=$?
	cat /share/small.txt
	[ "$_got" -eq 3 ] && [ "$(grep -c '^kernel 1 .* complete$' /share/small.txt)" -eq "$1" ]
}

# By the footers, and by the numbers of the events
lost() {
	grep -qE '^ *- .*: [1-9][0-9]* events did not fit' /share/small.txt &&
		grep -qE '^loss +incomplete .*, [1-9][0-9]* missing' /share/small.txt
}

# Also what was preserved before the file began
named() {
	lutrace report "$(ls /tmp/small/*.rec | tail -n 1)" >/share/last.txt
	grep -q '^flight/0x.* luctl ' /share/last.txt && ! grep -qF '?/?/?' /share/last.txt
}

bundled() {
	lutrace bundle -o /tmp/running.tar /var/lib/lutrace && tar -tf /tmp/running.tar >/tmp/list || return 1
	cat /tmp/list
	[ "$(ls /share/flight/*.rec | wc -l)" -eq 2 ] &&
		[ "$(grep -c 'recordings/.*\.rec$' /tmp/list)" -eq 2 ]
}

stage1() {
	expect "there is a folder" folder
	expect "the unit's command records" start_recorder
	expect_fail "one at a time" 1 $(unit record)
	mkdir /tmp/small && mount -t tmpfs -o size=224k tmpfs /tmp/small
	expect "another records with tiny limits" small
	expect "the disk gets full" fill
	expect "there are more events than fit" many
	expect "it is said" said /share/small.log 'No space left on device.*events are lost'
	expect "and does not end the recorder" kill -0 "$small"
	rm /tmp/small/fill
	expect "it goes on when there is room" said /share/small.log 'are written again'
	expect "there are some events more" few
	kill -TERM "$small"
	expect "it ends well" wait "$small"
	expect "its two files are whole" whole 2
	expect "what was lost is counted" lost
	expect "it records again" small
	expect "there are many events" many
	kill -TERM "$small"
	wait "$small"
	expect "the files are bounded, in size and number" bounded
	expect "the three files are whole" whole 3
	expect "the last one by itself has the names of its domains" named
	expect "what was rotated away is said" grep -q 'were rotated away' /share/small.txt
	expect "a bundle has all until now" bundled
	luctl run /share/demo.plan /share/demo2.plan >/share/luctl-run.log 2>&1
	not_ok "the kexec" "$(tail -n 1 /share/luctl-run.log)"
}

resumed() {
	said /share/check.log '^checking$' &&
		luctl resume /share/demo.plan /share/demo2.plan
}

stage2() {
	expect "the next kernel records into the same folder" sh -c \
		'mkdir -p /var/lib/lutrace-bundle && ln -s /share/flight /var/lib/lutrace'
	start_recorder
	$(unit check) >/share/check.txt 2>/share/check.log &
	checker=$!
	expect "the domains are reclaimed" resumed
	expect "the unit's check ends by itself, and is clean" wait "$checker"
	expect "all restores were compared" \
		grep -q '^restore  *clean .*(32 restores, 32 compared with their preserve in [^;]*)' /share/check.txt
	expect "SIGTERM ends the recorder well" end_recorder
	$(unit bundle)
	cp /var/lib/lutrace-bundle/failed.tar /share/
}

check() {
	expect "the bundle of the unit has the recordings of both kernels" \
		test "$(tar -tf share/failed.tar | grep -c '/recordings/')" -eq 3
	expect "the files of both kernels are clean together" \
		sh -c '"$0" report share/flight/*.rec >report.txt' "$BUILD/bin/lutrace"
}
