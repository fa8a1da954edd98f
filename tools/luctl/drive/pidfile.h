/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /run/luctl/SESSION.pid: which luctl holds a session, for `luctl abort` and `luctl status`. The
 * files are lib/pidlock's, so that one that a luctl left behind which was killed names nobody.
 */
#ifndef LUCTL_PIDFILE_H
#define LUCTL_PIDFILE_H

#include <sys/types.h>

#define PIDFILE_DIR "/run/luctl"
#define PIDFILE_SUFFIX ".pid"

struct pidlock;

/*
 * Takes the session for this process. Reports and returns NULL when that fails, also if another
 * luctl has it. pidlock__remove() gives it back. In all calls @session is a name that
 * plan__refuse_session() does not refuse.
 */
struct pidlock *pidfile__take(const char *session);

/* The running process that holds the session, or 0 */
pid_t pidfile__holder(const char *session);

/* Sends SIGTERM to it and to nobody else: returns that process, 0 for none, or a negative errno */
pid_t pidfile__stop_holder(const char *session);

/* Makes the folder. Returns 0 or a negative errno; it is no error if it is there. */
int pidfile__make_folder(void);

#endif
