// SPDX-License-Identifier: GPL-2.0-only
/*
 * What luctl says, and where it goes if nobody takes it: see say.h. Called by all of luctl. Lines
 * are written without stdio, so that it is known of each whether it was taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drive/pidfile.h"
#include "drive/say.h"
#include "lib/text.h"

#define SAY_KMSG "/dev/kmsg"
/* A pipe or terminal that is full for so long has no reader that reads */
#define SAY_WAIT_MS 10000
/* What a pipe that poll() calls writable takes without waiting */
#define SAY_CHUNK 512u
/* The kernel cuts longer lines of its log */
#define SAY_KMSG_SIZE 900

static const char *say__subject;
static bool say__diverted[3]; /* by file descriptor: it takes no more */
static int say__log = -1;
static bool say__has_no_log;

void say__set_subject(const char *new_subject)
{
	say__subject = new_subject;
}

/* Writes all of it. Returns 0 or a negative errno, -ETIMEDOUT if nobody reads. */
static int say__write_all(int fd, const char *text, size_t size)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	size_t chunk;
	ssize_t n;
	int ready;

	while (size) {
		ready = poll(&poll_fd, 1, SAY_WAIT_MS);
		if (ready < 0 && errno == EINTR)
			continue;
		if (!ready)
			return -ETIMEDOUT;
		chunk = size < SAY_CHUNK ? size : SAY_CHUNK;
		n = write(fd, text, chunk);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n > 0) {
			text += n;
			size -= n;
		}
	}
	return 0;
}

/* To the kernel's log: all that is left if there is no other place */
static void say__to_kernel(const char *line)
{
	char record[SAY_KMSG_SIZE + 8];
	int fd = open(SAY_KMSG, O_WRONLY | O_CLOEXEC | O_NONBLOCK), n;

	if (fd < 0)
		return;
	/* LOG_USER | LOG_NOTICE */
	n = snprintf(record, sizeof(record), "<13>%.*s", SAY_KMSG_SIZE, line);
	/* That fails nobody can be told */
	if (write(fd, record, n) < 0)
		errno = 0;
	close(fd);
}

static void say__open_log(void)
{
	if (say__log >= 0 || say__has_no_log)
		return;
	pidfile__make_folder();
	say__log = open(SAY_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	say__has_no_log = say__log < 0;
}

static void say__to_log(const char *line, size_t size)
{
	char begin[32];
	int n;

	say__open_log();
	n = snprintf(begin, sizeof(begin), "[%d] ", (int)getpid());
	if (say__log < 0 || say__write_all(say__log, begin, n) ||
	    say__write_all(say__log, line, size))
		say__to_kernel(line);
}

/* From now on what goes to @fd goes to the log. The kernel's log says so, for whoever looks there.
 */
static void say__divert(int fd, int err)
{
	char line[256];

	say__diverted[fd] = true;
	say__open_log();
	snprintf(line, sizeof(line),
		 "luctl[%d]: %s takes no more (%s), what luctl says goes on in %s\n", (int)getpid(),
		 fd == STDOUT_FILENO ? "standard output" : "standard error", strerror(-err),
		 say__log >= 0 ? SAY_LOG : "the kernel log");
	say__to_kernel(line);
}

static void say__line(int fd, const char *line, size_t size)
{
	int err;

	if (!say__diverted[fd]) {
		err = say__write_all(fd, line, size);
		if (!err)
			return;
		say__divert(fd, err);
	}
	say__to_log(line, size);
}

void say__init(void)
{
	int fd, null;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest one that is free, hence this one */
		null = open("/dev/null", O_RDWR);
		if (fd != STDIN_FILENO && null == fd)
			say__divert(fd, -EBADF);
	}
}

int say__output_for_child(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };

	/* A pipe without a reader, and a terminal that hung up */
	if (!say__diverted[fd] && poll(&poll_fd, 1, 0) > 0 &&
	    (poll_fd.revents & (POLLERR | POLLHUP | POLLNVAL)))
		say__divert(fd, -EPIPE);
	return say__diverted[fd] ? say__log : fd;
}

static void say__out(int fd, const char *prefix, const char *fmt, va_list args, const char *suffix)
{
	char *text = NULL, *line = NULL;
	int size;

	/* One line at a time: hooks and the kernel write to the same console */
	fflush(stdout);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	if (text)
		make_printable(text);
	size = text ? asprintf(&line, "luctl: %s%s%s%s%s\n", prefix,
			       say__subject ? say__subject : "", say__subject ? ": " : "", text,
			       suffix)
		    : -1;
	if (size >= 0)
		say__line(fd, line, size);
	else
		say__line(fd, "luctl: no memory for a message\n", 31);
	if (size >= 0)
		free(line);
	free(text);
}

void say__step(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say__out(STDOUT_FILENO, "", fmt, args, " ok");
	va_end(args);
}

void say__note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say__out(STDOUT_FILENO, "", fmt, args, "");
	va_end(args);
}

void say__warning(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say__out(STDERR_FILENO, "warning: ", fmt, args, "");
	va_end(args);
}

int say__error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say__out(STDERR_FILENO, "error: ", fmt, args, "");
	va_end(args);
	return -1;
}

static const char *say__errno_name(int err)
{
	const char *name = strerrorname_np(-err);

	return name ? name : "unknown errno";
}

int say__errno(int err, const char *fmt, ...)
{
	char suffix[128];
	va_list args;

	snprintf(suffix, sizeof(suffix), ": %s (%s)", strerror(-err), say__errno_name(err));
	va_start(args, fmt);
	say__out(STDERR_FILENO, "error: ", fmt, args, suffix);
	va_end(args);
	return -1;
}

int say__expect(int ret, int want, const char *fmt, ...)
{
	char suffix[192];
	va_list args;

	if (ret == want || (ret > 0 && !want))
		return 0;
	if (!want)
		snprintf(suffix, sizeof(suffix), " failed: %s (%s)", strerror(-ret),
			 say__errno_name(ret));
	else if (ret >= 0)
		snprintf(suffix, sizeof(suffix),
			 " succeeded, but the kernel must refuse it with %s",
			 say__errno_name(want));
	else
		snprintf(suffix, sizeof(suffix), " failed with %s (%s), but must fail with %s",
			 say__errno_name(ret), strerror(-ret), say__errno_name(want));
	va_start(args, fmt);
	say__out(STDERR_FILENO, "error: ", fmt, args, suffix);
	va_end(args);
	return -1;
}
