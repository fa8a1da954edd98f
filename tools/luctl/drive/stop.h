/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals. SIGINT and SIGTERM end a command between two steps, so that the session is closed
 * cleanly. No command ends because nobody reads what it says: SIGPIPE, SIGXFSZ, SIGTTOU and SIGTTIN
 * make the write fail or go on, which say.h deals with.
 */
#ifndef LUCTL_STOP_H
#define LUCTL_STOP_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

enum stop_hangup {
	STOP_ON_HANGUP,	      /* SIGHUP ends it as SIGTERM does, unless it was ignored already */
	STOP_NEVER_ON_HANGUP, /* it goes on: it has what nobody can take back a second time */
};

void stop__init(enum stop_hangup hangup);
/* Back to the default actions, for a child, but for SIGTTOU and SIGTTIN */
void stop__reset(void);
/* The signal that came, or 0 */
int stop__requested(void);
/* Reports the signal; returns -1 if there was one, else 0 */
int stop__check(void);
/* Waits until there is one */
void stop__wait(void);

/*
 * Waits for the end of the child @pid, which leads a process group, and passes on to that group
 * the first signal that stops this process, also one that came before. Returns 0 with its status,
 * or a negative errno.
 */
int stop__wait_for(pid_t pid, int *status);

#endif
