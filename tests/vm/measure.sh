# A live update that is measured, and looked at with nothing but lutrace record: scripts/measure runs it.
# SPDX-License-Identifier: GPL-2.0-only
# MEASURE_PLAN=grid, wide, tall or tiny (measure.d/plan.sh); MEASURE_ICOUNT=1: clocks count instructions.
kernel=demo
debug=no
plan=6
icount=${MEASURE_ICOUNT:-}
append="measure.plan=${MEASURE_PLAN:-grid}"
timeout=400

# recorded NAME: in the background, as anybody would
recorded() {
	lutrace record --background --pidfile "/run/$1.pid" -o "/share/$1.rec" 2>"/share/$1.log"
}

stage1() {
	sh /share/plan.sh "$(cmdline_word measure.plan)" >/share/measure.plan
	expect "the old kernel is recorded" recorded old
	jump /share/measure.plan
}

stage2() {
	expect "the new kernel is recorded" recorded new
	expect "all came through" luctl resume /share/measure.plan
	expect "the recording ends" end new
}

check() {
	expect "lutrace finds nothing wrong and nothing missing" \
		"$BUILD/bin/lutrace" report --require loss,pairs,restore share/old.rec share/new.rec
	expect "luperf takes it" "$BUILD/bin/luperf" add --db history.db share/old.rec share/new.rec
}
