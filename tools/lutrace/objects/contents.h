/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether the page table of a preserved HWPT leads to the memory of its session's memfds, where the areas
 * say: as the next kernel will find it, from what is handed over. Called by deep.c. It reads memory through
 * its caller and knows no kernel but by the layout.
 */
#ifndef LUTRACE_CONTENTS_H
#define LUTRACE_CONTENTS_H

#include <stdbool.h>
#include <stdint.h>
#include "walk/pt.h"

struct btf;

/*
 * About so many pieces of memory are compared, spread over what is mapped; each lies in one entry and one folio.
 * Where entries have many folios there are more, and after four times as many only the first piece of an area.
 */
#define CONTENTS_PIECES	16384u

/* Where things are in the kernel's structures. */
struct contents_layout {
	long list, handler, compatible, serialized, private, token;	/* of a file of a session */
	long memfd_nr;							/* in what a memfd hands over */
	long nr_hwpts, hwpts, hwpt_size;				/* an iommufd */
	long domain_phys, generation, areas_phys;			/* a HWPT */
	long next_phys, nr_areas, areas, area_size;			/* a page of areas */
	long iova, length, memfd_token, memfd_offset;			/* an area */
	long ser_state, ser_generation;					/* the record of a domain */
};

/* Returns false if the kernel has none of it, or another. */
bool contents_layout__read(struct contents_layout *out, const struct btf *btf);

/* Copies a page: from a kernel address, and from a physical one. Both return false if it cannot be read. */
struct contents_reader {
	bool (*virt)(void *priv, uint64_t address, void *page);
	bool (*phys)(void *priv, uint64_t phys, void *page);
	void *priv;
};

/* A preserved HWPT. */
struct contents_of {
	uint64_t files;			/* address of the list of its session's files */
	uint64_t ser_phys, generation;	/* of the record of its domain */
	enum pt_format format;
	uint64_t top_phys;
	unsigned int top_level;
	uint64_t nr_leaves;		/* about so many entries map something */
};

struct contents_result {
	uint64_t compared, wrong;	/* pieces */
	/* Of the first that is wrong, and what is mapped there; 0: nothing. */
	uint64_t iova, leads_to;
};

/*
 * Returns false if nothing can be said: something could not be read, or the domain was given up meanwhile.
 */
bool contents__compare(const struct contents_layout *at, const struct contents_reader *reader,
		       const struct contents_of *of, struct contents_result *out);

#endif
