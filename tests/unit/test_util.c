// SPDX-License-Identifier: GPL-2.0-only
/* The hash, and text that comes from elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "lib/idmap.h"


#define MANY 5000

static void test_map_finds_what_was_set(void **state)
{
	struct idmap *map = idmap__new();
	uint64_t i, *at;

	(void)state;
	for (i = 0; i < MANY; i++)
		idmap__set(map, i, i / 3, i % 7, i * 2);
	assert_int_equal(idmap__count(map), MANY);
	for (i = 0; i < MANY; i++) {
		at = idmap__find(map, i, i / 3, i % 7);
		assert_non_null(at);
		assert_int_equal(*at, i * 2);
	}
	assert_null(idmap__find(map, 1, 1, 1));
	idmap__free(map);
}

static void test_map_keys_are_all_three_numbers(void **state)
{
	struct idmap *map = idmap__new();
	uint64_t i;

	(void)state;
	idmap__set(map, 1, 2, 3, 10);
	idmap__set(map, 3, 2, 1, 20);
	idmap__set(map, 1, 2, 3, 11);
	assert_int_equal(idmap__count(map), 2);
	assert_int_equal(*idmap__find(map, 1, 2, 3), 11);
	assert_int_equal(*idmap__find(map, 3, 2, 1), 20);
	idmap__clear(map);
	for (i = 0; i < MANY; i++) {
		idmap__set(map, 7, 7, i, i);
		idmap__set(map, 7, i + 8, 7, i);
		idmap__set(map, i + 8, 7, 7, i);
	}
	assert_int_equal(idmap__count(map), 3 * MANY);
	idmap__free(map);
}

/* Entries come and go far more often than there are places. */
static void test_map_survives_churn(void **state)
{
	struct idmap *map = idmap__new();
	uint64_t i, sum = 0, *at;
	size_t pos = 0;

	(void)state;
	for (i = 0; i < MANY; i++) {
		idmap__set(map, i, 0, 0, i);
		if (i >= 10)
			idmap__remove(map, i - 10, 0, 0);
	}
	assert_int_equal(idmap__count(map), 10);
	assert_null(idmap__find(map, MANY - 11, 0, 0));
	while ((at = idmap__next(map, &pos)))
		sum += *at;
	assert_int_equal(sum, 10 * MANY - 55);
	idmap__clear(map);
	assert_int_equal(idmap__count(map), 0);
	assert_null(idmap__find(map, MANY - 1, 0, 0));
	idmap__free(map);
}

/* What stays is found, whatever went: all of each third key, in any order of going. */
static void test_map_removes(void **state)
{
	struct idmap *map = idmap__new();
	uint64_t i, *at;
	size_t pos = 0;

	(void)state;
	for (i = 0; i < 3000; i++)
		idmap__set(map, i % 7, i, 0, i);
	for (i = 0; i < 3000; i += 3) {
		idmap__remove(map, (2997 - i) % 7, 2997 - i, 0);
		idmap__remove(map, (2997 - i) % 7, 2997 - i, 0);
	}
	assert_int_equal(idmap__count(map), 2000);
	for (i = 0; i < 3000; i++) {
		at = idmap__find(map, i % 7, i, 0);
		assert_int_equal(!at, i % 3 == 0);
		assert_true(!at || *at == i);
	}
	for (i = 0; idmap__next(map, &pos); i++)
		;
	assert_int_equal(i, 2000);
	idmap__free(map);
}

static void test_no_map_is_empty(void **state)
{
	size_t pos = 0;

	(void)state;
	assert_null(idmap__find(NULL, 1, 2, 3));
	assert_int_equal(idmap__count(NULL), 0);
	assert_null(idmap__next(NULL, &pos));
}
static void test_missing_file_is_named(void **state)
{
	struct fault fault = { "" };

	(void)state;
	assert_null(read_file("/nowhere/at/all", NULL, &fault));
	assert_non_null(strstr(fault.text, "/nowhere/at/all"));
}

/* Bounded in the processor's time, and so in memory, if it does read on. */
static void test_device_without_end(void **state)
{
	const struct itimerval limit = { .it_value.tv_usec = 200000 };
	struct fault fault = { "" };
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		setitimer(ITIMER_PROF, &limit, NULL);
		_exit(read_file("/dev/zero", NULL, &fault) ||
		      !strstr(fault.text, "/dev/zero: it is a device"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_mount_point(void **state)
{
	char *path = mount_point("a /tracefs proc rw 0 0\nb /sys/kernel/tracing tracefs rw 0 0\n"
				 "c /other tracefs rw 0 0\n", "tracefs");
	char mounts[1024] = "a /";

	strcpy(mounts + 703, " tracefs rw 0 0\n");

	(void)state;
	assert_string_equal(path, "/sys/kernel/tracing");
	free(path);
	assert_null(mount_point("a /tracefs tracefs2 rw 0 0\n\ntracefs", "tracefs"));
	assert_null(mount_point("", "tracefs"));
	/* A space, a tab and a backslash, as /proc/mounts writes them; and a name of any length */
	path = mount_point("none /a\\040b\\011c\\134d tracefs rw 0 0\n", "tracefs");
	assert_string_equal(path, "/a b\tc\\d");
	free(path);
	memset(mounts + 3, 'x', 700);
	path = mount_point(mounts, "tracefs");
	assert_non_null(path);
	assert_int_equal(strlen(path), 701);
	free(path);
}

static void test_make_printable(void **state)
{
	static const struct {
		const char *in, *out;
	} texts[] = {
		{ "guest 7/\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7", "guest 7/\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7" },
		{ "", "" },
		{ "a\nb\tc\033[2Jd\x7f", "a?b?c?[2Jd?" },
		/* CSI as xterm takes it: U+009B, and the bare byte */
		{ "\xc2\x9b" "31mRED", "?31mRED" },
		{ "\x9b" "2J", "?2J" },
		{ "\xc2\x80\xc2\x9f\xc2\xa0", "??\xc2\xa0" },
		/* Bidi embedding, override and isolates; zero width; line separators; BOM */
		{ "a\xe2\x80\xaa" "b\xe2\x80\xae" "c\xe2\x81\xa6" "d\xe2\x81\xa9" "e", "a?b?c?d?e" },
		{ "a\xe2\x80\x8b" "b\xe2\x80\xa8" "c\xef\xbb\xbf", "a?b?c?" },
		/* Cut, overlong, a surrogate, beyond the last character, bytes of no character */
		{ "x\xe2\x82", "x??" },
		{ "\xc0\x9b\xe0\x82\x9b", "?????" },
		{ "\xed\xa0\x80", "???" },
		{ "\xf4\x90\x80\x80\xff\xfe", "??????" },
	};
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		text = xstrdup(texts[i].in);
		make_printable(text);
		if (strcmp(text, texts[i].out))
			fail_msg("text %zu becomes \"%s\"", i, text);
		free(text);
	}
}

/* What is put into a sentence has no say on a terminal, and no end that is not seen. */
static void test_faults(void **state)
{
	struct fault fault, long_one;
	char *text = xcalloc(3001, 1);

	(void)state;
	memset(text, 'x', 3000);
	assert_int_equal(fault__set(&fault, "cannot open %s: no", "a\033[2J\nb\xc2\x9b"), -1);
	assert_string_equal(fault.text, "cannot open a?[2J?b?: no");
	fault__set(&long_one, "%s", text);
	assert_int_equal(strlen(long_one.text), sizeof(long_one.text) - 1);
	assert_string_equal(long_one.text + strlen(long_one.text) - 4, "x...");
	free(text);
}

static void test_complaint(void **state)
{
	int ends[2], saved = dup(STDERR_FILENO);
	char got[256] = "";

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	complain("no %s", "x\033]0;y\a");
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_true(read(ends[0], got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "lutrace: no x?]0;y?\n");
	close(ends[0]);
	close(ends[1]);
}

/* A name that would do something to a terminal does not. */
static void test_process_name(void **state)
{
	char name[PROCESS_NAME_SIZE], before[PROCESS_NAME_SIZE];

	(void)state;
	assert_int_equal(prctl(PR_GET_NAME, before), 0);
	assert_int_equal(prctl(PR_SET_NAME, "a b\033[2Jcdefghi"), 0);
	process_name(getpid(), name);
	prctl(PR_SET_NAME, before);
	assert_string_equal(name, "a b?[2Jcdefghi");
	process_name(0, name);
	assert_string_equal(name, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map_finds_what_was_set),
		cmocka_unit_test(test_map_keys_are_all_three_numbers),
		cmocka_unit_test(test_map_survives_churn), cmocka_unit_test(test_map_removes),
		cmocka_unit_test(test_no_map_is_empty),
		cmocka_unit_test(test_missing_file_is_named),
		cmocka_unit_test(test_device_without_end),
		cmocka_unit_test(test_mount_point),
		cmocka_unit_test(test_make_printable),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_complaint),
		cmocka_unit_test(test_process_name),
	};

	return cmocka_run_group_tests_name("util", tests, NULL, NULL);
}
