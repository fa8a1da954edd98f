/* SPDX-License-Identifier: GPL-2.0-only */
/* A command of the user's, by sh, with all that it starts. For run.c. */
#ifndef LUPERF_SHELL_H
#define LUPERF_SHELL_H

#include <stdbool.h>
#include "lib/fault.h"

/* From now on SIGINT, SIGTERM and SIGHUP end the command that runs, and no other one is started. */
void shell__catch(void);
/* One of these has come. */
bool shell__interrupted(void);

/* A variable of the command's environment. */
struct shell_variable {
	const char *name, *value;
};

/*
 * Runs @command with these variables, of which the last one has no name, and with what it prints in the file @log. 0:
 * it ended with status 0. -1 with @fault, which quotes its last line, if it ended otherwise or could not be started;
 * it is gone then with all processes of its group.
 */
int shell__run(const char *command, const struct shell_variable *variables, const char *log,
	       struct fault *fault);
/* The last line in @log that is not empty; "" if there is none. To free. */
char *shell__last_line(const char *log);

#endif
