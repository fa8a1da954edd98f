/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recordings sorted into the boots they were made in, and what joins one boot to the next. Pure.
 */
#ifndef LUTRACE_BOOTS_H
#define LUTRACE_BOOTS_H

#include <stddef.h>
#include "judge/oracle.h"

/* How the next boot in the order of time came from one: links.c. */
enum boot_link {
	LINK_LAST,	/* there is none */
	LINK_KEXEC,	/* the kernel jumped into it */
	LINK_COLD,	/* a cold boot between them, or a kexec that handed over nothing */
	LINK_MISSING,	/* a kernel between them is not given */
	LINK_UNSURE,	/* too little is known, or what is known disagrees */
};

/* What is known of the time between the end of a boot's recordings and its jump: ends.c. */
enum boot_end {
	END_UNKNOWN,	/* nothing */
	END_WENT_ON,	/* the next kernel found something else: not all was seen */
	END_SEEN,	/* they ended properly, and the next kernel found what they have */
	END_GENERATION,	/* they were cut; it found as many records, none of a later generation */
	END_FROZEN,	/* they were cut after the freeze; it found as many records */
	END_RESTORED,	/* they were cut; it found as many records, and restored all as they were */
};

/* Recordings of one boot of one kernel, events in the kernel's order. */
struct boot {
	const struct recording **parts;
	size_t nr_parts;
	const struct recording **twice;	/* given as well, each a copy of a part */
	size_t nr_twice;
	/* Each number once, but for what cannot be; of one recording alone they are its own. */
	struct lutrace_event *events;
	size_t nr_events;
	bool owns_events;
	__u32 *recorders, *recorder_of;	/* of each part and event; NULL: no two ran at once */
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
	bool ended;			/* every part has its footer */
	bool sound;			/* nothing is missing up to its last event */
	bool whole;			/* nor after that, until it jumped: ends.c */
	enum boot_end end;
	size_t nr_found;		/* records that the next kernel found */
	struct preserved *left;		/* what was preserved at the end */
	__u64 running;			/* as in struct previous */
	size_t nr_left, nr_restored;	/* restored: by the next boot, each counts once */
	struct lutrace_deep *walks;	/* of those of left that were walked; NULL: is_deep is false */
	size_t nr_walks;
	enum boot_link link;
	/*
	 * Added to a MONOTONIC time of the next boot, modulo 2^64, it is one of this boot's: by the
	 * TSC if the next boot came by kexec, else by REALTIME.
	 */
	__u64 to_next_ns;
	bool linked;			/* to_next_ns is known */
	/* From the last event of this boot to the first of the next, by the TSC; 0: unknown. */
	__u64 gap_ns;
};

/* @recordings must outlive the boots, which boots__free() frees. Returns how many there are. */
size_t boots__sort(struct boot **boots, const struct recording *recordings, size_t nr);
void boots__free(struct boot *boots, size_t nr);

/* The path of its first recording. */
const char *boot__name(const struct boot *boot);
/* The end of the last recording; 0 if it was cut. */
__u64 boot__end_ns(const struct boot *boot);
/* Whether both are files of one flight recorder. */
bool recording__continues(const struct recording *x, const struct recording *y);
/* merge.c: leaves each event once. Its events must be sorted. */
void boot__merge(struct boot *boot);
/* Which recorder a part is of, and the event was taken from: a number that is good for comparing. */
__u32 boot__part_recorder(const struct boot *boot, size_t part);
__u32 boot__recorder(const struct boot *boot, const struct lutrace_event *ev);

/*
 * Whether @after came from @before, which was judged: its left is known. Sets what @before has of
 * the next boot. @after must be the next in the order of boots__sort().
 */
void boot__link(struct boot *before, const struct boot *after);
/* MONOTONIC of the last thing in its recordings. */
__u64 boot__last_ns(const struct boot *boot);
/* Domains that @after restored, and how many of them are in all numbers what @before left. */
struct handed {
	size_t nr, same;
};
struct handed boot__handed(const struct boot *before, const struct boot *after);
/* Whether anything was handed over to this boot, as far as was seen. */
bool boot__took_over(const struct boot *boot);
/* Sets end, nr_found and whole of a boot that is linked, or not, to @next; NULL: there is none. */
void boot__close(struct boot *boot, const struct boot *next);
/*
 * What a kernel that it handed over to may expect of it, for oracle__expect(). @next: the boot that it is
 * linked to, both of which are closed to each other; NULL: its recordings are not there.
 */
struct previous boot__previous(const struct boot *boot, const struct boot *next);
/* Whether its recordings saw the jump itself; those before 1.8 do not tell, and are taken to have. */
bool boot__saw_jump(const struct boot *boot);
/* In one or two words, as in JSON. */
const char *boot_link__name(enum boot_link link);
/* A restored domain is the one that had its record, whatever else the new kernel counts anew. */
void boot__inherit_names(struct boot *boot, const struct boot *before);
/* How the domain of an event is called; NULL for one without a name, and for the FLB. */
const struct name *boot__domain_name(const struct boot *boot, const struct lutrace_event *ev);

#endif
