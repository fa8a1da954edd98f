// SPDX-License-Identifier: GPL-2.0-only
/* Locks with a process in them: only the very process that took one is ever named or signalled. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/pidlock.h"

static char dir[64], path[96];

static int make_folder(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_pidlock.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/some.pid", dir);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void put(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void get(char *text, size_t size)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[fread(text, 1, size - 1, f)] = '\0';
	fclose(f);
}

static struct pidlock *take(void)
{
	struct fault fault = { "" };
	pid_t holder = 77;
	struct pidlock *lock = pidlock__take(path, &holder, &fault);

	if (!lock)
		fail_msg("%s", fault.text);
	assert_int_equal(holder, 0);
	return lock;
}

/* A process that waits for a signal; with @with_lock it takes the lock first */
static pid_t start(bool with_lock)
{
	struct fault fault;
	int ready[2];
	pid_t holder, pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		/* Nor does it outlive a test that fails */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (with_lock && !pidlock__take(path, &holder, &fault))
			_exit(2);
		if (write(ready[1], "x", 1) != 1)
			_exit(3);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void end(pid_t pid, int signal)
{
	int status;

	kill(pid, signal);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), signal);
}

static bool runs(pid_t pid)
{
	return !waitpid(pid, NULL, WNOHANG);
}

static void test_take_and_remove(void **state)
{
	struct pidlock *lock = take();
	char text[128];

	(void)state;
	get(text, sizeof(text));
	assert_int_equal(atoi(text), getpid());
	assert_int_equal(pidlock__holder(path), getpid());
	pidlock__remove(lock);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(pidlock__holder(path), 0);
}

static void test_take_and_release(void **state)
{
	struct pidlock *lock = take();
	struct stat st;

	(void)state;
	pidlock__release(lock);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	pidlock__remove(take());
}

static void test_held(void **state)
{
	pid_t pid = start(true), holder = 0;
	struct fault fault = { "" };
	char number[32];

	(void)state;
	snprintf(number, sizeof(number), "process %d ", (int)pid);
	assert_null(pidlock__take(path, &holder, &fault));
	assert_int_equal(holder, pid);
	assert_non_null(strstr(fault.text, number));
	assert_int_equal(pidlock__holder(path), pid);
	end(pid, SIGKILL);
	/* What it left behind is no reason to refuse */
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(pidlock__holder(path), 0);
	pidlock__remove(take());
}

static void test_ended_but_not_waited_for(void **state)
{
	pid_t pid = start(true);
	siginfo_t info;

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(pidlock__holder(path), 0);
	pidlock__remove(take());
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The line of a running process, changed so that it is of another process of that number */
static void test_stale(void **state)
{
	pid_t pid = start(true), holder;
	char text[128], boot[64], changed[192];
	unsigned long long begun;
	int number, fd;
	size_t i;

	(void)state;
	get(text, sizeof(text));
	assert_int_equal(sscanf(text, "%d %llu %63s", &number, &begun, boot), 3);
	assert_int_equal(number, pid);
	assert_int_equal(unlink(path), 0);
	for (i = 0; i < 6; i++) {
		const char *const lines[] = { "", "\n", "%d\n", "garbage", "-1 5 x\n", "1 1 1\n" };

		snprintf(changed, sizeof(changed), lines[i], (int)pid);
		if (!i)
			snprintf(changed, sizeof(changed), "%d %llu %s\n", number, begun + 1, boot);
		if (i == 1)
			snprintf(changed, sizeof(changed), "%d %llu %.35s0\n", number, begun,
				 boot[35] == '0' ? "11111111-1111-1111-1111-111111111111" : boot);
		put(changed);
		assert_int_equal(pidlock__holder(path), 0);
		fd = open(path, O_RDONLY);
		assert_int_equal(pidlock__signal(fd, SIGKILL), 0);
		close(fd);
		assert_true(runs(pid));
		holder = pidlock__holder(path);
		assert_int_equal(holder, 0);
		pidlock__remove(take());
	}
	end(pid, SIGTERM);
}

static void test_signal(void **state)
{
	pid_t pid = start(true);
	int fd = open(path, O_RDONLY), status;

	(void)state;
	assert_int_equal(pidlock__signal(fd, 0), pid);
	assert_true(runs(pid));
	assert_int_equal(pidlock__signal(fd, SIGTERM), pid);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(pidlock__signal(fd, SIGTERM), 0);
	close(fd);
}

/* Somebody locks it and does not say who he is: it is held, by nobody known */
static void test_locked_by_unknown(void **state)
{
	struct fault fault = { "" };
	pid_t holder = 0;
	int fd;

	(void)state;
	put("");
	fd = open(path, O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_null(pidlock__take(path, &holder, &fault));
	assert_int_equal(holder, -1);
	assert_non_null(strstr(fault.text, "another process"));
	close(fd);
}

static void test_no_folder(void **state)
{
	struct fault fault = { "" };
	pid_t holder = 1;

	(void)state;
	assert_null(pidlock__take("/nosuch/folder/x.pid", &holder, &fault));
	assert_int_equal(holder, 0);
	assert_non_null(strstr(fault.text, "/nosuch/folder/x.pid"));
}

static void test_link_is_not_followed(void **state)
{
	struct fault fault = { "" };
	char other[128];
	pid_t holder;

	(void)state;
	snprintf(other, sizeof(other), "%s/other", dir);
	assert_int_equal(symlink(other, path), 0);
	assert_null(pidlock__take(path, &holder, &fault));
	assert_int_equal(access(other, F_OK), -1);
}

static void test_child_removes_nothing(void **state)
{
	struct pidlock *lock = take();
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		pidlock__remove(lock);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(pidlock__holder(path), getpid());
	pidlock__remove(lock);
}

/* Of many that begin at once, again and again, exactly one has it at a time */
static void test_one_at_a_time(void **state)
{
	enum { NR = 8, ROUNDS = 500 };
	struct pidlock *lock;
	struct fault fault;
	pid_t pids[NR], holder;
	int i, round, status, fd;
	char mark[128];

	(void)state;
	snprintf(mark, sizeof(mark), "%s/inside", dir);
	for (i = 0; i < NR; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		for (round = 0; round < ROUNDS; round++) {
			lock = pidlock__take(path, &holder, &fault);
			if (!lock)
				continue;
			fd = open(mark, O_CREAT | O_EXCL | O_WRONLY, 0600);
			if (fd < 0)
				_exit(1);
			close(fd);
			usleep(200);
			unlink(mark);
			pidlock__remove(lock);
		}
		_exit(0);
	}
	for (i = 0; i < NR; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		TEST(test_take_and_remove),
		TEST(test_take_and_release),
		TEST(test_held),
		TEST(test_ended_but_not_waited_for),
		TEST(test_stale),
		TEST(test_signal),
		TEST(test_locked_by_unknown),
		TEST(test_no_folder),
		TEST(test_link_is_not_followed),
		TEST(test_child_removes_nothing),
		TEST(test_one_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
