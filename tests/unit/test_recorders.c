// SPDX-License-Identifier: GPL-2.0-only
/* Recorders that are asked before a jump: they answer, are late, end, or are long gone. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/recorders.h"

static unsigned int nr_late;
static pid_t last_late;

static void on_late(pid_t pid)
{
	nr_late++;
	last_late = pid;
}

enum recorder { ANSWERS, SAYS_NOTHING, ENDS };

static void record(enum recorder what)
{
	struct recorders_entry *entry = recorders_entry__open();

	if (!entry)
		_exit(1);
	for (;;) {
		if (!recorders_entry__was_asked())
			usleep(1000);
		else if (what == ANSWERS)
			recorders_entry__answer(entry);
		else if (what == ENDS)
			_exit(0);
	}
}

static pid_t start(enum recorder what)
{
	char path[64];
	struct stat st;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		record(what);
	}
	snprintf(path, sizeof(path), RECORDERS_DIR "/record-%d", (int)pid);
	/* Until the line is in it */
	while (stat(path, &st) || !st.st_size)
		usleep(1000);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int reset(void **state)
{
	(void)state;
	nr_late = 0;
	return 0;
}

static void test_nobody(void **state)
{
	(void)state;
	assert_int_equal(recorders__ask(10000, on_late), 0);
	assert_int_equal(nr_late, 0);
}

/* Each time, and without waiting for long */
static void test_answers(void **state)
{
	pid_t one = start(ANSWERS), two = start(ANSWERS);
	unsigned int i;

	(void)state;
	for (i = 0; i < 20; i++)
		assert_int_equal(recorders__ask(60000, on_late), 2);
	assert_int_equal(nr_late, 0);
	stop(one);
	stop(two);
	/* What they left behind is nobody's */
	assert_int_equal(recorders__ask(60000, on_late), 0);
}

static void test_late(void **state)
{
	pid_t one = start(SAYS_NOTHING), two = start(ANSWERS);

	(void)state;
	assert_int_equal(recorders__ask(100, on_late), 2);
	assert_int_equal(nr_late, 1);
	assert_int_equal(last_late, one);
	stop(one);
	stop(two);
}

static void test_ends(void **state)
{
	pid_t pid = start(ENDS);

	(void)state;
	assert_int_equal(recorders__ask(60000, on_late), 1);
	assert_int_equal(nr_late, 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* A file that somebody else made names a process that is not his */
static void test_not_its_own(void **state)
{
	pid_t pid = start(SAYS_NOTHING);
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), RECORDERS_DIR "/record-%d", (int)pid);
	if (chown(path, 1, (gid_t)-1)) {
		stop(pid);
		skip();		/* a user's namespace has no other users */
	}
	assert_int_equal(recorders__ask(100, on_late), 0);
	assert_int_equal(nr_late, 0);
	stop(pid);
}

static void test_was_asked(void **state)
{
	struct recorders_entry *entry = recorders_entry__open();
	char path[64];

	(void)state;
	assert_non_null(entry);
	assert_false(recorders_entry__was_asked());
	raise(SIGUSR2);
	assert_true(recorders_entry__was_asked());
	assert_false(recorders_entry__was_asked());
	recorders_entry__close(entry);
	snprintf(path, sizeof(path), RECORDERS_DIR "/record-%d", (int)getpid());
	assert_int_equal(access(path, F_OK), -1);
	recorders_entry__close(NULL);
	recorders_entry__answer(NULL);
}

/* A /run of its own, so that no recorder of this host is asked */
static int setup(void **state)
{
	(void)state;
	return unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) ||
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	       mount("none", "/run", "tmpfs", 0, NULL) ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nobody, reset),
		cmocka_unit_test_setup(test_answers, reset),
		cmocka_unit_test_setup(test_late, reset),
		cmocka_unit_test_setup(test_ends, reset),
		cmocka_unit_test_setup(test_not_its_own, reset),
		cmocka_unit_test_setup(test_was_asked, reset),
	};

	return cmocka_run_group_tests_name("recorders", tests, setup, NULL);
}
