// SPDX-License-Identifier: GPL-2.0-only
/* A command that goes on in the background: when who started it is told, and what. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/background.h"

/* What the child tells: its process id when it has begun, and a byte when it ends. */
static int told[2], go[2];

static int setup(void **state)
{
	(void)state;
	return pipe(told) || pipe(go);
}

static int teardown(void **state)
{
	(void)state;
	close(told[0]);
	close(told[1]);
	close(go[0]);
	return close(go[1]);
}

/* Runs in a process of its own, as the command would; @status is what it ends with before it has begun. */
static pid_t start(int status)
{
	pid_t pid = fork(), self;
	struct background *b;
	char byte;

	if (pid)
		return pid;
	b = background__begin();
	self = getpid();
	if (write(told[1], &self, sizeof(self)) != sizeof(self) || read(go[0], &byte, 1) != 1)
		_exit(77);
	if (status)
		_exit(status);
	background__ready(b);
	/* It goes on */
	if (read(go[0], &byte, 1) == 1 && read(STDIN_FILENO, &byte, 1) == 0 && getsid(0) == self)
		(void)!write(told[1], "e", 1);
	background__free(b);
	_exit(0);
}

static void test_ready(void **state)
{
	pid_t pid = start(0), child;
	int status;
	char byte;

	(void)state;
	assert_int_equal(read(told[0], &child, sizeof(child)), sizeof(child));
	assert_int_not_equal(child, pid);
	usleep(50000);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	assert_int_equal(write(go[1], "g", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(write(go[1], "g", 1), 1);
	assert_int_equal(read(told[0], &byte, 1), 1);
}

static void test_ended_before(void **state)
{
	pid_t pid = start(3), child;
	int status;

	(void)state;
	assert_int_equal(read(told[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(write(go[1], "g", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
}

static void test_killed_before(void **state)
{
	pid_t pid = start(0), child;
	int status;

	(void)state;
	assert_int_equal(read(told[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ready, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ended_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_before, setup, teardown),
	};

	return cmocka_run_group_tests_name("background", tests, NULL, NULL);
}
