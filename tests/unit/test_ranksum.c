// SPDX-License-Identifier: GPL-2.0-only
/* The rank sum test against counting all ways, one by one, to divide the values; and the shift. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "luperf/stats/doubles.h"
#include "luperf/stats/ranksum.h"

#define MAX_VALUES	16u

static void expect_near(double is, double want, const char *what)
{
	if (fabs(is - want) > 1e-9)
		fail_msg("%s is %.12g, not %.12g", what, is, want);
}

/* Twice the rank sum of the values whose bit is set: each has as many below it, and half of those equal to it */
static unsigned int rank_sum(const double *values, unsigned int nr, unsigned int bits)
{
	unsigned int i, k, sum = 0;

	for (i = 0; i < nr; i++) {
		if (!(bits >> i & 1))
			continue;
		for (k = 0; k < nr; k++)
			sum += 2 * (values[k] < values[i]) + (values[k] == values[i]);
		sum++;
	}
	return sum;
}

static struct ranksum count_all(const double *values, unsigned int nr, unsigned int nr_a)
{
	unsigned int bits, sum, middle = nr_a * (nr + 1), all = 0, as_far = 0, farthest = 0, at_most = 0, far;
	unsigned int mine = abs((int)rank_sum(values, nr, (1u << nr_a) - 1) - (int)middle);

	for (bits = 0; bits < 1u << nr; bits++) {
		if ((unsigned int)__builtin_popcount(bits) != nr_a)
			continue;
		sum = rank_sum(values, nr, bits);
		far = abs((int)sum - (int)middle);
		all++;
		as_far += far >= mine;
		if (far > farthest) {
			farthest = far;
			at_most = 0;
		}
		at_most += far == farthest;
	}
	return (struct ranksum){ (double)as_far / all, (double)at_most / all, true };
}

/* Random sets, from values that are all different to ones that are nearly all the same */
static void test_exact(void **state)
{
	double values[MAX_VALUES];
	struct ranksum is, want;
	unsigned int round, nr, nr_a, i, kinds;

	(void)state;
	srand(7);
	for (round = 0; round < 300; round++) {
		nr = 2 + rand() % 10;
		nr_a = 1 + rand() % (nr - 1);
		kinds = 1 + rand() % 12;
		for (i = 0; i < nr; i++)
			values[i] = rand() % kinds * 0.25;
		is = ranksum__test(values, nr_a, values + nr_a, nr - nr_a);
		want = count_all(values, nr, nr_a);
		assert_true(is.exact);
		expect_near(is.p, want.p, "p");
		expect_near(is.smallest, want.smallest, "the smallest p");
	}
}

static void test_known(void **state)
{
	const double old[] = { 1000, 1000, 1000, 1000, 1000 }, new[] = { 1100, 1100, 1100, 1100, 1100 };

	(void)state;
	expect_near(ranksum__test(old, 5, new, 5).p, 2.0 / 252, "p of 5 against 5");
	expect_near(ranksum__test(old, 3, new, 3).p, 2.0 / 20, "p of 3 against 3");
	expect_near(ranksum__test(old, 5, old, 5).p, 1, "p of equal sets");
	expect_near(ranksum__test(old, 5, old, 5).smallest, 1, "the smallest p of equal sets");
	assert_int_equal(ranksum__needed(0.05), 4);
	assert_int_equal(ranksum__needed(0.1), 3);
	assert_int_equal(ranksum__needed(0.01), 5);
	assert_int_equal(ranksum__needed(0.001), 7);
}

/* Where both ways can be gone they agree; sets that are alike have a p that is not small, and others have one. */
static void test_normal(void **state)
{
	double a[80], b[80];
	struct ranksum exact, normal;
	unsigned int i;

	(void)state;
	for (i = 0; i < 80; i++) {
		a[i] = i * 2;
		b[i] = i * 2 + 1;
	}
	exact = ranksum__test(a, 40, b + 8, 40);
	assert_true(exact.exact);
	normal = ranksum__test(a, 40, b + 8, 41);
	assert_false(normal.exact);
	assert_true(fabs(exact.p - ranksum__test(b + 8, 40, a, 40).p) < 1e-12);
	assert_true(normal.p > exact.p / 2 && normal.p < exact.p * 2);
	assert_true(ranksum__test(a, 80, b, 80).p > 0.5);
	assert_true(ranksum__test(a, 80, b + 40, 40).p < 1e-4);
	for (i = 0; i < 80; i++)
		a[i] = 3;
	expect_near(ranksum__test(a, 80, a, 70).p, 1, "p of what is all the same");
}

/* The median of the differences, and an interval that begins as many differences from their ends as it may */
static void test_shift(void **state)
{
	const double a[] = { 1.1, 2.2, 3.3, 4.4, 5.5 }, b[] = { 2.0, 3.7, 4.1, 6.9, 7.3, 8.8 };
	struct shift s = ranksum__shift(a, 5, b, 6, 0.95);
	double differences[30];
	unsigned int i, k, below = 0;

	(void)state;
	for (i = 0; i < 5; i++)
		for (k = 0; k < 6; k++)
			differences[i * 6 + k] = b[k] - a[i];
	for (i = 0; i < 30; i++)
		below += differences[i] < s.estimate;
	assert_int_equal(below, 15);
	/* P(U <= 3) is 7/462: the fourth difference from each end; P(U <= 4) is more than 2.5% */
	for (below = i = 0; i < 30; i++)
		below += differences[i] < s.low - 1e-12;
	assert_int_equal(below, 3);
	expect_near(s.confidence, 1 - 2 * 7.0 / 462, "confidence");
	/* So few have no interval */
	assert_true(ranksum__shift(a, 2, b, 2, 0.95).confidence == 0);
	s = ranksum__shift(a, 5, a, 5, 0.95);
	expect_near(s.estimate, 0, "the shift of a set against itself");
	assert_true(s.low <= 0 && s.high >= 0);
}

/* Differences are chosen without being written down: each rank, against all of them in order. */
static void test_many(void **state)
{
	static double a[700], b[900], all[700 * 900];
	struct shift s;
	size_t i, k;

	(void)state;
	srand(7);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = rand() % 1000 / 8.0;
	for (i = 0; i < ARRAY_SIZE(b); i++)
		b[i] = rand() / 1e6;
	for (i = 0; i < ARRAY_SIZE(a); i++)
		for (k = 0; k < ARRAY_SIZE(b); k++)
			all[i * ARRAY_SIZE(b) + k] = b[k] - a[i];
	qsort(all, ARRAY_SIZE(all), sizeof(*all), doubles__compare);
	s = ranksum__shift(a, ARRAY_SIZE(a), b, ARRAY_SIZE(b), 0.95);
	expect_near(s.estimate, (all[ARRAY_SIZE(all) / 2 - 1] + all[ARRAY_SIZE(all) / 2]) / 2, "the shift");
	/* By the normal distribution the ends are so many pairs from the first and the last */
	k = 700.0 * 900 / 2 - 1.959963985 * sqrt(700.0 * 900 * 1601 / 12);
	expect_near(s.low, all[k - 1], "the lower end");
	expect_near(s.high, all[ARRAY_SIZE(all) - k], "the upper end");
}

/* Few different values, as of a coarse clock: the true shift is a whole number of steps */
static void draw(double *values, size_t nr, double shift)
{
	size_t i, k;

	for (i = 0; i < nr; i++) {
		values[i] = shift;
		for (k = 0; k < 4; k++)
			values[i] += rand() % 3;
	}
}

/* With ties the interval has at least the confidence that it says, and no less: it is known to be cautious. */
static void test_interval_with_ties(void **state)
{
	enum { RUNS = 4000 };
	static const size_t sizes[][2] = { { 5, 5 }, { 10, 10 }, { 4, 12 } };
	double a[12], b[12];
	size_t i, covered;
	struct shift s;
	int run;

	(void)state;
	srand(20261201);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (run = 0, covered = 0; run < RUNS; run++) {
			draw(a, sizes[i][0], 0);
			draw(b, sizes[i][1], 2);
			s = ranksum__shift(a, sizes[i][0], b, sizes[i][1], 0.95);
			covered += s.low <= 2 && s.high >= 2;
		}
		if (covered < 0.95 * RUNS)
			fail_msg("%zu+%zu: %zu of %d intervals hold the shift", sizes[i][0], sizes[i][1],
				 covered, RUNS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_normal),
		cmocka_unit_test(test_shift),
		cmocka_unit_test(test_interval_with_ties),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("ranksum", tests, NULL, NULL);
}
