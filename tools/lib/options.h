/* SPDX-License-Identifier: GPL-2.0-only */
/* Command lines, which hold what a user or a script wrote. The commands of all tools call it. */
#ifndef LIB_OPTIONS_H
#define LIB_OPTIONS_H

#include <argp.h>

/*
 * argp_parse(), but what it prints of the arguments goes through make_printable(). It returns if the command
 * line is right; else, and after --help, the program ends, with argp_err_exit_status if it is wrong.
 */
void options__parse(const struct argp *argp, int argc, char **argv, unsigned int flags, void *input);

#endif
