// SPDX-License-Identifier: GPL-2.0-only
/* Every rule of lutrace check: passes on what a sound kernel emits, breaks on what another does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judge/oracle.h"

#define P(op)	LUTRACE_OP_##op
#define SER(n)	(0x500000ull + (n) * 0x80ull)
#define ROOT(n)	(0x100000ull + (n) * 0x1000ull)
#define LATER	(1ull << 40)

static struct oracle *oracle;
static __u64 seq;
static size_t told;
static struct violation last;

static void on_violation(void *priv, const struct violation *v)
{
	(void)priv;
	told++;
	last = *v;
	assert_true(v->nr_events <= ORACLE_HISTORY + 1);
}

static int setup(void **state)
{
	(void)state;
	oracle = oracle__new(on_violation, NULL);
	seq = told = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	oracle__free(oracle);
	return 0;
}

/* @n: the domain; its root and tables follow from it. For the FLB: the domains that it holds. */
static struct lutrace_event make(__u32 op, __u32 phase, unsigned int n, __u64 generation, int ret)
{
	struct lutrace_event ev = {
		.op = op, .phase = phase, .seq = ++seq, .time_ns = seq * 1000, .ret = ret,
	};

	if (op >= P(FLB_PRESERVE)) {
		ev.nr_tables = n;
		return ev;
	}
	ev.ser_phys = SER(n);
	ev.generation = generation;
	if ((phase == LUTRACE_END && !ret) || op == P(UNPRESERVE)) {
		ev.top_phys = ROOT(n);
		ev.nr_tables = n + 3;
		ev.nr_bytes = ev.nr_tables * 4096;
		ev.format = 1;
	}
	return ev;
}

static void put(__u32 op, __u32 phase, unsigned int n, __u64 generation, int ret)
{
	struct lutrace_event ev = make(op, phase, n, generation, ret);

	oracle__event(oracle, &ev);
}

static void whole(__u32 op, unsigned int n, __u64 generation, int ret)
{
	put(op, LUTRACE_BEGIN, n, generation, 0);
	put(op, LUTRACE_END, n, generation, ret);
}

/* The rule has this verdict, and no other rule has anything to say. */
static void expect_only(int id, enum verdict verdict)
{
	const struct check *check;
	int i;

	oracle__end(oracle, LATER, 0);
	for (i = 0; i < NR_RULES; i++) {
		check = oracle__check(oracle, i);
		if (i == id && check->verdict != verdict)
			fail_msg("%s is %s", check->name, verdict__name(check->verdict));
		if (i != id && check->verdict > VERDICT_NOT_CHECKED &&
		    !(i == RULE_RESTORE && check->verdict == VERDICT_UNKNOWN))
			fail_msg("%s too: %s", check->name, check->details[0]);
	}
	assert_int_equal(told > 0, verdict == VERDICT_VIOLATION);
}

static void expect_clean(void)
{
	expect_only(NR_RULES, VERDICT_PASS);
}

static void start(void)
{
	whole(P(FLB_PRESERVE), 0, 0, 0);
	whole(P(PRESERVE), 0, 1, 0);
	whole(P(PRESERVE), 1, 2, 0);
}

static void retrieve(void)
{
	whole(P(FLB_RETRIEVE), 2, 0, 0);
}

/* Their recording missed nothing and ended properly, by the kernel's word at its end. */
static void expect_left(const struct preserved *left, size_t nr)
{
	struct previous previous = {
		.left = left, .nr_left = nr, .gapless = true, .ended = true, .last_generation = nr,
	};

	oracle__expect(oracle, &previous);
}

/* Preserves that overlap, abort, reuse of a slot, and a refused preserve. */
static void test_clean_old_kernel(void **state)
{
	(void)state;
	whole(P(FLB_PRESERVE), 0, 0, 0);
	put(P(PRESERVE), LUTRACE_BEGIN, 0, 1, 0);
	put(P(PRESERVE), LUTRACE_BEGIN, 1, 2, 0);
	put(P(PRESERVE), LUTRACE_END, 1, 2, 0);
	put(P(PRESERVE), LUTRACE_END, 0, 1, 0);
	whole(P(UNPRESERVE), 0, 1, 0);
	whole(P(PRESERVE), 0, 3, 0);
	whole(P(PRESERVE), 2, 4, -12);
	whole(P(PRESERVE), 2, 5, 0);
	whole(P(UNPRESERVE), 0, 3, 0);
	whole(P(UNPRESERVE), 1, 2, 0);
	whole(P(UNPRESERVE), 2, 5, 0);
	whole(P(FLB_UNPRESERVE), 0, 0, 0);
	start();
	expect_clean();
	assert_int_equal(oracle__check(oracle, RULE_ABORT)->verdict, VERDICT_PASS);
	assert_int_equal(oracle__check(oracle, RULE_FINISH)->verdict, VERDICT_NOT_CHECKED);
}

static const struct preserved *left(void)
{
	static struct preserved list[2];
	struct lutrace_event ev;
	int i;

	for (i = 0; i < 2; i++) {
		ev = make(P(PRESERVE), LUTRACE_END, i, i + 1, 0);
		list[i] = preserved__of(&ev);
	}
	seq = 0;
	return list;
}

static void test_clean_new_kernel(void **state)
{
	(void)state;
	expect_left(left(), 2);
	retrieve();
	whole(P(RESTORE), 0, 1, -12);
	whole(P(RESTORE), 0, 1, 0);
	whole(P(RESTORE), 1, 2, 0);
	whole(P(FLB_FINISH), 2, 0, 0);
	expect_clean();
	assert_int_equal(oracle__verdict(oracle), VERDICT_PASS);
}

static void test_pairs(void **state)
{
	(void)state;
	start();
	put(P(UNPRESERVE), LUTRACE_BEGIN, 0, 1, 0);
	put(P(UNPRESERVE), LUTRACE_BEGIN, 0, 1, 0);
	put(P(UNPRESERVE), LUTRACE_END, 0, 1, 0);
	expect_only(RULE_PAIRS, VERDICT_VIOLATION);
	assert_int_equal(last.ser_phys, SER(0));
	assert_int_equal(last.top_phys, ROOT(0));
	assert_int_equal(last.nr_events, 4);
}

static void test_no_end(void **state)
{
	(void)state;
	start();
	put(P(PRESERVE), LUTRACE_BEGIN, 2, 3, 0);
	expect_only(RULE_PAIRS, VERDICT_VIOLATION);
}

static void test_once_root(void **state)
{
	struct lutrace_event ev;

	(void)state;
	start();
	put(P(PRESERVE), LUTRACE_BEGIN, 2, 3, 0);
	ev = make(P(PRESERVE), LUTRACE_END, 2, 3, 0);
	ev.top_phys = ROOT(1);
	oracle__event(oracle, &ev);
	expect_only(RULE_ONCE, VERDICT_VIOLATION);
}

static void test_once_slot(void **state)
{
	struct lutrace_event ev;

	(void)state;
	start();
	put(P(PRESERVE), LUTRACE_BEGIN, 1, 3, 0);
	ev = make(P(PRESERVE), LUTRACE_END, 1, 3, 0);
	ev.top_phys = ROOT(9);
	oracle__event(oracle, &ev);
	expect_only(RULE_ONCE, VERDICT_VIOLATION);
}

/* A trace buffer has less at the begin of an unpreserve; the end is compared all the same. */
static void test_unchanged_untold(void **state)
{
	struct lutrace_event ev;

	(void)state;
	start();
	ev = make(P(UNPRESERVE), LUTRACE_BEGIN, 0, 1, 0);
	ev.top_phys = ev.nr_tables = ev.nr_bytes = ev.format = ev.top_level = 0;
	oracle__event(oracle, &ev);
	assert_int_equal(oracle__check(oracle, RULE_UNCHANGED)->verdict, VERDICT_PASS);
	ev = make(P(UNPRESERVE), LUTRACE_END, 0, 1, 0);
	ev.nr_tables++;
	oracle__event(oracle, &ev);
	expect_only(RULE_UNCHANGED, VERDICT_VIOLATION);
}

static void test_unchanged(void **state)
{
	struct lutrace_event ev;

	(void)state;
	start();
	put(P(UNPRESERVE), LUTRACE_BEGIN, 0, 1, 0);
	ev = make(P(UNPRESERVE), LUTRACE_END, 0, 1, 0);
	ev.nr_tables++;
	oracle__event(oracle, &ev);
	expect_only(RULE_UNCHANGED, VERDICT_VIOLATION);
}

static void test_unpreserve_of_nothing(void **state)
{
	(void)state;
	start();
	whole(P(UNPRESERVE), 5, 9, 0);
	expect_only(RULE_UNCHANGED, VERDICT_VIOLATION);
	assert_int_equal(told, 1);
}

static void test_abort(void **state)
{
	(void)state;
	start();
	whole(P(UNPRESERVE), 0, 1, 0);
	whole(P(FLB_UNPRESERVE), 0, 0, 0);
	expect_only(RULE_ABORT, VERDICT_VIOLATION);
	assert_int_equal(told, 1);
	assert_int_equal(last.ser_phys, SER(1));
}

static void test_abort_counted_by_kernel(void **state)
{
	(void)state;
	start();
	whole(P(UNPRESERVE), 0, 1, 0);
	whole(P(UNPRESERVE), 1, 2, 0);
	put(P(FLB_UNPRESERVE), LUTRACE_BEGIN, 1, 0, 0);
	put(P(FLB_UNPRESERVE), LUTRACE_END, 0, 0, 0);
	expect_only(RULE_ABORT, VERDICT_VIOLATION);
}

static void test_generation(void **state)
{
	(void)state;
	start();
	whole(P(UNPRESERVE), 1, 2, 0);
	whole(P(PRESERVE), 1, 2, 0);
	expect_only(RULE_GENERATION, VERDICT_VIOLATION);
}

/* Only once it was retrieved does this kernel know which there were in the other one. */
static void test_generation_handed_over(void **state)
{
	(void)state;
	expect_left(left(), 2);
	whole(P(FLB_PRESERVE), 0, 0, 0);
	whole(P(PRESERVE), 5, 1, 0);
	retrieve();
	whole(P(PRESERVE), 6, 3, 0);
	assert_int_equal(told, 0);
	whole(P(PRESERVE), 7, 2, 0);
	expect_only(RULE_GENERATION, VERDICT_VIOLATION);
}

static void test_undo(void **state)
{
	(void)state;
	start();
	whole(P(UNPRESERVE), 1, 2, -5);
	expect_only(RULE_UNDO, VERDICT_VIOLATION);
}

static void test_flb_missing(void **state)
{
	(void)state;
	whole(P(PRESERVE), 0, 1, 0);
	expect_only(RULE_FLB, VERDICT_VIOLATION);
}

static void test_flb_twice(void **state)
{
	(void)state;
	whole(P(FLB_PRESERVE), 0, 0, 0);
	whole(P(FLB_PRESERVE), 0, 0, 0);
	expect_only(RULE_FLB, VERDICT_VIOLATION);
}

static void test_flb_is_left(void **state)
{
	(void)state;
	assert_false(oracle__flb_is_empty(oracle));
	whole(P(FLB_PRESERVE), 0, 0, 0);
	assert_true(oracle__flb_is_empty(oracle));
	put(P(PRESERVE), LUTRACE_BEGIN, 0, 1, 0);
	assert_false(oracle__flb_is_empty(oracle));
	put(P(PRESERVE), LUTRACE_END, 0, 1, 0);
	assert_false(oracle__flb_is_empty(oracle));
	whole(P(UNPRESERVE), 0, 1, 0);
	assert_true(oracle__flb_is_empty(oracle));
	oracle__flb_is_left(oracle, 2);
	expect_only(RULE_FLB, VERDICT_VIOLATION);
}

/* Who cannot see sessions says so. */
static void test_flb_may_be_left(void **state)
{
	(void)state;
	whole(P(FLB_PRESERVE), 0, 0, 0);
	oracle__flb_may_be_left(oracle);
	expect_only(RULE_FLB, VERDICT_UNKNOWN);
}

/* The last session of the previous kernel is gone, and with it what holds its FLB. */
static void test_flb_not_finished(void **state)
{
	(void)state;
	assert_false(oracle__flb_is_incoming(oracle));
	retrieve();
	assert_true(oracle__flb_is_incoming(oracle));
	oracle__flb_not_finished(oracle, 2);
	expect_only(RULE_FLB, VERDICT_VIOLATION);
}

static void test_flb_finished(void **state)
{
	(void)state;
	retrieve();
	put(P(FLB_FINISH), LUTRACE_BEGIN, 0, 0, 0);
	assert_false(oracle__flb_is_incoming(oracle));
	put(P(FLB_FINISH), LUTRACE_END, 0, 0, 0);
	assert_false(oracle__flb_is_incoming(oracle));
	oracle__left_reserved(oracle, 1, 64, 0x1000);
	expect_only(RULE_FLB, VERDICT_VIOLATION);
}

/* What was not seen may be its finish. */
static void test_flb_is_not_known_to_be_incoming(void **state)
{
	(void)state;
	retrieve();
	seq++;
	whole(P(RESTORE), 0, 1, 0);
	assert_false(oracle__flb_is_incoming(oracle));
}

/* What was not seen may be a domain that is preserved. */
static void test_flb_is_not_known_to_be_empty(void **state)
{
	(void)state;
	seq = 10;
	whole(P(PRESERVE), 0, 1, 0);
	whole(P(UNPRESERVE), 0, 1, 0);
	assert_false(oracle__flb_is_empty(oracle));
	whole(P(FLB_UNPRESERVE), 0, 0, 0);
	assert_false(oracle__flb_is_empty(oracle));
	whole(P(FLB_PRESERVE), 0, 0, 0);
	assert_true(oracle__flb_is_empty(oracle));
	seq++;
	whole(P(PRESERVE), 0, 2, 0);
	whole(P(UNPRESERVE), 0, 2, 0);
	assert_false(oracle__flb_is_empty(oracle));
}

static void test_restore_differs(void **state)
{
	struct lutrace_event ev;

	(void)state;
	expect_left(left(), 2);
	retrieve();
	put(P(RESTORE), LUTRACE_BEGIN, 0, 1, 0);
	ev = make(P(RESTORE), LUTRACE_END, 0, 1, 0);
	ev.top_phys = ROOT(7);
	oracle__event(oracle, &ev);
	expect_only(RULE_RESTORE, VERDICT_VIOLATION);
}

static void test_restore_of_nothing(void **state)
{
	(void)state;
	expect_left(left(), 2);
	retrieve();
	whole(P(RESTORE), 0, 3, 0);
	expect_only(RULE_RESTORE, VERDICT_VIOLATION);
}

/* What the kernel finds in the FLB: that many domains, and the largest generation that was used. */
static void retrieve_told(unsigned int nr, __u64 generation)
{
	struct lutrace_event ev;

	put(P(FLB_RETRIEVE), LUTRACE_BEGIN, 0, 0, 0);
	ev = make(P(FLB_RETRIEVE), LUTRACE_END, nr, 0, 0);
	ev.generation = generation;
	oracle__event(oracle, &ev);
}

static struct previous previous_of(bool ended)
{
	return (struct previous){
		.left = left(), .nr_left = 2, .gapless = true, .ended = ended, .last_generation = 2,
		.unseen_ns = 9800000000,
	};
}

static void expect_detail(enum rule_id id, size_t i, const char *text)
{
	const char *detail = oracle__check(oracle, id)->details[i];

	if (!detail || !strstr(detail, text))
		fail_msg("%s says \"%s\", not \"%s\"", rule__name(id), detail, text);
}

/* Two more domains were preserved when the recording was over: nobody saw it, nobody did wrong. */
static void test_recording_ended_early(void **state)
{
	struct previous p = previous_of(true);
	unsigned int i;

	(void)state;
	oracle__expect(oracle, &p);
	whole(P(FLB_RETRIEVE), 4, 0, 0);
	for (i = 0; i < 4; i++)
		whole(P(RESTORE), i, i + 1, 0);
	whole(P(FLB_FINISH), 0, 0, 0);
	assert_false(oracle__previous_is_proven(oracle));
	expect_only(RULE_RESTORE, VERDICT_INCOMPLETE);
	expect_detail(RULE_RESTORE, 0, "found 4 live records, 2 are known to have been preserved");
	expect_detail(RULE_RESTORE, 1, "ended 9.800 s before the next one began: what was preserved "
		      "after that was not seen; 1 more like this");
}

/* So it is if nothing is restored. */
static void test_later_generation(void **state)
{
	struct previous p = previous_of(true);

	(void)state;
	oracle__expect(oracle, &p);
	retrieve_told(2, 3);
	expect_only(RULE_RESTORE, VERDICT_INCOMPLETE);
	expect_detail(RULE_RESTORE, 0, "it has generation 3, and 2 is the largest that was seen");
}

/* One was unpreserved and another preserved: the number is the same, the generation is not. */
static void test_generation_tells_of_the_end(void **state)
{
	struct previous p = previous_of(true);

	(void)state;
	oracle__expect(oracle, &p);
	retrieve_told(2, 3);
	assert_false(oracle__previous_is_proven(oracle));
	whole(P(RESTORE), 0, 1, 0);
	whole(P(RESTORE), 2, 3, 0);
	expect_only(RULE_RESTORE, VERDICT_INCOMPLETE);
}

/* A recording without an end has all if the kernel says that nothing came after it. */
static void test_cut_and_proven(void **state)
{
	struct previous p = previous_of(false);

	(void)state;
	oracle__expect(oracle, &p);
	retrieve_told(2, 2);
	assert_true(oracle__previous_is_proven(oracle));
	whole(P(RESTORE), 0, 1, 0);
	whole(P(RESTORE), 2, 3, 0);
	expect_only(RULE_RESTORE, VERDICT_VIOLATION);
	expect_detail(RULE_RESTORE, 0, "was not preserved at the end of the previous kernel");
}

static void test_cut_and_not_proven(void **state)
{
	struct previous p = previous_of(false);

	(void)state;
	oracle__expect(oracle, &p);
	retrieve();
	assert_false(oracle__previous_is_proven(oracle));
	whole(P(RESTORE), 0, 1, 0);
	whole(P(RESTORE), 2, 3, 0);
	expect_only(RULE_RESTORE, VERDICT_INCOMPLETE);
}

/* Its generation was used while all was seen, and by another slot. */
static void test_stranger_of_a_seen_generation(void **state)
{
	struct previous p = previous_of(true);

	(void)state;
	oracle__expect(oracle, &p);
	retrieve_told(4, 4);
	whole(P(RESTORE), 2, 2, 0);
	expect_only(RULE_RESTORE, VERDICT_VIOLATION);
}

/* Its preserve had begun when the recording ended: it is not among what was left, and no stranger. */
static void test_preserve_was_running(void **state)
{
	struct previous p = previous_of(true);

	(void)state;
	p.last_generation = p.running = 3;
	oracle__expect(oracle, &p);
	retrieve_told(2, 3);
	whole(P(RESTORE), 0, 1, 0);
	whole(P(RESTORE), 2, 3, 0);
	expect_only(RULE_RESTORE, VERDICT_INCOMPLETE);
}

static void test_preserve_was_running_and_counts(void **state)
{
	struct previous p = previous_of(true);

	(void)state;
	p.last_generation = p.running = 3;
	oracle__expect(oracle, &p);
	retrieve_told(3, 3);
	expect_only(RULE_RESTORE, VERDICT_INCOMPLETE);
}

static void test_what_is_running(void **state)
{
	(void)state;
	start();
	assert_int_equal(oracle__running(oracle), 0);
	put(P(PRESERVE), LUTRACE_BEGIN, 3, 8, 0);
	put(P(PRESERVE), LUTRACE_BEGIN, 4, 9, 0);
	assert_int_equal(oracle__running(oracle), 8);
	put(P(PRESERVE), LUTRACE_END, 3, 8, 0);
	assert_int_equal(oracle__running(oracle), 9);
}

static void test_stranger_after_a_gap(void **state)
{
	struct previous p = previous_of(true);

	(void)state;
	p.gapless = false;
	oracle__expect(oracle, &p);
	retrieve_told(2, 2);
	whole(P(RESTORE), 2, 2, 0);
	expect_only(RULE_RESTORE, VERDICT_INCOMPLETE);
	expect_detail(RULE_RESTORE, 0, "the recording of the previous kernel is not whole");
}

/* Fewer may have been unpreserved. More of no later generation cannot be, nor fewer if all was seen. */
static void retrieves_others(unsigned int nr, __u64 generation, bool reaches, enum verdict verdict)
{
	struct previous p = previous_of(true);

	p.reaches = reaches;
	oracle__expect(oracle, &p);
	retrieve_told(nr, generation);
	expect_only(RULE_RESTORE, verdict);
}

static void test_retrieve_counts_more(void **state)
{
	(void)state;
	retrieves_others(3, 2, false, VERDICT_VIOLATION);
}

static void test_retrieve_counts_more_untold(void **state)
{
	(void)state;
	retrieves_others(3, 0, false, VERDICT_INCOMPLETE);
}

static void test_retrieve_counts_fewer(void **state)
{
	(void)state;
	retrieves_others(1, 2, false, VERDICT_INCOMPLETE);
}

static void test_retrieve_counts_fewer_at_the_kexec(void **state)
{
	(void)state;
	retrieves_others(1, 2, true, VERDICT_VIOLATION);
}

static void test_generation_is_handed_over(void **state)
{
	struct previous p = previous_of(true);

	(void)state;
	oracle__expect(oracle, &p);
	retrieve_told(2, 1);
	expect_only(RULE_GENERATION, VERDICT_VIOLATION);
}

/* A part of the plan: what is left over is named, and no fault. */
static void test_given_up(void **state)
{
	(void)state;
	expect_left(left(), 2);
	retrieve();
	whole(P(RESTORE), 1, 2, 0);
	whole(P(FLB_FINISH), 0, 0, 0);
	expect_clean();
	expect_detail(RULE_RESTORE, 0, "1 of the 2 domains preserved at the end of the previous kernel "
		      "were not reclaimed and are given up");
	expect_detail(RULE_RESTORE, 1, "not reclaimed: record 0x");
	assert_int_equal(oracle__check(oracle, RULE_RESTORE)->nr_details, 2);
}

static void test_restore_unknown(void **state)
{
	(void)state;
	retrieve();
	whole(P(RESTORE), 0, 1, 0);
	expect_only(RULE_RESTORE, VERDICT_UNKNOWN);
	assert_int_equal(verdict__status(oracle__verdict(oracle)), 3);
}

static void test_restore_once(void **state)
{
	(void)state;
	retrieve();
	whole(P(RESTORE), 0, 1, 0);
	whole(P(RESTORE), 0, 1, 0);
	expect_only(RULE_RESTORE_ONCE, VERDICT_VIOLATION);
	assert_int_equal(told, 1);
}

/* What is told of one of the two, then. */
static struct name called(int i, enum name_at at, __u64 token)
{
	struct name name = { .ser_phys = SER(i), .generation = i + 1 };

	name.claims[at] = (struct claim){ .known = true, .session = "s", .hwpt_token = token };
	return name;
}

/* Of both, and twice; the same as the kernel before told, or the other's token. */
static void tell_names(enum name_at at, __u64 swap)
{
	struct name name;
	int i;

	for (i = 0; i < 4; i++) {
		name = called(i / 2, at, i / 2 ^ swap);
		oracle__name(oracle, &name);
	}
}

static void with_names(__u64 swap)
{
	struct names *before = names__new();
	struct name name;
	int i;

	for (i = 0; i < 2; i++) {
		name = called(i, NAME_PRESERVED, i);
		names__learn(before, &name);
	}
	expect_left(left(), 2);
	oracle__expect_names(oracle, before);
	retrieve();
	tell_names(NAME_PRESERVED, 1);		/* this kernel's own is not compared */
	assert_int_equal(oracle__tally(oracle, RULE_NAME)->subjects, 0);
	tell_names(NAME_RETRIEVED, swap);
	assert_int_equal(oracle__tally(oracle, RULE_NAME)->subjects, 2);
	assert_int_equal(told, swap ? 2 : 0);	/* at once, and once for each */
	whole(P(RESTORE), 0, 1, 0);
	whole(P(RESTORE), 1, 2, 0);
	whole(P(FLB_FINISH), 2, 0, 0);
	expect_only(RULE_NAME, swap ? VERDICT_VIOLATION : VERDICT_PASS);
	names__free(before);
}

static void test_same_name(void **state)
{
	(void)state;
	with_names(0);
}

static void test_names_swapped(void **state)
{
	(void)state;
	with_names(1);
	assert_int_equal(last.ser_phys, SER(1));
}

/* What the kernel tells of a name, or a walk finds, may come before the first event. */
static void test_known_before_events(void **state)
{
	struct name name = called(0, NAME_RETRIEVED, 0);
	struct lutrace_deep w = { .top_phys = ROOT(1), .took_ns = 1 };

	(void)state;
	name.claims[NAME_RETRIEVED].memory = (struct name_memory){ .known = true, .maps = true };
	oracle__name(oracle, &name);
	assert_int_equal(told, 1);
	oracle__deep(oracle, &w);
	retrieve();
	whole(P(RESTORE), 0, 1, 0);
	whole(P(RESTORE), 1, 2, 0);
	whole(P(FLB_FINISH), 2, 0, 0);
	assert_int_equal(told, 1);
	assert_int_equal(oracle__check(oracle, RULE_PAIRS)->verdict, VERDICT_PASS);
	assert_int_equal(oracle__check(oracle, RULE_RESTORE_ONCE)->verdict, VERDICT_PASS);
	assert_int_equal(oracle__check(oracle, RULE_FINISH)->verdict, VERDICT_PASS);
}

/* At once and once, whatever is told again; a kernel without memory to tell of is not judged. */
static void test_memory(void **state)
{
	struct name name = called(0, NAME_PRESERVED, 0);
	struct name_memory *m = &name.claims[NAME_PRESERVED].memory;

	(void)state;
	whole(P(FLB_PRESERVE), 0, 0, 0);
	whole(P(PRESERVE), 0, 1, 0);
	oracle__name(oracle, &name);
	assert_int_equal(oracle__tally(oracle, RULE_MEMORY)->subjects, 0);
	*m = (struct name_memory){ .known = true, .maps = true, .pinned = true, .compared = 3,
				   .frozen = 1, .sharers = 1 };
	oracle__name(oracle, &name);
	assert_int_equal(told, 0);
	m->compared = 0;
	oracle__name(oracle, &name);
	oracle__name(oracle, &name);
	assert_int_equal(told, 1);
	assert_int_equal(last.ser_phys, SER(0));
	assert_int_equal(oracle__tally(oracle, RULE_MEMORY)->subjects, 1);
	expect_only(RULE_MEMORY, VERDICT_VIOLATION);
}

/* What nobody handed over, or is gone, can be asked for, and nothing comes of it. */
static void test_restore_refused_alone(void **state)
{
	(void)state;
	whole(P(RESTORE), 0, 1, -2);
	expect_only(RULE_RESTORE_ERROR, VERDICT_VIOLATION);
}

static void test_restore_refused_after_finish(void **state)
{
	(void)state;
	retrieve();
	whole(P(FLB_FINISH), 2, 0, 0);
	put(P(RESTORE), LUTRACE_BEGIN, 0, 1, 0);
	assert_int_equal(told, 1);
	assert_string_equal(last.rule, "finish");
}

static void test_restore_error(void **state)
{
	(void)state;
	retrieve();
	whole(P(RESTORE), 0, 1, -74);
	assert_int_equal(told, 0);
	put(P(FLB_FINISH), LUTRACE_BEGIN, 2, 0, 0);
	assert_int_equal(told, 1);	/* at once, not at the end */
	put(P(FLB_FINISH), LUTRACE_END, 2, 0, 0);
	expect_only(RULE_RESTORE_ERROR, VERDICT_VIOLATION);
}

static void test_restore_error_at_the_end(void **state)
{
	(void)state;
	retrieve();
	whole(P(RESTORE), 0, 1, -74);
	expect_only(RULE_RESTORE_ERROR, VERDICT_VIOLATION);
}

static void test_retrieve_refused(void **state)
{
	(void)state;
	whole(P(FLB_RETRIEVE), 0, 0, -74);
	whole(P(FLB_RETRIEVE), 0, 0, -74);
	assert_int_equal(told, 0);
	expect_only(RULE_RESTORE_ERROR, VERDICT_VIOLATION);
	assert_non_null(strstr(oracle__check(oracle, RULE_RESTORE_ERROR)->details[0], "(-74)"));
}

static void test_retrieve_refused_once(void **state)
{
	(void)state;
	whole(P(FLB_RETRIEVE), 0, 0, -12);
	retrieve();
	whole(P(FLB_FINISH), 2, 0, 0);
	expect_clean();
}

static void test_restore_after_finish(void **state)
{
	(void)state;
	retrieve();
	whole(P(FLB_FINISH), 2, 0, 0);
	whole(P(RESTORE), 0, 1, 0);
	expect_only(RULE_FINISH, VERDICT_VIOLATION);
}

static void test_finish_within_restore(void **state)
{
	(void)state;
	retrieve();
	put(P(RESTORE), LUTRACE_BEGIN, 0, 1, 0);
	put(P(FLB_FINISH), LUTRACE_BEGIN, 2, 0, 0);
	assert_int_equal(told, 1);
	assert_string_equal(last.rule, "finish");
}

static void test_finish_twice(void **state)
{
	(void)state;
	retrieve();
	whole(P(FLB_FINISH), 2, 0, 0);
	whole(P(FLB_FINISH), 2, 0, 0);
	expect_only(RULE_FINISH, VERDICT_VIOLATION);
}

/* What was preserved before is unknown, and no violation. */
static void test_attached_late(void **state)
{
	(void)state;
	seq = 100;
	whole(P(UNPRESERVE), 0, 1, 0);
	whole(P(UNPRESERVE), 1, 2, 0);
	oracle__end(oracle, LATER, 0);
	assert_int_equal(told, 0);
	assert_int_equal(oracle__check(oracle, RULE_UNCHANGED)->verdict, VERDICT_UNKNOWN);
	assert_int_equal(oracle__tally(oracle, RULE_UNCHANGED)->unknown, 2);
	assert_int_equal(verdict__status(oracle__verdict(oracle)), 3);
}

/* Attached between two updates: all of the next one is seen. */
static void test_attached_when_idle(void **state)
{
	(void)state;
	seq = 100;
	start();
	expect_clean();
}

/* But what contradicts what was seen since is one, and so is what no past explains. */
static void test_attached_late_and_broken(void **state)
{
	(void)state;
	seq = 100;
	whole(P(FLB_UNPRESERVE), 0, 0, 0);
	start();
	whole(P(UNPRESERVE), 4, 1, 0);
	oracle__end(oracle, LATER, 0);
	assert_int_equal(oracle__check(oracle, RULE_UNCHANGED)->verdict, VERDICT_VIOLATION);
}

static void test_gap(void **state)
{
	(void)state;
	start();
	seq += 2;	/* an unpreserve */
	whole(P(UNPRESERVE), 1, 2, 0);
	put(P(UNPRESERVE), LUTRACE_END, 0, 1, 0);
	oracle__end(oracle, LATER, 0);
	assert_int_equal(told, 0);
	assert_int_equal(oracle__check(oracle, RULE_LOSS)->verdict, VERDICT_INCOMPLETE);
	assert_int_equal(oracle__check(oracle, RULE_PAIRS)->verdict, VERDICT_INCOMPLETE);
	assert_int_equal(verdict__status(oracle__verdict(oracle)), 3);
}

static void test_counted_loss(void **state)
{
	(void)state;
	start();
	put(P(PRESERVE), LUTRACE_BEGIN, 2, 3, 0);
	oracle__end(oracle, LATER, 1);
	assert_int_equal(told, 0);
	assert_int_equal(oracle__verdict(oracle), VERDICT_INCOMPLETE);
}

/* Whether a refused restore succeeded before the check began is not known. */
static void test_refused_attached_late(void **state)
{
	(void)state;
	seq = 100;
	whole(P(RESTORE), 0, 1, -74);
	oracle__end(oracle, LATER, 0);
	assert_int_equal(told, 0);
	assert_int_equal(oracle__check(oracle, RULE_RESTORE_ERROR)->verdict, VERDICT_UNKNOWN);
}

/* Objects that come between two gaps, and what each of them makes possible. */
static void test_gaps_add_up(void **state)
{
	(void)state;
	start();
	seq += 1;
	whole(P(PRESERVE), 2, 3, 0);
	seq += 1;
	/* Both unpreserves of domain 0 were lost: one gap alone does not explain it. */
	whole(P(PRESERVE), 0, 4, 0);
	oracle__end(oracle, LATER, 0);
	assert_int_equal(told, 0);
	assert_int_equal(oracle__check(oracle, RULE_ONCE)->verdict, VERDICT_INCOMPLETE);
	assert_int_equal(oracle__missing(oracle), 2);
}

/* A gap explains what one lost event does, and that only until the next event. */
static void test_gap_explains_once(void **state)
{
	(void)state;
	start();
	seq += 1;
	whole(P(UNPRESERVE), 0, 1, 0);
	whole(P(UNPRESERVE), 0, 1, 0);
	oracle__end(oracle, LATER, 0);
	assert_int_equal(oracle__check(oracle, RULE_UNCHANGED)->verdict, VERDICT_VIOLATION);
}

static void test_freed(void **state)
{
	struct lutrace_freed freed = { .phys = ROOT(1), .size = 4096 };

	(void)state;
	oracle__watch_freed(oracle);
	start();
	assert_int_equal(told, 0);
	oracle__freed(oracle, &freed);
	assert_int_equal(told, 1);
	assert_string_equal(last.rule, "freed");
	assert_int_equal(last.ser_phys, SER(1));
	freed.phys = 0xabc000;
	oracle__freed(oracle, &freed);
	assert_int_equal(told, 2);
	assert_int_equal(last.ser_phys, 0);
	expect_only(RULE_FREED, VERDICT_VIOLATION);
}

static void test_complaints(void **state)
{
	struct lutrace_complaint c = { .text = "iommu: liveupdate: a record refused: field 0x1" };

	(void)state;
	oracle__watch_klog(oracle);
	start();
	oracle__complaint(oracle, &c);
	assert_int_equal(told, 1);
	assert_string_equal(last.rule, "kernel");
	assert_int_equal(last.ser_phys, 0);
	expect_only(RULE_KERNEL, VERDICT_VIOLATION);
}

static void test_complaints_lost(void **state)
{
	struct lutrace_complaint c = { .lost = 5 };

	(void)state;
	start();
	oracle__complaint(oracle, &c);
	assert_int_equal(told, 0);
	expect_only(RULE_KERNEL, VERDICT_INCOMPLETE);
}

static void test_no_complaints(void **state)
{
	(void)state;
	oracle__watch_klog(oracle);
	start();
	expect_only(RULE_KERNEL, VERDICT_PASS);
	assert_string_equal(oracle__check(oracle, RULE_KERNEL)->summary, "0 errors; the log of 1 of 1 kernels was read");
}

static void test_freed_is_told_and_was_not(void **state)
{
	(void)state;
	oracle__watch_freed(oracle);
	start();
	expect_clean();
	assert_int_equal(oracle__check(oracle, RULE_FREED)->verdict, VERDICT_PASS);
}

/* Walks of page tables */

/* What a walk of domain @n sees if all is well; @generation 0: it was reclaimed. */
static struct lutrace_deep walk_of(unsigned int n, __u64 generation)
{
	struct lutrace_deep w = {
		.token = n + 1, .top_phys = ROOT(n), .format = 1, .took_ns = 1,
		.levels = { { n + 3, 7, 0x1111 * (n + 1) } },
	};

	if (!generation)
		return w;
	w.ser_phys = SER(n);
	w.generation = generation;
	w.said_top_phys = ROOT(n);
	w.said_tables = n + 3;
	w.said_bytes = 4096 * (n + 3);
	w.said_format = 1;
	return w;
}

static void put_walk(struct lutrace_deep w)
{
	oracle__deep(oracle, &w);
}

static void start_walked(void)
{
	oracle__watch_deep(oracle, NULL);
	start();
	put_walk(walk_of(0, 1));
	put_walk(walk_of(1, 2));
}

static void test_deep(void **state)
{
	struct lutrace_deep *walks;
	size_t nr;

	(void)state;
	start_walked();
	put_walk(walk_of(0, 1));
	walks = oracle__walks(oracle, &nr);
	assert_int_equal(nr, 2);
	free(walks);
	whole(P(UNPRESERVE), 0, 1, 0);
	walks = oracle__walks(oracle, &nr);
	assert_int_equal(nr, 1);
	assert_int_equal(walks[0].ser_phys, SER(1));
	free(walks);
	expect_clean();
	assert_int_equal(oracle__check(oracle, RULE_DEEP)->verdict, VERDICT_PASS);
}

static void test_deep_changed(void **state)
{
	struct lutrace_deep w = walk_of(1, 2);

	(void)state;
	start_walked();
	w.levels[0].digest++;
	put_walk(w);
	assert_int_equal(told, 1);
	assert_int_equal(last.ser_phys, SER(1));
	/* It is told once, however often it is walked again */
	put_walk(w);
	assert_int_equal(told, 1);
	expect_only(RULE_DEEP, VERDICT_VIOLATION);
}

/* The record says what its event said, and neither is what the table is: a stale root, a wrong level. */
static void test_deep_record_is_wrong(void **state)
{
	struct lutrace_deep w = walk_of(0, 1);

	(void)state;
	start();
	w.top_phys = 0xaaa000;
	put_walk(w);
	assert_int_equal(told, 2);	/* against its record, and against its event */
	w = walk_of(1, 2);
	w.top_level = 1;
	put_walk(w);
	assert_int_equal(told, 4);
	expect_only(RULE_DEEP, VERDICT_VIOLATION);
}

static void test_deep_not_kept(void **state)
{
	struct lutrace_deep w = walk_of(0, 1);

	(void)state;
	start();
	w.unkept = 1;
	put_walk(w);
	assert_int_equal(told, 1);
	expect_only(RULE_DEEP, VERDICT_VIOLATION);
}

/* What KHO keeps of a domain that is not preserved belongs to nobody, unless an event of it was lost. */
static void test_deep_kept_for_nobody(void **state)
{
	struct lutrace_deep w = walk_of(0, 0);

	(void)state;
	start_walked();
	w.flags = DEEP_UNPRESERVED;
	put_walk(w);
	assert_int_equal(told, 0);
	w.unkept = 2;
	put_walk(w);
	assert_int_equal(told, 1);
	expect_only(RULE_DEEP, VERDICT_VIOLATION);
}

static void test_deep_kept_after_a_gap(void **state)
{
	struct lutrace_deep w = walk_of(0, 0);

	(void)state;
	start_walked();
	seq += 2;
	whole(P(UNPRESERVE), 1, 2, 0);
	w.flags = DEEP_UNPRESERVED;
	w.unkept = 2;
	put_walk(w);
	assert_int_equal(told, 0);
}

static void test_deep_stale(void **state)
{
	struct lutrace_deep w = walk_of(0, 1);

	(void)state;
	start_walked();
	w.stale = 1;
	put_walk(w);
	assert_int_equal(told, 1);
	expect_only(RULE_DEEP, VERDICT_VIOLATION);
}

/* It says what was compared, and what leads elsewhere */
static void test_deep_contents(void **state)
{
	struct lutrace_deep w = walk_of(0, 1);

	(void)state;
	start_walked();
	w.flags |= DEEP_CONTENTS;
	put_walk(w);
	assert_int_equal(told, 0);
	w.flags |= DEEP_ELSEWHERE;
	w.bad = 3;
	w.bad_entry = 0x1006000;
	w.bad_phys = 0x185e000;
	put_walk(w);
	assert_int_equal(told, 1);
	assert_non_null(strstr(last.text, "in 3 places it does not lead to the memfds of its session, the first "
				"at IOVA 0x1006000, from where it leads to 0x185e000"));
	expect_only(RULE_DEEP, VERDICT_VIOLATION);
}

static void test_deep_counted(void **state)
{
	(void)state;
	start_walked();
	oracle__counted(oracle, 7, 7);
	assert_int_equal(told, 0);
	oracle__counted(oracle, 7, 6);
	assert_int_equal(told, 1);
	expect_only(RULE_DEEP, VERDICT_VIOLATION);
}

static void test_deep_not_walked(void **state)
{
	(void)state;
	oracle__watch_deep(oracle, NULL);
	start();
	put_walk(walk_of(0, 1));
	expect_only(RULE_DEEP, VERDICT_INCOMPLETE);
}

/* One cause is one line with a count; who is counted as undecided stays. */
static void test_alike(void **state)
{
	const struct check *check = oracle__check(oracle, RULE_DEEP);

	(void)state;
	oracle__watch_deep(oracle, NULL);
	whole(P(FLB_PRESERVE), 0, 0, 0);
	whole(P(PRESERVE), 0, 1, 0);
	whole(P(PRESERVE), 1, 2, 0);
	whole(P(PRESERVE), 2, 3, 0);
	expect_only(RULE_DEEP, VERDICT_INCOMPLETE);
	assert_int_equal(check->nr_details, 1);
	assert_non_null(strstr(check->details[0], "was not walked; 2 more like this"));
	assert_int_equal(oracle__tally(oracle, RULE_DEEP)->unknown, 3);
	assert_non_null(strstr(check->summary, "; 3 could not be decided"));
}

/* What one rule looked at in two kernels is told as of both. */
static void test_tallies_add_up(void **state)
{
	struct tally sum = { 0 };
	char *summary;

	(void)state;
	oracle__watch_freed(oracle);
	start();
	expect_clean();
	tally__add(&sum, oracle__tally(oracle, RULE_FREED));
	tally__add(&sum, oracle__tally(oracle, RULE_FREED));
	summary = rule__summary(RULE_FREED, &sum);
	assert_string_equal(summary, "0 pages; tracepoint present in 2 of 2 kernels");
	free(summary);
}

/* The table has words for each rule, and no two of one name. */
static void test_rules(void **state)
{
	int id;

	(void)state;
	for (id = 0; id < NR_RULES; id++) {
		assert_int_equal(rule__by_name(rule__name(id)), id);
		assert_non_null(rule__title(id));
	}
	assert_int_equal(rule__by_name("nothing"), NR_RULES);
}

static void test_deep_cannot(void **state)
{
	(void)state;
	oracle__watch_deep(oracle, "locked down");
	start();
	expect_only(RULE_DEEP, VERDICT_INCOMPLETE);
}

/* One that is given up at once is in no live update; if none was seen it says nothing of any. */
static void test_deep_gone(void **state)
{
	(void)state;
	oracle__watch_deep(oracle, NULL);
	start();
	whole(P(UNPRESERVE), 0, 1, 0);
	put_walk(walk_of(1, 2));
	whole(P(UNPRESERVE), 1, 2, 0);
	expect_clean();
}

static void test_deep_all_gone(void **state)
{
	(void)state;
	oracle__watch_deep(oracle, NULL);
	start();
	whole(P(UNPRESERVE), 0, 1, 0);
	whole(P(UNPRESERVE), 1, 2, 0);
	expect_only(RULE_DEEP, VERDICT_INCOMPLETE);
}

/* Its preserve was before the first event, and the walk tells of it. */
static void test_deep_attached_late(void **state)
{
	struct lutrace_deep *walks;
	size_t nr;

	(void)state;
	seq = 10;
	oracle__watch_deep(oracle, NULL);
	put_walk(walk_of(0, 1));
	walks = oracle__walks(oracle, &nr);
	assert_int_equal(nr, 1);
	free(walks);
	whole(P(UNPRESERVE), 0, 1, 0);
	/* This one came when it was given up */
	put_walk(walk_of(0, 1));
	expect_clean();
	assert_int_equal(oracle__check(oracle, RULE_UNCHANGED)->verdict, VERDICT_PASS);
}

static struct preserved left_before[2];
static struct lutrace_deep walks_before[2];

/* Both domains were preserved by the kernel before, and walked. */
static void begin_next_kernel(void)
{
	unsigned int n;
	struct lutrace_event ev;

	for (n = 0; n < 2; n++) {
		ev = make(P(PRESERVE), LUTRACE_END, n, n + 1, 0);
		left_before[n] = preserved__of(&ev);
		walks_before[n] = walk_of(n, n + 1);
	}
	seq = 0;
	expect_left(left_before, 2);
	oracle__expect_deep(oracle, walks_before, 2, true);
	oracle__watch_deep(oracle, NULL);
	retrieve();
	whole(P(RESTORE), 0, 1, 0);
	whole(P(RESTORE), 1, 2, 0);
}

static void test_deep_next_kernel(void **state)
{
	(void)state;
	begin_next_kernel();
	put_walk(walk_of(0, 0));
	put_walk(walk_of(1, 0));
	put_walk(walk_of(1, 0));
	whole(P(FLB_FINISH), 0, 0, 0);
	expect_clean();
	assert_int_equal(oracle__check(oracle, RULE_DEEP)->verdict, VERDICT_PASS);
}

/* A restore that the kernel calls a success left an entry out. */
static void test_deep_restore_differs(void **state)
{
	struct lutrace_deep w = walk_of(1, 0);

	(void)state;
	begin_next_kernel();
	put_walk(walk_of(0, 0));
	w.levels[0].leaves--;
	put_walk(w);
	assert_int_equal(told, 1);
	assert_non_null(strstr(last.text, "level 0 has 6 leaves, had 7"));
	expect_only(RULE_DEEP, VERDICT_VIOLATION);
}

/* Each HWPT has the table of the other one. */
static void test_deep_swapped(void **state)
{
	struct lutrace_deep w[2] = { walk_of(0, 0), walk_of(1, 0) };

	(void)state;
	begin_next_kernel();
	w[0].token = 2;
	w[1].token = 1;
	put_walk(w[0]);
	put_walk(w[1]);
	assert_int_equal(told, 2);
	expect_only(RULE_DEEP, VERDICT_VIOLATION);
}

/* Tokens are of an iommufd: two may have the same, and each is compared with its own. */
static void test_deep_same_token(void **state)
{
	struct lutrace_deep w = walk_of(1, 0);

	(void)state;
	begin_next_kernel();
	walks_before[1].token = w.token = 1;
	oracle__expect_deep(oracle, walks_before, 2, true);
	put_walk(walk_of(0, 0));
	put_walk(w);
	expect_clean();
}

/* It may be of a domain that was preserved when the recording was over. */
static void test_deep_ended_early(void **state)
{
	struct lutrace_deep w = walk_of(2, 0);
	struct previous p = previous_of(true);

	(void)state;
	begin_next_kernel();
	oracle__free(oracle);
	oracle = oracle__new(on_violation, NULL);
	seq = 0;
	oracle__expect(oracle, &p);
	oracle__expect_deep(oracle, walks_before, 2, true);
	oracle__watch_deep(oracle, NULL);
	retrieve_told(2, 3);
	whole(P(RESTORE), 2, 3, 0);
	w.token = walks_before[1].token;
	put_walk(w);
	w.token = 77;
	put_walk(w);
	oracle__end(oracle, LATER, 0);
	assert_int_equal(oracle__check(oracle, RULE_DEEP)->verdict, VERDICT_INCOMPLETE);
	expect_detail(RULE_DEEP, 0, "may be of another domain");
	assert_int_equal(told, 0);
}

static void test_deep_restore_is_not_walked(void **state)
{
	(void)state;
	begin_next_kernel();
	put_walk(walk_of(0, 0));
	expect_only(RULE_DEEP, VERDICT_INCOMPLETE);
}

/* The restore's own event does not say what was walked: the domain is gone before it can be. */
static void test_deep_restore_says_otherwise(void **state)
{
	(void)state;
	begin_next_kernel();
	walks_before[0].levels[0].tables++;
	oracle__free(oracle);
	oracle = oracle__new(on_violation, NULL);
	seq = 0;
	oracle__expect_deep(oracle, walks_before, 2, true);
	retrieve();
	whole(P(RESTORE), 0, 1, 0);
	assert_int_equal(told, 1);
	assert_string_equal(last.rule, "deep");
	assert_int_equal(last.ser_phys, SER(0));
	expect_only(RULE_DEEP, VERDICT_VIOLATION);
}

static void test_deep_root_of_no_restore(void **state)
{
	(void)state;
	begin_next_kernel();
	put_walk(walk_of(0, 0));
	put_walk(walk_of(1, 0));
	put_walk(walk_of(2, 0));
	assert_int_equal(told, 1);	/* no token had it */
	expect_only(RULE_DEEP, VERDICT_VIOLATION);
}

/* Of one that a token had there is that alone. */
static void test_deep_known_token_of_no_restore(void **state)
{
	struct lutrace_deep w = walk_of(2, 0);

	(void)state;
	begin_next_kernel();
	put_walk(walk_of(0, 0));
	put_walk(walk_of(1, 0));
	w.token = walks_before[1].token;
	put_walk(w);
	put_walk(w);
	oracle__end(oracle, LATER, 0);
	assert_int_equal(oracle__check(oracle, RULE_DEEP)->verdict, VERDICT_VIOLATION);
	assert_string_equal(last.rule, "deep");
}

/* The walk comes before the event that shows that others were lost, among them its restore. */
static void expect_restore_was_lost(__u64 lost)
{
	seq = 0;
	expect_left(left_before, 2);
	oracle__expect_deep(oracle, walks_before, 2, true);
	oracle__watch_deep(oracle, NULL);
	retrieve();
	put_walk(walk_of(0, 0));
	if (!lost) {
		seq += 2;
		whole(P(RESTORE), 1, 2, 0);
		put_walk(walk_of(1, 0));
	}
	oracle__end(oracle, LATER, lost);
	assert_int_equal(told, 0);
	assert_int_equal(oracle__check(oracle, RULE_LOSS)->verdict, VERDICT_INCOMPLETE);
	assert_true(oracle__check(oracle, RULE_DEEP)->verdict != VERDICT_VIOLATION);
}

static void test_deep_restore_was_lost(void **state)
{
	(void)state;
	begin_next_kernel();
	oracle__free(oracle);
	oracle = oracle__new(on_violation, NULL);
	expect_restore_was_lost(0);
	oracle__free(oracle);
	oracle = oracle__new(on_violation, NULL);
	expect_restore_was_lost(2);
}

/* Nothing is known of the kernel before. */
static void test_deep_without_before(void **state)
{
	(void)state;
	oracle__watch_deep(oracle, NULL);
	retrieve();
	whole(P(RESTORE), 0, 1, 0);
	put_walk(walk_of(0, 0));
	expect_only(RULE_DEEP, VERDICT_UNKNOWN);
}

static void test_what_is_left(void **state)
{
	struct preserved *list;
	size_t nr;

	(void)state;
	start();
	whole(P(PRESERVE), 2, 3, 0);
	whole(P(UNPRESERVE), 0, 1, 0);
	list = oracle__left(oracle, &nr);
	assert_int_equal(nr, 2);
	assert_int_equal(list[0].ser_phys, SER(1));
	assert_int_equal(list[1].top_phys, ROOT(2));
	free(list);
}

static void test_number_twice(void **state)
{
	(void)state;
	start();
	seq--;
	put(P(UNPRESERVE), LUTRACE_BEGIN, 0, 1, 0);
	expect_only(RULE_LOSS, VERDICT_VIOLATION);
}

static void test_nothing(void **state)
{
	(void)state;
	expect_only(RULE_LOSS, VERDICT_INCOMPLETE);
}

/* A change of the second domain alone is wanted. */
static enum selected about_second(void *priv, __u64 ser_phys, __u64 generation, __u32 pid,
				  struct name_text *name)
{
	(void)priv;
	(void)generation;
	(void)pid;
	if (name)
		strcpy(name->s, "session guest");
	return ser_phys == SER(1) ? SELECTED_YES : SELECTED_NO;
}

static void change(unsigned int n, __u64 generation)
{
	struct lutrace_event ev;

	whole(P(PRESERVE), n, generation, 0);
	ev = make(P(UNPRESERVE), LUTRACE_BEGIN, n, generation, 0);
	ev.nr_tables++;
	oracle__event(oracle, &ev);
	put(P(UNPRESERVE), LUTRACE_END, n, generation, 0);
}

static void test_only_what_is_wanted(void **state)
{
	(void)state;
	oracle__about(oracle, about_second, NULL);
	whole(P(FLB_PRESERVE), 0, 0, 0);
	change(0, 1);
	assert_int_equal(oracle__verdict(oracle), VERDICT_PASS);
	assert_int_equal(oracle__left_out(oracle), 1);
	change(1, 2);
	whole(P(FLB_UNPRESERVE), 0, 0, 0);
	expect_only(RULE_UNCHANGED, VERDICT_VIOLATION);
	assert_non_null(strstr(oracle__check(oracle, RULE_UNCHANGED)->details[0],
			       "(session guest)"));
	assert_int_equal(oracle__check(oracle, RULE_UNCHANGED)->nr_details, 1);
	/* So is what was looked at */
	assert_int_equal(oracle__tally(oracle, RULE_ONCE)->subjects, 1);
	assert_int_equal(oracle__tally(oracle, RULE_UNCHANGED)->subjects, 1);
}

/* What was preserved before the check began, and was listed */

static void list(unsigned int n, __u64 generation)
{
	struct preserved p = {
		.ser_phys = SER(n), .generation = generation, .top_phys = ROOT(n),
		.nr_tables = n + 3, .nr_bytes = (n + 3) * 4096ull, .format = 1,
	};

	oracle__listed(oracle, &p);
}

static void test_listed_is_known(void **state)
{
	(void)state;
	seq = 10;
	list(0, 1);
	list(1, 2);
	whole(P(UNPRESERVE), 0, 1, 0);
	whole(P(UNPRESERVE), 1, 2, 0);
	whole(P(PRESERVE), 0, 3, 0);
	whole(P(UNPRESERVE), 0, 3, 0);
	whole(P(FLB_UNPRESERVE), 0, 0, 0);
	expect_clean();
	assert_int_equal(oracle__tally(oracle, RULE_UNCHANGED)->unknown, 0);
	assert_int_equal(oracle__tally(oracle, RULE_FLB)->unknown, 0);
}

static void test_not_listed_is_unknown(void **state)
{
	(void)state;
	seq = 10;
	list(0, 1);
	whole(P(UNPRESERVE), 1, 2, 0);
	expect_only(RULE_UNCHANGED, VERDICT_UNKNOWN);
}

/* Another record than the one that was listed: it is compared as if its preserve had been seen. */
static void test_listed_changed(void **state)
{
	struct lutrace_event ev;

	(void)state;
	seq = 10;
	list(0, 1);
	ev = make(P(UNPRESERVE), LUTRACE_BEGIN, 0, 1, 0);
	ev.nr_tables++;
	oracle__event(oracle, &ev);
	put(P(UNPRESERVE), LUTRACE_END, 0, 1, 0);
	expect_only(RULE_UNCHANGED, VERDICT_VIOLATION);
}

static void test_listed_stays_after_abort(void **state)
{
	(void)state;
	seq = 10;
	list(0, 1);
	whole(P(FLB_UNPRESERVE), 0, 0, 0);
	expect_only(RULE_ABORT, VERDICT_VIOLATION);
}

static void test_listed_is_preserved_again(void **state)
{
	struct lutrace_event ev;

	(void)state;
	seq = 10;
	list(0, 1);
	put(P(PRESERVE), LUTRACE_BEGIN, 1, 2, 0);
	ev = make(P(PRESERVE), LUTRACE_END, 1, 2, 0);
	ev.top_phys = ROOT(0);
	oracle__event(oracle, &ev);
	expect_only(RULE_ONCE, VERDICT_VIOLATION);
}

/* Events that came between the attach and the list tell more than the list. */
static void test_listed_does_not_override(void **state)
{
	(void)state;
	seq = 10;
	whole(P(PRESERVE), 0, 1, 0);
	whole(P(UNPRESERVE), 0, 1, 0);
	list(0, 1);
	list(1, 2);
	whole(P(PRESERVE), 0, 3, 0);
	whole(P(UNPRESERVE), 1, 2, 0);
	whole(P(UNPRESERVE), 0, 3, 0);
	oracle__end(oracle, LATER, 0);
	assert_int_equal(told, 0);
	assert_int_equal(oracle__tally(oracle, RULE_ONCE)->unknown, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(clean_old_kernel), T(clean_new_kernel), T(pairs), T(no_end), T(once_root),
		T(once_slot), T(unchanged), T(unchanged_untold),
		T(unpreserve_of_nothing), T(abort),
		T(abort_counted_by_kernel), T(generation), T(generation_handed_over), T(undo),
		T(flb_missing), T(flb_twice), T(flb_is_left), T(flb_may_be_left), T(flb_is_not_known_to_be_empty),
		T(flb_not_finished), T(flb_finished), T(flb_is_not_known_to_be_incoming),
		T(restore_differs), T(restore_of_nothing), T(recording_ended_early),
		T(generation_tells_of_the_end), T(later_generation), T(cut_and_proven), T(cut_and_not_proven),
		T(stranger_of_a_seen_generation), T(stranger_after_a_gap), T(preserve_was_running),
		T(preserve_was_running_and_counts), T(what_is_running), T(retrieve_counts_more),
		T(retrieve_counts_more_untold), T(retrieve_counts_fewer),
		T(retrieve_counts_fewer_at_the_kexec), T(generation_is_handed_over), T(given_up),
		T(restore_unknown), T(restore_once), T(restore_error),
		T(restore_error_at_the_end), T(retrieve_refused), T(retrieve_refused_once),
		T(restore_after_finish), T(restore_refused_alone),
		T(restore_refused_after_finish), T(same_name), T(names_swapped), T(memory),
		T(known_before_events),
		T(finish_within_restore),
		T(finish_twice), T(attached_late), T(attached_when_idle),
		T(attached_late_and_broken), T(gap), T(counted_loss), T(number_twice), T(nothing),
		T(only_what_is_wanted), T(listed_is_known), T(not_listed_is_unknown), T(listed_changed),
		T(listed_stays_after_abort), T(listed_is_preserved_again),
		T(listed_does_not_override),
		T(refused_attached_late), T(gaps_add_up), T(gap_explains_once), T(freed),
		T(freed_is_told_and_was_not), T(complaints), T(complaints_lost),
		T(no_complaints), T(what_is_left),
		T(deep), T(deep_changed), T(deep_record_is_wrong), T(deep_not_kept),
		T(deep_kept_for_nobody), T(deep_kept_after_a_gap), T(deep_stale), T(deep_contents),
		T(deep_counted),
		T(deep_not_walked), T(deep_cannot), T(alike), T(tallies_add_up), T(rules), T(deep_gone), T(deep_all_gone),
		T(deep_attached_late),
		T(deep_next_kernel), T(deep_restore_differs), T(deep_swapped), T(deep_same_token),
		T(deep_restore_is_not_walked), T(deep_ended_early), T(deep_restore_says_otherwise),
		T(deep_root_of_no_restore), T(deep_known_token_of_no_restore),
		T(deep_restore_was_lost), T(deep_without_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
