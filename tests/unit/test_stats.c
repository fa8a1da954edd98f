// SPDX-License-Identifier: GPL-2.0-only
/* The figures of a report: nearest rank on raw samples, and no p99 of few. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/stats.h"

#define MANY 1000

/* 1, 2, ... n, in an order that is neither ascending nor descending. */
static void fill(uint64_t *samples, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		samples[i] = (i * 7919) % n + 1;
}

static void test_nothing(void **state)
{
	struct stats s = { .n = 1, .max = 1 };

	(void)state;
	stats__compute(&s, NULL, 0);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.max, 0);
	assert_false(s.has_p99);
}

static void test_one(void **state)
{
	uint64_t samples[] = { 42 };
	struct stats s;

	(void)state;
	stats__compute(&s, samples, 1);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.min, 42);
	assert_int_equal(s.p50, 42);
	assert_int_equal(s.p90, 42);
	assert_int_equal(s.max, 42);
}

/* The median of an even number is a sample that occurred, not a mean. */
static void test_two(void **state)
{
	uint64_t samples[] = { 30, 10 };
	struct stats s;

	(void)state;
	stats__compute(&s, samples, 2);
	assert_int_equal(s.p50, 10);
	assert_int_equal(s.p90, 30);
}

static void test_ten(void **state)
{
	uint64_t samples[10];
	struct stats s;

	(void)state;
	fill(samples, 10);
	stats__compute(&s, samples, 10);
	assert_int_equal(s.min, 1);
	assert_int_equal(s.p50, 5);
	assert_int_equal(s.p90, 9);
	assert_int_equal(s.max, 10);
}

static void test_p99_needs_100(void **state)
{
	uint64_t samples[MANY];
	struct stats s;

	(void)state;
	fill(samples, 99);
	stats__compute(&s, samples, 99);
	assert_false(s.has_p99);
	fill(samples, 100);
	stats__compute(&s, samples, 100);
	assert_true(s.has_p99);
	assert_int_equal(s.p99, 99);
	fill(samples, 101);
	stats__compute(&s, samples, 101);
	assert_int_equal(s.p99, 100);
}

static void test_thousand(void **state)
{
	uint64_t samples[MANY];
	struct stats s;

	(void)state;
	fill(samples, MANY);
	stats__compute(&s, samples, MANY);
	assert_int_equal(s.p50, 500);
	assert_int_equal(s.p90, 900);
	assert_int_equal(s.p99, 990);
	assert_int_equal(s.max, 1000);
}

/* Values that differ only above bit 31 must be sorted as numbers. */
static void test_large_values(void **state)
{
	uint64_t samples[] = { 1ull << 40, 1ull << 33, UINT64_MAX, 5 };
	struct stats s;

	(void)state;
	stats__compute(&s, samples, 4);
	assert_true(s.min == 5);
	assert_true(s.p50 == 1ull << 33);
	assert_true(s.max == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_ten),
		cmocka_unit_test(test_p99_needs_100),
		cmocka_unit_test(test_thousand),
		cmocka_unit_test(test_large_values),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
