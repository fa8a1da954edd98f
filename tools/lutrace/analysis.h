/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What recordings mean: figures per operation, and checks of which each has a
 * verdict and evidence. Pure computation on what recording__parse() gave.
 */
#ifndef LUTRACE_ANALYSIS_H
#define LUTRACE_ANALYSIS_H

#include "pt.h"
#include "recording.h"
#include "stats.h"

enum verdict {
	VERDICT_PASS,
	VERDICT_NOT_CHECKED,	/* nothing to check it on was given */
	VERDICT_UNKNOWN,	/* it was before lutrace looked; lutrace check alone */
	VERDICT_INCOMPLETE,	/* something was lost or not seen */
	VERDICT_VIOLATION,	/* wins over all others */
};

enum check_id {
	CHECK_LOSS,		/* every event of the kernel is in the recording */
	CHECK_PAIRS,		/* every begin has one end */
	CHECK_ONCE,		/* a domain is preserved at most once at a time */
	CHECK_UNCHANGED,	/* it is unpreserved as it was preserved */
	CHECK_ABORT,		/* nothing stays preserved after an abort */
	CHECK_GENERATION,	/* a slot that is used again has a higher one */
	CHECK_LATENCY,		/* the BPF side measured what was recorded */
	CHECK_RESTORE,		/* restored as the kernel before preserved it */
	CHECK_RESTORE_ONCE,	/* and at most once */
	CHECK_RESTORE_ERROR,	/* no restore was refused */
	NR_CHECKS,
};

#define CHECK_MAX_DETAILS 20

struct check {
	const char *name, *title;
	enum verdict verdict;
	char *summary;			/* one line, also when it passed */
	char *details[CHECK_MAX_DETAILS];
	size_t nr_details;		/* may be more than are kept */
};

struct op_figures {
	struct stats latency;		/* of the successful ones, in ns */
	size_t errors;			/* ends with ret other than 0 */
	__u64 tables, bytes;		/* sums over the successful ones */
	size_t formats[PT_NR_FORMATS];	/* of their page tables */
};

/* Recordings of one boot of one kernel, events in the kernel's order. */
struct boot {
	const struct recording **parts;
	size_t nr_parts;
	struct lutrace_event *events;
	size_t nr_events;
	__u64 missing;			/* sequence numbers that are not there */
	bool lossy;			/* events are missing, here or at the end */
	bool whole;			/* every part ended properly, nothing missing */
	struct preserved *left;		/* what was preserved at the end */
	struct idmap *left_at;		/* identity: index in left */
	size_t nr_left, nr_restored;	/* restored: by the next boot */
	/* Added to a MONOTONIC time of the next boot, modulo 2^64, it is one of this boot's. */
	__u64 to_next_ns;
	bool linked;			/* to_next_ns is known; only the TSC tells it */
	/* From the last event of this boot to the first of the next, 0: unknown. */
	__u64 gap_ns;
};

/* What makes a check a violation, and the event that shows it. */
struct offence {
	enum check_id check;
	const struct boot *boot;
	const struct lutrace_event *event;
	char *text;			/* as it stands in the details of the check */
};

struct analysis {
	struct boot *boots;
	size_t nr_boots;
	struct op_figures ops[LUTRACE_NR_OPS];
	struct check checks[NR_CHECKS];
	struct offence *offences;	/* all of them, not only those kept as details */
	size_t nr_offences, offences_room;
	/* What is looked at: analysis.c alone uses them. */
	const struct boot *boot;
	const struct lutrace_event *event;
	struct lutrace_counts lost;	/* sums over all recordings */
	__u64 missed_runs, missing, nr_events;
	size_t nr_preserved_left, nr_not_restored;
	bool emulated;
	enum verdict verdict;
};

/* A domain that is preserved: its identity and what it was then. */
struct preserved {
	__u64 ser_phys, generation;
	__u64 top_phys, nr_tables, nr_bytes;
	__u32 format, top_level;
	__u64 seq;			/* of the end of its preserve */
};

struct preserved preserved__of(const struct lutrace_event *ev);
/* Whether the page table of @ev is another one; @text says in what it differs first. */
bool preserved__differs(const struct preserved *p, const struct lutrace_event *ev, char *text,
			size_t size);

/* @recordings must outlive the analysis; they are sorted into boots. */
void analysis__run(struct analysis *a, const struct recording *recordings, size_t nr);
void analysis__free(struct analysis *a);

const char *verdict__name(enum verdict verdict);
/* The exit status of lutrace report. */
int verdict__status(enum verdict verdict);

#endif
