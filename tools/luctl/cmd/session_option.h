/* SPDX-License-Identifier: GPL-2.0-only */
/* The option --session NAME of abort, finish and reclaim; the first two take nothing else. */
#ifndef LUCTL_SESSION_OPTION_H
#define LUCTL_SESSION_OPTION_H

#include <argp.h>

/*
 * The name given, which points into @argv; @doc is the first part of --help. Ends the program, with a
 * sentence and status 1, where there is no name or anything else.
 */
const char *session_option__parse(int argc, char **argv, const char *doc);

/* Takes @arg for *@session, which was NULL; ends the program if it was not, or if no session has such a name. */
void session_option__take(struct argp_state *state, const char **session, const char *arg);

#endif
