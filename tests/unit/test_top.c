// SPDX-License-Identifier: GPL-2.0-only
/* What lutrace top shows: rows and their states, counts, rates, order, filter, text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/text.h"
#include "top/top.h"

#define P(op)		LUTRACE_OP_##op
#define SER(n)		(0x500000ull + (n) * 0x80ull)
#define SECOND		1000000000ull
#define START		(5 * SECOND)

static struct top *top;
static struct top_view view;
static struct live_prog progs[LIVE_NR_PROGS];
static __u64 seq;

static void name_of(unsigned int pid, char name[PROCESS_NAME_SIZE])
{
	snprintf(name, PROCESS_NAME_SIZE, "task%u", pid);
}

static int setup(void **state)
{
	(void)state;
	top = top__new(name_of);
	top__start(top, START);
	memset(&view, 0, sizeof(view));
	memset(progs, 0, sizeof(progs));
	seq = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	top_view__free(&view);
	top__free(top);
	return 0;
}

/* @n: the domain, which tells its root, tables and process too; of the FLB: how many it holds. */
static void put(__u32 op, __u32 phase, unsigned int n, __u64 generation, int ret)
{
	struct lutrace_event ev = {
		.rec = { LUTRACE_REC_EVENT, sizeof(ev) }, .op = op, .phase = phase, .seq = ++seq,
		.time_ns = START + seq, .ret = ret, .nr_tables = n, .pid = 100 + n,
	};

	if (op < P(FLB_PRESERVE)) {
		ev.ser_phys = SER(n);
		ev.generation = generation;
		ev.nr_tables = n + 1;
		ev.nr_bytes = (n + 1) * 4096;
		if (op == P(UNPRESERVE) || (phase == LUTRACE_END && !ret))
			ev.top_phys = 0x100000 + n * 0x1000;
	}
	top__record(top, &ev.rec);
}

static void whole(__u32 op, unsigned int n, __u64 generation, int ret)
{
	put(op, LUTRACE_BEGIN, n, generation, op == P(FLB_PRESERVE) ? 0 : ret);
	put(op, LUTRACE_END, n, generation, ret);
}

static void measured(__u32 op, unsigned int n, __u64 generation, __u64 ns, int ret)
{
	struct lutrace_latency lat = {
		.rec = { LUTRACE_REC_LATENCY, sizeof(lat) }, .op = op, .ret = ret,
		.ser_phys = SER(n), .generation = generation, .latency_ns = ns,
	};

	top__record(top, &lat.rec);
}

static void look(__u64 seconds)
{
	top__look(top, &view, START + seconds * SECOND, progs);
}

static const struct top_row *row(unsigned int n, __u64 generation)
{
	size_t i;

	for (i = 0; i < view.nr; i++)
		if (view.rows[i].ser_phys == SER(n) && view.rows[i].generation == generation)
			return &view.rows[i];
	fail_msg("there is no row of domain %u, generation %llu", n, generation);
	return NULL;
}

static void expect_state(unsigned int n, __u64 generation, enum domain_state state)
{
	look(1);
	assert_int_equal(row(n, generation)->state, state);
	assert_true(row(n, generation)->certain);
}

static void test_states(void **state)
{
	(void)state;
	whole(P(FLB_PRESERVE), 0, 0, 0);
	put(P(PRESERVE), LUTRACE_BEGIN, 0, 1, 0);
	expect_state(0, 1, DOMAIN_PRESERVING);
	put(P(PRESERVE), LUTRACE_END, 0, 1, 0);
	expect_state(0, 1, DOMAIN_PRESERVED);
	assert_int_equal(view.states[DOMAIN_PRESERVED], 1);
	put(P(UNPRESERVE), LUTRACE_BEGIN, 0, 1, 0);
	expect_state(0, 1, DOMAIN_UNPRESERVING);
	put(P(UNPRESERVE), LUTRACE_END, 0, 1, 0);
	expect_state(0, 1, DOMAIN_FREE);
	whole(P(PRESERVE), 1, 1, -12);
	expect_state(1, 1, DOMAIN_FREE);
	assert_int_equal(view.violations, 0);
}

static void test_states_of_the_next_kernel(void **state)
{
	(void)state;
	whole(P(FLB_RETRIEVE), 2, 0, 0);
	put(P(RESTORE), LUTRACE_BEGIN, 0, 1, 0);
	expect_state(0, 1, DOMAIN_RESTORING);
	put(P(RESTORE), LUTRACE_END, 0, 1, 0);
	expect_state(0, 1, DOMAIN_RESTORED);
	whole(P(RESTORE), 1, 1, -74);
	expect_state(1, 1, DOMAIN_REFUSED);
}

/* Seen from the middle on, a domain may have been preserved before. */
static void test_uncertain(void **state)
{
	(void)state;
	seq = 10;
	whole(P(PRESERVE), 0, 1, -16);
	look(1);
	assert_int_equal(row(0, 1)->state, DOMAIN_FREE);
	assert_false(row(0, 1)->certain);
	whole(P(PRESERVE), 0, 1, 0);
	expect_state(0, 1, DOMAIN_PRESERVED);
}

static void test_row(void **state)
{
	(void)state;
	whole(P(FLB_PRESERVE), 0, 0, 0);
	whole(P(PRESERVE), 2, 1, 0);
	measured(P(PRESERVE), 2, 1, 1500, 0);
	whole(P(UNPRESERVE), 2, 1, 0);
	measured(P(UNPRESERVE), 2, 1, 700, 0);
	measured(P(RESTORE), 2, 1, 900, -74);
	whole(P(PRESERVE), 3, 1, -12);
	look(1);
	assert_int_equal(row(2, 1)->last_ns[P(PRESERVE)], 1500);
	assert_int_equal(row(2, 1)->last_ns[P(UNPRESERVE)], 700);
	assert_int_equal(row(2, 1)->last_ns[P(RESTORE)], 0);
	assert_int_equal(row(2, 1)->done[P(PRESERVE)], 1);
	assert_int_equal(row(2, 1)->tables, 3);
	assert_int_equal(row(2, 1)->bytes, 3 * 4096);
	assert_int_equal(row(2, 1)->pid, 102);
	assert_string_equal(row(2, 1)->command, "task102");
	assert_int_equal(row(2, 1)->errors, 0);
	assert_int_equal(row(3, 1)->errors, 1);
	assert_int_equal(row(3, 1)->tables, 0);
	assert_int_equal(view.errors, 1);
}

/* A slot that is used again takes the row over, and a new FLB all rows that are history. */
static void test_history_makes_room(void **state)
{
	__u64 i;

	(void)state;
	whole(P(FLB_PRESERVE), 0, 0, 0);
	for (i = 1; i <= 5; i++) {
		whole(P(PRESERVE), 0, i, 0);
		whole(P(UNPRESERVE), 0, i, 0);
	}
	whole(P(PRESERVE), 1, 6, 0);
	look(1);
	assert_int_equal(view.nr, 2);
	assert_int_equal(view.retired, 4);
	assert_int_equal(row(0, 5)->done[P(PRESERVE)], 1);
	assert_int_equal(view.done[P(PRESERVE)], 6);
	whole(P(UNPRESERVE), 1, 6, 0);
	whole(P(FLB_UNPRESERVE), 0, 0, 0);
	look(1);
	assert_int_equal(view.nr, 2);
	whole(P(FLB_PRESERVE), 0, 0, 0);
	look(1);
	assert_int_equal(view.nr, 0);
	assert_int_equal(view.retired, 6);
	whole(P(PRESERVE), 1, 1, 0);
	expect_state(1, 1, DOMAIN_PRESERVED);
	assert_int_equal(view.violations, 0);
}

/* What broke a rule stays to be seen, and is told. */
static void test_violations(void **state)
{
	(void)state;
	whole(P(FLB_PRESERVE), 0, 0, 0);
	look(1);
	assert_int_equal(view.verdict, VERDICT_PASS);
	whole(P(PRESERVE), 0, 1, 0);
	whole(P(PRESERVE), 1, 2, 0);
	whole(P(UNPRESERVE), 0, 1, -5);
	look(1);
	assert_int_equal(view.violations, 1);
	assert_int_equal(view.verdict, VERDICT_VIOLATION);
	assert_int_equal(row(0, 1)->violations, 1);
	assert_int_equal(row(1, 2)->violations, 0);
	assert_non_null(strstr(view.violation, "undo: unpreserve end of record 0x500000"));
	/* The same slot again: a row of its own */
	whole(P(PRESERVE), 0, 3, 0);
	look(1);
	assert_int_equal(view.nr, 3);
	assert_int_equal(row(0, 1)->violations, 1);
	assert_int_equal(row(0, 3)->done[P(PRESERVE)], 1);
}

static void test_rates(void **state)
{
	int i;

	(void)state;
	whole(P(FLB_PRESERVE), 0, 0, 0);
	look(1);
	for (i = 0; i < 6; i++)
		whole(P(PRESERVE), i, 1, 0);
	look(3);
	assert_true(view.rates[P(PRESERVE)] == 3.0);
	assert_true(view.event_rate == 6.0);
	assert_true(view.seconds == 3.0);
	assert_int_equal(view.done[P(PRESERVE)], 6);
	look(4);
	assert_true(view.rates[P(PRESERVE)] == 0.0);
	assert_int_equal(view.done[P(PRESERVE)], 6);
}

static void test_verdict_so_far(void **state)
{
	(void)state;
	look(1);
	assert_int_equal(view.verdict, VERDICT_NOT_CHECKED);
	whole(P(FLB_PRESERVE), 0, 0, 0);
	progs[3].counts.lost_events = 2;
	progs[5].missed_runs = 1;
	progs[5].counts.lost_latencies = 7;
	look(1);
	assert_int_equal(view.verdict, VERDICT_INCOMPLETE);
	assert_int_equal(view.lost_events, 2);
	assert_int_equal(view.lost_latencies, 7);
	assert_int_equal(view.missed_runs, 1);
}

/* Counted and not come is lost at the end, wherever it was; before, it may be under way. */
static void test_end(void **state)
{
	const struct live_prog freed = { .tracepoint = NULL };

	(void)state;
	whole(P(FLB_PRESERVE), 0, 0, 0);
	whole(P(FLB_UNPRESERVE), 0, 0, 0);
	progs[0].counts.events = 5;
	look(1);
	assert_int_equal(view.verdict, VERDICT_PASS);
	top__end(top, START + 10 * SECOND, progs, &freed);
	look(10);
	assert_int_equal(view.verdict, VERDICT_INCOMPLETE);
	assert_int_equal(verdict__status(oracle__verdict(top__oracle(top))), 3);
}

/* The program on freed pages is not one of progs. */
static void test_freed_lost(void **state)
{
	struct live_prog freed = { .counts.lost_events = 1 };

	(void)state;
	top__watch_freed(top);
	whole(P(FLB_PRESERVE), 0, 0, 0);
	whole(P(FLB_UNPRESERVE), 0, 0, 0);
	progs[0].counts.events = 4;
	look(1);
	assert_int_equal(view.verdict, VERDICT_PASS);
	top__end(top, START + 10 * SECOND, progs, &freed);
	look(10);
	assert_int_equal(view.verdict, VERDICT_INCOMPLETE);
}

static void test_freed_watched(void **state)
{
	const struct live_prog freed = { .tracepoint = NULL };

	(void)state;
	top__watch_freed(top);
	whole(P(FLB_PRESERVE), 0, 0, 0);
	progs[0].counts.events = 2;
	top__end(top, START + 10 * SECOND, progs, &freed);
	assert_int_equal(oracle__check(top__oracle(top), RULE_FREED)->verdict, VERDICT_PASS);
}

static void three_domains(void)
{
	whole(P(FLB_PRESERVE), 0, 0, 0);
	whole(P(PRESERVE), 2, 1, 0);
	measured(P(PRESERVE), 2, 1, 20000, 0);
	whole(P(PRESERVE), 0, 2, 0);
	measured(P(PRESERVE), 0, 2, 30000, 0);
	whole(P(PRESERVE), 1, 3, 0);
	measured(P(PRESERVE), 1, 3, 20000, 0);
	whole(P(UNPRESERVE), 1, 3, 0);
	look(1);
}

static void expect_order(struct top_order order, unsigned int a, unsigned int b, unsigned int c)
{
	top_view__arrange(&view, &order);
	assert_int_equal(view.shown, 3);
	assert_int_equal(view.rows[0].ser_phys, SER(a));
	assert_int_equal(view.rows[1].ser_phys, SER(b));
	assert_int_equal(view.rows[2].ser_phys, SER(c));
}

static void test_order(void **state)
{
	(void)state;
	three_domains();
	expect_order((struct top_order){ .column = TOP_RECORD }, 0, 1, 2);
	expect_order((struct top_order){ .column = TOP_RECORD, .reverse = true }, 2, 1, 0);
	expect_order((struct top_order){ .column = TOP_GENERATION }, 2, 0, 1);
	expect_order((struct top_order){ .column = TOP_STATE }, 1, 0, 2);
	expect_order((struct top_order){ .column = TOP_TABLES }, 2, 1, 0);
	expect_order((struct top_order){ .column = TOP_COMMAND, .reverse = true }, 2, 1, 0);
	/* Same figure: by record, in both directions */
	expect_order((struct top_order){ .column = TOP_PRESERVE }, 0, 1, 2);
	expect_order((struct top_order){ .column = TOP_PRESERVE, .reverse = true }, 1, 2, 0);
}

/* One that may be of the session is shown; what is wrong with another one is not told. */
static void test_names(void **state)
{
	struct selection sel = { .session = "guest" };
	struct top_order order = { .column = TOP_RECORD };
	struct name name = { .ser_phys = SER(0), .generation = 2, .session = "other" };
	struct names *names = names__new();
	struct table *table;
	char *line;

	(void)state;
	top__names(top, names, &sel);
	names__learn(names, &name);
	name = (struct name){ .ser_phys = SER(1), .generation = 3, .session = "guest",
			      .iommufd_token = 2, .has_hwpt = true, .hwpt_token = 1 };
	names__learn(names, &name);
	three_domains();
	top_view__arrange(&view, &order);
	assert_int_equal(view.shown, 2);
	assert_int_equal(view.rows[0].ser_phys, SER(1));
	assert_int_equal(view.rows[1].ser_phys, SER(2));
	table = top_view__table(&view);
	line = table__line(table, 1);
	assert_non_null(strstr(line, " task101         session guest, iommufd 0x2, HWPT 0x1"));
	free(line);
	table__free(table);
	whole(P(PRESERVE), 0, 2, 0);
	assert_int_equal(oracle__verdict(top__oracle(top)), VERDICT_PASS);
	whole(P(PRESERVE), 2, 1, 0);
	assert_int_equal(oracle__verdict(top__oracle(top)), VERDICT_VIOLATION);
	names__free(names);
}

static void test_filter(void **state)
{
	struct top_order order = { .column = TOP_RECORD, .reverse = true, .filter = "PRESERVED" };

	(void)state;
	three_domains();
	top_view__arrange(&view, &order);
	assert_int_equal(view.nr, 3);
	assert_int_equal(view.shown, 2);
	assert_int_equal(view.rows[0].ser_phys, SER(2));
	assert_int_equal(view.rows[1].ser_phys, SER(0));
	strcpy(order.filter, "task101");
	top_view__arrange(&view, &order);
	assert_int_equal(view.shown, 1);
	assert_int_equal(view.rows[0].ser_phys, SER(1));
	strcpy(order.filter, "nothing");
	top_view__arrange(&view, &order);
	assert_int_equal(view.shown, 0);
	*order.filter = '\0';
	top_view__arrange(&view, &order);
	assert_int_equal(view.shown, 3);
}

/* Long sessions and large numbers make their column wider, and shift nothing in one row alone. */
static void test_wide_columns(void **state)
{
	const __u64 large = 123456789012ull;
	struct top_order order = { .filter = "" };
	struct table *table;
	size_t i, at = 0;
	char *line;

	(void)state;
	whole(P(FLB_PRESERVE), 0, 0, 0);
	whole(P(PRESERVE), 0, 1, 0);
	whole(P(PRESERVE), 1, large, 0);
	measured(P(PRESERVE), 0, 1, 20000, 0);
	measured(P(PRESERVE), 1, large, large * 1000, 0);
	look(1);
	top_view__arrange(&view, &order);
	table = top_view__table(&view);
	assert_int_equal(table__nr_lines(table), 3);
	for (i = 1; i < 3; i++) {
		line = table__line(table, i);
		assert_non_null(strstr(line, " task10"));
		assert_true(i == 1 || strstr(line, " task10") - line == (ptrdiff_t)at);
		at = strstr(line, " task10") - line;
		free(line);
	}
	line = table__line(table, 0);
	assert_int_equal(strstr(line, " COMMAND") - line, at);
	free(line);
	table__free(table);
}

static void test_text(void **state)
{
	static const char expected[] =
		"lutrace top: kernel 7.3.4, watched for 1 s, verdict so far: clean\n"
		"domains: 3, 1 free, 2 preserved; shown: 1; earlier ones: 0\n"
		"done (per second): preserve 3 (3.0) unpreserve 1 (1.0) restore 0 (0.0) "
		"flb_preserve 1 (1.0); errors: 0\n"
		"events: 10 (10.0); lost: 0 events, 0 latencies, 0 runs of programs; "
		"violations: 0\n"
		"RECORD            GEN STATE         VIOL  ERR PRESERVE us   UNPRES us  RESTORE us"
		"  TABLES      BYTES     PID COMMAND         DOMAIN\n"
		"0x500100            1 preserved        0    0        20.0           -           -"
		"       3      12288     102 task102\n\n";
	struct top_order order = { .filter = "task102" };
	char *text;
	size_t size;
	FILE *f;

	(void)state;
	three_domains();
	top_view__arrange(&view, &order);
	f = open_memstream(&text, &size);
	top_view__print(&view, "7.3.4", f);
	fclose(f);
	assert_string_equal(text, expected);
	free(text);
}

static void test_too_many(void **state)
{
	unsigned int i;

	(void)state;
	whole(P(FLB_PRESERVE), 0, 0, 0);
	for (i = 0; i < TOP_MAX_ROWS + 2; i++)
		whole(P(PRESERVE), i, 1, 0);
	look(1);
	assert_int_equal(view.nr, TOP_MAX_ROWS);
	assert_int_equal(view.without_row, 2);
	assert_int_equal(view.done[P(PRESERVE)], TOP_MAX_ROWS + 2);
	assert_int_equal(view.violations, 0);
}

static void test_columns(void **state)
{
	enum top_column i;

	(void)state;
	for (i = 0; i < NR_TOP_COLUMNS; i++)
		assert_int_equal(top_column__find(top_column__name(i)), i);
	assert_int_equal(top_column__find("none"), NR_TOP_COLUMNS);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(states), T(states_of_the_next_kernel), T(uncertain), T(row),
		T(history_makes_room), T(violations), T(rates), T(verdict_so_far), T(end),
		T(freed_lost), T(freed_watched),
		T(order), T(names), T(filter), T(text), T(too_many), T(columns), T(wide_columns),
	};

	return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
