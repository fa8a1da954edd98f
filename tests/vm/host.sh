# SPDX-License-Identifier: GPL-2.0-only
# More helpers for check(), which runs on the host after the guest has powered off.

# ktap_import FILE: makes a point of every test that KUnit reports in a console log. KUnit nests:
# a line that sums up the deeper lines before it is a point only if it failed and none of them
# did. Kernel lines begin with a time in brackets, which tells them from the guest's own points.
ktap_import() {
	local line indent result name deep=0 bad_below=0
	local form='^\[ *[0-9]+\.[0-9]+\] ( *)(ok|not ok) [0-9]+ (- )?(.*)$'

	while IFS= read -r line; do
		[[ $line =~ $form ]] || continue
		indent=${#BASH_REMATCH[1]}
		result=${BASH_REMATCH[2]}
		name=${BASH_REMATCH[4]}
		if [ "$indent" -lt "$deep" ]; then
			deep=$indent
			if [ "$result" = ok ] || [ "$bad_below" -eq 1 ]; then
				[ "$indent" -ne 0 ] || bad_below=0
				continue
			fi
		fi
		deep=$indent
		[ "$result" = ok ] || [ "$indent" -eq 0 ] || bad_below=1
		_point "$result" "$name"
	done < <(tr -d '\r' <"$1")
}
