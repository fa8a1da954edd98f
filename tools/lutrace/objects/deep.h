/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Walks page tables beside a live session (`--deep`): each domain as soon as it
 * is preserved or reclaimed, and again while it stays so, by digest_tables() of
 * bpf/walk/digest.bpf.h. A walk goes in batches, and events are handed over in between.
 *
 *	deep = deep__open(&ops, priv, verbose, fault);
 *	deep__event(deep, ev);		every event of the session
 *	deep__work(deep, fault);	from ops->drained of the session: walks what is due
 *	deep__finish(deep, fault);	before live__stop(): walks all once more
 */
#ifndef LUTRACE_DEEP_H
#define LUTRACE_DEEP_H

#include "lib/fault.h"
#include "recording/recording.h"

struct deep;

/* Each returns 0, or -1 with @fault set, which ends the walks and the call that made them. */
struct deep_ops {
	/* A walk came to its end, and the domain was the same until then. */
	int (*walked)(void *priv, const struct lutrace_deep *walk, struct fault *fault);
	/* Between batches: live__drain(), so that the ring buffer has room. */
	int (*drain)(void *priv, struct fault *fault);
	/*
	 * After each round: how many tables the domains have that are preserved or reclaimed, as far as they
	 * were walked, and how many pages of page tables the kernel counts, of all. May be NULL.
	 */
	void (*counted)(void *priv, __u64 nr_tables, __u64 nr_counted);
};

/* NULL with @fault set, one sentence, where the kernel lacks what walks need. */
struct deep *deep__open(const struct deep_ops *ops, void *priv, bool verbose,
			struct fault *fault);
void deep__event(struct deep *deep, const struct lutrace_event *ev);
int deep__work(struct deep *deep, struct fault *fault);
int deep__finish(struct deep *deep, struct fault *fault);
/* Why no table is looked for in KHO's map; NULL: each is. */
const char *deep__kho_missing(const struct deep *deep);
void deep__free(struct deep *deep);

#endif
