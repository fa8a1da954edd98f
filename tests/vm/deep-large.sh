# Half a million page tables of one domain, all of which --deep walks; and many through a kexec.
# SPDX-License-Identifier: GPL-2.0-only
# TABLES=N and JUMP_TABLES=N set how many leaf tables there are; 1 TiB of IOVA needs four levels. Many
# less go through the kexec: for each run of pages KHO looks through all others while the next kernel
# boots, and with 500,000 tables that had not come to its console after five minutes.
kernel=demo
machine=vtd-sm
soak=1
memory=8G
plan=6
append="lutrace.tables=${TABLES:-500000} lutrace.jump=${JUMP_TABLES:-20000}"
timeout=1800

# plan_of N: with N leaf tables, of which one maps 2 MiB. Below 4 GiB are addresses that no device may
# use; `count` has an upper limit.
plan_of() {
	cat /share/large.plan
	_at=0
	while [ "$_at" -lt "$1" ]; do
		_n=$(($1 - _at < 50000 ? $1 - _at : 50000))
		printf 'area main iova=0x%x memfd=page length=4K count=%d stride=2M step=0\n' \
			$((0x100000000 + _at * 0x200000)) "$_n"
		_at=$((_at + _n))
	done
}

stage1() {
	. /share/path.sh
	plan_of "$(cmdline_word lutrace.tables)" >/tmp/large.plan
	record large
	expect "a large domain is preserved and given up" luctl run --no-kexec /tmp/large.plan
	plan_of "$(cmdline_word lutrace.jump)" >/share/jump.plan
	record old
	jump /share/jump.plan
}

stage2() {
	. /share/path.sh
	record new
	expect "the domain is reclaimed" luctl resume /share/jump.plan
}

# tables REPORT OPERATION
tables() {
	python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["operations"][sys.argv[2]]["tables"])' "$@"
}

check() {
	local lutrace=$BUILD/bin/lutrace clean='^deep  *clean '

	"$lutrace" report --json large.json share/large.rec >large.txt
	"$lutrace" report --json both.json share/old.rec share/new.rec >both.txt
	cat large.txt both.txt
	echo "deep: $(tables large.json preserve) tables" >count
	expect "all of the large one was walked" grep -q "$clean"'.*; 1 of 1 kernels were walked' \
		large.txt
	expect "it was as large" test "$(tables large.json preserve)" -gt "${TABLES:-500000}"
	expect "what went through the kexec is what it was" \
		grep -q "$clean"'.* 2 of 2 kernels were walked' both.txt
	expect "nothing was lost, and nothing else was found" grep -q '^verdict: clean' both.txt
}
