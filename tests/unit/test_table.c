// SPDX-License-Identifier: GPL-2.0-only
/* Tables: columns are as wide as what is in them, whatever that is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/table.h"

static const struct table_column columns[] = {
	{ "name", 6, true }, { "n", 3, false }, { "us", 0, false }, { "", 0, true },
};

static struct table *make(void)
{
	return table__new(columns, 4);
}

/* Prints it and frees it. */
static void expect(struct table *t, const char *text)
{
	char *got = NULL;
	size_t size;
	FILE *f = open_memstream(&got, &size);

	table__print(t, f);
	fclose(f);
	assert_string_equal(got, text);
	free(got);
}

static void row(struct table *t, const char *name, int n, const char *note)
{
	table__put(t, "%s", name);
	table__put(t, "%d", n);
	table__put_us(t, n, n * 1000 + 100);
	table__put(t, "%s", note);
}

static void test_least_widths(void **state)
{
	(void)state;
	expect(make(), "name     n us\n");
	struct table *t = make();

	row(t, "a", 0, "");
	expect(t, "name     n us\n"
		  "a        0\n");
}

static void test_grows_with_its_rows(void **state)
{
	struct table *t = make();

	(void)state;
	row(t, "a", 1, "");
	row(t, "longer than that", 12345, "note");
	row(t, "", 0, "");
	expect(t, "name                 n      us\n"
		  "a                    1     1.1\n"
		  "longer than that 12345 12345.1 note\n"
		  "                     0\n");
}

/* A character is one column wide, of however many bytes. */
static void test_utf8(void **state)
{
	struct table *t = make();

	(void)state;
	row(t, "\u00e4\u20ac\U0001f600cdefg", 1, "");
	row(t, "abcdefgh", 2, "");
	expect(t, "name       n  us\n"
		  "\u00e4\u20ac\U0001f600cdefg   1 1.1\n"
		  "abcdefgh   2 2.1\n");
}

static void test_remarks_shift_nothing(void **state)
{
	struct table *t = make();
	char *line;

	(void)state;
	row(t, "a", 1, "");
	table__remark(t, "%s", "  a remark that is longer than all of the rows");
	row(t, "b", 2, "");
	assert_int_equal(table__nr_lines(t), 4);
	line = table__line(t, 3);
	assert_string_equal(line, "b        2 2.1");
	free(line);
	expect(t, "name     n  us\n"
		  "a        1 1.1\n"
		  "  a remark that is longer than all of the rows\n"
		  "b        2 2.1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_least_widths), cmocka_unit_test(test_grows_with_its_rows),
		cmocka_unit_test(test_utf8), cmocka_unit_test(test_remarks_shift_nothing),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
