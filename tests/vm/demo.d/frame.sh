# SPDX-License-Identifier: GPL-2.0-only
# The demo's path, for the demo itself on each machine and for the controls that must make it fail:
# two stages in the guest, and the verdict on the host. $machine is that of the test.

# in_background NAME: records, as anybody would. In the old kernel the jump ends it.
in_background() {
	lutrace record --background --deep --pidfile "/run/$1.pid" -o "/share/$1.rec" \
		2>"/share/$1.log"
}

# Does not return if all goes well: luctl jumps into the next kernel.
path_stage1() {
	[ "${machine:-vtd}" = vtd ] || cat /share/high.plan >>/share/demo2.plan
	expect "the old kernel is recorded" in_background old
	luctl run /share/demo.plan /share/demo2.plan >/share/luctl-run.log 2>&1
	echo $? >/share/luctl-run.status
	cat /share/luctl-run.log
	# There was no jump
	end old
}

path_stage2() {
	expect "the new kernel is recorded" in_background new
	luctl resume --since "$(sed -n 's/^luctl: the jump is at TSC //p' /share/luctl-run.log)" \
		/share/demo.plan /share/demo2.plan >/share/luctl-resume.log 2>&1
	echo $? >/share/luctl-resume.status
	cat /share/luctl-resume.log
	expect "the recording ends" end new
}

stage1() {
	path_stage1
}

stage2() {
	path_stage2
}

# On the host, in the folder of the test. Prints what failed, one line each, and nothing if the
# live update is proven. Leaves report.txt and report.json.
path_failures() {
	local rc=0 lutrace=$BUILD/bin/lutrace

	if [ -e share/luctl-run.status ]; then
		echo "no kexec: $(grep -m1 'error:' share/luctl-run.log); log share/luctl-run.log"
	elif [ "$(cat share/luctl-resume.status 2>/dev/null)" != 0 ]; then
		echo "resume: $(grep -m1 'error:' share/luctl-resume.log);" \
			"log share/luctl-resume.log"
	fi

	"$lutrace" report --json report.json share/old.rec share/new.rec >report.txt 2>report.err ||
		rc=$?
	case $rc in
	0) ;;
	2) echo "report: violation of $(failed_checks); log report.txt" ;;
	3) echo "report: incomplete in $(failed_checks); log report.txt" ;;
	*) echo "report: $(tail -n 1 report.err); log report.err" ;;
	esac

	if ! "$lutrace" walk --compare share/walk-before.txt share/walk-after.txt \
		>compare.txt 2>&1; then
		echo "mappings: $(head -n 1 compare.txt); log compare.txt"
	fi
	if [ -z "$(driver_view before)" ] || [ "$(driver_view before)" != "$(driver_view after)" ]; then
		echo "driver: what it shows of the attached domain differs;" \
			"see share/driver-before.txt and share/driver-after.txt"
	fi
	# Both page sizes must really be there, or the comparison proves less than it seems to.
	if ! grep -q '^token=0x1 .* size=0x200000 ' share/walk-before.txt ||
		! grep -q '^token=0x1 .* size=0x1000 ' share/walk-before.txt; then
		echo "mappings: the device's domain does not have both 4 KiB and 2 MiB entries"
	fi
}

# driver_view NAME: what the driver shows of the attached domain and must show again. Of AMD-Vi it is
# a quarter of the device table's entry: the root, the number of levels and the permissions; the
# domain id, in another quarter, may change.
driver_view() {
	if [ "$machine" = amd ]; then
		awk '/^0000:00:04.0 / { print $5 }' "share/driver-$1.txt"
	else
		cat "share/driver-$1.txt"
	fi
}

machine_format() {
	case $machine in
	vtd | vtd-sm) echo vtdss ;;
	vtd-fs) echo x86_64 ;;
	amd) echo amdv1 ;;
	esac
}

# The kinds of tables that there are, "format levels" each.
kinds_of_tables() {
	sed -n 's/^# hwpt .* format=\([^ ]*\) .* levels=\([0-9]*\) .*/\1 \2/p' \
		share/walk-before.txt | sort -u | xargs
}

machine_tables() {
	local want

	case $machine in
	vtd) want='vtdss 3' ;;
	vtd-sm) want='vtdss 4' ;;
	vtd-fs) want='x86_64 4' ;;
	# It begins with three levels and grows.
	amd) want='amdv1 3 amdv1 4' ;;
	esac
	kinds_of_tables
	[ "$(kinds_of_tables)" = "$want" ]
}

# The driver asks the hardware. With AMD-Vi its table must have the root and the levels of the walk.
machine_mode() {
	local root levels entry

	cat share/driver-before.txt
	case $machine in
	vtd) grep -q '^Device 0000:00:04.0 @' share/driver-before.txt ;;
	vtd-sm | vtd-fs) grep -q '^Device 0000:00:04.0 with pasid 0 @' share/driver-before.txt ;;
	amd)
		read -r root levels < <(sed -n \
			's/^# hwpt token=0x1 .* root=\([^ ]*\) levels=\([0-9]*\) .*/\1 \2/p' \
			share/walk-before.txt)
		entry=$(driver_view before)
		[ $((0x$entry & 0xffffffffff000)) -eq $((root)) ] &&
			[ $((0x$entry >> 9 & 7)) -eq "$levels" ]
		;;
	esac
}

# What the verdict must add where the driver is no witness of the mappings.
one_witness() {
	[ "$machine" != amd ] ||
		echo "; AMD's driver shows the root and no mappings: lutrace walk alone saw those"
}

# Names of the checks that are not clean, from report.json.
failed_checks() {
	python3 -c 'import json
print(", ".join(c["name"] for c in json.load(open("report.json"))["checks"]
                if c["verdict"] in ("violation", "incomplete")))'
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

# How long it was from the jump to the first DMA of each plan
path_blackout() {
	sed -n 's/^luctl: \(.*\): \([0-9.]* ms from the jump to the end of the first DMA\)$/\1: \2/p' \
		share/luctl-resume.log
}

# The points of the demo, on the host: twelve. Leaves the verdict.
path_check() {
	local leaves hwpts tables compared pinned counts

	path_failures >failures
	while IFS= read -r line; do note "$line"; done <failures
	expect "the live update is proven" nothing failures
	expect "a refused reclaim was tried: unknown token" \
		step 'demo: reclaim: .*unknown.*ENOENT' share/luctl-resume.log
	expect "DMA ran through the restored domain" \
		step 'demo: dma hwpt main token=0x1' share/luctl-resume.log
	expect "DMA of the second device ran through a domain whose IOAS was shared" \
		step 'demo2: dma hwpt view token=0x42' share/luctl-resume.log
	path_blackout >blackout
	expect "a hole faulted after the kexec" \
		step 'demo: hole hwpt main token=0x1' share/luctl-resume.log
	counts=$(expected_counts)
	# shellcheck disable=SC2086 # three words
	expect "the report has numbers of this run, and of tables of the machine's format only" \
		python3 -c 'import json, sys; r = json.load(open("report.json"))
assert r["verdict"] == "clean" and r["schema"], r["verdict"]
ops = [r["operations"][op]["n"] for op in ("preserve", "unpreserve", "restore")]
formats = [r["operations"][op]["formats"] for op in ("preserve", "unpreserve", "restore")]
assert ops == [int(n) for n in sys.argv[2:]], (ops, sys.argv)
assert [c["verdict"] for c in r["checks"] if c["name"] == "deep"] == ["clean"], r["checks"]
assert formats == [{sys.argv[1]: n} for n in ops], (formats, sys.argv)' \
		"$(machine_format)" $counts
	expect "the tables in memory are of the machine's format and depth" machine_tables
	expect "the driver shows the machine's mode" machine_mode

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
			"the kernel compared $compared leaves and pins $pinned pages$(one_witness)" \
			>verdict
	fi
}
