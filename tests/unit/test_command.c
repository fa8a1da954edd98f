// SPDX-License-Identifier: GPL-2.0-only
/* Commands that are run to their end, and signals that come meanwhile. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "cmd/cmd.h"
#include "lib/fault.h"
#include "live/command.h"

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
}

static void test_status(void **state)
{
	struct fault fault;
	int status;

	(void)state;
	assert_int_equal(command__run_shell("exit 3", &status, &fault), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
}

/* Who interrupts lutrace while it runs a command has interrupted lutrace. */
static void test_signal_is_not_lost(void **state)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct fault fault;
	int status;

	(void)state;
	sigaction(SIGINT, &action, NULL);
	assert_int_equal(command__run_shell("kill -INT $PPID; sleep 0.1", &status, &fault), 0);
	assert_int_equal(status, 0);
	assert_int_equal(caught, SIGINT);
}

static void test_service_manager_is_not_told(void **state)
{
	struct fault fault;
	int status;

	(void)state;
	setenv("NOTIFY_SOCKET", "/run/notify", 1);
	assert_int_equal(command__run_shell("test -z \"$NOTIFY_SOCKET\"", &status, &fault), 0);
	assert_int_equal(status, 0);
	assert_string_equal(getenv("NOTIFY_SOCKET"), "/run/notify");
	unsetenv("NOTIFY_SOCKET");
}

/* A command that ends with 2 or 3 is no violation and not incomplete: it failed. */
static void test_status_is_no_verdict(void **state)
{
	char *argv[] = { "command", NULL };
	int ended;

	(void)state;
	for (ended = 1; ended <= 3; ended++) {
		assert_int_equal(command__end_status(argv, ended << 8, STATUS_CLEAN), STATUS_ERROR);
		assert_int_equal(command__end_status(argv, ended << 8, STATUS_INCOMPLETE),
				 STATUS_ERROR);
		assert_int_equal(command__end_status(argv, ended << 8, STATUS_VIOLATION),
				 STATUS_VIOLATION);
		assert_int_equal(command__end_status(argv, ended << 8, -1), -1);
	}
	assert_int_equal(command__end_status(argv, 0, STATUS_INCOMPLETE), STATUS_INCOMPLETE);
	assert_int_equal(command__end_status(argv, 0, STATUS_CLEAN), STATUS_CLEAN);
	assert_int_equal(command__end_status(NULL, 0, STATUS_CLEAN), STATUS_CLEAN);
}

static void test_not_found(void **state)
{
	char *const argv[] = { "/nonexistent/program", NULL };
	struct command *command;
	struct fault fault;

	(void)state;
	command = command__prepare(argv, &fault);
	assert_non_null(command);
	assert_int_equal(command__start(command, &fault), -1);
	assert_string_equal(fault.text,
			    "cannot execute /nonexistent/program: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_service_manager_is_not_told),
		cmocka_unit_test(test_status), cmocka_unit_test(test_signal_is_not_lost),
		cmocka_unit_test(test_status_is_no_verdict),
		cmocka_unit_test(test_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
