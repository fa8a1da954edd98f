// SPDX-License-Identifier: GPL-2.0-only
/* The automata of bpf/spec and what makes tables of them: tools/lutrace/judge/spec.awk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judge/spec.h"
#include "lib/mem.h"
#include "recording/recording.h"

#define HEAD	"digraph state_automaton {\n\tlabel = \"t\";\n\tcomment = \"record\";\n" \
		"\t{node [shape = doublecircle] \"a\"};\n\t\"__init_a\" -> \"a\";\n"

/* A slip in the name of an event would make a rule deaf. */
static void test_every_event_is_one(void **state)
{
	static const char *const ends[] = { "begin", "end", "fail" };
	const struct spec *spec;
	size_t i, k, op, end;
	char name[64];
	bool known;

	(void)state;
	for (i = 0; i < spec__count(); i++) {
		spec = spec__get(i);
		for (k = 0; k < spec->nr_events; k++) {
			known = false;
			for (op = 0; op < LUTRACE_NR_OPS; op++)
				for (end = 0; end < ARRAY_SIZE(ends); end++) {
					snprintf(name, sizeof(name), "%s_%s", op__name(op),
						 ends[end]);
					known |= !strcmp(spec->events[k], spec->objects &
							 1u << OBJECT_OPERATION ? ends[end] : name);
				}
			if (!known)
				fail_msg("%s: no event is named %s", spec->name, spec->events[k]);
		}
	}
}

/* The status of spec.awk on @text, and what it said. TOP is that of the repository: see Makefile. */
static int generate(const char *text, char *said, size_t size)
{
	char path[] = "/tmp/lutrace-unit-XXXXXX", *command;
	int fd = mkstemp(path), status;
	size_t n;
	FILE *f;

	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	command = xasprintf("awk -f '" TOP "/tools/lutrace/judge/spec.awk' %s 2>&1", path);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(said, 1, size - 1, f);
	said[n] = '\0';
	status = pclose(f);
	remove(path);
	free(command);
	return status;
}

static void test_refused(void **state)
{
	struct { const char *text, *words; } bad[] = {
		{ "graph x {\n}\n", "1: this is no digraph" },
		{ HEAD, "is not closed" },
		{ HEAD "\t\"a\" -> \"b\" [ label = \"x\" ];\n}\n", "6: \"b\" is no state" },
		{ HEAD "\t{node [shape = circle] \"b\"};\n}\n", "no event leads to \"b\"" },
		{ HEAD "\t\"a\" -> \"a\" [ label = \"x\" ];\n"
		  "\t\"a\" -> \"a\" [ label = \"x\" ];\n}\n",
		  "7: \"x\" leaves \"a\" twice" },
		{ HEAD "\t\"a\" -> \"a\" [ label = \"X1\" ];\n}\n", "is no name of an event" },
		{ HEAD "\tsplines = true;\n}\n", "6: this line is none of an automaton" },
		{ HEAD "\t{node [shape = circle] \"a\"};\n}\n", "stands here twice" },
	};
	char said[4096];
	size_t i;

	(void)state;
	assert_int_equal(generate(HEAD "\t\"a\" -> \"a\" [ label = \"x\\ny\" ];\n}\n", said,
				  sizeof(said)), 0);
	assert_non_null(strstr(said, "\"x\", \"y\","));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!generate(bad[i].text, said, sizeof(said)) || !strstr(said, bad[i].words))
			fail_msg("\"%s\" is not in: %s", bad[i].words, said);
	}
}

/* One event lost opens the neighbours, many all that can be reached. */
static void test_widen(void **state)
{
	static const unsigned char next[] = { 1, 2, SPEC_NO };
	const struct spec chain = {
		.nr_states = 3, .nr_events = 1, .finals = 7, .events = { "go" }, .next = next,
	};
	struct track track = track__start(&chain, true);

	(void)state;
	assert_int_equal(track.possible, 1);
	track__widen(&track, &chain, 1);
	assert_int_equal(track.possible, 3);
	track__widen(&track, &chain, 1000000000000ull);
	assert_int_equal(track.possible, 7);
	assert_int_equal(track__step(&track, &chain, 0), STEP_FINE);
	assert_int_equal(track.possible, 6);
	assert_int_equal(track__step(&track, &chain, 0), STEP_FINE);
	assert_int_equal(track__step(&track, &chain, 0), STEP_BROKEN);
	track = track__start(&chain, false);
	assert_int_equal(track.possible, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_event_is_one),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_widen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
