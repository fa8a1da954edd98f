// SPDX-License-Identifier: GPL-2.0-only
/* Comparisons of two builds: what luperf(1) promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/types.h>

#include "bpf/events.h"
#include "lib/mem.h"
#include "luperf/compare/compare.h"

#define MOST 20

struct set {
	struct sample samples[MOST];
	size_t nr;
};

static struct set old, new;
static struct metrics metrics;
static struct comparison c;
static char *allowed[] = { "cpus" };

static struct sample *add(struct set *set)
{
	struct sample *s = &set->samples[set->nr++];

	*s = (struct sample){ .identity = xstrdup("x"), .commit = xstrdup(""), .branch = xstrdup(""),
			      .verdict = xstrdup("clean") };
	sample__add_finding(s, "loss", "clean", "");
	pairs__set(&s->facts, "cpus", "2");
	pairs__set(&s->facts, "old.release", set == &old ? "7.3.4" : "7.3.5");
	pairs__set(&s->facts, "old.cmdline", set == &old ? "BOOT_IMAGE=/a kho=on" : "kho=on initrd=/b");
	return s;
}

/* A live update in which one preserve took so long, and @errors others failed. */
static struct sample *add_latency(struct set *set, uint64_t ns, unsigned int errors)
{
	struct sample *s = add(set);
	struct value v = { .op = LUTRACE_OP_PRESERVE, .has_latency = true, .latency_ns = ns, .tables = 5,
			   .bytes = 20480 };

	sample__add_value(s, &v);
	v.result = -12;
	while (errors--)
		sample__add_value(s, &v);
	return s;
}

static void fill(struct set *set, size_t nr, uint64_t ns, unsigned int errors)
{
	while (nr--)
		add_latency(set, ns, errors);
}

static void forget(void)
{
	comparison__free(&c);
	while (old.nr)
		sample__free(&old.samples[--old.nr]);
	while (new.nr)
		sample__free(&new.samples[--new.nr]);
}

static void compare(size_t nr_allowed)
{
	struct compare_options how = { COMPARE_Q, &metrics, allowed, nr_allowed };

	comparison__make(&c, old.samples, old.nr, new.samples, new.nr, &how);
}

static const struct row *row(const char *name)
{
	size_t i;

	for (i = 0; i < c.nr_rows; i++)
		if (!strcmp(c.rows[i].metric->name, name))
			return &c.rows[i];
	fail_msg("there is no metric %s", name);
	return NULL;
}

static void expect(const char *name, enum row_verdict verdict, enum answer answer)
{
	if (row(name)->verdict != verdict || c.answer != answer)
		fail_msg("%s: %s, and the answer is \"%s\"", name, row_verdict__name(row(name)->verdict),
			 answer__name(c.answer));
}

static void test_regression(void **state)
{
	(void)state;
	fill(&old, 5, 100000, 0);
	fill(&new, 5, 110000, 0);
	compare(0);
	expect("preserve.p50", ROW_REGRESSION, ANSWER_REGRESSION);
	assert_int_equal(row("preserve.p50")->nr_old, 5);
	assert_true(row("preserve.p50")->test.p * 252 > 1.9999 && row("preserve.p50")->test.p * 252 < 2.0001);
	assert_true(row("preserve.p50")->shift.estimate == 10000);
	expect("tables", ROW_EQUAL, ANSWER_REGRESSION);
	expect("restore.p50", ROW_NEITHER, ANSWER_REGRESSION);
	assert_int_equal(answer__status(c.answer), 2);
	forget();
	/* The other way round it is better, and nothing is worse */
	fill(&old, 5, 110000, 0);
	fill(&new, 5, 100000, 0);
	compare(0);
	expect("preserve.p50", ROW_IMPROVEMENT, ANSWER_NONE);
	assert_int_equal(answer__status(c.answer), 0);
	forget();
}

static void test_too_few(void **state)
{
	size_t i;

	(void)state;
	fill(&old, 3, 100000, 0);
	fill(&new, 3, 110000, 0);
	compare(0);
	expect("preserve.p50", ROW_TOO_FEW, ANSWER_UNKNOWN);
	assert_int_equal(row("preserve.p50")->needed, 5);
	assert_int_equal(answer__status(c.answer), 3);
	forget();
	/* Many on one side do not help the other */
	fill(&old, 10, 100000, 0);
	fill(&new, 2, 110000, 0);
	compare(0);
	expect("preserve.p50", ROW_TOO_FEW, ANSWER_UNKNOWN);
	forget();
	/* One that differs among equal ones is no evidence, and enough were there to say so */
	for (i = 0; i < 10; i++) {
		add_latency(&old, 100000, 0);
		add_latency(&new, i ? 100000 : 200000, 0);
	}
	compare(0);
	expect("preserve.p50", ROW_NO_DIFFERENCE, ANSWER_NONE);
	forget();
}

static void test_limits(void **state)
{
	(void)state;
	fill(&old, 5, 100000, 0);
	fill(&new, 5, 100100, 0);
	compare(0);
	expect("preserve.p50", ROW_SMALL, ANSWER_NONE);
	forget();
	/* Less than the relative limit, and more than the absolute one */
	fill(&old, 5, 100000, 0);
	fill(&new, 5, 101000, 0);
	compare(0);
	expect("preserve.p50", ROW_SMALL, ANSWER_NONE);
	forget();
	/* From nothing there is no relative change */
	fill(&old, 5, 100000, 0);
	fill(&new, 5, 100000, 1);
	compare(0);
	expect("errors", ROW_REGRESSION, ANSWER_REGRESSION);
	expect("preserve.p50", ROW_EQUAL, ANSWER_REGRESSION);
	forget();
}

static void test_equal(void **state)
{
	(void)state;
	fill(&old, 5, 100000, 2);
	fill(&new, 5, 100000, 2);
	compare(0);
	expect("preserve.p50", ROW_EQUAL, ANSWER_NONE);
	assert_true(row("preserve.p50")->test.p == 1);
	forget();
	/* So few say nothing, however equal they are */
	fill(&old, 1, 100000, 2);
	fill(&new, 1, 100000, 2);
	compare(0);
	expect("preserve.p50", ROW_TOO_FEW, ANSWER_UNKNOWN);
	assert_int_equal(row("preserve.p50")->needed, 5);
	forget();
}

static void test_one_side(void **state)
{
	size_t i;

	(void)state;
	fill(&old, 5, 100000, 0);
	fill(&new, 5, 100000, 0);
	for (i = 0; i < 5; i++)
		sample__add_quantity(&new.samples[i], "gap_ns", 1000);
	compare(0);
	expect("gap", ROW_ONE_SIDE, ANSWER_NONE);
	forget();
	/* What only the old ones have is not known of the new ones */
	fill(&old, 5, 100000, 0);
	fill(&new, 5, 100000, 0);
	for (i = 0; i < 5; i++)
		sample__add_quantity(&old.samples[i], "gap_ns", 1000);
	compare(0);
	expect("gap", ROW_ONE_SIDE, ANSWER_UNKNOWN);
	forget();
	/* With nothing on both sides nothing was seen */
	add(&old);
	add(&new);
	compare(0);
	expect("gap", ROW_NEITHER, ANSWER_UNKNOWN);
	forget();
}

static void test_what_is_not_whole(void **state)
{
	struct value v = { .op = LUTRACE_OP_PRESERVE };

	(void)state;
	fill(&old, 4, 100000, 0);
	fill(&new, 6, 110000, 0);
	free(new.samples[0].findings[0].verdict);
	new.samples[0].findings[0].verdict = xstrdup("incomplete");
	sample__add_value(&new.samples[3], &v);
	compare(0);
	assert_int_equal(c.nr_left_out, 2);
	assert_int_equal(c.nr_new, 4);
	assert_int_equal(c.left_out[0].sample, 0);
	assert_true(c.left_out[1].is_new && c.left_out[1].sample == 3);
	assert_non_null(strstr(c.left_out[0].why, "loss"));
	assert_non_null(strstr(c.left_out[1].why, "preserve"));
	expect("preserve.p50", ROW_TOO_FEW, ANSWER_UNKNOWN);
	forget();
}

static void test_facts(void **state)
{
	(void)state;
	fill(&old, 5, 100000, 0);
	fill(&new, 5, 110000, 0);
	pairs__set(&new.samples[2].facts, "cpus", "4");
	compare(0);
	assert_int_equal(c.nr_differences, 1);
	assert_string_equal(c.differences[0].name, "cpus");
	assert_string_equal(c.differences[0].new, "2, 4");
	assert_int_equal(c.answer, ANSWER_UNKNOWN);
	comparison__free(&c);
	compare(1);
	assert_true(c.differences[0].allowed);
	assert_int_equal(c.answer, ANSWER_REGRESSION);
	forget();
	/* One that only some know differs too; other words of the command line do */
	fill(&old, 5, 100000, 0);
	fill(&new, 5, 110000, 0);
	pairs__set(&new.samples[0].facts, "hypervisor", "KVMKVMKVM");
	pairs__set(&old.samples[0].facts, "old.cmdline", "kho=on intel_iommu=on");
	pairs__set(&new.samples[0].facts, "new.config", "1");
	compare(0);
	assert_int_equal(c.nr_differences, 2);
	comparison__free(&c);
	/* Of a build it is only what is called so */
	pairs__set(&new.samples[0].facts, "firmware.version", "1");
	compare(0);
	assert_int_equal(c.nr_differences, 3);
	assert_string_equal(c.differences[0].name, "old.cmdline");
	assert_string_equal(c.differences[0].old, "intel_iommu=on, no other words");
	assert_string_equal(c.differences[0].new, "no other words");
	assert_string_equal(c.differences[1].old, "not known");
	forget();
}

static void test_violation(void **state)
{
	(void)state;
	fill(&old, 5, 100000, 0);
	fill(&new, 5, 100000, 0);
	free(new.samples[4].verdict);
	new.samples[4].verdict = xstrdup("violation");
	compare(0);
	assert_int_equal(c.new_violations, 1);
	assert_int_equal(c.answer, ANSWER_REGRESSION);
	forget();
	/* It was there before: no new build is blamed for it */
	fill(&old, 5, 100000, 0);
	fill(&new, 5, 100000, 0);
	free(old.samples[4].verdict);
	old.samples[4].verdict = xstrdup("violation");
	compare(0);
	assert_int_equal(c.answer, ANSWER_NONE);
	forget();
}

/* Nearly normal, of deviation 1 */
static double noise(void)
{
	double sum = -6;
	int i;

	for (i = 0; i < 12; i++)
		sum += (double)rand() / RAND_MAX;
	return sum;
}

/* As live updates are: each operation a little apart, a whole live update slower or faster, some far off */
static void add_noisy(struct set *set, double factor, double deviation, bool outliers)
{
	struct sample *s = add(set);
	double whole = 1 + deviation * noise();
	struct value v = { .has_latency = true, .tables = 10 };
	int i;

	if (outliers && rand() % 20 == 0)
		whole *= 1.5;
	for (i = 0; i < 24; i++) {
		v.kernel = i % 2 ? KERNEL_NEW : KERNEL_OLD;
		v.op = i % 2 ? LUTRACE_OP_RESTORE : i % 4 ? LUTRACE_OP_UNPRESERVE : LUTRACE_OP_PRESERVE;
		v.latency_ns = 100000 * whole * (v.op == LUTRACE_OP_PRESERVE ? factor : 1) * (1 + 0.02 * noise());
		sample__add_value(s, &v);
	}
}

/* Of @runs comparisons of 10 and 10 live updates, how many answer with a regression. */
static unsigned int count_regressions(unsigned int runs, double factor, double deviation, bool outliers)
{
	unsigned int found = 0, i, k;

	for (i = 0; i < runs; i++) {
		for (k = 0; k < 10; k++) {
			add_noisy(&old, 1, deviation, outliers);
			add_noisy(&new, factor, deviation, outliers);
		}
		compare(0);
		found += c.answer == ANSWER_REGRESSION;
		forget();
	}
	print_message("# %u of %u comparisons with a factor of %g and a deviation of %g%s are regressions\n", found,
		      runs, factor, deviation, outliers ? ", some live updates far off," : "");
	return found;
}

/* What is true is known here: docs/luperf.1 says what is promised. */
static void test_known_truth(void **state)
{
	unsigned int false_alarms, found;

	(void)state;
	srand(20261201);
	false_alarms = count_regressions(500, 1, 0.02, true);
	if (false_alarms >= 5)
		fail_msg("%u false alarms of 500", false_alarms);
	false_alarms = count_regressions(500, 1, 0.2, false);
	if (false_alarms >= 5)
		fail_msg("%u false alarms of 500, with much noise", false_alarms);
	found = count_regressions(200, 1.1, 0.02, false);
	if (found < 198)
		fail_msg("only %u of 200 slow-downs by a tenth were found", found);
	/* What the others come to is no promise */
	count_regressions(200, 1.1, 0.02, true);
	count_regressions(200, 1.05, 0.02, false);
	count_regressions(200, 1.02, 0.02, false);
}

static int setup(void **state)
{
	(void)state;
	metrics__make(&metrics);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	metrics__free(&metrics);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regression), cmocka_unit_test(test_too_few),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_equal),
		cmocka_unit_test(test_one_side), cmocka_unit_test(test_what_is_not_whole),
		cmocka_unit_test(test_facts), cmocka_unit_test(test_violation),
		cmocka_unit_test(test_known_truth),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
