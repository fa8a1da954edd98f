// SPDX-License-Identifier: GPL-2.0-only
/* Change points of series that are made here: where they are, and that there are none where nothing changes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "luperf/stats/changes.h"

#define MOST 400

static double values[MOST];
static bool may[MOST], must[MOST];
static struct changes_options options;

/* Nearly normal, of deviation 1 */
static double noise(void)
{
	double sum = -6;
	int i;

	for (i = 0; i < 12; i++)
		sum += (double)rand() / RAND_MAX;
	return sum;
}

static void fill(size_t from, size_t to, double level)
{
	for (; from < to; from++)
		values[from] = level + noise();
}

static int setup(void **state)
{
	(void)state;
	srand(20261201);
	options = (struct changes_options){ .alpha = 0.01 };
	memset(must, 0, sizeof(must));
	return 0;
}

static void expect(size_t nr, const size_t *places, size_t nr_places, size_t near)
{
	size_t nr_changes, i;
	struct change *changes = changes__find(values, nr, &options, &nr_changes);

	if (nr_changes != nr_places)
		fail_msg("%zu changes, not %zu", nr_changes, nr_places);
	for (i = 0; i < nr_places; i++)
		if (changes[i].at + near < places[i] || changes[i].at > places[i] + near)
			fail_msg("change %zu is at %zu, not near %zu", i, changes[i].at, places[i]);
	free(changes);
}

static void test_steps(void **state)
{
	(void)state;
	fill(0, 100, 100);
	fill(100, 200, 105);
	expect(200, (size_t[]){ 100 }, 1, 1);
	/* Two, of which the second one goes back */
	fill(100, 140, 110);
	fill(140, 200, 100);
	expect(200, (size_t[]){ 100, 140 }, 2, 1);
	/* A slope becomes steps that are true: nothing more is asked of it than that each is one */
	fill(0, 60, 100);
	fill(60, 120, 110);
	fill(120, 200, 120);
	expect(200, (size_t[]){ 60, 120 }, 2, 1);
}

static void test_nothing(void **state)
{
	size_t nr_changes, alarms = 0;
	int run;

	(void)state;
	for (run = 0; run < 300; run++) {
		fill(0, 100, 100);
		free(changes__find(values, 100, &options, &nr_changes));
		alarms += nr_changes != 0;
	}
	/* At 0.01 some three series of 300 may have one; the correction is cautious */
	if (alarms > 6)
		fail_msg("%zu of 300 series in which nothing changes have a change", alarms);
	/* One value that is far off is none, nor are few values, nor are equal ones */
	fill(0, 100, 100);
	values[50] = 1000;
	expect(100, NULL, 0, 0);
	expect(0, NULL, 0, 0);
	expect(1, NULL, 0, 0);
	for (run = 0; run < 100; run++)
		values[run] = 7;
	expect(100, NULL, 0, 0);
}

/* Not within the first and the last five, however large it is. */
static void test_ends(void **state)
{
	size_t nr_changes, i;
	struct change *changes;

	(void)state;
	fill(0, 4, 1000);
	fill(4, 100, 100);
	fill(96, 100, 1000);
	changes = changes__find(values, 100, &options, &nr_changes);
	for (i = 0; i < nr_changes; i++)
		assert_in_range(changes[i].at, CHANGES_LEAST, 100 - CHANGES_LEAST);
	free(changes);
	/* Five after it are enough if there are many before */
	fill(0, 95, 100);
	fill(95, 100, 120);
	expect(100, (size_t[]){ 95 }, 1, 0);
}

static void test_limits(void **state)
{
	(void)state;
	fill(0, 100, 100);
	fill(100, 200, 103);
	expect(200, (size_t[]){ 100 }, 1, 6);
	options.absolute = 5;
	expect(200, NULL, 0, 0);
	options = (struct changes_options){ .alpha = 0.01, .relative = 0.05 };
	expect(200, NULL, 0, 0);
}

/* Only between commits, and always at a change that was accepted. */
static void test_places(void **state)
{
	size_t i, nr_changes;
	struct change *changes;

	(void)state;
	fill(0, 93, 100);
	fill(93, 200, 110);
	for (i = 0; i < 200; i++)
		may[i] = i % 10 == 0;
	options.may = may;
	expect(200, (size_t[]){ 90 }, 1, 0);
	must[150] = true;
	options.must = must;
	changes = changes__find(values, 200, &options, &nr_changes);
	assert_int_equal(nr_changes, 2);
	assert_int_equal(changes[0].at, 90);
	assert_false(changes[0].given);
	assert_int_equal(changes[1].at, 150);
	assert_true(changes[1].given);
	assert_true(fabs(changes[0].before - 100) < 1 && fabs(changes[0].after - 110) < 1);
	free(changes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_steps, setup), cmocka_unit_test_setup(test_nothing, setup),
		cmocka_unit_test_setup(test_ends, setup), cmocka_unit_test_setup(test_limits, setup),
		cmocka_unit_test_setup(test_places, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
