// SPDX-License-Identifier: GPL-2.0-only
/* check --before: what is compared with the running kernel, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/before.h"
#include "corpus.h"
#include "lib/fault.h"
#include "lib/mem.h"

static char dir[] = "/tmp/lutrace-unit-XXXXXX";
static struct recording running;

static void write_made(const char *name, struct corpus_options o)
{
	struct corpus c;
	FILE *f = fopen(name, "we");

	o.major = 1;
	o.minor = 8;
	corpus__make(&c, &o);
	fwrite(c.data, 1, c.size, f);
	fclose(f);
	free(c.data);
}

static int setup(void **state)
{
	struct fault fault;

	(void)state;
	if (!mkdtemp(dir) || chdir(dir) || system(": >empty; head -c 500 /dev/zero >zeros"))
		return -1;
	write_made("old", (struct corpus_options){ .domains = 2 });
	write_made("new", (struct corpus_options){ .kernel = CORPUS_NEW, .domains = 2 });
	/* The running kernel is the one that "new" was recorded in */
	return recording__read(&running, "new", &fault);
}

static int teardown(void **state)
{
	char *command = xasprintf("rm -rf %s", dir);
	int failed = chdir("/") || system(command);

	(void)state;
	recording__free(&running);
	free(command);
	return failed;
}

static void test_compared(void **state)
{
	char *paths[] = { "old" };
	struct before b = { 0 };
	struct fault fault;

	(void)state;
	assert_int_equal(before__read(&b, paths, 1, &running, &fault), 0);
	assert_non_null(b.boot);
	assert_int_equal(b.boot->nr_left, 2);
	assert_true(b.boot->whole);
	before__free(&b);
}

/* As the last file of a flight recorder may be after a crash. */
static void test_empty_files(void **state)
{
	char *paths[] = { "empty", "old", "zeros" }, *empty[] = { "empty" };
	struct before b = { 0 };
	struct fault fault;

	(void)state;
	assert_int_equal(before__read(&b, paths, 3, &running, &fault), 0);
	assert_int_equal(b.recordings.nr_empty, 2);
	assert_non_null(b.boot);
	assert_false(b.boot->whole);
	before__free(&b);
	b = (struct before){ 0 };
	assert_int_equal(before__read(&b, empty, 1, &running, &fault), 0);
	assert_null(b.boot);
	before__free(&b);
}

static void test_cold_boot_between(void **state)
{
	char *paths[] = { "old" };
	struct before b = { 0 };
	struct fault fault;

	(void)state;
	running.kexec_count = 0;
	assert_int_equal(before__read(&b, paths, 1, &running, &fault), 0);
	assert_null(b.boot);
	before__free(&b);
	running.kexec_count = 5;
	b = (struct before){ 0 };
	assert_int_equal(before__read(&b, paths, 1, &running, &fault), 0);
	assert_null(b.boot);
	before__free(&b);
	running.kexec_count = 1;
}

static void expect_refused(char *path, const char *words)
{
	char *paths[] = { path };
	struct before b = { 0 };
	struct fault fault;

	assert_int_equal(before__read(&b, paths, 1, &running, &fault), -1);
	if (!strstr(fault.text, words))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, words);
	before__free(&b);
}

static void test_refused(void **state)
{
	(void)state;
	expect_refused("new", "new was recorded in the running kernel");
	expect_refused("nowhere", "cannot open nowhere");
	running.host_id[strlen(running.host_id) - 1] ^= 1;
	expect_refused("old", "old is of another host");
	running.host_id[strlen(running.host_id) - 1] ^= 1;
}

/* What is known of the machine that the test runs on. */
static void test_running(void **state)
{
	struct recording r = before__running();

	(void)state;
	assert_true(*r.boot_id && *r.release);
	assert_true(r.start.realtime_ns > 0 && r.start.monotonic_ns > 0);
	recording__free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compared),
		cmocka_unit_test(test_empty_files),
		cmocka_unit_test(test_cold_boot_between),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_running),
	};

	return cmocka_run_group_tests_name("before", tests, setup, teardown);
}
