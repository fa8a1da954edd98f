# SPDX-License-Identifier: GPL-2.0-only
# Completion of lutrace, luctl and luperf for bash: sourced, or found by bash-completion as
# completions/lutrace and so on. tests/tools/agree holds it against --help.

# _lutrace_commands TOOL: its commands.
_lutrace_commands()
{
	case $1 in
	lutrace) echo bundle check doctor latency ready record report top walk ;;
	luctl) echo run resume reclaim finish status abort ;;
	luperf)
		echo add alarms annotate bisect compare export-json gate history import-json list metrics prune remove \
			run show
		;;
	esac
}

# _lutrace_options TOOL [COMMAND]: its options, each with the kind of its argument after a colon
# if it takes one; '-' is a kind of which nothing is known.
_lutrace_options()
{
	local usual='-? --help --usage -V --version'
	local live='-d:- --duration:- -r:- --ring-size:- -n:- --in-flight:- --stats -v --verbose'

	local select='--session:- --token:- --device:bdf --process:pid'
	local db='-d:file --db:file'
	local run='--base:file --new:file -n:- --number:- --command:- --vm:file --icount --name:- --no-control'
	local forms='-l:file --limits:file -q:- --rate:- --allow:- -j:file --json:file -m:file --markdown:file'

	run+=' --folder:file --label:- --fact:-'
	forms+=' -x:file --junit:file --json-schema'

	case $* in
	lutrace | luperf) echo '-? --help -V --version' ;;
	luctl) echo "$usual" ;;
	'lutrace bundle') echo "-n --dry-run -o:file --output:file $usual" ;;
	'lutrace check')
		echo "-D --deep -b:file --before:file -x:action --on-violation:action --until-finish" \
			"-j:file --json:file --json-schema --require:-" \
			"$select $live $usual"
		;;
	'lutrace doctor') echo "-j --json --json-schema -v --verbose $usual" ;;
	'lutrace latency')
		echo "-i:- --interval:- -c:- --count:- -j --json --json-schema -o:file --output:file --op:op" \
			"--domain:- --pid:pid --min-us:- --by:by --slowest:- --why --stack $select $live $usual"
		;;
	'lutrace record')
		echo "-D --deep -o:file --output:file --force -f:file --flight:file --file-size:- --files:-" \
			"-b --background -p:file --pidfile:file $select $live $usual"
		;;
	'lutrace ready')
		echo "-j --json --json-schema -k:file --kernel:file -i:file --initrd:file -c:- --cmdline:-" \
			"-v --verbose $usual"
		;;
	'lutrace report')
		echo "-j:file --json:file -c:file --csv:file -p:file --perfetto:file --json-schema" \
			"--require:-" \
			"$select $usual"
		;;
	'lutrace top')
		echo "-b --batch -c:- --count:- --filter:- -i:- --interval:- --reverse --sort:sort" \
			"$select $live $usual"
		;;
	'lutrace walk')
		echo "-o:file --output:file -t:- --token:- -a --all -D:file --dump:file" \
			"-c --compare -v --verbose $usual"
		;;
	'luctl run') echo "--strict --no-kexec --stop-after:stage $usual" ;;
	'luctl resume') echo "--again --strict --no-kexec --since:- $usual" ;;
	'luctl reclaim') echo "--session:- --iommufd-token:- --device:bdf --hold $usual" ;;
	'luctl finish') echo "-s:- --session:- $usual" ;;
	'luctl status') echo "$usual" ;;
	'luctl abort') echo "-s:session --session:session $usual" ;;
	'luperf add')
		echo "-c:- --commit:- -b:- --branch:- -l:- --label:- --fact:- --run:- $db $usual"
		;;
	'luperf alarms') echo "-r:- --run:- $db $usual" ;;
	'luperf annotate') echo "-n:- --note:- $db $usual" ;;
	'luperf bisect') echo "-l:file --limits:file --between:- $run $db $usual" ;;
	'luperf compare') echo "$forms $db $usual" ;;
	'luperf history') echo "-l:file --limits:file --allow:- $db $usual" ;;
	'luperf gate') echo "$run $forms $db $usual" ;;
	'luperf run') echo "$run $db $usual" ;;
	'luperf export-json') echo "-o:file --output:file --json-schema $db $usual" ;;
	'luperf prune') echo "-k:- --keep:- -n --dry-run $db $usual" ;;
	'luperf import-json' | 'luperf list' | 'luperf remove' | 'luperf show') echo "$db $usual" ;;
	'luperf metrics') echo "$usual" ;;
	esac
}

# _lutrace_values KIND: the words that an argument of this kind can be.
_lutrace_values()
{
	case $1 in
	action) echo continue panic ;;
	op) echo preserve unpreserve restore flb_preserve flb_unpreserve flb_retrieve flb_finish ;;
	by) echo domain session device process ;;
	sort)
		echo record generation state violations errors preserve unpreserve restore tables bytes \
			pid command
		;;
	pid) (cd /proc && printf '%s\n' [0-9]*) ;;
	stage) echo opened filled mapped probed marked loaded preserved ;;
	bdf) (cd /sys/bus/pci/devices 2>/dev/null && printf '%s\n' *) ;;
	session) (cd /run/luctl 2>/dev/null && printf '%s\n' *.pid | sed 's/\.pid$//') ;;
	esac
}

# _lutrace_offer CURRENT WORD...: those of the words that CURRENT can become.
_lutrace_offer()
{
	local current=$1

	shift
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$current")
}

_lutrace_offer_files()
{
	# Outside of a completion, as in the test, there is nothing to set
	compopt -o filenames 2>/dev/null || :
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# _lutrace_argument CURRENT KIND
_lutrace_argument()
{
	if [ "$2" = file ]; then
		_lutrace_offer_files "$1"
	else
		_lutrace_offer "$1" "$(_lutrace_values "$2")"
	fi
}

# _lutrace_wrapped TOOL COMMAND: after "--", if the command takes another program's line. Status 1
# if the word is not there.
_lutrace_wrapped()
{
	local i

	for ((i = 2; i < COMP_CWORD; i++)); do
		[ "${COMP_WORDS[i]}" = -- ] || continue
		case "$1 $2" in
		'lutrace check' | 'lutrace latency' | 'lutrace top') ;;
		*)
			_lutrace_offer_files "${COMP_WORDS[COMP_CWORD]}"
			return 0
			;;
		esac
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		elif [ $((i + 1)) -eq "$COMP_CWORD" ]; then
			mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
		else
			_lutrace_offer_files "${COMP_WORDS[COMP_CWORD]}"
		fi
		return 0
	done
	return 1
}

_lutrace()
{
	local tool=${1##*/} command=${COMP_WORDS[1]} option
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		option=$(_lutrace_options "$tool")
		_lutrace_offer "$current" "$(_lutrace_commands "$tool")" "$option"
		return
	fi
	_lutrace_wrapped "$tool" "$command" && return
	# bash takes "--option=value" for three words
	if [ "$current" = = ]; then
		current=
	elif [ "$before" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	for option in $(_lutrace_options "$tool" "$command"); do
		if [ "${option%%:*}" = "$before" ] && [ "$option" != "$before" ]; then
			_lutrace_argument "$current" "${option#*:}"
			return
		fi
	done
	if [[ $current == -* ]]; then
		option=$(_lutrace_options "$tool" "$command")
		_lutrace_offer "$current" "$(sed 's/:[a-z-]*//g' <<<"$option")"
	else
		_lutrace_offer_files "$current"
	fi
}

complete -F _lutrace lutrace luctl luperf
