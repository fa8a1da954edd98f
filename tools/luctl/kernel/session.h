/* SPDX-License-Identifier: GPL-2.0-only */
/* Live update sessions: /dev/liveupdate and the file descriptors it gives out. */
#ifndef LUCTL_SESSION_H
#define LUCTL_SESSION_H

#include <stdint.h>

#define LUO_DEVICE	"/dev/liveupdate"

struct luo;
struct session;

/*
 * /dev/liveupdate is exclusive, and its first open after a kexec takes over everything that the
 * previous kernel left. Reports what is wrong and returns NULL if it cannot be opened.
 */
struct luo *luo__open(void);
void luo__close(struct luo *luo);

/* Report and return NULL, with the errno, when they fail */
struct session *luo__create_session(struct luo *luo, const char *name);
struct session *luo__retrieve_session(struct luo *luo, const char *name);

/* The rest return a negative errno and say nothing; retrieve returns a file descriptor. */
int session__preserve_fd(struct session *session, int fd, uint64_t token);
int session__retrieve_fd(struct session *session, uint64_t token);
int session__finish(struct session *session);

/* Unpreserves everything (before the kexec) or finishes (after it) */
void session__close(struct session *session);

#endif
