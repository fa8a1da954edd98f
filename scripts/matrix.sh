# SPDX-License-Identifier: GPL-2.0-only
# The build matrix: the series without what it depends on or is a part of, as modules, with another
# compiler, and for another architecture. Sourced by scripts/kernel.

MATRIX_CLANG=clang-19
MATRIX_CROSS=aarch64-linux-gnu-

# NAME ARCH COMPILER OPTION=VALUE...: the configuration of the checks but for these options, which are
# checked in the result. A name before the first "-" shares a build directory.
MATRIX=(
	'gcc-no-iommu-liveupdate x86 gcc IOMMU_LIVEUPDATE=n'
	'gcc-no-liveupdate       x86 gcc LIVEUPDATE=n IOMMU_LIVEUPDATE=n'
	'gcc-no-kho              x86 gcc KEXEC_HANDOVER=n LIVEUPDATE=n IOMMU_LIVEUPDATE=n'
	'gcc-no-intel-iommu      x86 gcc INTEL_IOMMU=n IOMMU_LIVEUPDATE=y'
	'gcc-no-amd-iommu        x86 gcc AMD_IOMMU=n IOMMU_LIVEUPDATE=y'
	'gcc-no-iommufd          x86 gcc IOMMUFD=n IOMMU_LIVEUPDATE=y'
	'gcc-modules             x86 gcc IOMMUFD=m VFIO=m VFIO_PCI=m IOMMU_LIVEUPDATE=y'
	"gcc-formats             x86 gcc COMPILE_TEST=y INTEL_IOMMU=n AMD_IOMMU=n GENERIC_PT=y IOMMU_PT=m
		IOMMU_PT_AMDV1=m IOMMU_PT_VTDSS=m IOMMU_PT_X86_64=m IOMMU_PT_RISCV64=m IOMMUFD=m
		IOMMU_LIVEUPDATE=y"
	"clang                   x86 $MATRIX_CLANG IOMMU_LIVEUPDATE=y IOMMUFD=y"
	"arm64                   arm64 ${MATRIX_CROSS}gcc IOMMU_LIVEUPDATE=y IOMMUFD=y"
)
# What the series touches.
MATRIX_DIRS=(drivers/iommu/ kernel/liveupdate/ mm/memblock.o)

# Compiling the KUnit tests takes most of the time, and no variant is about them. Whole kernels have
# them.
MATRIX_LEAN=({IOMMU_PT,IOMMU_LIVEUPDATE,IOMMUFD_LIVEUPDATE}_KUNIT_TEST=n)

# The lines of the checks' fragment with the options of a variant in place of their own.
matrix_fragment() {
	local o drop=()

	for o in "$@"; do
		drop+=(-e "^(# )?CONFIG_${o%%=*}[= ]")
	done
	check_fragment | grep -Ev "${drop[@]}"
	for o in "$@"; do
		if [ "${o#*=}" = n ]; then
			printf '# CONFIG_%s is not set\n' "${o%%=*}"
		else
			printf 'CONFIG_%s\n' "$o"
		fi
	done
}

# matrix_make ARCH COMPILER TREE OUT ARG...
matrix_make() {
	local arch=$1 compiler=$2 tree=$3 out=$4

	shift 4
	kmake "$tree" "$out" ARCH="$arch" CC="ccache $compiler" \
		CROSS_COMPILE="$([ "$arch" = x86 ] || echo "$MATRIX_CROSS")" "$@"
}

matrix_configure() {
	local arch=$1 compiler=$2 tree=$3 out=$4

	shift 4
	mkdir -p "$out"
	[ -e "$out/base.config" ] || {
		matrix_make "$arch" "$compiler" "$tree" "$out" tinyconfig
		cp "$out/.config" "$out/base.config"
	}
	{ cat "$out/base.config"; matrix_fragment "$@"; } >"$out/.config.new"
	cp "$out/.config.new" "$out/.config"
	matrix_make "$arch" "$compiler" "$tree" "$out" olddefconfig
}

# Only what the variant is about: the other lines of the fragment may depend on what is off.
matrix_check_config() {
	local out=$1 o

	shift
	for o in "$@"; do
		case $o in
		*=n)
			! grep -q "^CONFIG_${o%%=*}=" "$out/.config" ||
				die "the matrix wants ${o%%=*} off, but something selects it; see $out/.config"
			;;
		*)
			grep -qx "CONFIG_$o" "$out/.config" ||
				die "the matrix wants $o, and the configuration has not; see $out/.config"
			;;
		esac
	done
}

# matrix_one WHOLE NAME ARCH COMPILER OPTION...: compiles the directories, or all of a kernel.
matrix_one() {
	local whole=$1 name=$2 arch=$3 compiler=$4 targets=("${MATRIX_DIRS[@]}") out log

	shift 4
	out=$KROOT/work/build/matrix-${name%%-*}
	[ -n "$whole" ] || set -- "$@" "${MATRIX_LEAN[@]}"
	log=$KROOT/work/matrix-$name.log
	run_logged "matrix $name: configuration" "$log" '^  ' \
		matrix_configure "$arch" "$compiler" "$MATRIX_TREE" "$out" "$@"
	matrix_check_config "$out" "$@"
	[ -z "$whole" ] || targets=(all)
	run_logged "matrix $name" "$log" '^  CC' \
		matrix_make "$arch" "$compiler" "$MATRIX_TREE" "$out" "${targets[@]}"
	if grep -E '(warning|WARNING):' "$log"; then
		die "the matrix has warnings in $name; the output is in $log"
	fi
}

matrix_key() {
	{
		echo "$*"
		kgit -C "$KTREE" rev-parse 'HEAD^{tree}'
		check_fragment
		"$4" --version
	} | hash_of 40
}

# check-matrix [all]: the directories that the series touches, or whole kernels.
cmd_check_matrix() {
	local whole=${1:-} v words key done=0 start

	need "$MATRIX_CLANG" "${MATRIX_CROSS}gcc"
	mkdir -p "$KROOT/work/passed"
	exec 8>"$KROOT/work/lock"
	flock 8
	MATRIX_TREE=''
	for v in "${MATRIX[@]}"; do
		mapfile -t words < <(xargs -n 1 <<<"$v")
		key=$(matrix_key "$whole" "${words[@]}")
		[ ! -e "$KROOT/work/passed/matrix-$key" ] || continue
		if [ -z "$MATRIX_TREE" ]; then
			MATRIX_TREE=$(work_tree)
			kgit -C "$MATRIX_TREE" checkout -q -f "$(head_of)"
		fi
		start=$SECONDS
		matrix_one "$whole" "${words[@]}"
		: >"$KROOT/work/passed/matrix-$key"
		done=$((done + 1))
		say "matrix: ${words[0]} compiles, $((SECONDS - start)) s"
	done
	say "matrix: all ${#MATRIX[@]} variants compile ($done now, the rest known from before)"
}
