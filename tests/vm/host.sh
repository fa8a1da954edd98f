# SPDX-License-Identifier: GPL-2.0-only
# More helpers for check(), which runs on the host after the guest has powered off.

# ktap_import FILE: makes a point of every leaf test of the nested KTAP that KUnit wrote into a
# console log. The name of a suite's own line is left out: it only repeats its children.
ktap_import() {
	local line text indent result name

	while IFS= read -r line; do
		text=$(sed -E 's/^\[ *[0-9.]+\] ?//; s/\r$//' <<<"$line")
		[[ $text =~ ^(\ +)(ok|not\ ok)\ [0-9]+\ (-\ )?(.*)$ ]] || continue
		indent=${BASH_REMATCH[1]}
		result=${BASH_REMATCH[2]}
		name=${BASH_REMATCH[4]}
		# A line that closes a group of deeper lines is the sum of points already made.
		if [ -n "${_deep:-}" ] && [ "${#indent}" -lt "${#_deep}" ]; then
			_deep=$indent
			[ "$result" = ok ] && continue
		fi
		_deep=$indent
		_point "$result" "${name%% time=*}"
	done < <(grep -aE '(ok|not ok) [0-9]+ ' "$1")
	unset _deep
}
