# What lutrace costs keeps its limits, in instructions of the guest and in memory, attached and not.
# SPDX-License-Identifier: GPL-2.0-only
# ROUNDS=N sets how often all is measured, CYCLES=N how many operations at a time.
kernel=demo
plan=22
icount=1
debug=no
cpus=1
append="lutrace.rounds=${ROUNDS:-3} lutrace.cycles=${CYCLES:-16}"
timeout=$((240 + ${ROUNDS:-3} * ${CYCLES:-16} * 3))

stage1() {
	mkdir /share/out
	overhead "$(cmdline_word lutrace.rounds)" "$(cmdline_word lutrace.cycles)" /share/out \
		>/share/overhead.ktap 2>/share/overhead.log
	import_points /share/overhead.ktap
	expect "the program ran to its end" grep -qx '1\.\.[0-9]*' /share/overhead.ktap
	expect "a small session" lutrace latency --stats --json --output /share/out/small.json \
		--ring-size 64 --in-flight 64 --duration 0.1
	for _c in record check top; do
		case $_c in
		record) set -- --output /share/out/stats.rec ;;
		check) set -- --json /share/out/check.json ;;
		top) set -- --batch --interval 1 ;;
		esac
		lutrace "$_c" --stats "$@" --duration 0.1 >"/share/out/stats-$_c" 2>&1
	done
}

# seen FILE N LEFT_OUT: that lutrace latency saw so many preserves and unpreserves
seen() {
	python3 -c 'import json, sys
r = json.load(open("share/out/" + sys.argv[1]))
n = [r["operations"][op]["n"] for op in ("preserve", "unpreserve")]
assert r["complete"] and n == [int(sys.argv[2])] * 2, (r["complete"], n)
assert r["left_out"] == int(sys.argv[3]), r["left_out"]' "$@"
}

# bounded FILE RING_KIB IN_FLIGHT: the memory of that session has the bound that lutrace(1) states: the
# ring, 128 bytes for each operation at once, and 256 KiB for all else
bounded() {
	python3 -c 'import json, sys
bytes = json.load(open("share/out/" + sys.argv[1]))["memory_bytes"]
ring, ops = int(sys.argv[2]), int(sys.argv[3])
bound = ring * 1024 + ops * 128 + 256 * 1024
print(f"Kernel memory with --ring-size {ring} --in-flight {ops}: {bytes} bytes, bound {bound}")
assert 0 < bytes <= bound' "$@" | tee -a memory
	[ "${PIPESTATUS[0]}" -eq 0 ]
}

check() {
	local n=$((20 * (8 + ${CYCLES:-16})))

	expect "latency saw all operations" seen latency.json "$n" 0
	expect "a filter left all of them out" seen pid.json 0 $((2 * n))
	expect "and so did another" seen domain.json 0 $((2 * n))
	expect "memory is bounded, as latency is by default" bounded stats.json 4096 16384
	expect "memory is bounded, of a small session" bounded small.json 64 64
	expect "record, check and top say with --stats what they cost" \
		test "$(grep -lE '^Maps and programs on the tracepoints hold [0-9]+' share/out/stats-* |
			xargs grep -lE '^iommu_domain_preserve_begin +[0-9]+' | wc -l)" -eq 3
}
