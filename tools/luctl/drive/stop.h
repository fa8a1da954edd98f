/* SPDX-License-Identifier: GPL-2.0-only */
/* SIGINT and SIGTERM end a run between two steps, so that the session is closed cleanly. */
#ifndef LUCTL_STOP_H
#define LUCTL_STOP_H

#include <stdbool.h>

void stop__init(void);
/* Back to the default actions, for a child */
void stop__reset(void);
bool stop__requested(void);
/* Reports the signal; returns -1 if there was one, else 0 */
int stop__check(void);
/* Waits until there is one */
void stop__wait(void);

#endif
