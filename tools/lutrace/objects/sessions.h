/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LUTRACE_SESSIONS_H
#define LUTRACE_SESSIONS_H

enum sessions {
	SESSIONS_NONE,		/* no process has a session of a live update open */
	SESSIONS_OPEN,
	SESSIONS_UNKNOWN,	/* not all processes could be looked at */
};

/*
 * Looks through the open files of all threads. @proc is where procfs is mounted.
 * A session that is only on its way through a socket is not seen.
 */
enum sessions sessions__open(const char *proc);

#endif
