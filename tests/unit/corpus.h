/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recordings for tests, written field by field as docs/recording.md says and not with the
 * structures of the tools: what a version of the format wrote stays as it was then.
 */
#ifndef TESTS_CORPUS_H
#define TESTS_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum corpus_kernel {
	CORPUS_OLD,	/* preserves, with aborts in between */
	CORPUS_NEW,	/* retrieves, restores all and finishes */
};

enum corpus_spoil {
	CORPUS_SOUND,
	CORPUS_VIOLATION,	/* the first domain: preserved twice, restored with another root */
	CORPUS_REFUSED,		/* the first restore fails and is not tried again (new kernel) */
	CORPUS_LOSSES,		/* the footer counts lost events */
	CORPUS_TWICE,		/* each end stands there twice, byte for byte */
};

struct corpus_options {
	enum corpus_kernel kernel;
	uint32_t major, minor;	/* 1.0 has no options of the recording in its header */
	uint32_t domains;	/* that are preserved at the end of the old kernel */
	uint32_t aborts;	/* how often all are unpreserved before that */
	uint32_t longer;	/* bytes more in each record and the header: a newer version */
	bool freed;		/* a page was freed while preserved (1.2) */
	bool deep;		/* page tables were walked (1.4) */
	/* Of what is preserved, and of the process (1.5); of what is restored (1.6); of memory (1.7) */
	bool names;
	bool complaints;	/* the kernel's log said one thing, and lost some (1.7) */
	bool frozen;		/* the kernel jumped at the end (1.8) */
	bool unknown;		/* with a record and an event that no version has yet */
	enum corpus_spoil spoil;
	uint32_t boot;		/* both kernels of a live update have the same, and so boot ids of their own */
	uint64_t step_ns;	/* from each event to the next, and so each latency; 0: 700 */
};

struct corpus {
	unsigned char *data;
	size_t size, room;
	/* What the generator knows of it, for tests to compare with */
	size_t header;			/* where the first event is */
	size_t footer;			/* where the footer is */
	uint64_t events, latencies;	/* with those of unknown operations */
};

/* Makes the recording in @c; free its data with free(). */
void corpus__make(struct corpus *c, const struct corpus_options *o);

#endif
