// SPDX-License-Identifier: GPL-2.0-only
/* Which processes have sessions open, by a folder that looks like procfs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "objects/sessions.h"

static char proc[] = "/tmp/test_sessions.XXXXXX";

/* @path: of a folder below proc, its parents are made as well */
static void folder(const char *path)
{
	char *whole = xasprintf("%s/%s", proc, path), *p;

	for (p = whole + sizeof(proc); *p; p++)
		if (*p == '/') {
			*p = '\0';
			mkdir(whole, 0700);
			*p = '/';
		}
	mkdir(whole, 0700);
	free(whole);
}

static void points_to(const char *path, const char *target)
{
	char *whole = xasprintf("%s/%s", proc, path);

	unlink(whole);
	assert_int_equal(symlink(target, whole), 0);
	free(whole);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(proc))
		return -1;
	folder("self/ns");
	points_to("self/ns/pid", "pid:[4026531836]");
	folder("1/task/1/fd");
	points_to("1/task/1/fd/0", "/dev/null");
	folder("20/task/21/fd");
	points_to("20/task/21/fd/4", "anon_inode:[eventpoll]");
	return 0;
}

static int teardown(void **state)
{
	char *command = xasprintf("rm -rf %s", proc);
	int status = system(command);

	(void)state;
	free(command);
	return status;
}

static void test_none(void **state)
{
	(void)state;
	assert_int_equal(sessions__open(proc), SESSIONS_NONE);
}

/* A process that ends meanwhile has no folder any more, and nothing open. */
static void test_ended(void **state)
{
	(void)state;
	folder("30");
	assert_int_equal(sessions__open(proc), SESSIONS_NONE);
}

static void test_open(void **state)
{
	(void)state;
	points_to("20/task/21/fd/5", "anon_inode:[luo_session] vm1");
	assert_int_equal(sessions__open(proc), SESSIONS_OPEN);
	points_to("20/task/21/fd/5", "/dev/liveupdate");
	assert_int_equal(sessions__open(proc), SESSIONS_NONE);
}

/* A container does not see the sessions of others. */
static void test_other_namespace(void **state)
{
	(void)state;
	points_to("self/ns/pid", "pid:[4026532000]");
	assert_int_equal(sessions__open(proc), SESSIONS_UNKNOWN);
	points_to("20/task/21/fd/5", "anon_inode:[luo_session] vm1");
	assert_int_equal(sessions__open(proc), SESSIONS_OPEN);
}

static void test_no_namespaces(void **state)
{
	char *ns = xasprintf("%s/self/ns/pid", proc);

	(void)state;
	points_to("20/task/21/fd/5", "/dev/liveupdate");
	assert_int_equal(sessions__open(proc), SESSIONS_UNKNOWN);
	assert_int_equal(unlink(ns), 0);
	assert_int_equal(sessions__open(proc), SESSIONS_NONE);
	free(ns);
}

static void test_no_procfs(void **state)
{
	(void)state;
	assert_int_equal(sessions__open("/nonexistent"), SESSIONS_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none), cmocka_unit_test(test_ended),
		cmocka_unit_test(test_open), cmocka_unit_test(test_other_namespace),
		cmocka_unit_test(test_no_namespaces), cmocka_unit_test(test_no_procfs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
