/* SPDX-License-Identifier: GPL-2.0-only */
/* What went wrong, as one sentence: on its way up in a struct fault, or printed at once. */
#ifndef LIB_FAULT_H
#define LIB_FAULT_H

#include <stdbool.h>

#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* One clear sentence about what went wrong, on its way up to the user. */
struct fault {
	char text[768];
};

/*
 * Returns -1, so that a function can end with `return fault__set(...)`. The arguments may hold any
 * text from a path, a recording or a command line: make_printable() is applied to the sentence. What
 * does not fit is cut and ends in "...". @fault must not be among the arguments.
 */
int fault__set(struct fault *fault, const char *fmt, ...) PRINTF(2, 3);

/* Prints "PROGRAM: ..." on stderr, after what stdout has; as one printable line, like a fault. */
void complain(const char *fmt, ...) PRINTF(1, 2);
/* What PROGRAM is, which is not copied; "lutrace" until this is called. */
void complain__as(const char *program);
const char *complain__program(void);

/*
 * While it is on, all that the C library prints on stderr of a command line, as argp and getopt do, goes
 * through make_printable() too, but line ends and tabs.
 */
void fault__mask_stderr(bool on);

#endif
