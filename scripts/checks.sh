# SPDX-License-Identifier: GPL-2.0-only
# The checks of the patches: that they apply, how they look, that each compiles, and what sparse says.
# Sourced by scripts/kernel.

cmd_check_apply() {
	local w list p touched

	w=$(mktemp -d "$KROOT/apply.XXXXXX")
	trap 'rm -rf "'"$w"'"' EXIT
	mapfile -t list < <(series_patches)
	[ "${#list[@]}" -gt 0 ] || die "kernel-patches/7.3/series names no patch"
	mapfile -t touched < <(cat "${list[@]}" | sed -n 's,^diff --git a/\(.*\) b/.*,/\1,p' | sort -u)
	kgit clone -q --shared --no-checkout "$KTREE" "$w/linux"
	kgit -C "$w/linux" sparse-checkout set --no-cone "${touched[@]}"
	kgit -C "$w/linux" checkout -q -B apply base
	for p in "${list[@]}"; do
		am "$w/linux" "$p" || die "$(basename "$p") does not apply with git am"
	done
	[ "$(kgit -C "$w/linux" rev-parse 'HEAD^{tree}')" = "$(head_of 'HEAD^{tree}')" ] ||
		die "the series gives another tree than the one in $KTREE"
	say "apply: ${#list[@]} patches apply"
	check_parts "$w/linux"
}

# needs_of PART: the parts that it needs, and those that these need, in order, and itself.
needs_of() {
	local part needs subject n

	while read -r part needs subject; do
		[ "$part" = "$1" ] || continue
		[ "$needs" != - ] || break
		for n in ${needs//,/ }; do
			needs_of "$n"
		done
	done < <(series_parts)
	echo "$1"
}

# Each part applies on top of those that it needs, and without the others.
check_parts() {
	local part needs subject n list p

	while read -r part needs subject; do
		kgit -C "$1" checkout -q -B part base
		for n in $(needs_of "$part" | sort -u); do
			mapfile -t list < <(grep "^$n/" "$SERIES_DIR/series")
			for p in "${list[@]}"; do
				am "$1" "$SERIES_DIR/$p" ||
					die "$p does not apply on top of what $part needs: $needs"
			done
		done
		say "apply: $part on top of $needs"
	done < <(series_parts)
}

# is_allowed TYPE FILE: a line "TYPE PATTERN reason" of tests/patches/allowed-checks covers it.
is_allowed() {
	local type pattern rest

	while read -r type pattern rest; do
		# shellcheck disable=SC2053 # the right side is a pattern
		[[ $1 != "$type" || $2 != $pattern || -z $rest ]] || return 0
	done <"$TOP/tests/patches/allowed-checks"
	return 1
}

cmd_check_style() {
	local empty list p bad=0 out where kind rest

	empty=$(mktemp -d)
	trap 'rm -rf "'"$empty"'"' EXIT
	mapfile -t list < <(series_patches)
	[ "${#list[@]}" -gt 0 ] || die "kernel-patches/7.3/series names no patch"
	for p in "${list[@]}"; do
		# From an empty folder, so that the answer does not depend on any git history.
		out=$(cd "$empty" && "$KTREE/scripts/checkpatch.pl" --root="$KTREE" --strict \
			--show-types --terse --showfile --no-summary --color=never "$p") ||
			[ -n "$out" ] || die "checkpatch failed on $(basename "$p")"
		while read -r where kind rest; do
			[ -n "$where" ] || continue
			kind=${kind%:}
			if [ "${kind%%:*}" = CHECK ] && is_allowed "${kind#*:}" "${where%%:*}"; then
				continue
			fi
			printf '%s: %s %s: %s\n' "$(basename "$p")" "$where" "$kind" "$rest"
			bad=$((bad + 1))
		done <<<"$out"
	done
	[ "$bad" -eq 0 ] || die "checkpatch --strict has $bad complaints about the series"
	say "style: checkpatch --strict is content with ${#list[@]} patches"
}

# touched RANGE: the C files and headers that commits touch, as dependencies of objects name them.
touched() {
	kgit -C "$KTREE" diff --name-only "$1" -- '*.c' '*.h' ':!tools' | sed 's,^,linux/,'
}

# Lines "OBJECT FILE": which of the files on stdin are what objects of the test kernel are made of. A
# header of the folder above is named with a "..".
objects_of() {
	local files

	files=$(cat)
	(cd "$KROOT/build/test" && grep -ro '[^ ]*linux/[^ ]*\.[ch]' --include='.*.o.cmd' drivers kernel lib mm) |
		sed -E 's,^([^:]*)/\.([^/:]*)\.cmd:[./]*,\1/\2 ,; :up; s,/[^/ .][^/ ]*/\.\./,/,; t up' |
		awk 'NR == FNR { wanted[$1] = 1; next } $2 in wanted' <(cat <<<"$files") - | sort -u
}

# Such lines for what is compiled for the series: the objects that are made of what it touches. A
# header in include/, which all sorts of objects include, does not make an object one of them.
series_objects() {
	local all

	all=$(touched base..HEAD | objects_of)
	awk 'NR == FNR { if ($2 !~ /^linux\/include\//) ours[$1] = 1; next } $1 in ours' \
		<(cat <<<"$all") <(cat <<<"$all")
}

# What to compile at commit $1: the objects made of what it touches, but of the KUnit tests, which take
# most of the time, only those that it touches. At the last commit all. (`make soak` has whole kernels.)
commit_objects() {
	if [ "$1" = "$(head_of)" ]; then
		cut -d' ' -f1 <<<"$OBJECTS" | sort -u
		return
	fi
	awk 'NR == FNR { touched[$1] = 1; next }
		$1 ~ /kunit/ && $2 !~ /kunit/ { next }
		$2 in touched { print $1 }' <(touched "$1^..$1") <(cat <<<"$OBJECTS") | sort -u
}

test_fragment() {
	fragments test
}

# What the checks compile: the test kernel without debugging information, which there only takes
# time.
check_fragment() {
	fragments test | grep -v '^CONFIG_DEBUG_INFO'
	echo CONFIG_DEBUG_INFO_NONE=y
}

# at_commit TREE OUT COMMIT FRAGMENT: check the commit out, and configure for it if its Kconfig files or
# the fragment, which the function of that name prints, are not those of the configuration that is there.
at_commit() {
	local key

	kgit -C "$1" checkout -q -f "$3"
	mkdir -p "$2"
	"$4" >"$2/fragment"
	key=$({ kgit -C "$1" ls-tree -r "$3" | grep 'Kconfig'; cat "$2/fragment"; } | hash_of 40)
	[ "$(cat "$2/config.stamp" 2>/dev/null)" != "$key" ] || return 0
	rm -f "$2/config.stamp"
	if [ ! -e "$2/base.config" ]; then
		kmake "$1" "$2" tinyconfig
		cp "$2/.config" "$2/base.config"
	fi
	cat "$2/base.config" "$2/fragment" >"$2/.config.new"
	cp "$2/.config.new" "$2/.config"
	kmake "$1" "$2" olddefconfig
	printf '%s\n' "$key" >"$2/config.stamp"
}

# source_of OBJECT: the file of the kernel that the test kernel's object is compiled from.
source_of() {
	sed -n 's,^source_.*/linux/,,p' "$KROOT/build/test/$(dirname "$1")/.$(basename "$1").cmd"
}

# compile TREE OUT OBJECT|VAR=VALUE...: the objects whose source exists at this commit.
compile() {
	local tree=$1 out=$2 o objects=() variables=()

	shift 2
	for o in "$@"; do
		if [[ $o == *=* ]]; then
			variables+=("$o")
		elif [ -e "$tree/$(source_of "$o")" ]; then
			objects+=("$o")
		fi
	done
	# Without a target, make would build a whole kernel
	[ ${#objects[@]} -eq 0 ] || kmake "$tree" "$out" "${variables[@]}" "${objects[@]}"
}

check_prepare() {
	local f

	[ -e "$KROOT/build/test/arch/x86/boot/bzImage" ] ||
		die "the test kernel is not built; run scripts/kernel build test"
	OBJECTS=$(series_objects)
	for f in $(touched base..HEAD | grep '\.c$'); do
		[[ $OBJECTS == *" $f"* ]] ||
			die "the test kernel does not compile ${f#linux/}; what option in" \
				"scripts/configs/test.config is missing?"
	done
	WORK_OUT=$KROOT/work/build/check
	mkdir -p "$KROOT/work/passed" "$WORK_OUT"
	exec 8>"$KROOT/work/lock"
	flock 8
}

# check_key NAME COMMIT OBJECT...: what a result of a check depends on.
check_key() {
	{
		echo "$1" "${@:3}"
		kgit -C "$KTREE" rev-parse "$2^{tree}"
		check_fragment
		gcc --version
		sparse --version
	} | hash_of 40
}

# compile_patch NUMBER COMMIT OBJECT...: in the second checkout.
compile_patch() {
	local n=$1 commit=$2 w log=$KROOT/work/compile-$1.log

	shift 2
	w=$(work_tree)
	run_logged "compile: prepare for patch $n" "$KROOT/work/prepare-$n.log" '^  ' \
		at_commit "$w" "$WORK_OUT" "$commit" check_fragment
	run_logged "compile: patch $n" "$log" '^  CC' compile "$w" "$WORK_OUT" "$@"
	if grep -E '(warning|WARNING):' "$log"; then
		die "patch $n compiles with warnings; the output is in $log"
	fi
	say "compile: patch $n: $# objects, $(kgit -C "$KTREE" log -1 --format=%s "$commit")"
}

cmd_check_compile() {
	local c n=0 objects key done=0

	check_prepare
	for c in $(kgit -C "$KTREE" rev-list --reverse base..HEAD); do
		n=$((n + 1))
		mapfile -t objects < <(commit_objects "$c")
		key=$(check_key compile "$c" "${objects[@]}")
		[ ! -e "$KROOT/work/passed/compile-$key" ] || continue
		[ ${#objects[@]} -eq 0 ] || compile_patch "$n" "$c" "${objects[@]}"
		: >"$KROOT/work/passed/compile-$key"
		done=$((done + 1))
	done
	say "compile: all $n patches compile ($done now, the rest known from before)"
}

# Debian's sparse does not know __typeof_unqual__, and the kernel's Makefile does without such a one.
SPARSE_FLAGS=-D__typeof_unqual__=__typeof__

# sparse_at COMMIT OBJECT...: runs sparse on the objects' sources, at that commit.
sparse_at() {
	at_commit "$SPARSE_TREE" "$WORK_OUT" "$1" check_fragment
	compile "$SPARSE_TREE" "$WORK_OUT" "${@:2}" C=2 CF="$SPARSE_FLAGS"
}

# sparse_ran LOG: it looked at what the series touches.
sparse_ran() {
	grep -q '^  CHECK .*drivers/iommu/.*\.c$' "$1" ||
		die "the kernel's Makefile did not run sparse; $1 may say why"
}

# The warnings in a log of sparse, without line numbers, counted. One that it has of each MODULE_LICENSE
# and the like is its own fault; a real one gcc refuses.
sparse_warnings() {
	sed -nE -e '/bad constant expression$/d' \
		-e "s,^($SPARSE_TREE/|\.\./)*([^ ]*\.[ch]):[0-9]+:[0-9]+: (warning|error): ,\2: \3: ,p" \
		"$1" | sort | uniq -c
}

cmd_check_sparse() {
	local key new objects

	need sparse
	check_prepare
	mapfile -t objects < <(commit_objects "$(head_of)")
	key=$(check_key "sparse $SPARSE_FLAGS" HEAD "${objects[@]}")
	if [ -e "$KROOT/work/passed/sparse-$key" ]; then
		say "sparse: nothing new (known from before)"
		return
	fi
	SPARSE_TREE=$(work_tree)
	# The series first: its last patch may be compiled already
	run_logged "sparse: series" "$KROOT/work/sparse-head.log" '^  CHECK' \
		sparse_at "$(head_of)" "${objects[@]}"
	sparse_ran "$KROOT/work/sparse-head.log"
	run_logged "sparse: base" "$KROOT/work/sparse-base.log" '^  CHECK' \
		sparse_at "$(head_of base)" "${objects[@]}"
	sparse_ran "$KROOT/work/sparse-base.log"
	sparse_warnings "$KROOT/work/sparse-base.log" >"$KROOT/work/sparse-base"
	sparse_warnings "$KROOT/work/sparse-head.log" >"$KROOT/work/sparse-head"
	new=$(comm -13 <(sort "$KROOT/work/sparse-base") <(sort "$KROOT/work/sparse-head"))
	[ -z "$new" ] || die "sparse says more than before (count, where, what):"$'\n'"$new"
	: >"$KROOT/work/passed/sparse-$key"
	say "sparse: nothing new in ${#objects[@]} objects"
}

# memblock_tests DIR OPTION...: the kernel's own tests of memblock, which run it as a program.
memblock_tests() {
	local dir=$1

	shift
	make -s -C "$dir" clean
	make -s -C "$dir" "$@"
	"$dir/main" -v
}

cmd_check_memblock() {
	local key w options log=$KROOT/work/memblock.log nr=0

	check_prepare
	key=$(kgit -C "$KTREE" rev-parse HEAD:mm HEAD:include/linux HEAD:tools/testing/memblock | hash_of 40)
	if [ -e "$KROOT/work/passed/memblock-$key" ]; then
		say "memblock: its tests pass (known from before)"
		return
	fi
	w=$(work_tree)
	kgit -C "$w" checkout -q -f "$(head_of)"
	for options in NUMA=0 NUMA=1; do
		run_logged "memblock: tests with $options" "$log" '^ok ' \
			memblock_tests "$w/tools/testing/memblock" "$options"
		nr=$((nr + $(grep -c '^ok [0-9]' "$log")))
	done
	make -s -C "$w/tools/testing/memblock" clean
	[ "$nr" -gt 0 ] || die "the tests of memblock tried nothing; see $log"
	: >"$KROOT/work/passed/memblock-$key"
	say "memblock: $nr tests of it pass"
}

# kernel_doc_warnings DIR FILE...: what kernel-doc warns of in these files of a tree, without line numbers.
kernel_doc_warnings() {
	local dir=$1 f present=()

	shift
	for f in "$@"; do
		[ ! -e "$dir/$f" ] || present+=("$f")
	done
	[ ${#present[@]} -eq 0 ] ||
		(cd "$dir" && "$KTREE/scripts/kernel-doc" -none "${present[@]}" 2>&1) |
		sed -nE 's,^(Warning|Error): ([^:]*):[0-9]+ ,\2: ,p' | sort -u
}

cmd_check_documentation() {
	local rst code base new

	need python3
	mapfile -t rst < <(kgit -C "$KTREE" diff --name-only --diff-filter=d base..HEAD -- '*.rst')
	[ ${#rst[@]} -gt 0 ] || die "the series touches no documentation"
	(cd "$KTREE" && python3 "$TOP/tests/patches/documentation.py" "${rst[@]}") ||
		die "the documentation of the series does not render as it was meant"

	mapfile -t code < <(kgit -C "$KTREE" diff --name-only base..HEAD -- '*.c' '*.h')
	base=$(mktemp -d)
	trap 'rm -rf "'"$base"'"' EXIT
	kgit -C "$KTREE" diff --name-only --diff-filter=a base..HEAD -- '*.c' '*.h' |
		xargs -d '\n' git -C "$KTREE" archive base | tar -x -C "$base"
	new=$(comm -13 <(kernel_doc_warnings "$base" "${code[@]}") \
		<(kernel_doc_warnings "$KTREE" "${code[@]}"))
	[ -z "$new" ] || die "kernel-doc says more than before (where, what):"$'\n'"$new"
	say "documentation: ${#rst[@]} files render, kernel-doc has nothing new in ${#code[@]}"
}
