# IOMMU domains come through a real kexec with the device's DMA, seen by lutrace and the driver.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
plan=10

stage1() {
	. /share/path.sh
	path_stage1
}

stage2() {
	. /share/path.sh
	path_stage2
}

nothing() {
	[ ! -s "$1" ]
}

step() {
	grep -q "^luctl: $1.* ok\$" "$2"
}

# How many HWPTs the plan $1 marks, and how often it aborts.
marked() {
	grep -c '^hwpt .*token=' "$1"
}

aborts() {
	awk '$1 == "abort" { n = $2 } END { print n + 0 }' "$1"
}

# How often domains must be preserved, unpreserved and restored, from the plans.
expected_counts() {
	local f n times preserves=0 unpreserves=0 restores=0

	for f in share/demo.plan share/demo2.plan; do
		n=$(marked "$f")
		times=$(aborts "$f")
		preserves=$((preserves + n * (times + 1)))
		unpreserves=$((unpreserves + n * times))
		restores=$((restores + n))
	done
	echo "$preserves $unpreserves $restores"
}

# What all plans sum up to after the kexec: entries compared, pages pinned.
held() {
	sed -n 's/.*: compared \([0-9]*\) leaves, pinned \([0-9]*\) pages ok$/\1 \2/p' \
		share/luctl-resume.log | awk '{ n += $1; m += $2 } END { print n + 0, m + 0 }'
}

check() {
	local leaves hwpts tables compared pinned counts

	. share/path.sh
	path_failures >failures
	while IFS= read -r line; do note "$line"; done <failures
	expect "the live update is proven" nothing failures
	expect "a refused reclaim was tried: unknown token" \
		step 'demo: reclaim: .*unknown.*ENOENT' share/luctl-resume.log
	expect "DMA ran through the restored domain" \
		step 'demo: dma hwpt main token=0x1' share/luctl-resume.log
	expect "DMA of the second device ran through a domain whose IOAS was shared" \
		step 'demo2: dma hwpt view token=0x42' share/luctl-resume.log
	expect "a hole faulted after the kexec" \
		step 'demo: hole hwpt main token=0x1' share/luctl-resume.log
	counts=$(expected_counts)
	# shellcheck disable=SC2086 # three words
	expect "the report has numbers of this run" \
		python3 -c 'import json, sys; r = json.load(open("report.json"))
assert r["verdict"] == "clean" and r["schema"], r["verdict"]
ops = [r["operations"][op]["n"] for op in ("preserve", "unpreserve", "restore")]
assert ops == [int(n) for n in sys.argv[1:]], (ops, sys.argv[1:])' $counts

	leaves=$(grep -c '^token=' share/walk-after.txt)
	hwpts=$(grep -c '^# hwpt ' share/walk-after.txt)
	tables=$(sed -n 's/^# hwpt .* tables=\([0-9]*\) .*/\1/p' share/walk-after.txt |
		awk '{ n += $1 } END { print n }')
	read -r compared pinned < <(held)
	expect "the kernel compared as many entries as lutrace walk sees" \
		test "$compared" -eq "$leaves"
	if [ -s failures ]; then
		echo "demo FAILED: $(head -n 1 failures), in $PWD" >verdict
	else
		echo "PROVEN: $hwpts IOMMU domains ($tables page tables, $leaves mappings) came" \
			"through a kexec unchanged; DMA through them works and holes still fault;" \
			"the kernel compared $compared leaves and pins $pinned pages" \
			>verdict
	fi
}
