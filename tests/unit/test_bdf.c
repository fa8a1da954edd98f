// SPDX-License-Identifier: GPL-2.0-only
/* Addresses of PCI devices: what is one, and how it is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bdf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_good(void **state)
{
	static const char *const pairs[][2] = {
		{ "0000:00:04.0", "0000:00:04.0" }, { "00:04.0", "0000:00:04.0" },
		{ "4:0.1", "0000:04:00.1" }, { "00:1F.7", "0000:00:1f.7" },
		{ "1:ff:1f.0", "0001:ff:1f.0" }, { "10000:01:00.0", "10000:01:00.0" },
		{ "00010000:01:00.0", "10000:01:00.0" }, { "FFFFFFFF:ff:1f.7", "ffffffff:ff:1f.7" },
	};
	char bdf[BDF_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(pairs); i++) {
		assert_true(bdf__parse(pairs[i][0], bdf));
		assert_string_equal(bdf, pairs[i][1]);
	}
}

static void test_bad(void **state)
{
	static const char *const texts[] = {
		"", "x", ":", "::", ":.", "00:04", "00.04.0", "-1:04.0", "+1:04.0", "0x1:2:3.1",
		"0x:04.0", " 00:04.0", "00:04.0 ", "00: 4.0", "00:04. 0", "00:20.0", "00:04.8",
		"00:04.00", "000:04.0", "00:004.0", "123456789:00:04.0", ":00:04.0", "0000::04.0",
		"0000:00:04.", "0000:00:.0", "1:0000:00:04.0", "00:04.0x", "garbage",
	};
	char bdf[BDF_SIZE] = "as it was";
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		if (bdf__parse(texts[i], bdf))
			fail_msg("'%s' is taken for %s", texts[i], bdf);
		assert_string_equal(bdf, "as it was");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
