/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of a subcommand that takes --session NAME and nothing else: abort, finish. */
#ifndef LUCTL_SESSION_OPTION_H
#define LUCTL_SESSION_OPTION_H

/*
 * The name given, which points into @argv; @doc is the first part of --help. Ends the program, with a
 * sentence and status 1, where there is no name or anything else.
 */
const char *session_option__parse(int argc, char **argv, const char *doc);

#endif
