# SPDX-License-Identifier: GPL-2.0-only
# Shared by the tests of what is installed and packed; sourced after scripts/lib.sh.

status=0

complaint() {
	printf '%s\n' "$*"
	status=1
}

# expect WHAT CMD...: CMD must succeed
expect() {
	local what=$1

	shift
	"$@" || complaint "not so: $what"
}

# is_static PROGRAM
is_static() {
	grep 'not a dynamic executable' <<<"$(LC_ALL=C ldd "$1" 2>&1)" >/dev/null
}

# says OUTPUT CMD...
says() {
	local output=$1

	shift
	[ "$("$@" 2>&1)" = "$output" ]
}

# What is below DIR: files, and links with what they point to
list() {
	(cd "$1" && find . -type l -printf '%P -> %l\n' -o ! -type d -printf '%P\n') | LC_ALL=C sort
}

# What of all that belongs to luperf
luperf_files() {
	echo bin/luperf
	echo 'share/bash-completion/completions/luperf -> lutrace'
	echo share/man/man1/luperf.1
}

# expect_files DIR: DIR is a prefix that has all that make install copies but what belongs to luperf, and no
# more than that and the files named on stdin. A page may be compressed.
expect_files() {
	local wanted page

	wanted=$(
		echo bin/lutrace
		echo sbin/luctl
		echo share/bash-completion/completions/lutrace
		echo 'share/bash-completion/completions/luctl -> lutrace'
		for page in $("$BUILD/bin/lutrace" --help | sed -nE "s/^  ([a-z]+) {2,}.*/\1/p"); do
			echo "share/man/man1/lutrace-$page.1"
		done
		printf 'lib/systemd/system/lutrace-%s.service\n' record check bundle
		echo share/man/man1/lutrace.1
		echo share/man/man8/luctl.8
		(cd "$TOP/docs" &&
			printf 'share/doc/lutrace/%s\n' README.md examples/demo.plan *.md *.json)
		cat
	)
	diff <(LC_ALL=C sort <<<"$wanted") <(list "$1" | sed 's/\(\.[18]\)\.gz$/\1/') ||
		complaint "$1 has other files than those marked with < here"
}

# expect_luperf DIR: luperf below this prefix runs
expect_luperf() {
	expect "$1/bin/luperf runs" says "luperf $(version)" "$1/bin/luperf" --version
}

# expect_runs DIR: lutrace and luctl below this prefix run, and are static
expect_runs() {
	expect "$1/bin/lutrace is static" is_static "$1/bin/lutrace"
	expect "$1/sbin/luctl is static" is_static "$1/sbin/luctl"
	expect "$1/bin/lutrace runs" says "lutrace $(version)" "$1/bin/lutrace" --version
	expect "$1/sbin/luctl runs" says "luctl $(version)" "$1/sbin/luctl" --version
}
