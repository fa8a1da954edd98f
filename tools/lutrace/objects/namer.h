/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds names for what the events of a live session are about. A name comes at one of three times:
 *
 *	when its iommufd was preserved or retrieved, from the kernel itself, if it can attach to
 *	these functions: complete but for the devices of what is retrieved; and when a HWPT was
 *	reclaimed, with the token that was asked for;
 *	when all open iommufds are listed, while a domain has no name, not more often than every
 *	tenth of a second and three times for each;
 *	when they are listed at the end.
 *
 * Nothing of it runs within an operation.
 */
#ifndef LUTRACE_NAMER_H
#define LUTRACE_NAMER_H

#include "lib/fault.h"
#include "model/names.h"

/* What is newly known. Each may be NULL, and returns -1 with @fault set to end the session. */
struct namer_ops {
	int (*name)(void *priv, const struct name *name, struct fault *fault);
	int (*process)(void *priv, __u32 pid, const char *comm, struct fault *fault);
};

struct namer;

/* Before the session: it loads programs. Where there are no names it says why, and gives none. */
struct namer *namer__open(bool verbose, const struct namer_ops *ops, void *priv);
/* Why domains have no names, or NULL. */
const char *namer__missing(const struct namer *n);
/* What is known; as long as the namer. */
struct names *namer__names(struct namer *n);
/* An event came, to be given a name. */
int namer__event(struct namer *n, const struct lutrace_event *ev, struct fault *fault);
/* To be called often, with CLOCK_MONOTONIC; costs little while all have a name. */
int namer__poll(struct namer *n, __u64 now_ns, struct fault *fault);
/* Looks now: at the start, and for the last time. */
int namer__look(struct namer *n, struct fault *fault);
/* The name of a domain, for which it looks now if that is worth it. NULL if there is none. */
const struct name *namer__find(struct namer *n, __u64 ser_phys, __u64 generation);
/*
 * For a session without end, now and then: forgets the processes that had no event since this was
 * called the last time, and the domains that were not preserved any more then. Tells @ops, of which
 * none is NULL, the names of the other processes, and of each domain that still is preserved.
 */
int namer__repeat(struct namer *n, const struct namer_ops *ops, void *priv, struct fault *fault);
/* For listing what is preserved; NULL if there are no names either. */
struct lister *namer__lister(struct namer *n);
void namer__free(struct namer *n);

#endif
