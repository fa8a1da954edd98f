// SPDX-License-Identifier: GPL-2.0-only
/* Giving up capabilities, and a command that keeps them. Who has none skips most of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "live/caps.h"
#include "live/command.h"

#define NOBODY 65534

static char dir[] = "/tmp/test_caps.XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char *rm = xasprintf("rm -rf %s", dir);
	int err = system(rm);

	(void)state;
	free(rm);
	return err;
}

/* A number of /proc/self/status */
static unsigned long long status_of(const char *key)
{
	struct fault fault;
	char *text = read_file("/proc/self/status", NULL, &fault);
	unsigned long long value = strtoull(strstr(text, key) + strlen(key), NULL, 16);

	free(text);
	return value;
}

static bool is_root(void)
{
	cap_value_t needed[] = { CAP_KILL, CAP_DAC_OVERRIDE, CAP_CHOWN };
	unsigned long long caps = status_of("CapEff:");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (!(caps >> needed[i] & 1))
			return false;
	return true;
}

/* What is effective after giving up, of a process of its own; all ones if that failed. */
static unsigned long long left_after(const struct caps_needs *needs)
{
	unsigned long long left = ~0ull;
	struct fault fault;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	if (!fork()) {
		if (!caps__drop(needs, &fault) && status_of("NoNewPrivs:") == 1 &&
		    status_of("CapEff:") == status_of("CapPrm:"))
			left = status_of("CapEff:");
		_exit(write(fds[1], &left, sizeof(left)) != sizeof(left));
	}
	wait(NULL);
	assert_int_equal(read(fds[0], &left, sizeof(left)), sizeof(left));
	close(fds[0]);
	close(fds[1]);
	return left;
}

static void test_nothing_is_left(void **state)
{
	(void)state;
	assert_int_equal(left_after(&(struct caps_needs){ .signals = false }), 0);
	assert_int_equal(left_after(&(struct caps_needs){ .writes = { dir, "/dev/null" } }), 0);
}

static void test_signals(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	assert_int_equal(left_after(&(struct caps_needs){ .signals = true }), 1ull << CAP_KILL);
}

/* Only where the folder is another user's, or the file that is no regular one. */
static void test_writes(void **state)
{
	char *theirs = xasprintf("%s/theirs", dir), *file = xasprintf("%s/theirs/file", dir);
	char *fifo = xasprintf("%s/fifo", dir), *mine = xasprintf("%s/mine", dir);

	(void)state;
	if (!is_root())
		skip();
	assert_int_equal(mkdir(theirs, 0755), 0);
	assert_int_equal(chown(theirs, NOBODY, NOBODY), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(left_after(&(struct caps_needs){ .writes = { mine, fifo } }), 0);
	assert_int_equal(left_after(&(struct caps_needs){ .writes = { mine, file } }),
			 1ull << CAP_DAC_OVERRIDE);
	assert_int_equal(chown(fifo, NOBODY, NOBODY), 0);
	assert_int_equal(left_after(&(struct caps_needs){ .writes = { fifo } }),
			 1ull << CAP_DAC_OVERRIDE);
	free(theirs);
	free(file);
	free(fifo);
	free(mine);
}

static void expect_missing(cap_value_t has, const char *missing)
{
	cap_t caps = cap_init();
	int status;

	if (!fork()) {
		if (has >= 0)
			cap_set_flag(caps, CAP_PERMITTED, 1, &has, CAP_SET);
		if (has >= 0)
			cap_set_flag(caps, CAP_EFFECTIVE, 1, &has, CAP_SET);
		if (cap_set_proc(caps))
			_exit(77);
		if (!missing)
			_exit(caps__missing_for_bpf() != NULL);
		_exit(!caps__missing_for_bpf() || strcmp(caps__missing_for_bpf(), missing));
	}
	cap_free(caps);
	wait(&status);
	/* Who has not got it cannot try it. */
	if (WEXITSTATUS(status) != 77)
		assert_int_equal(status, 0);
}

static void test_missing(void **state)
{
	(void)state;
	expect_missing(-1, "CAP_BPF and CAP_PERFMON");
	expect_missing(CAP_BPF, "CAP_PERFMON");
	expect_missing(CAP_PERFMON, "CAP_BPF");
	expect_missing(CAP_SYS_ADMIN, NULL);
}

static int run_after_drop(void)
{
	char *argv[] = { "sh", "-c", "grep -q \"$1\" /proc/self/status", "sh", NULL, NULL };
	struct command *command;
	struct fault fault;
	int status = -1;
	pid_t pid;

	argv[4] = xasprintf("CapEff:.%016llx$", status_of("CapEff:"));
	command = command__prepare(argv, &fault);
	free(argv[4]);
	if (!command || caps__drop(&(struct caps_needs){ .signals = false }, &fault))
		return 1;
	pid = command__start(command, &fault);
	return pid <= 0 || waitpid(pid, &status, 0) != pid || status || status_of("CapEff:");
}

static void test_the_command_keeps_them(void **state)
{
	int status;

	(void)state;
	if (!fork())
		_exit(run_after_drop());
	wait(&status);
	assert_int_equal(status, 0);
}

/* Neither if it is given up, nor if the process that prepared it is gone. */
static void test_command_that_is_not_started(void **state)
{
	char *file = xasprintf("%s/started", dir), *argv[] = { "touch", file, NULL };
	struct fault fault;

	(void)state;
	command__forget(command__prepare(argv, &fault));
	command__forget(NULL);
	if (!fork())
		_exit(command__prepare(argv, &fault) == NULL);
	wait(NULL);
	usleep(200000);
	assert_int_equal(access(file, F_OK), -1);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_left),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_the_command_keeps_them),
		cmocka_unit_test(test_command_that_is_not_started),
	};

	return cmocka_run_group_tests_name("caps", tests, setup, teardown);
}
