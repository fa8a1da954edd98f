// SPDX-License-Identifier: GPL-2.0-only
/* Which boots are compared with which: by evidence, and never a violation for what is not given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel.h"
#include "lib/mem.h"
#include "report/analysis.h"

#define HOUR_NS		(3600 * SECOND_NS)

/* In the order of time, except where a test says otherwise. */
static struct kernel k[4];

static int teardown(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		recording__free(&k[i].rec);
	memset(k, 0, sizeof(k));
	return 0;
}

/* Preserves @nr domains from number @first on, and leaves them. */
static void leave(struct kernel *kernel, unsigned int first, unsigned int nr)
{
	unsigned int i;

	kernel__flb(kernel, LUTRACE_OP_FLB_PRESERVE, 0);
	for (i = first; i < first + nr; i++)
		kernel__preserve(kernel, i, 1);
}

/* The end of retrieve is returned. */
static struct lutrace_event *take(struct kernel *kernel, unsigned int first, unsigned int nr)
{
	size_t retrieve = kernel->rec.nr_events + 1;
	unsigned int i;

	kernel__flb(kernel, LUTRACE_OP_FLB_RETRIEVE, nr);
	for (i = first; i < first + nr; i++)
		kernel__restore(kernel, i, 1);
	kernel__flb(kernel, LUTRACE_OP_FLB_FINISH, 0);
	return &kernel->rec.events[retrieve];
}

/* A cold boot: the TSC began again @ns ago, where REALTIME did not. */
static void boot_cold(struct kernel *kernel, const char *name, __u64 ns, __u64 up_ns)
{
	kernel__boot(kernel, name, ns, 0);
	kernel->rec.start.tsc = 2 * up_ns;
}

/* As recordings before 1.8 are. */
static void forget_counts(void)
{
	size_t i;

	for (i = 0; i < 4; i++) {
		k[i].rec.has_kexec_count = false;
		k[i].rec.kexec_count = 0;
		free(k[i].rec.previous_release);
		k[i].rec.previous_release = NULL;
	}
}

/* The recordings of @order, as "201": the third kernel's is given first. */
static void analyse(struct analysis *a, const char *order)
{
	static struct recording given[8];
	size_t i, nr = strlen(order);

	for (i = 0; i < 4; i++)
		if (k[i].rec.path)
			kernel__end(&k[i]);
	for (i = 0; i < nr; i++)
		given[i] = k[order[i] - '0'].rec;
	analysis__run(a, given, nr);
}

static bool says(const struct check *check, const char *words)
{
	size_t i;

	for (i = 0; i < check->nr_details && i < CHECK_MAX_DETAILS; i++)
		if (strstr(check->details[i], words))
			return true;
	return false;
}

static void expect(const char *order, enum verdict verdict, int check, const char *words)
{
	struct analysis a;
	int i;

	analyse(&a, order);
	if (a.verdict != verdict || (words && !says(&a.checks[check], words))) {
		for (i = 0; i < NR_CHECKS; i++)
			if (a.checks[i].nr_details)
				print_message("%s: %s\n", a.checks[i].name, a.checks[i].details[0]);
		fail_msg("%s is %s, not %s with \"%s\"", order, verdict__name(a.verdict),
			 verdict__name(verdict), words ? words : "");
	}
	analysis__free(&a);
}

/* In each order in which three can be given. */
static void expect_in_any_order(enum verdict verdict, int check, const char *words)
{
	static const char *const orders[] = { "012", "021", "102", "120", "201", "210" };
	struct analysis a;
	size_t i;

	for (i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		expect(orders[i], verdict, check, words);
		analyse(&a, orders[i]);
		assert_int_equal(a.nr_boots, 3);
		assert_string_equal(a.boots[0].parts[0]->path, k[0].rec.path);
		assert_string_equal(a.boots[2].parts[0]->path, k[2].rec.path);
		analysis__free(&a);
	}
}

/* H4: a live update, and a cold boot 100 h later, with a TSC between those of the first two. */
static void live_update_and_cold_boot(void)
{
	kernel__boot(&k[0], "a", 0, 0);
	leave(&k[0], 0, 4);
	kernel__boot(&k[1], "b", 100 * HOUR_NS, 1);
	take(&k[1], 0, 4);
	boot_cold(&k[2], "c", 200 * HOUR_NS, 61 * SECOND_NS);
	leave(&k[2], 8, 2);
}

static void test_cold_boot_after(void **state)
{
	struct analysis a;

	(void)state;
	live_update_and_cold_boot();
	expect_in_any_order(VERDICT_PASS, RULE_RESTORE, "a cold boot between b and c");
	analyse(&a, "012");
	assert_int_equal(a.boots[0].link, LINK_KEXEC);
	assert_true(a.boots[0].gap_ns > 99 * HOUR_NS);
	assert_int_equal(a.boots[1].link, LINK_COLD);
	assert_int_equal(a.boots[1].gap_ns, 0);
	analysis__free(&a);
	forget_counts();
	expect_in_any_order(VERDICT_PASS, RULE_RESTORE, "a cold boot between b and c");
}

/* The second recording is of a kernel that took over from one that is not given. */
static void test_cold_boot_between(void **state)
{
	(void)state;
	kernel__boot(&k[0], "a", 0, 0);
	leave(&k[0], 0, 2);
	boot_cold(&k[1], "b", 10 * HOUR_NS, HOUR_NS);
	k[1].rec.kexec_count = 1;
	take(&k[1], 4, 2);
	expect("01", VERDICT_INCOMPLETE, RULE_RESTORE, "neither KHO's count");
	forget_counts();
	expect("10", VERDICT_INCOMPLETE, RULE_RESTORE, "a cold boot between a and b: they are not "
	       "compared; the kernel that handed over to the second is not given");
}

/* Two plain cold boots, of which the second one had been up for a shorter time. */
static void test_two_cold_boots(void **state)
{
	struct analysis a;

	(void)state;
	boot_cold(&k[0], "a", 0, 61 * SECOND_NS);
	leave(&k[0], 0, 1);
	boot_cold(&k[1], "b", 50 * HOUR_NS, 60 * SECOND_NS);
	leave(&k[1], 0, 1);
	forget_counts();
	analyse(&a, "10");
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_string_equal(a.boots[0].parts[0]->path, "a");
	assert_int_equal(a.boots[0].link, LINK_COLD);
	assert_int_equal(a.boots[0].gap_ns, 0);
	/* On REALTIME's line, for the traces */
	assert_true(a.boots[0].linked);
	assert_int_equal(a.boots[0].to_next_ns, 50 * HOUR_NS);
	analysis__free(&a);
}

/* A live update of three kernels, of which the middle one is not given. */
static void leave_out_the_middle(void)
{
	kernel__boot(&k[0], "a", 0, 0);
	leave(&k[0], 0, 2);
	kernel__boot(&k[1], "b", 100 * SECOND_NS, 2);
	take(&k[1], 4, 2);
}

static void test_kernel_missing(void **state)
{
	(void)state;
	leave_out_the_middle();
	expect("01", VERDICT_INCOMPLETE, RULE_RESTORE, "a kernel between them is not given: a and b");
	k[1].rec.kexec_count = 1;
	k[1].rec.previous_release[0] = '6';
	expect("01", VERDICT_INCOMPLETE, RULE_RESTORE, "a kernel between them is not given: a and b");
}

/* Nothing tells but that not one domain is what was left. */
static void test_kernel_missing_without_counts(void **state)
{
	(void)state;
	leave_out_the_middle();
	forget_counts();
	expect("01", VERDICT_INCOMPLETE, RULE_RESTORE, "a kernel between them may not be given");
}

/* Where one is, the other one is a violation. */
static void test_one_differs_without_counts(void **state)
{
	(void)state;
	kernel__boot(&k[0], "a", 0, 0);
	leave(&k[0], 0, 2);
	kernel__boot(&k[1], "b", 100 * SECOND_NS, 1);
	take(&k[1], 0, 2);
	forget_counts();
	k[1].rec.events[3].nr_tables++;
	expect("01", VERDICT_VIOLATION, RULE_RESTORE, "differs from its preserve");
}

/* The restores of a recording that is given alone cannot be clean. */
static void test_new_alone(void **state)
{
	(void)state;
	kernel__boot(&k[0], "a", 0, 1);
	take(&k[0], 0, 2);
	expect("0", VERDICT_INCOMPLETE, RULE_RESTORE, "a: domains were restored, and there is no "
	       "recording of the kernel before it to compare them with: give that too");
}

/* REALTIME was set back by an hour, or on by a year, while all was handed over. */
static void test_realtime_set(void **state)
{
	(void)state;
	kernel__boot(&k[0], "a", 0, 0);
	leave(&k[0], 0, 2);
	kernel__boot(&k[1], "b", 100 * SECOND_NS, 1);
	take(&k[1], 0, 2);
	k[1].rec.start.realtime_ns += 365 * 24 * HOUR_NS;
	expect("01", VERDICT_PASS, RULE_RESTORE, NULL);
	/* Clocks and one domain disagree: it need not be the kernel that it came from */
	k[1].rec.events[3].nr_tables++;
	expect("01", VERDICT_INCOMPLETE, RULE_RESTORE, "neither KHO's count, nor the clocks");
	k[1].rec.events[3].nr_tables--;
	k[1].rec.start.realtime_ns -= 365 * 24 * HOUR_NS + HOUR_NS;
	expect("01", VERDICT_INCOMPLETE, RULE_RESTORE, "there is no recording of the kernel before");
}

/* MONOTONIC ran on while REALTIME was set back within one recording. */
static void test_realtime_set_while_recording(void **state)
{
	(void)state;
	kernel__boot(&k[0], "a", 0, 0);
	leave(&k[0], 0, 2);
	kernel__boot(&k[1], "b", 100 * SECOND_NS, 1);
	take(&k[1], 0, 2);
	kernel__end(&k[0]);
	k[0].rec.start.realtime_ns -= HOUR_NS;
	expect("10", VERDICT_PASS, RULE_RESTORE, NULL);
}

/* No TSC, or one that began again although KHO counts on: what was handed over tells. */
static void test_no_tsc(void **state)
{
	struct analysis a;

	(void)state;
	kernel__boot(&k[0], "a", 0, 0);
	leave(&k[0], 0, 2);
	kernel__boot(&k[1], "b", 100 * SECOND_NS, 1);
	take(&k[1], 0, 2);
	k[0].rec.start.tsc = k[1].rec.start.tsc = 0;
	analyse(&a, "10");
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_string_equal(a.boots[0].parts[0]->path, "a");
	assert_false(a.boots[0].linked);
	assert_int_equal(a.boots[0].gap_ns, 0);
	analysis__free(&a);
	k[1].rec.start.tsc = 1;
	expect("01", VERDICT_PASS, RULE_RESTORE, NULL);
}

/* The numbers of a flight recorder go on, whatever REALTIME says. */
static void test_flight_numbers(void **state)
{
	struct analysis a;

	(void)state;
	live_update_and_cold_boot();
	k[2].rec.flight_file = k[2].rec.flight_first = 3;
	k[1].rec.flight_file = k[1].rec.flight_first = 2;
	k[0].rec.flight_file = k[0].rec.flight_first = 1;
	k[2].rec.start.realtime_ns = 1;
	analyse(&a, "210");
	assert_string_equal(a.boots[2].parts[0]->path, "c");
	assert_int_equal(a.boots[1].link, LINK_COLD);
	assert_int_equal(a.verdict, VERDICT_PASS);
	analysis__free(&a);
}

static void test_given_twice(void **state)
{
	struct analysis a;

	(void)state;
	live_update_and_cold_boot();
	analyse(&a, "0101");
	assert_int_equal(a.nr_boots, 2);
	assert_int_equal(a.boots[0].nr_parts, 1);
	assert_int_equal(a.lost.events, k[0].rec.nr_events + k[1].rec.nr_events);
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_true(says(&a.checks[RULE_LOSS], "a was given twice, or is a copy"));
	analysis__free(&a);
}

/* Another recorder of the first kernel, whose program looks at the clock later at each end. */
static void record_again(__u64 begin_ns, __u64 end_ns)
{
	size_t i;

	kernel__boot(&k[1], "again", 0, 0);
	free(k[1].rec.boot_id);
	k[1].rec.boot_id = xstrdup(k[0].rec.boot_id);
	k[1].rec.start.monotonic_ns = 1;
	leave(&k[1], 0, 3);
	for (i = 0; i < k[1].rec.nr_events; i++)
		k[1].rec.events[i].time_ns += i % 2 ? end_ns : begin_ns;
	for (i = 0; i < k[1].rec.nr_latencies; i++)
		k[1].rec.latencies[i].latency_ns += end_ns - begin_ns;
}

/* H5: both have the right latencies, each by its own clock. */
static void test_two_recorders(void **state)
{
	struct analysis a;

	(void)state;
	kernel__boot(&k[0], "a", 0, 0);
	leave(&k[0], 0, 3);
	record_again(150, 173);
	expect("01", VERDICT_PASS, CHECK_LATENCY, NULL);
	analyse(&a, "10");
	assert_int_equal(a.nr_boots, 1);
	assert_int_equal(a.nr_events, 8);
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_int_equal(a.ops[LUTRACE_OP_PRESERVE].latency.n, 3);
	assert_int_equal(a.ops[LUTRACE_OP_PRESERVE].latency.max, STEP_NS);
	assert_int_equal(a.ops[LUTRACE_OP_PRESERVE].latency.min, STEP_NS);
	analysis__free(&a);
	/* One that is wrong is found in either of them */
	k[0].rec.latencies[2].latency_ns++;
	expect("01", VERDICT_VIOLATION, CHECK_LATENCY, "took 1001 ns by the kernel side");
}

/* The first one began in the middle of a preserve, which the second one saw whole. */
static void test_two_recorders_of_which_one_came_later(void **state)
{
	struct analysis a;

	(void)state;
	kernel__boot(&k[0], "a", 0, 0);
	leave(&k[0], 0, 3);
	memmove(k[0].rec.events, k[0].rec.events + 3, 5 * sizeof(*k[0].rec.events));
	k[0].rec.nr_events -= 3;
	k[0].rec.footer.counts.events -= 3;
	memmove(k[0].rec.latencies, k[0].rec.latencies + 2, 2 * sizeof(*k[0].rec.latencies));
	k[0].rec.nr_latencies -= 2;
	record_again(150, 900);
	analyse(&a, "01");
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_int_equal(a.ops[LUTRACE_OP_PRESERVE].latency.n, 3);
	assert_int_equal(a.ops[LUTRACE_OP_PRESERVE].latency.min, STEP_NS);
	assert_int_equal(a.ops[LUTRACE_OP_PRESERVE].latency.max, STEP_NS + 750);
	analysis__free(&a);
}

/* A live update of @nr domains, of which the last one may be what the recording does not have. */
static struct lutrace_event *live_update(unsigned int nr)
{
	kernel__boot(&k[0], "a", 0, 0);
	leave(&k[0], 0, nr);
	kernel__boot(&k[1], "b", 100 * SECOND_NS, 1);
	return take(&k[1], 0, nr);
}

static void drop_last_preserve(void)
{
	k[0].rec.nr_events -= 2;
	k[0].rec.nr_latencies--;
	k[0].rec.footer.counts.events -= 2;
}

/* H6: the time of the old recording was over before the last preserve. */
static void test_ended_early(void **state)
{
	(void)state;
	live_update(4);
	drop_last_preserve();
	expect("01", VERDICT_INCOMPLETE, RULE_RESTORE, "ended 90.0");
	expect("01", VERDICT_INCOMPLETE, RULE_RESTORE, "found 4 live records, 3 are known to have been preserved");
}

/* As many records, but of a later generation: one was given up for another one. */
static void test_went_on(void **state)
{
	struct lutrace_event *found = live_update(2);

	(void)state;
	found->generation = 2;
	k[1].rec.events[4].generation = k[1].rec.events[5].generation = 2;
	expect("01", VERDICT_INCOMPLETE, RULE_RESTORE, "is the largest that was seen");
}

/* Nothing came after the end: what differs is the kernel's. */
static void test_found_too_many(void **state)
{
	struct lutrace_event *found = live_update(4);

	(void)state;
	drop_last_preserve();
	found->generation = 1;
	expect("01", VERDICT_VIOLATION, RULE_RESTORE, "found 4 live records, 3 were preserved");
}

/* As a kexec leaves it: no footer, no clock at its end, and the program's counts not written. */
static void cut(struct kernel *kernel)
{
	kernel->rec.complete = false;
	memset(&kernel->rec.footer, 0, sizeof(kernel->rec.footer));
}

static void test_cut_by_kexec(void **state)
{
	struct lutrace_event *found = live_update(3);

	(void)state;
	found->generation = 1;
	cut(&k[0]);
	expect("01", VERDICT_PASS, RULE_LOSS, "a ends without a footer, as a kexec leaves it; nothing "
	       "is missing after it: its numbers have no gap, the next kernel found the 3 records "
	       "that it left, and no later generation than it has");
	/* It tells the generation, and there was a later one */
	found->generation = 2;
	expect("01", VERDICT_INCOMPLETE, RULE_LOSS, "a ends without a footer: it was cut");
	/* It does not tell it, but all came back as it was */
	found->generation = 0;
	expect("01", VERDICT_PASS, RULE_LOSS, "and restored all of them as they were preserved");
}

/* Before the recorder began there was a live update that was aborted: nothing of it was left. */
static void test_cut_after_an_abort(void **state)
{
	struct lutrace_event *found;
	size_t i;

	(void)state;
	kernel__boot(&k[0], "a", 0, 0);
	k[0].seq = 40;
	leave(&k[0], 0, 3);
	kernel__boot(&k[1], "b", 100 * SECOND_NS, 1);
	found = take(&k[1], 0, 3);
	found->generation = 1;
	cut(&k[0]);
	expect("01", VERDICT_PASS, RULE_LOSS, "and no later generation than it has");
	/* It began later: the FLB was there, and so may others have been */
	for (i = 0; i + 2 < k[0].rec.nr_events; i++)
		k[0].rec.events[i] = k[0].rec.events[i + 2];
	k[0].rec.nr_events -= 2;
	k[0].rec.nr_latencies = 0;
	expect("01", VERDICT_INCOMPLETE, RULE_LOSS, "a ends without a footer: it was cut");
}

/* One of three was not reclaimed, and could be another one than the recording has. */
static void test_cut_and_not_reclaimed(void **state)
{
	struct lutrace_event *found;

	(void)state;
	kernel__boot(&k[0], "a", 0, 0);
	leave(&k[0], 0, 3);
	kernel__boot(&k[1], "b", 100 * SECOND_NS, 1);
	found = take(&k[1], 0, 2);
	found->nr_tables = 3;
	cut(&k[0]);
	expect("01", VERDICT_INCOMPLETE, RULE_LOSS, "a ends without a footer: it was cut");
	found->generation = 1;
	expect("01", VERDICT_PASS, RULE_RESTORE, "1 of the 3 domains preserved at the end of the previous kernel");
}

static void test_cut_after_the_freeze(void **state)
{
	static struct lutrace_freeze freeze = { .rec.type = LUTRACE_REC_FREEZE };
	struct lutrace_event *found;

	(void)state;
	kernel__boot(&k[0], "a", 0, 0);
	leave(&k[0], 0, 3);
	kernel__boot(&k[1], "b", 100 * SECOND_NS, 1);
	found = take(&k[1], 0, 2);
	found->nr_tables = 3;
	cut(&k[0]);
	freeze.time_ns = k[0].now + 1;
	k[0].rec.freezes = xcalloc(1, sizeof(freeze));
	k[0].rec.freezes[k[0].rec.nr_freezes++] = freeze;
	expect("01", VERDICT_PASS, RULE_LOSS, "and it has the freeze before the jump");
	/* A recording without a footer does not tell what was lost of its last events */
	found->nr_tables = 4;
	expect("01", VERDICT_INCOMPLETE, RULE_LOSS, "a ends without a footer: it was cut");
}

/* What the recorder, killed or on a full disk, does not have is nothing that a count makes up for. */
static void test_cut_early(void **state)
{
	struct lutrace_event *found = live_update(3);

	(void)state;
	found->generation = 1;
	drop_last_preserve();
	cut(&k[0]);
	expect("01", VERDICT_INCOMPLETE, RULE_LOSS, "a ends without a footer: it was cut");
	/* A gap in the middle, too */
	teardown(NULL);
	live_update(3)->generation = 1;
	cut(&k[0]);
	k[0].rec.events[2].seq = k[0].rec.events[3].seq = 40;
	k[0].rec.events[3].seq = 41;
	expect("01", VERDICT_INCOMPLETE, RULE_LOSS, "a ends without a footer: it was cut");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_cold_boot_after, teardown),
		cmocka_unit_test_teardown(test_cold_boot_between, teardown),
		cmocka_unit_test_teardown(test_two_cold_boots, teardown),
		cmocka_unit_test_teardown(test_kernel_missing, teardown),
		cmocka_unit_test_teardown(test_kernel_missing_without_counts, teardown),
		cmocka_unit_test_teardown(test_one_differs_without_counts, teardown),
		cmocka_unit_test_teardown(test_new_alone, teardown),
		cmocka_unit_test_teardown(test_realtime_set, teardown),
		cmocka_unit_test_teardown(test_realtime_set_while_recording, teardown),
		cmocka_unit_test_teardown(test_no_tsc, teardown),
		cmocka_unit_test_teardown(test_flight_numbers, teardown),
		cmocka_unit_test_teardown(test_given_twice, teardown),
		cmocka_unit_test_teardown(test_two_recorders, teardown),
		cmocka_unit_test_teardown(test_two_recorders_of_which_one_came_later, teardown),
		cmocka_unit_test_teardown(test_ended_early, teardown),
		cmocka_unit_test_teardown(test_went_on, teardown),
		cmocka_unit_test_teardown(test_found_too_many, teardown),
		cmocka_unit_test_teardown(test_cut_by_kexec, teardown),
		cmocka_unit_test_teardown(test_cut_after_an_abort, teardown),
		cmocka_unit_test_teardown(test_cut_and_not_reclaimed, teardown),
		cmocka_unit_test_teardown(test_cut_after_the_freeze, teardown),
		cmocka_unit_test_teardown(test_cut_early, teardown),
	};

	return cmocka_run_group_tests_name("boots", tests, NULL, NULL);
}
