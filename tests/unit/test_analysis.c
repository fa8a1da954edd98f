// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every check of a report, on sequences of events that the tests make up: each
 * passes on what a sound kernel emits and speaks up on what a broken one would.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "kernel.h"
#include "lib/mem.h"
#include "report/analysis.h"

#define NEW_NS	(100 * SECOND_NS)	/* from the old kernel to the new one */

static struct kernel old, new;

static int setup(void **state)
{
	(void)state;
	kernel__boot(&old, "old", 0, 0);
	kernel__boot(&new, "new", NEW_NS, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	recording__free(&old.rec);
	recording__free(&new.rec);
	return 0;
}

/* The whole demo: abort once, preserve again, kexec, restore one of two. */
static void old_kernel(void)
{
	kernel__flb(&old, LUTRACE_OP_FLB_PRESERVE, 0);
	kernel__preserve(&old, 0, 1);
	kernel__preserve(&old, 1, 2);
	kernel__unpreserve(&old, 0, 1);
	kernel__unpreserve(&old, 1, 2);
	kernel__flb(&old, LUTRACE_OP_FLB_UNPRESERVE, 0);
	kernel__flb(&old, LUTRACE_OP_FLB_PRESERVE, 0);
	kernel__preserve(&old, 0, 3);
	kernel__preserve(&old, 1, 4);
}

static void finish(void)
{
	kernel__flb(&new, LUTRACE_OP_FLB_FINISH, 1);
}

/* Up to the finish, for tests that restore more. */
static void unfinished_kernel(void)
{
	kernel__flb(&new, LUTRACE_OP_FLB_RETRIEVE, 2);
	kernel__restore(&new, 0, 3);
}

static void new_kernel(void)
{
	unfinished_kernel();
	finish();
}

static void analyse_in_order(struct analysis *a, bool reversed)
{
	static struct recording both[2];
	struct recording *r;

	kernel__end(&old);
	kernel__end(&new);
	both[reversed] = old.rec;
	both[!reversed] = new.rec;
	r = both;
	analysis__run(a, r, 2);
}

static void analyse(struct analysis *a)
{
	analyse_in_order(a, false);
}

static bool says(const struct check *check, const char *words)
{
	size_t i;

	for (i = 0; i < check->nr_details && i < CHECK_MAX_DETAILS; i++)
		if (strstr(check->details[i], words))
			return true;
	return false;
}

/* Most tests have no walks of page tables, and no names. */
static bool needs_more(int id)
{
	return id == RULE_DEEP || id == RULE_NAME || id == RULE_MEMORY;
}

/* The check has this verdict and says so; all others have nothing to say. */
static void expect_only(int id, enum verdict verdict, const char *words)
{
	struct analysis a;
	int i;

	analyse(&a);
	for (i = 0; i < NR_CHECKS; i++) {
		if (i != (int)id && a.checks[i].verdict != VERDICT_PASS &&
		    !(needs_more(i) && a.checks[i].verdict == VERDICT_NOT_CHECKED))
			fail_msg("%s is %s: %s", a.checks[i].name,
				 verdict__name(a.checks[i].verdict), a.checks[i].details[0]);
	}
	if (a.checks[id].verdict != verdict)
		fail_msg("%s is %s", a.checks[id].name, verdict__name(a.checks[id].verdict));
	if (!says(&a.checks[id], words))
		fail_msg("%s says \"%s\", not \"%s\"", a.checks[id].name,
			 a.checks[id].details[0] ? a.checks[id].details[0] : "nothing", words);
	assert_int_equal(a.verdict, verdict);
	analysis__free(&a);
}

/* The check has at least this verdict; others may follow from the same cause. */
static void expect(int id, enum verdict verdict, const char *words)
{
	struct analysis a;

	analyse(&a);
	if (a.checks[id].verdict != verdict || !says(&a.checks[id], words))
		fail_msg("%s is %s: %s", a.checks[id].name, verdict__name(a.checks[id].verdict),
			 a.checks[id].details[0] ? a.checks[id].details[0] : "nothing");
	assert_true(a.verdict >= verdict);
	analysis__free(&a);
}

static void test_clean(void **state)
{
	struct analysis a;
	int i;

	(void)state;
	old_kernel();
	new_kernel();
	analyse(&a);
	for (i = 0; i < NR_CHECKS; i++)
		if (!needs_more(i) && a.checks[i].verdict != VERDICT_PASS)
			fail_msg("%s: %s", a.checks[i].name, a.checks[i].details[0]);
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_int_equal(verdict__status(a.verdict), 0);
	assert_int_equal(a.nr_boots, 2);
	assert_int_equal(a.boots[0].nr_left, 2);
	assert_int_equal(a.boots[0].nr_restored, 1);
	assert_int_equal(a.nr_not_restored, 1);
	assert_true(says(&a.checks[RULE_RESTORE], "1 of the 2 domains"));
	assert_int_equal(a.nr_events, 18 + 6);
	analysis__free(&a);
}

static void test_figures(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	kernel__run(&old, LUTRACE_OP_PRESERVE, SER(2), 5, 2, -12);
	new_kernel();
	analyse(&a);
	assert_int_equal(a.ops[LUTRACE_OP_PRESERVE].latency.n, 4);
	assert_int_equal(a.ops[LUTRACE_OP_PRESERVE].errors, 1);
	assert_int_equal(a.ops[LUTRACE_OP_PRESERVE].latency.p50, STEP_NS);
	assert_int_equal(a.ops[LUTRACE_OP_PRESERVE].tables, 2 * (3 + 4));
	assert_int_equal(a.ops[LUTRACE_OP_PRESERVE].bytes, 2 * (3 + 4) * 4096);
	assert_int_equal(a.ops[LUTRACE_OP_PRESERVE].formats[PT_VTDSS], 4);
	assert_int_equal(a.ops[LUTRACE_OP_RESTORE].latency.n, 1);
	assert_int_equal(a.ops[LUTRACE_OP_FLB_PRESERVE].latency.n, 2);
	assert_int_equal(a.ops[LUTRACE_OP_FLB_RETRIEVE].tables, 0);
	assert_int_equal(a.verdict, VERDICT_PASS);
	analysis__free(&a);
}

static void test_order_of_files_does_not_matter(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	new_kernel();
	analyse_in_order(&a, true);
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_string_equal(a.boots[0].parts[0]->path, "old");
	analysis__free(&a);
}

static void test_one_recording(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	analysis__run(&a, &old.rec, 1);
	assert_int_equal(a.checks[RULE_RESTORE].verdict, VERDICT_NOT_CHECKED);
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_int_equal(a.nr_preserved_left, 2);
	analysis__free(&a);
}

static void test_empty_recordings(void **state)
{
	struct analysis a;

	(void)state;
	analyse(&a);
	assert_int_equal(a.verdict, VERDICT_INCOMPLETE);
	assert_true(says(&a.checks[RULE_LOSS], "not one event was recorded"));
	assert_int_equal(a.checks[RULE_ABORT].verdict, VERDICT_NOT_CHECKED);
	analysis__free(&a);
}

/* Loss */

static void test_gap(void **state)
{
	(void)state;
	old_kernel();
	old.seq += 3;
	kernel__preserve(&old, 2, 9);
	new_kernel();
	new.rec.events[1].nr_tables = 3;
	expect(RULE_LOSS, VERDICT_INCOMPLETE, "3 events between the sequence numbers 18 and 22");
}

static void test_gap_of_one(void **state)
{
	(void)state;
	old_kernel();
	old.seq++;
	kernel__preserve(&old, 2, 9);
	new_kernel();
	new.rec.events[1].nr_tables = 3;
	expect_only(RULE_LOSS, VERDICT_INCOMPLETE, "1 events between the sequence numbers 18 and "
		    "20");
}

/* One recording cannot have seen one event twice, however equal they look. */
static void test_event_twice(void **state)
{
	(void)state;
	old_kernel();
	new_kernel();
	*kernel__emit(&new, 0, 0, 0, 0) = new.rec.events[5];
	expect(RULE_LOSS, VERDICT_VIOLATION, "two events have the sequence number 6");
}

static void test_number_twice(void **state)
{
	(void)state;
	old_kernel();
	old.rec.events[9].seq = old.rec.events[8].seq;
	new_kernel();
	expect(RULE_LOSS, VERDICT_VIOLATION, "two events have the sequence number 9");
}

static void test_counted_losses(void **state)
{
	(void)state;
	old_kernel();
	new_kernel();
	old.rec.footer.counts.lost_latencies = 1;
	expect_only(RULE_LOSS, VERDICT_INCOMPLETE, "1 latencies were lost");
	old.rec.footer.counts.lost_latencies = 0;
	new.rec.footer.missed_runs = 4;
	expect_only(RULE_LOSS, VERDICT_INCOMPLETE, "skipped the BPF programs 4 times");
	new.rec.footer.missed_runs = 0;
	old.rec.footer.counts.lost_events = 2;
	old.rec.footer.counts.events += 2;
	expect_only(RULE_LOSS, VERDICT_INCOMPLETE, "2 events did not fit");
	old.rec.footer.counts.lost_events = 0;
	expect_only(RULE_LOSS, VERDICT_INCOMPLETE, "counted 20 events, but 18 were recorded");
}

/* A flight recorder's file is one of several; whether all are there is known by their numbers. */
static void test_rotated_away(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	new_kernel();
	old.rec.flight_file = old.rec.flight_first = 9;
	analyse(&a);
	assert_int_equal(a.checks[RULE_LOSS].verdict, VERDICT_PASS);
	analysis__free(&a);
	old.rec.flight_file = 12;
	old.rec.rotated_files = 2;
	old.rec.rotated_events = 77;
	expect_only(RULE_LOSS, VERDICT_INCOMPLETE,
		    "is file 4 of its boot, those before it are not here: 2 with 77 events were "
		    "rotated away");
}

/* The ring was full until the end: no gap shows it, only the count does. */
static void test_lost_at_the_end(void **state)
{
	(void)state;
	old_kernel();
	new_kernel();
	old.rec.nr_events -= 4;
	old.rec.footer.counts.lost_events = 4;
	expect(RULE_RESTORE, VERDICT_INCOMPLETE, "its preserve was not seen");
	old.rec.nr_events++;
	old.rec.footer.counts.lost_events--;
	expect(RULE_PAIRS, VERDICT_INCOMPLETE, "was not seen");
	old.rec.nr_events--;
	old.rec.footer.counts.lost_events = 0;
	old.rec.footer.counts.events = old.rec.nr_events;
	old.rec.footer.missed_runs = 4;
	expect(RULE_RESTORE, VERDICT_INCOMPLETE, "its preserve was not seen");
}

static void test_cut_recording(void **state)
{
	(void)state;
	old_kernel();
	new_kernel();
	new.rec.complete = false;
	expect_only(RULE_LOSS, VERDICT_INCOMPLETE, "new ends without a footer");
}

/* Pairs */

static void test_end_without_begin(void **state)
{
	(void)state;
	old_kernel();
	old.lose_begin = old.lose_latency = true;
	kernel__preserve(&old, 2, 9);
	new_kernel();
	new.rec.events[1].nr_tables = 3;
	expect_only(RULE_PAIRS, VERDICT_VIOLATION, "is idle");
}

static void test_begin_without_end(void **state)
{
	(void)state;
	old_kernel();
	unfinished_kernel();
	new.lose_end = new.lose_latency = true;
	kernel__restore(&new, 1, 4);
	expect_only(RULE_PAIRS, VERDICT_VIOLATION,
		    "the end of restore of record 0x500040 generation 4 was not seen");
}

static void test_begin_twice(void **state)
{
	(void)state;
	old_kernel();
	unfinished_kernel();
	new.lose_end = new.lose_latency = true;
	kernel__restore(&new, 1, 4);
	kernel__restore(&new, 1, 4);
	finish();
	expect_only(RULE_PAIRS, VERDICT_VIOLATION, "is running since seq 5 (automaton pairs)");
}

static void test_two_ends(void **state)
{
	(void)state;
	old_kernel();
	unfinished_kernel();
	new.lose_begin = new.lose_latency = true;
	kernel__run(&new, LUTRACE_OP_RESTORE, SER(1), 4, 1, -74);
	kernel__restore(&new, 1, 4);
	finish();
	expect_only(RULE_PAIRS, VERDICT_VIOLATION, "is idle");
}

/* A recording that ended in the middle of an operation proves nothing. */
static void test_still_running(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	old.lose_end = old.lose_latency = true;
	kernel__preserve(&old, 2, 9);
	old.rec.end.monotonic_ns = old.now + SECOND_NS;
	analysis__run(&a, &old.rec, 1);
	assert_int_equal(a.checks[RULE_PAIRS].verdict, VERDICT_INCOMPLETE);
	assert_true(says(&a.checks[RULE_PAIRS], "was not seen"));
	assert_int_equal(verdict__status(a.verdict), 3);
	analysis__free(&a);
}

/* Attaching in the middle of an update is normal: not seen is no violation. */
static void test_started_late(void **state)
{
	struct analysis a;

	(void)state;
	old.seq = 100;
	old.lose_begin = old.lose_latency = true;
	kernel__unpreserve(&old, 0, 1);
	kernel__unpreserve(&old, 1, 2);
	analysis__run(&a, &old.rec, 1);
	assert_int_equal(a.checks[RULE_PAIRS].verdict, VERDICT_INCOMPLETE);
	assert_true(says(&a.checks[RULE_PAIRS], "events are seen from seq 101 on"));
	assert_int_equal(a.checks[RULE_UNCHANGED].verdict, VERDICT_INCOMPLETE);
	assert_int_equal(a.verdict, VERDICT_INCOMPLETE);
	analysis__free(&a);
}

/* An end that contradicts what was lost is no proof either. */
static void test_gap_excuses(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	old.lose_begin = old.lose_latency = old.lose_event = true;
	kernel__preserve(&old, 2, 9);
	old.seq += 2;
	kernel__preserve(&old, 0, 10);
	analysis__run(&a, &old.rec, 1);
	assert_int_equal(a.checks[RULE_PAIRS].verdict, VERDICT_INCOMPLETE);
	assert_int_equal(a.checks[RULE_ONCE].verdict, VERDICT_INCOMPLETE);
	assert_int_equal(a.verdict, VERDICT_INCOMPLETE);
	analysis__free(&a);
}

/* Once, unchanged, abort, generation */

static void test_preserved_twice(void **state)
{
	(void)state;
	old_kernel();
	kernel__preserve(&old, 0, 3);
	new_kernel();
	expect(RULE_ONCE, VERDICT_VIOLATION, "is preserved since seq 16");
}

static void test_root_preserved_twice(void **state)
{
	(void)state;
	old_kernel();
	kernel__preserve(&old, 2, 5)->top_phys = ROOT(1);
	new_kernel();
	new.rec.events[1].nr_tables = 3;
	expect_only(RULE_ONCE, VERDICT_VIOLATION, "root 0x101000 is preserved since seq 18");
}

/* A root that was given back may be preserved again under another record. */
static void test_root_preserved_again(void **state)
{
	struct analysis a;

	(void)state;
	kernel__flb(&old, LUTRACE_OP_FLB_PRESERVE, 0);
	kernel__preserve(&old, 0, 1);
	kernel__unpreserve(&old, 0, 1);
	kernel__preserve(&old, 1, 2)->top_phys = ROOT(0);
	analysis__run(&a, &old.rec, 1);
	assert_int_equal(a.verdict, VERDICT_PASS);
	analysis__free(&a);
}

/* -EBUSY for the second preserve is what the kernel should do. */
static void test_refused_preserve_is_no_preserve(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	kernel__run(&old, LUTRACE_OP_PRESERVE, SER(2), 5, 0, -16);
	new_kernel();
	analyse(&a);
	assert_int_equal(a.verdict, VERDICT_PASS);
	analysis__free(&a);
}

static void test_changed_while_preserved(void **state)
{
	(void)state;
	old_kernel();
	kernel__unpreserve(&old, 0, 3)->nr_tables = 9;
	new_kernel();
	new.rec.events[1].nr_tables = 1;
	new.rec.events[3].generation = new.rec.events[2].generation = 4;
	new.rec.events[3].ser_phys = new.rec.events[2].ser_phys = SER(1);
	new.rec.events[3].top_phys = ROOT(1);
	new.rec.events[3].nr_tables = 4;
	new.rec.events[3].nr_bytes = 4 * 4096;
	expect_only(RULE_UNCHANGED, VERDICT_VIOLATION, "its number of tables is 9, was 3");
}

static void test_unpreserve_of_nothing(void **state)
{
	(void)state;
	old_kernel();
	kernel__unpreserve(&old, 2, 7);
	new_kernel();
	expect_only(RULE_UNCHANGED, VERDICT_VIOLATION, "is free (automaton unchanged)");
}

static void test_left_after_abort(void **state)
{
	struct analysis a;

	(void)state;
	kernel__flb(&old, LUTRACE_OP_FLB_PRESERVE, 0);
	kernel__preserve(&old, 0, 1);
	kernel__preserve(&old, 1, 2);
	kernel__unpreserve(&old, 1, 2);
	kernel__flb(&old, LUTRACE_OP_FLB_UNPRESERVE, 0);
	analysis__run(&a, &old.rec, 1);
	assert_int_equal(a.checks[RULE_ABORT].verdict, VERDICT_VIOLATION);
	assert_true(says(&a.checks[RULE_ABORT], "generation 1 is held since seq 3"));
	analysis__free(&a);
}

/* The kernel's own count says so, even if every event looks right. */
static void test_live_records_after_abort(void **state)
{
	struct analysis a;

	(void)state;
	kernel__flb(&old, LUTRACE_OP_FLB_PRESERVE, 0);
	kernel__preserve(&old, 0, 1);
	kernel__unpreserve(&old, 0, 1);
	kernel__flb(&old, LUTRACE_OP_FLB_UNPRESERVE, 0);
	old.rec.events[old.rec.nr_events - 2].nr_tables = 1;
	analysis__run(&a, &old.rec, 1);
	assert_int_equal(a.checks[RULE_ABORT].verdict, VERDICT_VIOLATION);
	assert_true(says(&a.checks[RULE_ABORT], "1 live records"));
	analysis__free(&a);
}

static void test_generation_must_grow(void **state)
{
	struct analysis a;

	(void)state;
	kernel__flb(&old, LUTRACE_OP_FLB_PRESERVE, 0);
	kernel__preserve(&old, 0, 7);
	kernel__unpreserve(&old, 0, 7);
	kernel__preserve(&old, 0, 7);
	analysis__run(&a, &old.rec, 1);
	assert_int_equal(a.checks[RULE_GENERATION].verdict, VERDICT_VIOLATION);
	assert_true(says(&a.checks[RULE_GENERATION], "the slot had generation 7 already"));
	analysis__free(&a);
}

static void test_generation_may_start_again_after_the_flb(void **state)
{
	struct analysis a;

	(void)state;
	kernel__flb(&old, LUTRACE_OP_FLB_PRESERVE, 0);
	kernel__preserve(&old, 0, 7);
	kernel__unpreserve(&old, 0, 7);
	kernel__flb(&old, LUTRACE_OP_FLB_UNPRESERVE, 0);
	kernel__flb(&old, LUTRACE_OP_FLB_PRESERVE, 0);
	kernel__preserve(&old, 0, 1);
	analysis__run(&a, &old.rec, 1);
	assert_int_equal(a.verdict, VERDICT_PASS);
	analysis__free(&a);
}

/* Latency */

static void test_latency_differs(void **state)
{
	(void)state;
	old_kernel();
	new.latency_error = 1;
	new_kernel();
	expect_only(CHECK_LATENCY, VERDICT_VIOLATION,
		    "1001 ns by the kernel side and 1000 ns by its events");
}

static void test_latency_missing(void **state)
{
	(void)state;
	old_kernel();
	new.lose_latency = true;
	new_kernel();
	expect_only(CHECK_LATENCY, VERDICT_INCOMPLETE, "has no latency from the kernel");
}

/* Through tracefs the latencies are made of the events, which proves nothing. */
static void test_latency_computed(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	new_kernel();
	old.rec.computed = new.rec.computed = true;
	analyse(&a);
	assert_int_equal(a.checks[CHECK_LATENCY].verdict, VERDICT_NOT_CHECKED);
	assert_int_equal(a.verdict, VERDICT_PASS);
	analysis__free(&a);
}

static void test_end_before_begin(void **state)
{
	(void)state;
	old_kernel();
	new_kernel();
	new.rec.events[3].time_ns = 1;
	expect_only(CHECK_LATENCY, VERDICT_VIOLATION, "ended before it began");
}

/* Restore */

static void test_restore_differs(void **state)
{
	struct { const char *words; size_t offset; size_t size; } fields[] = {
		{ "root is", offsetof(struct lutrace_event, top_phys), 8 },
		{ "top level is", offsetof(struct lutrace_event, top_level), 4 },
		{ "number of tables is", offsetof(struct lutrace_event, nr_tables), 8 },
		{ "number of bytes is", offsetof(struct lutrace_event, nr_bytes), 8 },
		{ "format is", offsetof(struct lutrace_event, format), 4 },
	};
	__u8 *at;
	size_t i;

	(void)state;
	old_kernel();
	new_kernel();
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		at = (__u8 *)&new.rec.events[3] + fields[i].offset;
		at[fields[i].size - 1] ^= 1;	/* the highest byte counts too */
		expect_only(RULE_RESTORE, VERDICT_VIOLATION, fields[i].words);
		at[fields[i].size - 1] ^= 1;
	}
}

/* The control of the issue: an empty domain instead of the restored one. */
static void test_empty_domain_restored(void **state)
{
	(void)state;
	old_kernel();
	new_kernel();
	new.rec.events[3].top_phys = 0xabc000;
	new.rec.events[3].nr_tables = 1;
	new.rec.events[3].nr_bytes = 4096;
	expect_only(RULE_RESTORE, VERDICT_VIOLATION, "its root is 0xabc000, was 0x100000");
}

static void test_restore_of_nothing(void **state)
{
	(void)state;
	old_kernel();
	unfinished_kernel();
	kernel__restore(&new, 5, 3);
	finish();
	expect_only(RULE_RESTORE, VERDICT_VIOLATION,
		    "it was not preserved at the end of the previous kernel");
}

/* The same slot, used again: a stale record is another domain. */
static void test_restore_of_a_stale_generation(void **state)
{
	(void)state;
	old_kernel();
	new_kernel();
	new.rec.events[2].generation = new.rec.events[3].generation = 1;
	expect_only(RULE_RESTORE, VERDICT_VIOLATION,
		    "generation 1 (seq 4): it was not preserved");
}

static void test_restore_after_unseen_preserve(void **state)
{
	(void)state;
	old_kernel();
	old.rec.complete = false;
	unfinished_kernel();
	kernel__restore(&new, 5, 9);
	finish();
	expect(RULE_RESTORE, VERDICT_INCOMPLETE, "its preserve was not seen");
}

static void test_retrieve_counts_others(void **state)
{
	(void)state;
	old_kernel();
	new_kernel();
	new.rec.events[1].nr_tables = 3;
	/* No later generation: nothing can have come after the end of the recording */
	new.rec.events[1].generation = 4;
	expect_only(RULE_RESTORE, VERDICT_VIOLATION, "found 3 live records, 2 were preserved");
}

static void test_retrieve_not_seen(void **state)
{
	(void)state;
	old_kernel();
	new.seq = 2;
	kernel__restore(&new, 0, 3);
	expect(RULE_RESTORE, VERDICT_INCOMPLETE, "that the FLB was retrieved was not seen");
}

/* Nothing was reclaimed: no violation, but nothing was shown either. */
static void test_no_restore(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	kernel__flb(&new, LUTRACE_OP_FLB_RETRIEVE, 2);
	kernel__flb(&new, LUTRACE_OP_FLB_FINISH, 2);
	analyse(&a);
	assert_int_equal(a.checks[RULE_RESTORE].verdict, VERDICT_NOT_CHECKED);
	assert_true(says(&a.checks[RULE_RESTORE], "2 of the 2 domains"));
	assert_int_equal(a.nr_not_restored, 2);
	assert_int_equal(a.verdict, VERDICT_PASS);
	analysis__free(&a);
}

static void test_restored_twice(void **state)
{
	(void)state;
	old_kernel();
	unfinished_kernel();
	kernel__restore(&new, 0, 3);
	finish();
	expect_only(RULE_RESTORE_ONCE, VERDICT_VIOLATION, "is taken since seq 4");
}

/* One table page left out of the preserve: the next kernel refuses the record. */
static void test_restore_refused(void **state)
{
	(void)state;
	old_kernel();
	unfinished_kernel();
	kernel__run(&new, LUTRACE_OP_RESTORE, SER(1), 4, 1, -74);
	finish();
	expect_only(RULE_RESTORE_ERROR, VERDICT_VIOLATION,
		    "is refused since seq 6: Bad message (-74)");
}

/* A damaged recording may have any number there. */
static void test_restore_refused_with_no_errno(void **state)
{
	static const struct {
		int ret;
		const char *words;
	} cases[] = {
		{ -4096, "no error number (-4096)" },
		{ 5, "no error number (5)" },
		{ INT_MIN, "no error number (-2147483648)" },
	};
	size_t i;

	(void)state;
	old_kernel();
	unfinished_kernel();
	kernel__run(&new, LUTRACE_OP_RESTORE, SER(1), 4, 1, 1);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		new.rec.events[new.rec.nr_events - 1].ret = cases[i].ret;
		expect_only(RULE_RESTORE_ERROR, VERDICT_VIOLATION, cases[i].words);
	}
}

static void test_restore_succeeds_at_last(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	unfinished_kernel();
	kernel__run(&new, LUTRACE_OP_RESTORE, SER(1), 4, 1, -12);
	kernel__restore(&new, 1, 4);
	finish();
	analyse(&a);
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_int_equal(a.ops[LUTRACE_OP_RESTORE].errors, 1);
	assert_int_equal(a.nr_not_restored, 0);
	analysis__free(&a);
}

/* A refused restore may have succeeded in what is missing: then it is not decided. */
static void test_refused_and_lost(void **state)
{
	(void)state;
	old_kernel();
	unfinished_kernel();
	kernel__run(&new, LUTRACE_OP_RESTORE, SER(1), 4, 1, -74);
	new.seq += 2;
	finish();
	expect(RULE_RESTORE_ERROR, VERDICT_INCOMPLETE, "was not seen");
}

/* Order, undo */

static void test_flb_comes_too_late(void **state)
{
	struct analysis a;

	(void)state;
	kernel__preserve(&old, 0, 1);
	kernel__flb(&old, LUTRACE_OP_FLB_PRESERVE, 0);
	analysis__run(&a, &old.rec, 1);
	assert_int_equal(a.checks[RULE_FLB].verdict, VERDICT_VIOLATION);
	assert_true(says(&a.checks[RULE_FLB], "the FLB is absent (automaton flb)"));
	analysis__free(&a);
}

static void test_restore_after_finish(void **state)
{
	(void)state;
	old_kernel();
	new_kernel();
	kernel__restore(&new, 1, 4);
	expect_only(RULE_FINISH, VERDICT_VIOLATION, "the FLB is finished since seq 6");
}

static void test_undo_fails(void **state)
{
	(void)state;
	old_kernel();
	kernel__preserve(&old, 2, 5);
	kernel__unpreserve(&old, 2, 5)->ret = -5;
	new_kernel();
	expect_only(RULE_UNDO, VERDICT_VIOLATION, "it returned -5, and cannot fail");
}

/* Freed */

static void free_page(struct kernel *k, __u64 phys)
{
	struct recording *r = &k->rec;

	r->freed = grow(r->freed, r->nr_freed, &r->freed_room, sizeof(*r->freed));
	r->freed[r->nr_freed++] = (struct lutrace_freed){
		.rec = { LUTRACE_REC_FREED, sizeof(*r->freed) }, .time_ns = k->now, .phys = phys,
		.size = 4096, .pid = 7,
	};
}

static void test_page_freed(void **state)
{
	(void)state;
	old_kernel();
	free_page(&old, 0xabc000);
	new_kernel();
	expect_only(RULE_FREED, VERDICT_VIOLATION,
		    "the page at 0xabc000 (4096 bytes) was freed while it was preserved");
	old.rec.freed[0].phys = ROOT(1);
	expect_only(RULE_FREED, VERDICT_VIOLATION, "the root of record 0x500040 generation 4");
}

/* A kernel that does not tell proves nothing, and is no reason to be incomplete. */
static void complain_of(struct kernel *k, const char *text)
{
	struct recording *r = &k->rec;

	r->complaints = grow(r->complaints, r->nr_complaints, &r->complaints_room,
			     sizeof(*r->complaints));
	r->complaints[r->nr_complaints] = (struct lutrace_complaint){ .time_ns = k->now };
	strcpy(r->complaints[r->nr_complaints++].text, text);
}

static void test_complaints(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	new_kernel();
	complain_of(&new, "WARNING: drivers/iommu/liveupdate.c:1 at f, CPU#0: luctl/1");
	expect_only(RULE_KERNEL, VERDICT_VIOLATION, "the kernel's log says: WARNING: drivers/iommu/");
	new.rec.nr_complaints = 0;
	old.rec.has_klog = new.rec.has_klog = false;
	analyse(&a);
	assert_int_equal(a.checks[RULE_KERNEL].verdict, VERDICT_NOT_CHECKED);
	assert_string_equal(a.checks[RULE_KERNEL].summary, "0 errors; the log of 0 of 2 kernels was read");
	analysis__free(&a);
}

static void test_freed_is_not_told(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	new_kernel();
	old.rec.watches_freed = new.rec.watches_freed = false;
	analyse(&a);
	assert_int_equal(a.checks[RULE_FREED].verdict, VERDICT_NOT_CHECKED);
	assert_string_equal(a.checks[RULE_FREED].summary, "0 pages; tracepoint present in 0 of 2 kernels");
	assert_int_equal(a.verdict, VERDICT_PASS);
	analysis__free(&a);
}

/* Walks of page tables */

/* What is seen of a domain that is as its events say; @generation 0: it was reclaimed. */
static struct lutrace_deep *walk(struct kernel *k, unsigned int domain, __u64 generation)
{
	struct recording *r = &k->rec;
	struct lutrace_deep *w;

	r->is_deep = true;
	r->deep = grow(r->deep, r->nr_deep, &r->deep_room, sizeof(*w));
	w = &r->deep[r->nr_deep++];
	*w = (struct lutrace_deep){
		.rec = { LUTRACE_REC_DEEP, sizeof(*w) }, .time_ns = k->now, .token = domain,
		.top_phys = ROOT(domain), .format = 1, .top_level = 2, .took_ns = 1,
		.levels = { { domain, 4, 0x22 }, { 2, 1, 0x33 }, { 1, 0, 0x44 } },
	};
	if (!generation)
		return w;
	w->ser_phys = SER(domain);
	w->generation = generation;
	w->said_top_phys = ROOT(domain);
	w->said_tables = domain + 3;
	w->said_bytes = 4096 * w->said_tables;
	w->said_format = 1;
	w->said_top_level = 2;
	return w;
}

/* The walks of what is preserved at the end of one kernel, and of what the other one restores. */
static void walk_all(void)
{
	old_kernel();
	walk(&old, 0, 3);
	walk(&old, 1, 4);
	new_kernel();
	walk(&new, 0, 0);
}

static void test_deep(void **state)
{
	struct analysis a;

	(void)state;
	walk_all();
	analyse(&a);
	assert_int_equal(a.checks[RULE_DEEP].verdict, VERDICT_PASS);
	assert_int_equal(a.verdict, VERDICT_PASS);
	analysis__free(&a);
}

static void call(struct kernel *k, enum name_at at, __u64 token)
{
	struct name name = { .ser_phys = SER(0), .generation = 3 };

	name.claims[at] = (struct claim){ .known = true, .session = "s", .hwpt_token = token };
	if (!k->rec.names)
		k->rec.names = names__new();
	names__learn(k->rec.names, &name);
}

static void test_name(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	new_kernel();
	call(&old, NAME_PRESERVED, 1);
	call(&new, NAME_RETRIEVED, 1);
	analyse(&a);
	assert_int_equal(a.checks[RULE_NAME].verdict, VERDICT_PASS);
	assert_non_null(strstr(a.checks[RULE_NAME].summary, "1 domains"));
	analysis__free(&a);
	call(&new, NAME_RECLAIMED, 2);
	expect_only(RULE_NAME, VERDICT_VIOLATION, "given to who asked for session s, iommufd 0x0, "
		    "HWPT 0x2");
}

static void test_memory(void **state)
{
	struct name name = { .ser_phys = SER(0), .generation = 3 };
	struct name_memory *m = &name.claims[NAME_PRESERVED].memory;

	(void)state;
	old_kernel();
	new_kernel();
	call(&old, NAME_PRESERVED, 1);
	name.claims[NAME_PRESERVED] = names__at(old.rec.names, 0)->claims[NAME_PRESERVED];
	*m = (struct name_memory){ .known = true, .maps = true, .pinned = true, .compared = 1,
				   .frozen = 1, .sharers = 2 };
	names__learn(old.rec.names, &name);
	expect_only(RULE_MEMORY, VERDICT_VIOLATION, "2 HWPTs of its IOAS were preserved, and the "
		    "kernel counts 1 that freeze it");
}

static void test_deep_differs(void **state)
{
	(void)state;
	walk_all();
	new.rec.deep[0].levels[0].digest ^= 1;
	expect_only(RULE_DEEP, VERDICT_VIOLATION, "entries of level 0 differ");
}

static void test_deep_of_one_kernel(void **state)
{
	struct analysis a;

	(void)state;
	walk_all();
	new.rec.is_deep = false;
	new.rec.nr_deep = 0;
	analyse(&a);
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_int_equal(a.checks[RULE_DEEP].nr_details, 1);
	assert_non_null(strstr(a.checks[RULE_DEEP].details[0], "--deep was not given"));
	analysis__free(&a);
}

static void test_deep_without_the_old_kernel(void **state)
{
	(void)state;
	walk_all();
	old.rec.is_deep = false;
	old.rec.nr_deep = 0;
	expect_only(RULE_DEEP, VERDICT_INCOMPLETE, "no walk of the previous kernel");
}

/* One that was restored was not walked. */
static void test_deep_one_missing(void **state)
{
	(void)state;
	walk_all();
	new.rec.nr_deep--;
	expect_only(RULE_DEEP, VERDICT_INCOMPLETE, "was not walked before it was freed");
}

/* Time */

/* The TSC is the line: 2 ticks per ns, the second kernel 5 s later, clocks anew. */
static void test_gap_between_kernels(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	new_kernel();
	old.rec.start.tsc = 1000;
	old.rec.end.tsc = 1000 + 2 * (old.now + 10 * SECOND_NS);
	new.rec.start.tsc = 1000 + 2 * (old.now + 5 * SECOND_NS);
	analyse(&a);
	assert_in_range(a.boots[0].gap_ns, 5 * SECOND_NS + STEP_NS - 1,
			5 * SECOND_NS + STEP_NS + 1);
	assert_int_equal(a.boots[1].gap_ns, 0);
	analysis__free(&a);
}

/* Neither recording is long enough, or there is no TSC: no figure is made up. */
static void test_gap_unknown(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	new_kernel();
	old.rec.start.tsc = 0;
	old.rec.end.tsc = 2 * SECOND_NS;
	analyse(&a);
	assert_int_equal(a.boots[0].gap_ns, 0);
	analysis__free(&a);
}

/* Recordings of one boot */

/* Two recorders that ran at once are one boot with every event once. */
static void test_two_recordings_of_one_boot(void **state)
{
	struct recording both[2];
	struct analysis a;

	(void)state;
	old_kernel();
	both[0] = old.rec;
	both[1] = old.rec;
	analysis__run(&a, both, 2);
	assert_int_equal(a.nr_boots, 1);
	assert_int_equal(a.nr_events, 18);
	assert_int_equal(a.verdict, VERDICT_PASS);
	analysis__free(&a);
}

/* Violation wins over incomplete. */
static void test_verdicts(void **state)
{
	struct analysis a;

	(void)state;
	old_kernel();
	unfinished_kernel();
	kernel__restore(&new, 0, 3);
	finish();
	new.rec.complete = false;
	analyse(&a);
	assert_int_equal(a.checks[RULE_LOSS].verdict, VERDICT_INCOMPLETE);
	assert_int_equal(a.verdict, VERDICT_VIOLATION);
	analysis__free(&a);
	assert_int_equal(verdict__status(VERDICT_VIOLATION), 2);
	assert_int_equal(verdict__status(VERDICT_INCOMPLETE), 3);
	assert_int_equal(verdict__status(VERDICT_NOT_CHECKED), 0);
}

static void test_many_details_are_counted(void **state)
{
	struct analysis a;
	int i;

	(void)state;
	old_kernel();
	unfinished_kernel();
	for (i = 0; i < 30; i++)
		kernel__restore(&new, 0, 3);
	finish();
	analyse(&a);
	assert_int_equal(a.checks[RULE_RESTORE_ONCE].nr_details, 30);
	assert_non_null(a.checks[RULE_RESTORE_ONCE].details[CHECK_MAX_DETAILS - 1]);
	analysis__free(&a);
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* What @work takes with @nr of what it is about, from empty recordings on. */
static double seconds_with(void (*work)(unsigned int nr), unsigned int nr)
{
	double begin = cpu_seconds();

	teardown(NULL);
	setup(NULL);
	work(nr);
	return cpu_seconds() - begin;
}

/*
 * Four times as much takes four times as long, and 16 times where it goes with
 * the square. Other load on the machine can spoil a measurement, not all of them.
 */
static void assert_linear(void (*work)(unsigned int nr))
{
	const unsigned int few = 4000;
	unsigned int tries = 3;

	while (tries--)
		if (seconds_with(work, 4 * few) < 8 * seconds_with(work, few))
			return;
	fail_msg("four times as much took more than eight times as long");
}

static void many_restores(unsigned int nr)
{
	struct analysis a;
	unsigned int i;

	kernel__flb(&old, LUTRACE_OP_FLB_PRESERVE, 0);
	for (i = 0; i < nr; i++)
		kernel__preserve(&old, i, i + 1);
	kernel__flb(&new, LUTRACE_OP_FLB_RETRIEVE, nr);
	for (i = nr; i--;)
		kernel__restore(&new, i, i + 1);
	analyse(&a);
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_int_equal(a.boots[0].nr_restored, nr);
	analysis__free(&a);
}

static void test_many_restores_take_linear_time(void **state)
{
	(void)state;
	assert_linear(many_restores);
}

/* One large update that was aborted, then many small ones. */
static void many_aborts(unsigned int nr)
{
	struct analysis a;
	unsigned int i;

	kernel__flb(&old, LUTRACE_OP_FLB_PRESERVE, 0);
	for (i = 0; i < nr; i++)
		kernel__preserve(&old, i, i + 1);
	for (i = 0; i < nr; i++)
		kernel__unpreserve(&old, i, i + 1);
	kernel__flb(&old, LUTRACE_OP_FLB_UNPRESERVE, 0);
	for (i = 0; i < nr; i++) {
		kernel__flb(&old, LUTRACE_OP_FLB_PRESERVE, 0);
		kernel__preserve(&old, 0, i + 1);
		kernel__unpreserve(&old, 0, i + 1);
		kernel__flb(&old, LUTRACE_OP_FLB_UNPRESERVE, 0);
	}
	old.rec.end.monotonic_ns = old.now + 10 * SECOND_NS;
	analysis__run(&a, &old.rec, 1);
	assert_int_equal(a.verdict, VERDICT_PASS);
	analysis__free(&a);
}

static void test_many_aborts_take_linear_time(void **state)
{
	(void)state;
	assert_linear(many_aborts);
}

/* The first abort finds all that is preserved, and the others that there is no FLB. */
static void many_findings(unsigned int nr)
{
	struct analysis a;
	unsigned int i;

	kernel__flb(&old, LUTRACE_OP_FLB_PRESERVE, 0);
	for (i = 0; i < nr; i++)
		kernel__preserve(&old, i, i + 1);
	for (i = 0; i < nr; i++)
		kernel__run(&old, LUTRACE_OP_FLB_UNPRESERVE, 0x400000, 0, 0, -16);
	analysis__run(&a, &old.rec, 1);
	assert_int_equal(a.checks[RULE_ABORT].verdict, VERDICT_VIOLATION);
	assert_int_equal(a.checks[RULE_ABORT].nr_details, nr);
	analysis__free(&a);
}

static void test_many_findings_take_linear_time(void **state)
{
	(void)state;
	assert_linear(many_findings);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_clean), TEST(test_figures), TEST(test_order_of_files_does_not_matter),
		TEST(test_one_recording), TEST(test_empty_recordings),
		TEST(test_gap), TEST(test_gap_of_one), TEST(test_event_twice),
		TEST(test_number_twice), TEST(test_counted_losses),
		TEST(test_rotated_away),
		TEST(test_lost_at_the_end), TEST(test_cut_recording),
		TEST(test_end_without_begin), TEST(test_begin_without_end), TEST(test_begin_twice),
		TEST(test_two_ends), TEST(test_still_running), TEST(test_started_late),
		TEST(test_gap_excuses),
		TEST(test_preserved_twice), TEST(test_root_preserved_twice),
		TEST(test_root_preserved_again),
		TEST(test_refused_preserve_is_no_preserve), TEST(test_changed_while_preserved),
		TEST(test_unpreserve_of_nothing), TEST(test_left_after_abort),
		TEST(test_live_records_after_abort), TEST(test_generation_must_grow),
		TEST(test_generation_may_start_again_after_the_flb),
		TEST(test_latency_differs), TEST(test_latency_missing), TEST(test_latency_computed),
		TEST(test_end_before_begin),
		TEST(test_restore_differs), TEST(test_empty_domain_restored),
		TEST(test_restore_of_nothing), TEST(test_restore_of_a_stale_generation),
		TEST(test_restore_after_unseen_preserve), TEST(test_retrieve_counts_others),
		TEST(test_retrieve_not_seen), TEST(test_no_restore),
		TEST(test_restored_twice),
		TEST(test_restore_refused), TEST(test_restore_refused_with_no_errno),
		TEST(test_restore_succeeds_at_last),
		TEST(test_refused_and_lost), TEST(test_flb_comes_too_late),
		TEST(test_restore_after_finish), TEST(test_undo_fails),
		TEST(test_page_freed), TEST(test_freed_is_not_told), TEST(test_complaints),
		TEST(test_deep), TEST(test_name), TEST(test_memory),
		TEST(test_deep_differs), TEST(test_deep_of_one_kernel),
		TEST(test_deep_without_the_old_kernel), TEST(test_deep_one_missing),
		TEST(test_gap_between_kernels), TEST(test_gap_unknown),
		TEST(test_two_recordings_of_one_boot), TEST(test_verdicts),
		TEST(test_many_details_are_counted),
		TEST(test_many_restores_take_linear_time),
		TEST(test_many_aborts_take_linear_time),
		TEST(test_many_findings_take_linear_time),
	};

	return cmocka_run_group_tests_name("analysis", tests, NULL, NULL);
}
