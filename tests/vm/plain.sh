# On a kernel without the series every command of lutrace that needs it says so in one sentence, and
# what needs no kernel works.
# SPDX-License-Identifier: GPL-2.0-only
kernel=plain
plan=13

# without NAME COMMAND...: status 1 and one line, which names what this kernel lacks
without() {
	_name=$1
	shift
	"$@" >/share/out.txt 2>/share/err.txt
	_rc=$?
	if [ "$_rc" -ne 1 ]; then
		not_ok "$_name" "status $_rc: $(cat /share/err.txt)"
	elif [ "$(grep -c . /share/err.txt)" -ne 1 ]; then
		not_ok "$_name" "$(cat /share/err.txt)"
	elif ! grep -q "^lutrace: kernel 7.3.* has no .*: boot a kernel with the lutrace series" \
		/share/err.txt; then
		not_ok "$_name" "$(cat /share/err.txt)"
	else
		ok "$_name"
	fi
}

stage1() {
	without "record says what is missing" lutrace record -d 1 -o /share/x.rec
	expect "and leaves no file" test ! -e /share/x.rec
	without "check says what is missing" lutrace check -- true
	without "latency says what is missing" lutrace latency -- true
	without "top says what is missing" lutrace top --batch -- true
	without "walk says what is missing" lutrace walk
	lutrace doctor >/share/doctor.txt 2>&1
	expect "doctor ends with 1" test $? -eq 1
	expect "doctor says that there are no tracepoints" \
		grep -q '^missing *tracepoints *none of the 14 tracepoints of the series' /share/doctor.txt
	expect "doctor has no other way out" grep -q '^lutrace record: would not work' /share/doctor.txt
	lutrace ready >/share/ready.txt 2>&1
	expect "ready says no" test $? -eq 2
	expect "and why" grep -q 'series' /share/ready.txt
	luctl run --no-kexec /share/abort.plan >/share/out.txt 2>/share/luctl.txt
	expect "luctl says what is missing" \
		grep -q '^luctl: error: .*the running kernel lacks .*patches' /share/luctl.txt
	expect "what needs no kernel works" sh -c 'lutrace report --json-schema | grep -q properties'
}
