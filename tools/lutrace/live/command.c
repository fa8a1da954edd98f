// SPDX-License-Identifier: GPL-2.0-only
/* The program around which something is measured. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "live/command.h"

struct command {
	char *const *argv;
	pid_t pid;
	int go[2];		/* a byte into it lets the process execute the program */
	int report;		/* closes if it does; else it carries why not */
};

/* A signal of the terminal must end it as it will end the program. */
static void execute(char *const argv[], int go, int report)
{
	ssize_t got;
	int err;
	char c;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	/* What it says there would be taken for what this program says. */
	unsetenv("NOTIFY_SOCKET");
	do {
		got = read(go, &c, 1);
	} while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(126);
	execvp(argv[0], argv);
	err = errno;
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

/* Both ends of go stay open here: writing to it never fails because the process is gone. */
static int fork_held(struct command *command)
{
	int report[2];

	if (pipe2(command->go, O_CLOEXEC) || pipe2(report, O_CLOEXEC))
		return -1;
	command->pid = fork();
	if (!command->pid) {
		close(command->go[1]);
		execute(command->argv, command->go[0], report[1]);
	}
	close(report[1]);
	command->report = report[0];
	return command->pid < 0 ? -1 : 0;
}

static void close_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void command__free(struct command *command)
{
	close_open(command->go[0]);
	close_open(command->go[1]);
	close_open(command->report);
	free(command);
}

struct command *command__prepare(char *const argv[], struct fault *fault)
{
	struct command *command = xcalloc(1, sizeof(*command));

	*command = (struct command){ .argv = argv, .go = { -1, -1 }, .report = -1 };
	if (!fork_held(command))
		return command;
	fault__set(fault, "cannot start %s: %s", argv[0], strerror(errno));
	command__free(command);
	return NULL;
}

pid_t command__start(struct command *command, struct fault *fault)
{
	const char *name = command->argv[0];
	pid_t pid = command->pid;
	int err = 0;
	ssize_t got;

	if (write(command->go[1], "", 1) != 1)
		err = errno;
	do {
		got = err ? 1 : read(command->report, &err, sizeof(err));
	} while (got < 0 && errno == EINTR);
	command__free(command);
	/* One that was ended before is told by waitpid() later, as any other. */
	if (!got)
		return pid;
	waitpid(pid, NULL, 0);
	return fault__set(fault, "cannot execute %s: %s", name, strerror(err));
}

void command__forget(struct command *command)
{
	pid_t pid;

	if (!command)
		return;
	pid = command->pid;
	command__free(command);
	waitpid(pid, NULL, 0);
}

int command__run_shell(const char *command, int *status, struct fault *fault)
{
	char *const argv[] = { "sh", "-c", (char *)command, NULL };
	struct command *prepared = command__prepare(argv, fault);
	pid_t pid = prepared ? command__start(prepared, fault) : -1;

	if (pid < 0)
		return -1;
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return fault__set(fault, "cannot wait for %s: %s", command,
					  strerror(errno));
	return 0;
}

int command__ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}

char *command__describe(const char *name, int status)
{
	if (WIFSIGNALED(status))
		return xasprintf("%s was ended by signal %d (%s)", name, WTERMSIG(status),
				 strsignal(WTERMSIG(status)));
	return xasprintf("%s ended with status %d", name, WEXITSTATUS(status));
}

bool command__went_well(char *const argv[], int status)
{
	char *text;

	if (!argv || !status)
		return true;
	text = status < 0 ? xasprintf("%s did not end", argv[0]) :
		command__describe(argv[0], status);
	complain("%s", text);
	free(text);
	return false;
}

int command__end_status(char *const argv[], int status, int verdict)
{
	if (!command__went_well(argv, status) && verdict >= 0 && verdict != STATUS_VIOLATION)
		return STATUS_ERROR;
	return verdict;
}
