/* SPDX-License-Identifier: GPL-2.0-only */
/* The readiness message to the service manager. Called by live.c. */
#ifndef LUTRACE_NOTIFY_H
#define LUTRACE_NOTIFY_H

/*
 * Tells the service manager that what waits for us can go on, if it asked for it
 * (NOTIFY_SOCKET of systemd). Says on stderr if it could not be told.
 */
void notify__ready(void);

#endif
