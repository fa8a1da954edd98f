# Tens of thousands of page tables of one domain come through a kexec, and --deep walks all of them.
# SPDX-License-Identifier: GPL-2.0-only
# TABLES=N sets how many leaf tables there are, half a million with make soak; 1 TiB of IOVA needs four
# levels. No two lie side by side.
TABLES=${TABLES:-20000}
kernel=demo
machine=vtd-sm
debug=no
memory=$([ "$TABLES" -le 50000 ] && echo 2G || echo 8G)
plan=8
append="lutrace.tables=$TABLES"
timeout=$((240 + TABLES / 250))

# From the jump until the next kernel records, 7 s where nothing else runs. With 500,000 tables it took
# minutes before memblock found its place by bisection.
MAX_BOOT_S=100

# plan_of NAME: with $TABLES leaf tables, of which one maps 2 MiB, and the end of a recording: what is
# given up before it was walked would not be known to be what it was. Below 4 GiB are addresses that no
# device may use; `count` has an upper limit.
plan_of() {
	cat /share/large.plan
	echo "hook preserved . /share/guest.sh && end $1"
	echo 'hook reclaimed . /share/guest.sh && end new'
	_at=0
	_left=$(cmdline_word lutrace.tables)
	while [ "$_left" -gt 0 ]; do
		_n=$((_left < 50000 ? _left : 50000))
		printf 'area main iova=0x%x memfd=page length=4K count=%d stride=2M step=0\n' \
			$((0x100000000 + _at * 0x200000)) "$_n"
		_at=$((_at + _n))
		_left=$((_left - _n))
	done
}

stage1() {
	plan_of large >/tmp/large.plan
	record large --deep
	expect "a large domain is preserved and given up" luctl run --no-kexec /tmp/large.plan
	plan_of old >/share/jump.plan
	record old --deep
	jump /share/jump.plan
}

stage2() {
	record new --deep
	expect "the domain is reclaimed" luctl resume /share/jump.plan
}

# tables REPORT OPERATION
tables() {
	python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["operations"][sys.argv[2]]["tables"])' "$@"
}

# boot_seconds REPORT JUMP_TSC: from there until the next kernel recorded
boot_seconds() {
	python3 -c 'import json, sys
new = json.load(open(sys.argv[1]))["recordings"][1]
begin, end = new["start"], new["end"]
per_ns = (end["tsc"] - begin["tsc"]) / (end["monotonic_ns"] - begin["monotonic_ns"])
print(int((begin["tsc"] - int(sys.argv[2])) / per_ns / 1e9))' "$@"
}

check() {
	local lutrace=$BUILD/bin/lutrace clean='^deep  *clean ' jump

	"$lutrace" report --json large.json share/large.rec >large.txt
	"$lutrace" report --json both.json share/old.rec share/new.rec >both.txt
	cat large.txt both.txt
	echo "deep: $(tables both.json restore) tables" >count
	expect "all of the large one was walked" grep -q "$clean"'.*; 1 of 1 kernels were walked' \
		large.txt
	expect "it was as large" test "$(tables large.json preserve)" -gt "$TABLES"
	expect "so is what was restored" test "$(tables both.json restore)" -gt "$TABLES"
	jump=$(sed -n 's/^luctl: the jump is at TSC //p' share/luctl-run.log)
	note "$(boot_seconds both.json "$jump") s from the jump until the next kernel recorded"
	expect "the next kernel is there in time" \
		test "$(boot_seconds both.json "$jump")" -lt "$MAX_BOOT_S"
	expect "what went through the kexec is what it was" \
		grep -q "$clean"'.* 2 of 2 kernels were walked' both.txt
	expect "nothing was lost, and nothing else was found" grep -q '^verdict: clean' both.txt
}
