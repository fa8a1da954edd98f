/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What recordings tell of each domain, by the names that its operator knows: for the reports, which
 * are made of an analysis. Pure.
 */
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
	size_t number;			/* for domains__row() alone */
};

/* What a domain without a name is known by. */
enum domains_by {
	DOMAINS_BY_RECORD,	/* its record: address and generation */
	DOMAINS_BY_SLOT,	/* the address alone: what is preserved there again is taken for it */
};

struct domains {
	struct domain_row *rows;	/* by session, tokens and record */
	size_t nr;
	/* For domains.c alone */
	enum domains_by by;
	struct idmap *numbers;		/* identity: the number of its row */
	size_t *at;			/* number: index of the row */
};

/* Of what is selected. It points into @a, which must outlive it. */
void domains__make(struct domains *d, const struct analysis *a, enum domains_by by);
/* The row of the domain of an event, as an index; @nr of them if it was not selected. */
size_t domains__row(const struct domains *d, const struct boot *boot,
		    const struct lutrace_event *ev);
void domains__free(struct domains *d);

#endif
