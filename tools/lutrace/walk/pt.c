// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decodes IOMMU page tables, whose pages its caller reads. Touches no kernel. Called by mappings.c
 * and `walk`. See pt.h.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "walk/pt.h"

#define BIT(n)		(1ull << (n))
#define ADDRESS		0x000ffffffffff000ull	/* bits 51:12 in all formats */

struct format {
	const char *name;
	unsigned int min_top, max_top;
	int (*decode)(unsigned int level, uint64_t raw, struct pt_entry *out);
	bool sign_extend;		/* the upper half of the top table is at the end */
};

static unsigned int pt__item_size_lg2(unsigned int level)
{
	return 12 + 9 * level;
}

/* Intel VT-d 9.8, second-stage paging entries: present is read or write. */
static int pt__decode_vtdss(unsigned int level, uint64_t raw, struct pt_entry *out)
{
	bool large = level > 0 && (raw & BIT(7));

	if (!(raw & 3))
		return raw ? -1 : 0;	/* the kernel would take it for a table */
	if (large && level > 2)
		return -1;
	out->kind = level == 0 || large ? PT_LEAF : PT_TABLE;
	out->phys = raw & ADDRESS;
	out->size_lg2 = pt__item_size_lg2(level);
	out->perm = (raw & BIT(0) ? PT_READ : 0) | (raw & BIT(1) ? PT_WRITE : 0);
	return 0;
}

/*
 * x86 long mode, as VT-d's first stage and AMD's v2 tables use it. A device
 * counts as a user: without the user bit it has no access.
 */
static int pt__decode_x86_64(unsigned int level, uint64_t raw, struct pt_entry *out)
{
	bool large = level > 0 && (raw & BIT(7));

	if (!(raw & BIT(0)))
		return 0;
	if (large && level > 2)
		return -1;
	out->kind = level == 0 || large ? PT_LEAF : PT_TABLE;
	out->phys = raw & ADDRESS;
	out->size_lg2 = pt__item_size_lg2(level);
	if (raw & BIT(2))
		out->perm = PT_READ | (raw & BIT(1) ? PT_WRITE : 0);
	return 0;
}

static unsigned int pt__lowest_clear_bit(uint64_t value)
{
	return ~value ? __builtin_ctzll(~value) : 64;
}

/*
 * AMD-Vi v1 host tables. The next level field is 0 for a leaf of the entry's
 * own size, 7 for a leaf of another size, which stands as a run of ones at the
 * bottom of the address, and else the level of the table pointed to, where
 * AMD's level n is ours n - 1. A leaf of 512 GiB is what the hardware gets
 * wrong: the kernel never makes one.
 */
#define AMDV1_BROKEN_LG2	39

static int pt__decode_amdv1(unsigned int level, uint64_t raw, struct pt_entry *out)
{
	unsigned int next = raw >> 9 & 7, ones;
	uint64_t pfn = (raw & ADDRESS) >> 12;

	if (!(raw & BIT(0)))
		return 0;
	out->perm = (raw & BIT(61) ? PT_READ : 0) | (raw & BIT(62) ? PT_WRITE : 0);
	if (next != 0 && next != 7) {
		out->kind = PT_TABLE;
		out->phys = raw & ADDRESS;
		return next == level ? 0 : -1;
	}
	out->kind = PT_LEAF;
	out->size_lg2 = pt__item_size_lg2(level);
	out->phys = raw & ADDRESS;
	if (next == 7) {
		ones = pt__lowest_clear_bit(pfn);
		out->size_lg2 = 12 + ones + 1;
		out->phys = pfn >> ones << ones << 12;
	}
	if (out->size_lg2 < pt__item_size_lg2(level) || out->size_lg2 >= pt__item_size_lg2(level + 1))
		return -1;
	return level <= 4 && out->size_lg2 != AMDV1_BROKEN_LG2 ? 0 : -1;
}

static const struct format formats[] = {
	[PT_UNKNOWN] = { .name = "unknown" },
	[PT_VTDSS] = { "vtdss", 2, 4, pt__decode_vtdss },
	[PT_X86_64] = { "x86_64", 3, 4, pt__decode_x86_64, .sign_extend = true },
	[PT_AMDV1] = { "amdv1", 0, 5, pt__decode_amdv1 },
	/* The selftest's 2 KiB granule is no format of a machine. */
	[PT_AMDV1_MOCK] = { .name = "amdv1_mock" },
};

const char *pt__format_name(enum pt_format format)
{
	return formats[format < ARRAY_SIZE(formats) ? format : PT_UNKNOWN].name;
}

enum pt_format pt__format_by_name(const char *name)
{
	size_t i;

	for (i = 1; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, name))
			return i;
	return PT_UNKNOWN;
}

const char *pt__perm_name(unsigned int perm)
{
	static const char *const names[] = { "--", "r-", "-w", "rw" };

	return names[perm & 3];
}

int pt__decode(enum pt_format format, unsigned int level, uint64_t raw,
	       struct pt_entry *out, struct fault *fault)
{
	*out = (struct pt_entry){ .kind = PT_EMPTY };
	if (format >= ARRAY_SIZE(formats) || !formats[format].decode)
		return fault__set(fault, "page table format %s is not supported by walk",
				  pt__format_name(format));
	if (formats[format].decode(level, raw, out) ||
	    (out->kind == PT_LEAF && out->phys & (BIT(out->size_lg2) - 1)))
		return fault__set(fault,
				  "0x%016" PRIx64 " is no possible %s entry of level %u",
				  raw, formats[format].name, level);
	return 0;
}

uint64_t pt__canonical(enum pt_format format, unsigned int top_level, uint64_t iova)
{
	unsigned int bits = pt__item_size_lg2(top_level + 1);

	if (format >= ARRAY_SIZE(formats) || !formats[format].sign_extend ||
	    !(iova & BIT(bits - 1)))
		return iova;
	return iova | ~(BIT(bits) - 1);
}

void pt__add_leaf(struct pt_walk *walk, const struct pt_leaf *leaf)
{
	walk->leaves = grow(walk->leaves, walk->nr_leaves, &walk->room, sizeof(*leaf));
	walk->leaves[walk->nr_leaves++] = *leaf;
}

void pt__walk_free(struct pt_walk *walk)
{
	free(walk->leaves);
	*walk = (struct pt_walk){ 0 };
}

/* A table that is still to be read, and what the entries above it allow. */
struct todo {
	uint64_t phys, iova;
	unsigned int perm;
};

struct todo_list {
	struct todo *items;
	size_t nr, room;
};

static void todo_list__add(struct todo_list *list, struct todo todo)
{
	list->items = grow(list->items, list->nr, &list->room, sizeof(*list->items));
	list->items[list->nr++] = todo;
}

struct walker {
	enum pt_format format;
	unsigned int top_level, level;	/* the latter is that of the tables in @now */
	struct todo_list now, below;
	struct idmap *seen;
	struct pt_walk *out;
	struct fault *fault;
};

static int walker__add_table(struct walker *w, struct todo todo)
{
	if (idmap__find(w->seen, todo.phys, 0, 0))
		return fault__set(w->fault, "the table page at 0x%" PRIx64 " is linked twice, the "
				  "second time for iova 0x%" PRIx64,
				  todo.phys, todo.iova);
	idmap__set(w->seen, todo.phys, 0, 0, 1);
	todo_list__add(&w->below, todo);
	return 0;
}

/*
 * A leaf larger than its entry stands in all entries that it covers, which
 * must say the same (the dirty bit apart, which hardware sets in any).
 */
static int walker__check_copies(struct walker *w, const uint64_t *table, unsigned int i,
			unsigned int copies)
{
	unsigned int k;

	if (i % copies)
		return fault__set(w->fault, "entry %u of level %u starts a leaf of %u entries",
				  i, w->level, copies);
	for (k = 1; k < copies; k++)
		if ((table[i] ^ table[i + k]) & ~BIT(6))
			return fault__set(w->fault, "entry %u of level %u differs from entry %u, "
					  "of whose leaf it is a part",
					  i + k, w->level, i);
	return 0;
}

static int walker__decode_table(struct walker *w, const struct todo *todo, const uint64_t *table)
{
	unsigned int i, copies, perm, item = pt__item_size_lg2(w->level);
	/* The sixth level ends with the 64 bits of the address. */
	unsigned int items = w->level == 5 ? 1u << (64 - item) : PT_ITEMS;
	struct pt_entry entry;
	uint64_t iova;

	w->out->nr_tables++;
	for (i = 0; i < items; i += copies) {
		copies = 1;
		iova = pt__canonical(w->format, w->top_level, todo->iova + ((uint64_t)i << item));
		if (pt__decode(w->format, w->level, table[i], &entry, w->fault)) {
			struct fault why = *w->fault;

			return fault__set(w->fault, "entry %u of the table at 0x%" PRIx64 ", iova "
					  "0x%" PRIx64 ": %.300s",
					  i, todo->phys, iova, why.text);
		}
		perm = entry.perm & todo->perm;
		if (entry.kind == PT_TABLE && walker__add_table(w, (struct todo){ entry.phys, iova, perm }))
			return -1;
		if (entry.kind != PT_LEAF)
			continue;
		copies = 1u << (entry.size_lg2 - item);
		if (walker__check_copies(w, table, i, copies))
			return -1;
		pt__add_leaf(w->out, &(struct pt_leaf){
			.iova = iova, .phys = entry.phys,
			.size = BIT(entry.size_lg2), .perm = perm });
	}
	return 0;
}

static int walker__read_level(struct walker *w, const struct pt_reader *reader, uint64_t *pages)
{
	unsigned int n, k;
	uint64_t *phys;
	size_t i;
	int err = 0;

	phys = xcalloc(reader->batch, sizeof(*phys));
	for (i = 0; i < w->now.nr && !err; i += n) {
		n = w->now.nr - i < reader->batch ? w->now.nr - i : reader->batch;
		for (k = 0; k < n; k++)
			phys[k] = w->now.items[i + k].phys;
		err = reader->read(reader->priv, phys, n, pages, w->fault);
		for (k = 0; k < n && !err; k++)
			err = walker__decode_table(w, &w->now.items[i + k], pages + k * PT_ITEMS);
	}
	free(phys);
	return err;
}

static int pt_leaf__by_iova(const void *a, const void *b)
{
	const struct pt_leaf *x = a, *y = b;

	return (x->iova > y->iova) - (x->iova < y->iova);
}

int pt__walk(enum pt_format format, uint64_t root, unsigned int top_level,
	     const struct pt_reader *reader, struct pt_walk *out, struct fault *fault)
{
	struct walker w = { .format = format, .top_level = top_level, .level = top_level,
			    .out = out, .fault = fault };
	uint64_t *pages;
	int err = 0;

	*out = (struct pt_walk){ 0 };
	if (format >= ARRAY_SIZE(formats) || !formats[format].decode)
		return fault__set(fault, "page table format %s is not supported by walk",
				  pt__format_name(format));
	if (top_level < formats[format].min_top || top_level > formats[format].max_top)
		return fault__set(fault, "a %s table cannot have %u levels",
				  formats[format].name, top_level + 1);

	w.seen = idmap__new();
	pages = xcalloc(reader->batch, PT_PAGE_SIZE);
	err = walker__add_table(&w, (struct todo){ root, 0, PT_READ | PT_WRITE });
	while (!err && w.below.nr) {
		struct todo_list done = w.now;

		w.now = w.below;
		w.below = (struct todo_list){ done.items, 0, done.room };
		err = walker__read_level(&w, reader, pages);
		w.level--;
	}
	free(pages);
	free(w.now.items);
	free(w.below.items);
	idmap__free(w.seen);
	if (err)
		pt__walk_free(out);
	else if (out->nr_leaves)
		qsort(out->leaves, out->nr_leaves, sizeof(*out->leaves), pt_leaf__by_iova);
	return err;
}
