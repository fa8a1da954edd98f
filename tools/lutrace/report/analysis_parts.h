/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the analysis share: analysis.c, losses.c and figures.c alone include it. */
#ifndef LUTRACE_ANALYSIS_PARTS_H
#define LUTRACE_ANALYSIS_PARTS_H

#include "lib/fault.h"
#include "report/analysis.h"

struct sample {
	uint64_t *items;
	size_t nr, room;
};

void verdict__raise(enum verdict *verdict, enum verdict to);
/* Adds a line of evidence to a check, and what it makes of the verdict. */
void analysis__find(struct analysis *a, int id, enum verdict verdict, const char *fmt, ...)
	PRINTF(4, 5);
/* What a violation that is found from now on is shown at. */
void analysis__look_at(struct analysis *a, const struct boot *boot, const struct lutrace_event *ev);
enum selected analysis__selected(const struct analysis *a, const struct boot *boot,
				 const struct lutrace_event *ev);

/*
 * losses.c: first what the recordings of all boots count as lost, into the boots. Then, of a boot
 * whose end is known, what is told of it.
 */
void losses__count(struct analysis *a);
void losses__check(struct analysis *a, const struct boot *boot);

/* figures.c: the operations of a boot, into @samples (one per operation). */
void figures__measure(struct analysis *a, struct boot *boot, struct sample *samples);
/* There is one FLB, and it has no address before its preserve ended. */
__u64 event__key_phys(const struct lutrace_event *ev);

#endif
