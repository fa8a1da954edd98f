/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What recordings mean: figures per operation, and checks of which each has a
 * verdict and evidence. Pure computation on what recording__parse() gave.
 */
#ifndef LUTRACE_ANALYSIS_H
#define LUTRACE_ANALYSIS_H

#include <stddef.h>
#include "judge/oracle.h"
#include "lib/stats.h"
#include "model/selection.h"
#include "recording/collection.h"
#include "report/boots.h"
#include "walk/pt.h"

/* The checks of a report: the rules of oracle.h, and one that only recordings have. */
enum {
	CHECK_LATENCY = NR_RULES,	/* the BPF side measured what was recorded */
	NR_CHECKS,
};

struct op_figures {
	struct stats latency;		/* of the successful ones, in ns */
	size_t errors;			/* ends with ret other than 0 */
	__u64 tables, bytes;		/* sums over the successful ones */
	size_t formats[PT_NR_FORMATS];	/* of their page tables */
};

/* What makes a check a violation, and the event that shows it. */
struct offence {
	int check;			/* enum rule_id, or CHECK_LATENCY */
	const struct boot *boot;
	const struct lutrace_event *event;	/* the last of its object; NULL: there was none */
	__u64 time_ns;			/* MONOTONIC of its boot: of what was found, or of the event */
	char *text;			/* as it stands in the details of the check */
};

struct analysis {
	struct boot *boots;
	size_t nr_boots;
	struct op_figures ops[LUTRACE_NR_OPS];
	struct check checks[NR_CHECKS];
	struct tally tallies[NR_RULES];	/* what the rules looked at, over all kernels */
	size_t nr_latencies;		/* that were compared */
	struct offence *offences;	/* all of them, not only those kept as details */
	size_t nr_offences, offences_room;
	const struct selection *sel;	/* NULL: all */
	size_t nr_not_selected;		/* operations that were left out, */
	size_t nr_nameless;		/* and those of them for want of a name */
	size_t nr_found_left_out;	/* of what was found about domains */
	/* What is looked at: analysis.c alone uses them. */
	const struct boot *boot;
	const struct lutrace_event *event;
	__u64 found_ns;			/* of what has a time and no number; 0: it is the event */
	struct lutrace_counts lost;	/* sums over all recordings */
	__u64 missed_runs, missing, nr_events;
	size_t nr_preserved_left, nr_not_restored;
	bool emulated;
	enum verdict verdict;
};

/* @recordings must outlive the analysis; they are sorted into boots. */
void analysis__run(struct analysis *a, const struct recording *recordings, size_t nr);
/*
 * The same of a collection, and of what is selected: figures are of the selected domains alone, and so
 * are violations. Everything is judged all the same. Files that hold nothing make it incomplete.
 * @sel must outlive the analysis, and may be NULL.
 */
void analysis__run_all(struct analysis *a, const struct collection *c, const struct selection *sel);
/* A check in @required, of NR_CHECKS, for which there was nothing to look at makes it incomplete. */
void analysis__require(struct analysis *a, const bool *required);
void analysis__free(struct analysis *a);

/* Whether it is of what is selected. What is unknown is not. */
bool analysis__selects(const struct analysis *a, const struct boot *boot,
		       const struct lutrace_event *ev);

#endif
