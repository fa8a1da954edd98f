/* SPDX-License-Identifier: GPL-2.0-only */
/* A lutrace command that is attached while something is measured. */
#ifndef PROGS_ATTACHED_H
#define PROGS_ATTACHED_H

#include <stdbool.h>
#include <stdint.h>

struct attached;

struct attached_command {
	const char *argv[16];	/* ends with NULL */
	const char *marker;	/* what it says, alone on a line, once it is attached */
	bool by_signal;		/* SIGINT ends it; otherwise the end of its standard input does */
	int also;		/* an exit status that is as good as 0 */
};

/* Returns when it is attached; NULL if it ends before. */
struct attached *attached__start(const struct attached_command *command);
/* Nanoseconds of CPU that it has taken until now */
uint64_t attached__cpu_ns(const struct attached *a);
/* Ends it and frees @a. Returns 0, or its exit status if that is not good; -1: a signal ended it. */
int attached__stop(struct attached *a);

#endif
