/* SPDX-License-Identifier: GPL-2.0-only */
/* Live update sessions: /dev/liveupdate and the file descriptors it gives out. */
#ifndef LUCTL_SESSION_H
#define LUCTL_SESSION_H

#include <stdint.h>

#define LUO_DEVICE "/dev/liveupdate"

struct luo;
struct session;

/*
 * /dev/liveupdate is exclusive, and its first open after a kexec takes over everything that the
 * previous kernel left. Reports what is wrong and returns NULL if it cannot be opened.
 */
struct luo *luo__open(void);
void luo__close(struct luo *luo);

/*
 * Report and return NULL when they fail. A name that is too long is refused, not cut. To create
 * one waits for a while for a session of that name that is about to end.
 */
struct session *luo__create_session(struct luo *luo, const char *name);
struct session *luo__retrieve_session(struct luo *luo, const char *name);

/* The rest return a negative errno and say nothing; retrieve returns a file descriptor. */
int session__preserve_fd(struct session *session, int fd, uint64_t token);
int session__retrieve_fd(struct session *session, uint64_t token);
int session__finish(struct session *session);

/*
 * Closes its file, by which everything is unpreserved (before the kexec) or finished (after
 * it), and frees @session. That is not yet its end: whoever looks at the files of this process
 * (a readlink in /proc/PID/fd, a BPF iterator) holds the file for a moment, and it ends when that
 * one lets it go.
 */
void session__close(struct session *session);
/*
 * Closes it and asks the kernel until it has ended: its name is free again then, and what was
 * preserved in it can be changed. Returns -1 after a report if that takes longer than ten seconds.
 */
int session__end(struct luo *luo, struct session *session);

#endif
