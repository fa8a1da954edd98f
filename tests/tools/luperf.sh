# SPDX-License-Identifier: GPL-2.0-only
# Shared by the tests of luperf; sourced after scripts/lib.sh.

luperf=$BUILD/bin/luperf
seeds=$BUILD/obj/fuzz/seeds
status=0
[ -x "$luperf" ] || die "$luperf is missing; run make tools"
[ -x "$seeds" ] || die "$seeds is missing; run make unit"

complaint() {
	printf '%s\n' "$*"
	status=1
}

# ends STATUS WORDS COMMAND...: it ends so, and says WORDS: on standard error in one line if STATUS is 1,
# else on standard output. Both are in the files err and out.
ends() {
	local want=$1 words=$2 rc=0
	shift 2

	timeout 120 "$@" >out 2>err </dev/null || rc=$?
	if [ "$rc" -ne "$want" ]; then
		complaint "$*: status $rc, not $want: $(cat err)"
	elif [ "$want" -eq 1 ]; then
		[ "$(sed '/^Try/,$d' err | wc -l)" -eq 1 ] && grep -qF -- "$words" err ||
			complaint "$*: '$(cat err)' is not one line with '$words'"
	elif ! grep -qF -- "$words" out || [ -s err ]; then
		complaint "$*: '$(cat out err)' does not say '$words'"
	fi
}

# live_updates BUILD N FACTOR [NS]: N live updates of the commit BUILD as lines of an export, without the header.
# Their preserves took FACTOR times as long as those of factor 1, and differ by up to a hundredth.
live_updates() {
	python3 - "$@" <<-'PY'
		import json, random, sys
		build, n, factor = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
		random.seed(build)
		def operation(kernel, op, i, ns, tables):
		    return [kernel, op, f"demo/0x200/{i:#x}", 1000 * i, int(ns * random.uniform(0.995, 1.005)),
		            tables, 4096 * tables, 0]
		for i in range(n):
		    operations = [operation("old", "preserve", k, 100000 * factor, 10) for k in range(8)]
		    operations += [operation("new", "restore", k, 300000, 10) for k in range(8)]
		    print(json.dumps({
		        "identity": f"{build}/{i}", "happened_ns": 1700000000000000000 + 10**9 * i, "added_s": 1700000000,
		        "commit": build, "branch": "main", "verdict": "clean",
		        "facts": {"machine": "x86_64", "old.release": f"7.3.4-{build}"}, "labels": {"set": "made"},
		        "operations": operations, "quantities": {"gap_ns": 5000000000, "old.left": 8, "new.restored": 8},
		        "findings": [{"rule": "loss", "verdict": "clean", "details": ""}], "sources": []}))
	PY
}

header() {
	echo '{"schema": "lutrace-history/1", "tool": "a test", "operation_columns": ["kernel", "operation",' \
		'"domain", "at_ns", "latency_ns", "tables", "bytes", "result"]}'
}

# make_lab: the command ./lab, for luperf run: a live update of $LUPERF_BUILD. Operations take 100 us and up to 1% more,
# but of slow 12% more, of unlucky and broken the same in the first measurement alone; and one of the second
# measurement of broken has a violation.
make_lab() {
	cat >lab <<-'END'
		#!/usr/bin/env bash
		set -eu
		case $LUPERF_BUILD in
		fails) echo "the machine is on fire"; exit 7 ;;
		hangs) sleep 601.37 & wait ;;
		nothing) exit 0 ;;
		stale) cp "$STALE"/*.rec "$LUPERF_DIR/"; exit ;;
		esac
		ns=$((100000 + LUPERF_NUMBER * 7919 % 1000))
		stage=$(basename "$LUPERF_DIR")
		spoil=
		[ "$LUPERF_BUILD:${stage%%-*}:$LUPERF_NUMBER" != broken:2:2 ] || spoil=violation
		case $LUPERF_BUILD:${stage%%-*} in
		slow:*|unlucky:1|broken:1|r[6-9]:*) ns=$((ns * 112 / 100)) ;;
		esac
		boot=$(($(cksum <<<"$LUPERF_DIR" | cut -d ' ' -f 1) % 100000000))
		"$SEEDS" "$LUPERF_DIR/old.rec" "$LUPERF_DIR/new.rec" 3 1 "$ns" "$boot" $spoil
		printf 'qemu=9.9\nnumber=same\n' >"$LUPERF_DIR/facts"
	END
	chmod +x lab
	export SEEDS=$seeds
}
