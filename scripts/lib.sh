# SPDX-License-Identifier: GPL-2.0-only
# Shared by the scripts of this project: where things are, how to speak, and git with a
# configuration of our own. Sourced by bash scripts after `set -euo pipefail`.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/lutrace
SERIES_DIR=$TOP/kernel-patches/7.3
BUILD=$TOP/build
SECONDS=0
shopt -s inherit_errexit

# say TEXT...: a progress line, on stderr, with the seconds since this script started.
say() {
	printf '[%4d s] %s\n' "$SECONDS" "$*" >&2
}

# die TEXT...: what went wrong, where, and what to do about it; ends the script.
die() {
	printf '%s: error: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# The version of the tools.
version() {
	sed -n 's/^#define LUTRACE_VERSION "\(.*\)"$/\1/p' "$TOP/tools/lib/version.h"
}

# Seconds of the epoch that stand for the sources: of the last commit, or where there is none of
# the file with the version.
source_date() {
	[ -z "${SOURCE_DATE_EPOCH:-}" ] || { echo "$SOURCE_DATE_EPOCH"; return; }
	kgit -C "$TOP" log -1 --format=%ct 2>/dev/null ||
		stat -c %Y "$TOP/tools/lib/version.h"
}

# need COMMAND...: the tools that the caller is about to use.
need() {
	local c

	for c in "$@"; do
		command -v "$c" >/dev/null ||
			die "the command '$c' is missing; run scripts/setup, which installs it"
	done
}

# run_logged WHAT LOG COUNT_RE CMD...: runs CMD with its output in LOG, and reports every 20
# seconds how many lines of LOG match COUNT_RE. On failure shows the end of the log.
run_logged() {
	local what=$1 log=$2 re=$3 pid start=$SECONDS next count rc=0

	shift 3
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	next=$((SECONDS + 20))
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		if [ "$SECONDS" -ge "$next" ]; then
			count=$(grep -cE "$re" "$log") || count=0
			say "$what: $count done, $((SECONDS - start)) s"
			next=$((SECONDS + 20))
		fi
	done
	wait "$pid" || rc=$?
	[ "$rc" -eq 0 ] && return 0
	grep -E '(error|Error|ERROR|undefined reference)' "$log" | head -n 20 >&2 ||
		tail -n 20 "$log" >&2
	printf '%s: error: %s failed with status %d; the whole output is in %s\n' \
		"${0##*/}" "$what" "$rc" "$log" >&2
	return "$rc"
}

# git without the configuration of the user or the host, so that what it writes depends on
# nothing but its input.
kgit() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null \
	GIT_AUTHOR_NAME=lutrace GIT_AUTHOR_EMAIL=lutrace@localhost \
	GIT_COMMITTER_NAME=lutrace GIT_COMMITTER_EMAIL=lutrace@localhost \
		git -c gc.auto=0 -c core.abbrev=12 -c core.autocrlf=false \
		-c core.fsmonitor=false -c advice.detachedHead=false "$@"
}

# The mirror that this machine gets Debian from.
mirror() {
	local uri

	uri=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
		awk -F'|' '$1 == "Debian" && $2 == "Debian" { print $3; exit }')
	# Without downloaded lists apt does not know the origin: read the sources themselves.
	[ -n "$uri" ] || uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
		awk '!/security/ && /\/debian\/?$/ { print; exit }')
	[ -n "$uri" ] || die "no Debian mirror in this machine's apt sources; add one, or do" \
		"without: KDIR= names a Linux 7.3 tree or tarball, QEMU= another QEMU"
	printf '%s\n' "${uri%/}"
}

# apt_source URI SUITE: the line that apt reads the suite by, with Debian's keys and no others.
apt_source() {
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg

	[ -e "$keyring" ] || die "$keyring is missing; run scripts/setup, which installs it"
	printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$1" "$2"
}

hash_of() {
	sha256sum | cut -c1-"${1:-64}"
}

# KDIR= names a kernel tree or tarball of the user's own; everything made from it lives in a
# directory of its own below the cache, keyed by what it contains.
kdir_key() {
	if [ -f "$KDIR" ]; then
		hash_of 16 <"$KDIR"
	else
		(cd "$KDIR" && pwd && find . -name .git -prune -o -type f \
			! -name '*.o' ! -name '*.cmd' ! -name '*.ko' -printf '%P %s %T@\n' |
			LC_ALL=C sort) | hash_of 16
	fi
}

KROOT=$CACHE
if [ -n "${KDIR:-}" ]; then
	[ -e "$KDIR" ] || die "KDIR=$KDIR does not exist; name a kernel tree or a tarball of one"
	KDIR=$(realpath "$KDIR")
	KROOT=$CACHE/kdir/$(kdir_key)
fi
KTREE=$KROOT/linux
