/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is where in a trace: slices and instants in lanes, each of which stands for something, and
 * tracks in a lane for those that overlap. perfetto.c alone calls it, and writes it. Pure.
 */
#ifndef LUTRACE_PERFETTO_LAYOUT_H
#define LUTRACE_PERFETTO_LAYOUT_H

#include "lib/fault.h"
#include "lib/idmap.h"
#include "model/domains.h"
#include "model/operations.h"
#include "report/perfetto_packets.h"

#define LAYOUT_NONE	((size_t)-1)

enum item_kind {
	ITEM_OPERATION,		/* from its begin to its end */
	ITEM_PRESERVED,		/* a domain is, between its operations */
	ITEM_KEXEC,		/* from the last event of a kernel to the first of the next */
	ITEM_KERNEL,		/* as long as it was recorded */
	/* Those of one moment */
	ITEM_HALF,		/* an operation whose time is not known */
	ITEM_OFFENCE,
};

struct item {
	enum item_kind kind;
	/* On the line, in ns; before layout__set_origin() modulo 2^64. */
	__u64 begin, end;
	size_t kernel, lane, track;
	struct operation op;
	const struct offence *offence;
	const char *until;		/* of ITEM_PRESERVED: what ended it */
	__u64 *flows;			/* numbers of arrows that pass, or end here; owned */
	size_t nr_flows, flows_room;
	bool flows_end;
};

/* One row in the user interface; what overlaps in a lane is on further ones. */
struct track {
	size_t lane, number;		/* counted from 1 in its lane */
	size_t next;			/* the further one, or LAYOUT_NONE */
	__u64 busy_until;
};

/* A begin, an end or an instant of an item, or a step of the counter. */
struct mark {
	__u64 ns;
	size_t track, item, order;	/* @order: among those of the same time and track */
	enum packet_type type;
	int step;			/* of the counter */
};

struct layout {
	const struct analysis *a;
	struct domains domains;
	__u64 *shift;			/* of each kernel: added to its times */
	struct item *items;
	size_t nr_items, items_room;
	size_t *first_of, nr_lanes;	/* of each lane its first track, or LAYOUT_NONE */
	struct track *tracks;
	size_t nr_tracks, tracks_room;
	size_t counter;			/* its track, or LAYOUT_NONE */
	struct mark *marks;
	size_t nr_marks, marks_room;
	/* kernel, begin, end: where the latency is, see layout__latency() */
	struct idmap *latencies;
	/* While items are collected */
	/* What this kernel preserves, and what the one before did: identity: item */
	struct idmap *open, *incoming;
	struct idmap *preserves;	/* kernel, number of the end: item */
	struct idmap *restores;		/* kernel, identity: item of the first that succeeded */
};

/*
 * Lays out all of an analysis. Returns -1 with the reason in @why if its kernels cannot be put on
 * one line of time. To be freed in both cases.
 */
int layout__make(struct layout *t, const struct analysis *a, struct fault *why);
void layout__free(struct layout *t);

/*
 * Lanes: the kexec's, then two for each kernel, then the domains' in their order from the first on.
 */
size_t layout__kexec_lane(void);
size_t layout__first_domain(const struct layout *t);

/* What the programs measured of an operation; NULL: nothing. Of two recordings the first counts. */
const struct lutrace_latency *layout__latency(const struct layout *t, const struct item *item);

#endif
