// SPDX-License-Identifier: GPL-2.0-only
/*
 * pty FILE KEYS COMMAND [ARG...]: runs a command on a terminal of its own, which has 24 lines of 80
 * columns, presses a key every half second from when there is something on it, and writes to FILE
 * what came on it. Ends as the command does, or with status 100 and a sentence if the command left
 * the terminal in another mode, or 101 if it took too long.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#define KEY_MS	500
#define LIMIT_S	60

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Returns whether there was something. */
static int copy(int from, FILE *to)
{
	struct pollfd pfd = { .fd = from, .events = POLLIN };
	char data[4096];
	ssize_t n;

	if (poll(&pfd, 1, 20) <= 0)
		return 0;
	n = read(from, data, sizeof(data));
	if (n > 0)
		fwrite(data, 1, n, to);
	return n > 0;
}

/* Presses the keys until the command has ended; returns its status as of waitpid(), or -1. */
static int serve(int terminal, pid_t pid, const char *keys, FILE *out)
{
	double began = now(), next = 0;
	int status;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (copy(terminal, out) && !next)
			next = now() + KEY_MS / 1e3;
		if (next && *keys && now() >= next) {
			if (write(terminal, keys++, 1) != 1)
				return -1;
			next = now() + KEY_MS / 1e3;
		}
		if (now() > began + LIMIT_S) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
	}
	while (copy(terminal, out))
		;
	return status;
}

static int same_mode(const struct termios *a, const struct termios *b)
{
	return a->c_lflag == b->c_lflag && a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag;
}

int main(int argc, char **argv)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	struct termios before, after;
	int master, slave, status;
	FILE *out;
	pid_t pid;

	out = argc > 3 ? fopen(argv[1], "w") : NULL;
	if (!out || openpty(&master, &slave, NULL, NULL, &size) || tcgetattr(slave, &before)) {
		fprintf(stderr, "pty: cannot set up (usage: pty FILE KEYS COMMAND): %s\n",
			strerror(errno));
		return 101;
	}
	pid = fork();
	if (!pid) {
		close(master);
		login_tty(dup(slave));
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	status = serve(master, pid, argv[2], out);
	fclose(out);
	if (status < 0) {
		fprintf(stderr, "pty: %s did not end in %d s\n", argv[3], LIMIT_S);
		return 101;
	}
	if (tcgetattr(slave, &after) || !same_mode(&before, &after)) {
		fprintf(stderr, "pty: the terminal is in another mode than before\n");
		return 100;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
