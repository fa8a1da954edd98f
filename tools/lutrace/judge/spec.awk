#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0-only
# awk -f spec.awk FILE.dot...: the specifications of bpf/spec as tables in C, on standard output.
#
# A file is an automaton in the form that the kernel's RV takes: states, events as the labels of
# edges, the state that "__init_STATE" leads to, and in double circles those that an object may be
# left in. On top of that `label` says in words what the rule is and `comment` what it is about:
# operation, record, root, slot or flb. The name of the file up to the first dot is that of the check.

function die(text) {
	printf "%s:%d: %s\n", FILENAME, FNR, text >"/dev/stderr"
	failed = 1
	exit 1
}

# The words between double quotes on this line, in quoted[1...].
function quotes(line,   n, part, i) {
	n = split(line, part, "\"")
	if (n % 2 == 0)
		die("a quote is not closed")
	split("", quoted)
	for (i = 2; i <= n; i += 2)
		quoted[i / 2] = part[i]
	return (n - 1) / 2
}

function state(name) {
	if (!(name in state_at))
		die("\"" name "\" is no state of this automaton")
	return state_at[name]
}

function event(name) {
	if (name !~ /^[a-z_]+$/)
		die("\"" name "\" is no name of an event")
	if (!(name in event_at)) {
		event_at[name] = nr_events
		events[nr_events++] = name
	}
	return event_at[name]
}

function add_state(name, final) {
	if (name in state_at)
		die("the state \"" name "\" stands here twice")
	if (nr_states == 32)
		die("more than 32 states")
	state_at[name] = nr_states
	states[nr_states++] = name
	if (final)
		finals = finals " | 1u << " state_at[name]
}

function add_edge(from, to, label,   n, names, i, at) {
	n = split(label, names, "\\\\n")
	for (i = 1; i <= n; i++) {
		at = state(from) SUBSEP event(names[i])
		if (at in edge)
			die("\"" names[i] "\" leaves \"" from "\" twice")
		edge[at] = state(to)
	}
}

function begin_file() {
	split("", state_at)
	split("", event_at)
	split("", edge)
	nr_states = nr_events = 0
	title = objects = init = finals = ""
	opened = closed = 0
	file = FILENAME
	name = file
	sub(/.*\//, "", name)
	sub(/\.dot$/, "", name)
}

# What cannot be reached says something that nobody will ever hear.
function check_reached(   reached, more, at, part) {
	reached[state_at[init]] = 1
	do {
		more = 0
		for (at in edge) {
			split(at, part, SUBSEP)
			if ((part[1] in reached) && !(edge[at] in reached)) {
				reached[edge[at]] = 1
				more = 1
			}
		}
	} while (more)
	for (at = 0; at < nr_states; at++)
		if (!(at in reached))
			die("no event leads to \"" states[at] "\"")
}

function end_file(   id, check, i, k, at) {
	if (!closed)
		die("the automaton is not closed")
	if (init == "")
		die("no state is the initial one")
	if (title == "" || objects == "")
		die("label or comment is missing")
	check_reached()
	id = name
	gsub(/[^a-z]/, "_", id)
	check = name
	sub(/\..*/, "", check)
	ids = ids "\tSPEC_" toupper(id) ",\n"
	tables = tables "static const unsigned char " id "_next[] = {\n"
	for (i = 0; i < nr_states; i++) {
		tables = tables "\t"
		for (k = 0; k < nr_events; k++) {
			at = i SUBSEP k
			tables = tables ((at in edge) ? edge[at] : "SPEC_NO") ", "
		}
		tables = tables "/* " states[i] " */\n"
	}
	tables = tables "};\n\n"
	array = array "\t[SPEC_" toupper(id) "] = {\n\t\t.name = \"" name "\", .check = \"" check \
		"\",\n\t\t.title = \"" title "\",\n\t\t.objects = 0" objects ",\n\t\t.nr_states = " \
		nr_states ", .nr_events = " nr_events ", .initial = " state_at[init] \
		",\n\t\t.finals = 0" finals ",\n\t\t.states = {"
	for (i = 0; i < nr_states; i++)
		array = array " \"" states[i] "\","
	array = array " },\n\t\t.events = {"
	for (i = 0; i < nr_events; i++)
		array = array " \"" events[i] "\","
	array = array " },\n\t\t.next = " id "_next,\n\t},\n"
}

FNR == 1 {
	if (file != "")
		end_file()
	begin_file()
}

{ n = quotes($0) }

/^[ \t]*$/ { next }
closed { die("something follows the end of the automaton") }
!opened && /^digraph [a-z_]+ \{$/ { opened = 1; next }
!opened { die("this is no digraph") }
/^\}$/ { closed = 1; next }
/^\tlabel = "[^"]*";$/ { title = quoted[1]; next }
/^\tcomment = "[a-z ]+";$/ {
	n = split(quoted[1], words, " ")
	for (i = 1; i <= n; i++)
		objects = objects " | 1u << OBJECT_" toupper(words[i])
	next
}
/^\tcenter = true;$/ { next }
/^\t\{node \[shape = plaintext, style=invis, label=""\] "__init_[^"]+"\};$/ { next }
/^\t\{node \[shape = (double)?circle\] "[^"]+"\};$/ {
	add_state(quoted[1], $0 ~ /doublecircle/)
	next
}
/^\t"__init_[^"]+" -> "[^"]+";$/ {
	if (init != "" || quoted[1] != "__init_" quoted[2])
		die("the initial state is not one")
	state(quoted[2])
	init = quoted[2]
	next
}
/^\t"[^"]+" \[label = "[^"]*"\];$/ {
	state(quoted[1])
	next
}
/^\t"[^"]+" -> "[^"]+" \[ label = "[^"]+" \];$/ {
	add_edge(quoted[1], quoted[2], quoted[3])
	next
}
/^\t\{ rank = min ;$/ || /^\t\t"[^"]+";$/ || /^\t\}$/ { next }
{ die("this line is none of an automaton: " $0) }

END {
	if (failed)
		exit 1
	if (file == "")
		die("no automaton was given")
	end_file()
	print "/* Made by spec.awk from bpf/spec: edit the automata there. */"
	printf "enum spec_id {\n%s\tNR_SPECS,\n};\n\n%s", ids, tables
	printf "static const struct spec specs[NR_SPECS] = {\n%s};\n", array
}
