/* SPDX-License-Identifier: GPL-2.0-only */
/* /run/luctl/SESSION.pid: which process holds a session, for `luctl abort` and `luctl status`. */
#ifndef LUCTL_PIDFILE_H
#define LUCTL_PIDFILE_H

#include <sys/types.h>

#define PIDFILE_DIR	"/run/luctl"

/* Refuses, with a report, if a living process has the session */
int pidfile__create(const char *session);
void pidfile__remove(const char *session);

/* The living process that holds the session, or 0 */
pid_t pidfile__holder(const char *session);

#endif
