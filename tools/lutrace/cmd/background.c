// SPDX-License-Identifier: GPL-2.0-only
/* A command that goes on in the background once it has begun: lutrace record. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cmd/background.h"
#include "cmd/cmd.h"
#include "lib/fault.h"
#include "lib/mem.h"

struct background {
	int ready;		/* a byte is written here; -1: it was */
};

/* Ends the calling process as its child does, or as soon as that is ready. */
static void background__wait(int ready, pid_t child)
{
	int status = 0;
	char byte;
	ssize_t n;

	do
		n = read(ready, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(STATUS_CLEAN);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_ERROR);
}

struct background *background__begin(void)
{
	struct background *b = xcalloc(1, sizeof(*b));
	int ends[2], nothing;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) || (child = fork()) < 0) {
		complain("cannot go on in the background: %s", strerror(errno));
		exit(STATUS_ERROR);
	}
	if (child) {
		close(ends[1]);
		background__wait(ends[0], child);
	}
	close(ends[0]);
	setsid();
	nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (nothing >= 0) {
		dup2(nothing, STDIN_FILENO);
		close(nothing);
	}
	b->ready = ends[1];
	return b;
}

void background__ready(struct background *b)
{
	if (!b || b->ready < 0)
		return;
	if (write(b->ready, "", 1) != 1)
		complain("cannot tell that the work has begun: %s", strerror(errno));
	close(b->ready);
	b->ready = -1;
}

void background__free(struct background *b)
{
	if (b && b->ready >= 0)
		close(b->ready);
	free(b);
}
