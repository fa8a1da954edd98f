# lutrace top counts domains and tells their states in both kernels, and gives the terminal back.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
debug=no
plan=17

# The guest has no terminfo: a terminal with all that is needed, as `infocmp -0 -Q1` prints it of
#   tiny|terminal of a test, am, cols#80, lines#24, clear=\E[H\E[2J, cup=\E[%i%p1%d;%p2%dH,
#   el=\E[K, ed=\E[J, cr=\r, ind=\n, smcup=\E[?1049h, rmcup=\E[?1049l,
tiny=1A011800020003008200370074696E797C7465726D696E616C206F66206120746573740000015000FFFF1800
tiny=${tiny}FFFFFFFF0000FFFFFFFF02000A000E00FFFFFFFF1200FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
tiny=${tiny}FFFFFFFFFFFFFFFFFFFFFFFF2300FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF2C00FFFFFFFFFFFF
tiny=${tiny}FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
tiny=${tiny}FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
tiny=${tiny}FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
tiny=${tiny}FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF35000D001B5B
tiny=${tiny}481B5B324A001B5B4B001B5B4A001B5B256925703125643B257032256448001B5B3F3130343968001B5B3F31
tiny=${tiny}3034396C000A00

# on_screen FILE KEYS: lutrace top on a terminal, and these keys pressed.
on_screen() {
	TERM=tiny TERMINFO=hex:$tiny pty "/share/$1" "$2" lutrace top -i 0.1 --filter 0x
}

# has FILE TEXT: the screen had it.
has() {
	grep -qF "$2" "/share/$1"
}

gone_and_back() {
	has "$1" "$(printf '\033[?1049h')" && has "$1" "$(printf '\033[?1049l')"
}

# last REGEX: the last snapshot has a line like that.
last() {
	tac /share/top.txt | sed '/^lutrace top:/q' | grep -qE "$1"
}

watched() {
	lutrace top --batch --interval 0.5 -- luctl run --no-kexec /share/top.plan >/share/top.txt
}

resumed() {
	lutrace top --batch -- luctl resume /share/top.plan >/share/top.txt
}

# The plan preserves its two HWPTs twice: an abort, and the session's end.
stage1() {
	expect "a clean live update is clean" watched
	expect "both domains were seen preserved" grep -q '^domains: 2, 2 preserved;' /share/top.txt
	expect "at the end they are free, and so were two before" \
		last '^domains: 2, 2 free; shown: 2; earlier ones: 2$'
	expect "every operation was counted" \
		last '^done .* preserve 4 .* unpreserve 4 .* restore 0 .* errors: [0-9]+$'
	expect "a row tells who, how long and how much" \
		last '^0x[0-9a-f]+ +[0-9]+ free +0 +0( +[0-9.]+){2} +-( +[1-9][0-9]*){3} luctl +session top, iommufd 0x200, HWPT 0x[12]'
	expect "nothing was lost" \
		last '; lost: 0 events, 0 latencies, 0 runs of programs; violations: 0$'
	expect_fail "nothing seen is incomplete" 3 \
		sh -c 'lutrace top -b -i 0.2 -c 2 >/share/none.txt'
	expect "two times are two" test "$(grep -c '^lutrace top:' /share/none.txt)" -eq 2
	mkdir -p /dev/pts
	mount -t devpts devpts /dev/pts
	expect_fail "without terminfo it is told" 1 \
		sh -c 'TERM=tiny pty /share/no.txt q lutrace top'
	expect_fail "a screen ends with q, the terminal as it was" 3 on_screen screen.txt hxsrpppq
	expect "it had a help, and the verdict so far" sh -c \
		'grep -qF "end, and tell the verdict" /share/screen.txt &&
		 grep -qF "verdict so far: not checked" /share/screen.txt'
	expect "the screen was given back" gone_and_back screen.txt
	expect_fail "so it does with an interrupt" 3 on_screen screen.txt "$(printf '\003')"
	expect_fail "and when it is killed" 131 on_screen screen.txt "$(printf '\034')"
	expect "the screen was given back" gone_and_back screen.txt
	jump /share/top.plan
}

stage2() {
	expect_fail "restores that nothing is compared with are unknown" 3 resumed
	expect "both domains are restored" last '^domains: 2, 2 restored;'
}
