/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What should be gone once the FLB of the previous kernel is finished: the tables of its domains are taken
 * over or freed by then, and none of them is reserved any more. Called by `check`.
 *
 *	leftover__record(l, ...);	for what the previous kernel is known to have left
 *	leftover__name(l, name);	when the kernel told what was handed over
 *	leftover__event(l, ev);		every event
 *	leftover__count(l, &left);	after the last one
 */
#ifndef LUTRACE_LEFTOVER_H
#define LUTRACE_LEFTOVER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include "model/names.h"
#include "objects/lister.h"

struct leftover;

/* @lister outlives it. NULL if there is none, or the kernel has none of what is looked for. */
struct leftover *leftover__new(struct lister *lister);
void leftover__free(struct leftover *l);

/* Reads which tables a record has that was handed over to this kernel. @l may be NULL. */
void leftover__record(struct leftover *l, __u64 ser_phys, __u64 generation);
/* The same, if the kernel told that name when an iommufd was retrieved. */
void leftover__name(struct leftover *l, const struct name *name);
void leftover__event(struct leftover *l, const struct lutrace_event *ev);

/*
 * How many tables were looked at, some of each record, how many of these are still reserved for whoever
 * takes them over, and one of them. Returns false if the FLB is not finished, or nothing is known.
 */
struct leftover_count {
	size_t looked_at, left;
	__u64 phys;
};

bool leftover__count(struct leftover *l, struct leftover_count *out);

/* Number of sessions of the previous kernel that were not finished; -1: not known. @l may be NULL. */
long leftover__sessions(struct leftover *l);

#endif
