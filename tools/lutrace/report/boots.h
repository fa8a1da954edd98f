/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recordings sorted into the boots they were made in, and what joins one boot to the next. Pure.
 */
#ifndef LUTRACE_BOOTS_H
#define LUTRACE_BOOTS_H

#include <stddef.h>
#include "judge/oracle.h"

/* Recordings of one boot of one kernel, events in the kernel's order. */
struct boot {
	const struct recording **parts;
	size_t nr_parts;
	struct lutrace_event *events;
	size_t nr_events;
	struct lutrace_freed *freed;	/* in the order of time */
	size_t nr_freed;
	bool watches_freed;		/* one recording has a program on that tracepoint */
	struct lutrace_complaint *complaints;	/* in the order of time */
	size_t nr_complaints;
	bool has_klog;			/* in one recording the kernel's log was read */
	bool computed;			/* one has no latencies from the kernel */
	struct lutrace_deep *deep;	/* walks of page tables, in the order of time */
	size_t nr_deep;
	bool is_deep;			/* one recording was asked for them */
	struct names *names;		/* of what is restored, those of the boot before as well */
	__u64 lost;			/* events that were counted and are not there */
	__u64 missing;			/* sequence numbers that are not there */
	bool whole;			/* every part ended properly, nothing missing */
	struct preserved *left;		/* what was preserved at the end */
	size_t nr_left, nr_restored;	/* restored: by the next boot, each counts once */
	struct lutrace_deep *walks;	/* of those of left that were walked; NULL: is_deep is false */
	size_t nr_walks;
	/* Added to a MONOTONIC time of the next boot, modulo 2^64, it is one of this boot's. */
	__u64 to_next_ns;
	bool linked;			/* to_next_ns is known; only the TSC tells it */
	/* From the last event of this boot to the first of the next, 0: unknown. */
	__u64 gap_ns;
};

/* @recordings must outlive the boots, which boots__free() frees. Returns how many there are. */
size_t boots__sort(struct boot **boots, const struct recording *recordings, size_t nr);
void boots__free(struct boot *boots, size_t nr);

/* The path of its first recording. */
const char *boot__name(const struct boot *boot);
/* The end of the last recording; 0 if it was cut. */
__u64 boot__end_ns(const struct boot *boot);
/* Only the TSC runs on through a kexec; each kernel has its own MONOTONIC. */
void boot__link(struct boot *before, const struct boot *after);
void boot__measure_gap(struct boot *before, const struct boot *after);
/* How the domain of an event is called; NULL for one without a name, and for the FLB. */
const struct name *boot__domain_name(const struct boot *boot, const struct lutrace_event *ev);

#endif
