// SPDX-License-Identifier: GPL-2.0-only
/* One notation of numbers for both tools: decimal or 0x, within 64 bits, with nothing around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "lib/number.h"

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} numbers[] = {
		{ "0", 0 }, { "7", 7 }, { "010", 10 }, { "08", 8 }, { "0x10", 16 }, { "0XaF", 175 },
		{ "18446744073709551615", UINT64_MAX }, { "0xffffffffffffffff", UINT64_MAX },
		{ "0x0000000000000000000001", 1 },
	};
	uint64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		value = 99;
		if (!number__parse(numbers[i].text, UINT64_MAX, &value) ||
		    value != numbers[i].value)
			fail_msg("\"%s\" is read as %ju", numbers[i].text, (uintmax_t)value);
	}
}

static void test_no_numbers(void **state)
{
	static const char *const texts[] = {
		"", " ", " 1", "1 ", "+1", "-1", "0x", "0xg", "x1", "1x", "1k", "1\n", "0x-1", "1.0", "1e3",
		"18446744073709551616", "99999999999999999999999", "0x10000000000000000",
		"0x1000000000000000000000", "0b1", "\xd9\xa1",
	};
	uint64_t value = 99;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (number__parse(texts[i], UINT64_MAX, &value))
			fail_msg("\"%s\" is read as %ju", texts[i], (uintmax_t)value);
	assert_int_equal(value, 99);
}

static void test_maximum(void **state)
{
	uint64_t value = 99;

	(void)state;
	assert_false(number__parse("4294967299", UINT32_MAX, &value));
	assert_int_equal(value, 99);
	assert_true(number__parse("4294967295", UINT32_MAX, &value));
	assert_int_equal(value, UINT32_MAX);
}

static void test_rest(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_string_equal(number__scan("64K", &value), "K");
	assert_int_equal(value, 64);
	assert_string_equal(number__scan("0x10/0x20", &value), "/0x20");
	assert_int_equal(value, 16);
	assert_null(number__scan("/1", &value));
	assert_null(number__scan("99999999999999999999K", &value));
	assert_int_equal(value, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_no_numbers),
		cmocka_unit_test(test_maximum), cmocka_unit_test(test_rest),
	};

	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
