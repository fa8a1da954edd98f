/* SPDX-License-Identifier: GPL-2.0-only */
/* Operations of a boot: begins and their ends. Pure; called by the reports and latency. */
#ifndef LUTRACE_OPERATIONS_H
#define LUTRACE_OPERATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include "report/analysis.h"

/* A begin and its end, paired by operation and identity; one that was not seen is NULL. */
struct operation {
	const struct lutrace_event *begin, *end;
};

/*
 * All operations of a boot: those with an end in the order of the ends, then those without.
 * Free the array with free(); what it points to is the boot's.
 */
struct operation *boot__operations(const struct boot *boot, size_t *nr);

/*
 * How long it took, in ns. False if that is not known: one end was not seen, or it ended before it
 * began. Such an operation is in no figure.
 */
bool operation__latency(const struct operation *op, __u64 *ns);

#endif
