# Half a million page tables of one domain: --deep walks them all, before the jump and after it.
# SPDX-License-Identifier: GPL-2.0-only
# TABLES=N sets how many leaf tables there are; 1 TiB of IOVA needs four levels.
kernel=demo
machine=vtd-sm
soak=1
memory=8G
plan=4
append="lutrace.tables=${TABLES:-500000}"
timeout=1800

# 2 MiB have a leaf table of their own. Below 4 GiB are addresses that no device may use; `count` has an
# upper limit.
plan_of_tables() {
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
	. /share/record.sh
	plan_of_tables "$(cmdline_word lutrace.tables)" >/share/tables.plan
	record old
	jump /share/tables.plan
}

stage2() {
	. /share/record.sh
	record new
	expect "the domain is reclaimed" luctl resume /share/tables.plan
}

check() {
	local n=${TABLES:-500000}

	"$BUILD/bin/lutrace" report --json report.json share/old.rec share/new.rec >report.txt
	cat report.txt
	python3 -c 'import json
print("deep: %d tables" % json.load(open("report.json"))["operations"]["restore"]["tables"])' >count
	expect "all that was walked is what it was" grep -q '^deep  *clean .* 2 of 2 kernels were walked' \
		report.txt
	expect "nothing was lost, and nothing else was found" grep -q '^verdict: clean' report.txt
	expect "there were as many tables" python3 -c 'import json, sys
r = json.load(open("report.json"))["operations"]
print(r)
assert all(r[op]["tables"] >= int(sys.argv[1]) for op in ("preserve", "restore"))' "$n"
}
