// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attached.h"

struct attached {
	pid_t pid;
	int in;			/* its standard input */
	FILE *out;		/* its standard output and error */
	const struct attached_command *command;
};

static void run(const struct attached_command *command, const int in[2], const int out[2])
{
	if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0 || dup2(out[1], 2) < 0)
		_exit(126);
	execvp(command->argv[0], (char **)command->argv);
	_exit(127);
}

static bool wait_for(struct attached *a, const char *marker)
{
	char line[256];

	while (fgets(line, sizeof(line), a->out)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strcmp(line, marker))
			return true;
	}
	return false;
}

struct attached *attached__start(const struct attached_command *command)
{
	struct attached *a = calloc(1, sizeof(*a));
	int in[2], out[2];

	if (!a || pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		abort();
	fflush(stdout);
	a->pid = fork();
	if (!a->pid)
		run(command, in, out);
	close(in[0]);
	close(out[1]);
	a->in = in[1];
	a->out = fdopen(out[0], "r");
	a->command = command;
	if (a->pid > 0 && a->out && wait_for(a, command->marker))
		return a;
	attached__stop(a);
	return NULL;
}

uint64_t attached__cpu_ns(const struct attached *a)
{
	struct timespec t = { 0 };
	clockid_t clock;

	if (!clock_getcpuclockid(a->pid, &clock))
		clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

int attached__stop(struct attached *a)
{
	int status = -1, also = a->command->also;

	close(a->in);
	if (a->pid > 0 && a->command->by_signal)
		kill(a->pid, SIGINT);
	/* It must not wait for somebody to read */
	while (a->out && getc(a->out) != EOF)
		;
	if (a->out)
		fclose(a->out);
	if (a->pid > 0 && waitpid(a->pid, &status, 0) != a->pid)
		status = -1;
	free(a);
	if (status == -1 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status) == also ? 0 : WEXITSTATUS(status);
}
