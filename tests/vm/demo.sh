# IOMMU domains come through a real kexec with the device's DMA, seen by lutrace and the driver.
# SPDX-License-Identifier: GPL-2.0-only
kernel=demo
plan=9

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

check() {
	local leaves hwpts tables held

	. share/path.sh
	path_failures >failures
	while IFS= read -r line; do note "$line"; done <failures
	expect "the live update is proven" nothing failures
	expect "a refused reclaim was tried: unknown token" \
		step 'reclaim: .*unknown.*ENOENT' share/luctl-resume.log
	expect "DMA ran through the restored domain" \
		step 'dma hwpt main token=0x1' share/luctl-resume.log
	expect "a hole faulted after the kexec" \
		step 'hole hwpt main token=0x1' share/luctl-resume.log
	expect "the report has numbers of this run" \
		python3 -c 'import json; r = json.load(open("report.json"))
assert r["verdict"] == "clean" and r["schema"], r["verdict"]
ops = r["operations"]
assert ops["restore"]["n"] == 6 and ops["preserve"]["n"] == 12 and ops["unpreserve"]["n"] == 6'

	leaves=$(grep -c '^token=' share/walk-after.txt)
	hwpts=$(grep -c '^# hwpt ' share/walk-after.txt)
	tables=$(sed -n 's/^# hwpt .* tables=\([0-9]*\) .*/\1/p' share/walk-after.txt |
		awk '{ n += $1 } END { print n }')
	held=$(sed -n 's/^luctl: query: .* reclaimed, \(compared .*\) ok$/\1/p' \
		share/luctl-resume.log)
	expect "the kernel compared as many entries as lutrace walk sees" \
		test "compared $leaves leaves" = "${held%%, *}"
	if [ -s failures ]; then
		echo "demo FAILED: $(head -n 1 failures), in $PWD" >verdict
	else
		echo "PROVEN: $hwpts IOMMU domains ($tables page tables, $leaves mappings) came" \
			"through a kexec unchanged; DMA through them works and holes still fault;" \
			"the kernel $held" \
			>verdict
	fi
}
