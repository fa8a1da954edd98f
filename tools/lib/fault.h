/* SPDX-License-Identifier: GPL-2.0-only */
/* What went wrong, as one sentence: on its way up in a struct fault, or printed at once. */
#ifndef LIB_FAULT_H
#define LIB_FAULT_H

#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* One clear sentence about what went wrong, on its way up to the user. */
struct fault {
	char text[768];
};

/* Returns -1, so that a function can end with `return fault__set(...)`. */
int fault__set(struct fault *fault, const char *fmt, ...) PRINTF(2, 3);

/* Prints "PROGRAM: ..." on stderr, after what stdout has. */
void complain(const char *fmt, ...) PRINTF(1, 2);
/* What PROGRAM is, which is not copied; "lutrace" until this is called. */
void complain__as(const char *program);

#endif
