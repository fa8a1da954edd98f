# SPDX-License-Identifier: GPL-2.0-only
# The demo's path, for the demo itself and for the controls that must make it fail: two stages in
# the guest, and the verdict on the host.

# record NAME: start lutrace record, and return when it records.
record() {
	rm -f /run/record.pid
	lutrace record -o "/share/$1.rec" --pidfile /run/record.pid 2>"/share/$1.record.log" &
	_n=0
	until [ -s /run/record.pid ]; do
		sleep 0.1
		_n=$((_n + 1))
		[ "$_n" -lt 300 ] || return 1
	done
}

# end_record: have it write the rest and close the file.
end_record() {
	_pid=$(cat /run/record.pid)
	kill -INT "$_pid" || return
	while [ -d "/proc/$_pid" ]; do sleep 0.1; done
}

# Does not return if all goes well: luctl jumps into the next kernel.
path_stage1() {
	expect "the old kernel is recorded" record old
	luctl run /share/demo.plan /share/demo2.plan >/share/luctl-run.log 2>&1
	echo $? >/share/luctl-run.status
	cat /share/luctl-run.log
	end_record
}

path_stage2() {
	expect "the new kernel is recorded" record new
	luctl resume /share/demo.plan /share/demo2.plan >/share/luctl-resume.log 2>&1
	echo $? >/share/luctl-resume.status
	cat /share/luctl-resume.log
	expect "the recording ends" end_record
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
	if ! cmp -s share/driver-before.txt share/driver-after.txt; then
		echo "driver: its dump of the attached domain differs;" \
			"see share/driver-before.txt and share/driver-after.txt"
	fi
	# Both page sizes must really be there, or the comparison proves less than it seems to.
	if ! grep -q '^token=0x1 .* size=0x200000 ' share/walk-before.txt ||
		! grep -q '^token=0x1 .* size=0x1000 ' share/walk-before.txt; then
		echo "mappings: the device's domain does not have both 4 KiB and 2 MiB entries"
	fi
}

# Names of the checks that are not clean, from report.json.
failed_checks() {
	python3 -c 'import json
print(", ".join(c["name"] for c in json.load(open("report.json"))["checks"]
                if c["verdict"] in ("violation", "incomplete")))'
}
