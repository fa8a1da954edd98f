/* SPDX-License-Identifier: GPL-2.0-only */
/* What recordings tell of each domain, by the names that its operator knows. Pure. */
#ifndef LUTRACE_DOMAINS_H
#define LUTRACE_DOMAINS_H

#include <stddef.h>
#include "report/analysis.h"

/*
 * A domain as its operator knows it. One that is preserved again, and in the next kernel, has
 * another record and is the same; one without session and token is known by its record alone.
 */
struct domain_row {
	const struct name *name;	/* of its last record; NULL: none */
	__u64 ser_phys, generation;	/* of its last record */
	size_t nr_records;
	__u32 pid;			/* of its last operation, by one with a name if there is one */
	const char *comm;		/* "": not known */
	/* Of those whose time is known: operation__latency(). */
	struct {
		size_t n, errors;
		__u64 max_ns;		/* of the n that succeeded */
	} ops[LUTRACE_OP_FLB_PRESERVE];
};

/* By session, tokens and record. Free with free(); it points into the analysis. */
struct domain_row *domains__rows(const struct analysis *a, size_t *nr);

#endif
