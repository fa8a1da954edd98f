// SPDX-License-Identifier: GPL-2.0-only
/* Runs a command by sh, in a group of its own, so that all of it can be ended. For run.c. See shell.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/mem.h"
#include "lib/text.h"
#include "luperf/run/shell.h"

/* Seconds that it has to end by itself when it is told to */
#define GRACE_S	10

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

void shell__catch(void)
{
	/* No SA_RESTART: waiting ends */
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

bool shell__interrupted(void)
{
	return interrupted;
}

static _Noreturn void become(const char *command, const struct shell_variable *variables, int log)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	for (; variables->name; variables++)
		setenv(variables->name, variables->value, 1);
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

static void wait_a_moment(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

/* Whether it was reaped within so many seconds. */
static bool reap(pid_t pid, int *status, int seconds)
{
	int i;

	for (i = 0; i < seconds * 50; i++) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		wait_a_moment();
	}
	return false;
}

/* Until it ends, or we are told to end it. */
static int wait_for(pid_t pid)
{
	int status = 0;

	while (!interrupted) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		wait_a_moment();
	}
	kill(-pid, SIGTERM);
	if (!reap(pid, &status, GRACE_S)) {
		kill(-pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	return status;
}

char *shell__last_line(const char *log)
{
	struct fault fault;
	char *text = read_file(log, NULL, &fault), *line, *last;

	if (!text)
		return xstrdup("");
	for (line = text + strlen(text); line > text && line[-1] == '\n'; line--)
		line[-1] = '\0';
	line = strrchr(text, '\n');
	last = xstrdup(line ? line + 1 : text);
	free(text);
	return last;
}

static int shell__fail(int status, const char *log, struct fault *fault)
{
	char *last = shell__last_line(log);

	if (WIFSIGNALED(status))
		fault__set(fault, "it was ended by signal %d; it said \"%.300s\" (%s)", WTERMSIG(status),
			   last, log);
	else
		fault__set(fault, "it ended with status %d and said \"%.300s\" (%s)",
			   WEXITSTATUS(status), last, log);
	free(last);
	return -1;
}

int shell__run(const char *command, const struct shell_variable *variables, const char *log,
	       struct fault *fault)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), status;
	pid_t pid;

	if (fd < 0)
		return fault__set(fault, "cannot write %s: %s", log, strerror(errno));
	pid = fork();
	if (!pid)
		become(command, variables, fd);
	close(fd);
	if (pid < 0)
		return fault__set(fault, "cannot start a process: %s", strerror(errno));
	/* It may be told to end before it has done this itself */
	setpgid(pid, pid);
	status = wait_for(pid);
	/* What it left running is none of the next one's */
	kill(-pid, SIGKILL);
	return status ? shell__fail(status, log, fault) : 0;
}
