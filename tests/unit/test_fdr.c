// SPDX-License-Identifier: GPL-2.0-only
/* The false discovery rate, against examples that were counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "luperf/stats/fdr.h"

static void expect(struct fdr_test *tests, size_t nr, double q, const char *counts, double alone)
{
	double got = fdr__judge(tests, nr, q);
	size_t i;

	assert_true(got > alone * 0.999999 && got < alone * 1.000001);
	for (i = 0; i < nr; i++)
		if (tests[i].counts != (counts[i] == 'y') || tests[i].able != (counts[i] != '-'))
			fail_msg("test %zu: counts %d, able %d, not %c", i, tests[i].counts,
				 tests[i].able, counts[i]);
}

/* The example of Benjamini and Hochberg, 1995: of 15 tests four count at 0.05 */
static void test_step_up(void **state)
{
	static const double p[] = {
		0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
		0.5719, 0.6528, 0.7590, 1.000,
	};
	struct fdr_test tests[ARRAY_SIZE(p)];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(p); i++)
		tests[i] = (struct fdr_test){ .p = p[ARRAY_SIZE(p) - 1 - i] };
	expect(tests, ARRAY_SIZE(p), 0.05, "nnnnnnnnnnnyyyy", 0.05 * 5 / 16);
}

/* One that is larger than its own step counts if a later one is small enough */
static void test_a_later_one_carries(void **state)
{
	struct fdr_test tests[] = { { .p = 0.009 }, { .p = 0.0099 } };

	(void)state;
	expect(tests, 2, 0.01, "yy", 0.01);
}

static void test_those_that_never_can(void **state)
{
	const double five = 2.0 / 252;
	struct fdr_test alone[] = {
		{ .p = five, .smallest = five }, { .p = 1, .smallest = 1 }, { .p = 0.1, .smallest = 0.1 },
		{ .p = 1, .smallest = 0.0286 },
	};
	struct fdr_test together[] = {
		{ .p = five, .smallest = five }, { .p = five, .smallest = five },
	};
	struct fdr_test one_of_three[] = {
		{ .p = five, .smallest = five }, { .p = 0.5, .smallest = five },
		{ .p = 0.5, .smallest = 0.0001 },
	};

	(void)state;
	/* Five against five is enough for one metric that can differ, however many cannot */
	expect(alone, ARRAY_SIZE(alone), 0.01, "y---", 0.01);
	/* And for two that differ together */
	expect(together, 2, 0.01, "yy", 0.01);
	/* Among others it is not: it is not said that there was no difference */
	expect(one_of_three, 3, 0.01, "--n", 0.01 / 4);
}

static void test_nothing(void **state)
{
	(void)state;
	expect(NULL, 0, 0.01, "", 0.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_step_up), cmocka_unit_test(test_a_later_one_carries),
		cmocka_unit_test(test_those_that_never_can), cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
