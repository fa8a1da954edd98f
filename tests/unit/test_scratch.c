// SPDX-License-Identifier: GPL-2.0-only
/* Whether a kernel and its initrd fit into KHO's scratch areas, and that the sizes are named if
 * not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "next/scratch.h"

#define MIB (1ull << 20)

/* As a bzImage of x86-64 has it: from 16 MiB on, at a multiple of 2 MiB */
static const struct image_layout kernel = {
	.size = 60 * MIB,
	.align = 2 * MIB,
	.preferred = 16 * MIB,
};

struct expected {
	enum remark_severity severity;
	const char *words; /* NULL: it fits */
};

static void expect(const struct scratch *scratch, uint64_t initrd_size, struct expected expected)
{
	struct remarks remarks = { .nr = 0 };

	scratch__check(scratch, "/boot/next", &kernel, initrd_size, &remarks);
	assert_int_equal(remarks.nr, expected.words != NULL);
	if (!expected.words)
		return;
	assert_int_equal(remarks.list[0].severity, expected.severity);
	if (!strstr(remarks.list[0].text, expected.words))
		fail_msg("'%s' lacks '%s'", remarks.list[0].text, expected.words);
	assert_true(strlen(remarks.list[0].text) < REMARK_TEXT_SIZE - 1);
}

static const struct expected fits = { .words = NULL };

static void test_fits(void **state)
{
	const struct scratch one = { { { 32 * MIB, 128 * MIB } }, 1 };
	const struct scratch two = { { { 16 * MIB, 64 * MIB }, { 4096 * MIB, 16 * MIB } }, 2 };

	(void)state;
	expect(&one, 0, fits);
	expect(&one, 60 * MIB, fits);
	/* Kernel and initrd in an area each */
	expect(&two, 12 * MIB, fits);
}

static void test_does_not_fit(void **state)
{
	const struct scratch small = {
		{ { 32 * MIB, 8 * MIB }, { 4096 * MIB, 56 * MIB }, { 8192 * MIB, 0 } }, 3
	};
	const struct scratch two = { { { 16 * MIB, 64 * MIB }, { 4096 * MIB, 16 * MIB } }, 2 };
	const struct scratch low = { { { 4 * MIB, 68 * MIB } }, 1 };

	(void)state;
	/* All of them together are large enough, none is */
	expect(&small, MIB,
	       (struct expected){ REMARK_LOST, "/boot/next needs 60.0 MiB in one piece and its "
					       "initrd 1.0 MiB, and they do not fit into "
					       "the scratch areas of KHO, which are 8 MiB, 56 MiB "
					       "and 0 MiB: it cannot be loaded" });
	expect(&two, 20 * MIB, (struct expected){ REMARK_LOST, "initrd 20.0 MiB" });
	/* Room that is too low is none */
	expect(&low, 0, (struct expected){ REMARK_LOST, "which are 68 MiB" });
}

/* What goes along is small, and its size not known */
static void test_just_about(void **state)
{
	const struct scratch tight = { { { 16 * MIB, 72 * MIB } }, 1 };

	(void)state;
	expect(&tight, 12 * MIB, (struct expected){ REMARK_RISK, "just about fit" });
	expect(&tight, 8 * MIB, fits);
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_read(void **state)
{
	char dir[] = "/tmp/test_scratch.XXXXXX", command[64];
	struct scratch scratch;
	struct fault fault;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(scratch__read(dir, &scratch, &fault), -1);
	assert_non_null(strstr(fault.text, "scratch_phys"));
	put(dir, "scratch_phys", "0x1000000\n0x100000000\n");
	assert_int_equal(scratch__read(dir, &scratch, &fault), -1);
	assert_non_null(strstr(fault.text, "scratch_len"));
	put(dir, "scratch_len", "0x800000\n");
	assert_int_equal(scratch__read(dir, &scratch, &fault), -1);
	assert_non_null(strstr(fault.text, "2 addresses and 1 sizes"));
	put(dir, "scratch_len", "0x800000\n0x20000000\n");
	assert_int_equal(scratch__read(dir, &scratch, &fault), 0);
	assert_int_equal(scratch.nr, 2);
	assert_int_equal(scratch.areas[1].start, 0x100000000ull);
	assert_int_equal(scratch.areas[1].size, 0x20000000);
	put(dir, "scratch_phys", "");
	assert_int_equal(scratch__read(dir, &scratch, &fault), -1);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_does_not_fit),
		cmocka_unit_test(test_just_about),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests_name("scratch", tests, NULL, NULL);
}
