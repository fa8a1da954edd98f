/* SPDX-License-Identifier: GPL-2.0-only */
/* The program around which something is measured. Called by live.c and cmd/check.c. */
#ifndef LUTRACE_COMMAND_H
#define LUTRACE_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>
#include "lib/fault.h"

/*
 * A program to be executed, looked for in PATH, in a process that has the rights
 * that this one had when it was prepared, whatever this one gives up until it is
 * started. NULL with @fault set if there can be none. It does not inherit NOTIFY_SOCKET,
 * through which it could tell the service manager that this program is ready.
 */
struct command;
struct command *command__prepare(char *const argv[], struct fault *fault);
/* Executes it and frees @command. -1 with @fault set if it cannot be executed. */
pid_t command__start(struct command *command, struct fault *fault);
/* Instead of starting it; @command may be NULL. */
void command__forget(struct command *command);
/*
 * Runs a command of the shell to its end; @status as of waitpid(). Other than with
 * system(), the caller's own handlers get what signals come meanwhile.
 */
int command__run_shell(const char *command, int *status, struct fault *fault);
/* 1 with @status as of waitpid() if it has ended, 0 if it runs. */
int command__ended(pid_t pid, int *status);
/* "luctl ended with status 3", "sleep was ended by signal 15 (Terminated)"; free with free(). */
char *command__describe(const char *name, int status);
/*
 * Whether it ended with status 0, or there was none (@argv NULL); else says how
 * it ended. @status: as of waitpid(), -1 if it runs on.
 */
bool command__went_well(char *const argv[], int status);
/*
 * What lutrace ends with: @verdict, or STATUS_ERROR if the command did not end well and that is no
 * violation. What the command ended with is never taken for a verdict. @verdict < 0 stays.
 */
int command__end_status(char *const argv[], int status, int verdict);

#endif
