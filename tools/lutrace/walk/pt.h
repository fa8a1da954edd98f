/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IOMMU page tables, decoded in user space from pages that somebody else read.
 * Levels are those of the kernel's generic page table: the table of 4 KiB
 * entries is level 0, and a top of level n makes n + 1 levels.
 */
#ifndef LUTRACE_PT_H
#define LUTRACE_PT_H

#include <stddef.h>
#include <stdint.h>
#include "lib/fault.h"

#define PT_PAGE_SIZE	4096u
#define PT_ITEMS	512u

/* The numbers are the kernel's, in its records and tracepoints. */
enum pt_format {
	PT_UNKNOWN,
	PT_VTDSS,
	PT_X86_64,
	PT_AMDV1,
	PT_AMDV1_MOCK,
	PT_NR_FORMATS,
};

enum pt_kind {
	PT_EMPTY,
	PT_TABLE,
	PT_LEAF,
};

enum {
	PT_READ = 1,
	PT_WRITE = 2,
};

struct pt_entry {
	enum pt_kind kind;
	uint64_t phys;
	unsigned int size_lg2;		/* leaf: bytes that it maps */
	unsigned int perm;		/* PT_READ | PT_WRITE; of a table: for all below it */
};

struct pt_leaf {
	uint64_t iova, phys, size;
	unsigned int perm;
};

struct pt_walk {
	struct pt_leaf *leaves;		/* ascending by iova */
	size_t nr_leaves, room;
	size_t nr_tables;		/* with the top */
};

/*
 * Copies @nr pages at physical addresses @phys to @pages, @nr <= @batch.
 * Returns 0, or -1 with @fault set.
 */
struct pt_reader {
	int (*read)(void *priv, const uint64_t *phys, unsigned int nr, void *pages,
		    struct fault *fault);
	void *priv;
	unsigned int batch;
};

const char *pt__format_name(enum pt_format format);
enum pt_format pt__format_by_name(const char *name);
const char *pt__perm_name(unsigned int perm);

/* Decodes one entry of a table of @level; -1 if no such entry can be. */
int pt__decode(enum pt_format format, unsigned int level, uint64_t raw,
	       struct pt_entry *out, struct fault *fault);

/* @iova as the device gives it, of an address that was put together from table indices. */
uint64_t pt__canonical(enum pt_format format, unsigned int top_level, uint64_t iova);

/*
 * Walks the whole tree breadth first. What a leaf allows, every table above it
 * must allow as well. -1 with @fault set if a page cannot be read, an entry
 * cannot be, or one table page is linked twice.
 */
int pt__walk(enum pt_format format, uint64_t root, unsigned int top_level,
	     const struct pt_reader *reader, struct pt_walk *out, struct fault *fault);
void pt__add_leaf(struct pt_walk *walk, const struct pt_leaf *leaf);
void pt__walk_free(struct pt_walk *walk);

#endif
