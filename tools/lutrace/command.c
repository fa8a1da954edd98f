// SPDX-License-Identifier: GPL-2.0-only
/* The program around which something is measured. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "command.h"

/* The pipe closes by itself when the program is executed; else it carries why not. */
static void execute(char *const argv[], int report)
{
	int err;

	execvp(argv[0], argv);
	err = errno;
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

pid_t command__start(char *const argv[], struct fault *fault)
{
	int fds[2], err = 0;
	ssize_t got;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return fault__set(fault, "cannot start %s: %s", argv[0], strerror(errno));
	pid = fork();
	if (!pid)
		execute(argv, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return fault__set(fault, "cannot start %s: %s", argv[0], strerror(errno));
	}
	do {
		got = read(fds[0], &err, sizeof(err));
	} while (got < 0 && errno == EINTR);
	close(fds[0]);
	if (!got)
		return pid;
	waitpid(pid, NULL, 0);
	return fault__set(fault, "cannot execute %s: %s", argv[0], strerror(err));
}

int command__run_shell(const char *command, int *status, struct fault *fault)
{
	char *const argv[] = { "sh", "-c", (char *)command, NULL };
	pid_t pid = command__start(argv, fault);

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
