// SPDX-License-Identifier: GPL-2.0-only
/* Reads the records and lists of tables of the previous kernel, and then what became of the tables. */
#include <bpf/btf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "live/live.h"
#include "objects/leftover.h"
#include "walk/kernel.h"

/* Of each record so many tables are looked at: what a kernel forgets is all of them, or one in many. */
#define TABLES_PER_RECORD	64
/* A list that is longer is none. */
#define MAX_LIST_PAGES		(1u << 16)
/* In the high half of page->private, as KHO marks what it reserves at boot; below it is the order. */
#define KHO_PAGE_MAGIC		0x4b484f50u
/* In the low bits of what a list has of a table: its order. */
#define ORDER_BITS		(LUTRACE_PAGE_SIZE - 1)

/* Where things are in the running kernel's structures; negative: it has none of it. */
struct layout {
	long generation, tables_phys, nr_tables;	/* of struct iommu_domain_ser */
	long next_phys, list_nr, tables;		/* of struct iommu_tables_ser */
	long private, page_size;			/* of struct page */
	long sessions;					/* the count in luo_session_global */
};

/* One record that was handed over. */
struct handed_record {
	uint64_t ser_phys, generation;
	uint64_t read_ns;		/* when it and its list had been read */
	uint64_t touched_ns;		/* when somebody began to take it over, or to free it; 0: nobody yet */
	uint64_t tables[TABLES_PER_RECORD];
	size_t nr;
};

struct leftover {
	struct lister *lister;
	struct layout at;
	uint64_t vmemmap;
	struct handed_record *items;
	size_t nr, room;
	bool finished;
	uint8_t page[LUTRACE_PAGE_SIZE];
};

static bool leftover__lay_out(struct layout *at)
{
	struct fault ignored;
	struct btf *btf = kernel__btf(&ignored);
	long pt;

	if (!btf)
		return false;
	at->generation = kernel__offset_of(btf, "iommu_domain_ser", "generation");
	pt = kernel__offset_of(btf, "iommu_domain_ser", "pt");
	at->tables_phys = kernel__offset_of(btf, "iommu_pt_ser", "tables_phys");
	at->nr_tables = kernel__offset_of(btf, "iommu_pt_ser", "nr_tables");
	at->next_phys = kernel__offset_of(btf, "iommu_tables_ser", "next_phys");
	at->list_nr = kernel__offset_of(btf, "iommu_tables_ser", "nr_tables");
	at->tables = kernel__offset_of(btf, "iommu_tables_ser", "tables");
	at->private = kernel__offset_of(btf, "page", "private");
	at->page_size = kernel__size_of(btf, "page");
	at->sessions = kernel__offset_of(btf, "luo_session_header", "count");
	btf__free(btf);
	if (at->generation < 0 || pt < 0 || at->tables_phys < 0 || at->nr_tables < 0 || at->next_phys < 0 ||
	    at->list_nr < 0 || at->tables < 0 || at->private < 0 || at->page_size <= 0)
		return false;
	at->tables_phys += pt;
	at->nr_tables += pt;
	return true;
}

/* @size bytes at @address, within one page. */
static bool leftover__read(struct leftover *l, uint64_t address, void *out, size_t size)
{
	uint64_t in_page = address % LUTRACE_PAGE_SIZE;

	if (in_page + size > LUTRACE_PAGE_SIZE ||
	    !lister__page_at(l->lister, address - in_page, l->page))
		return false;
	memcpy(out, l->page + in_page, size);
	return true;
}

static bool leftover__read_phys(struct leftover *l, uint64_t phys, void *out, size_t size)
{
	uint64_t address;

	return lister__to_virt(l->lister, phys, &address) && leftover__read(l, address, out, size);
}

struct leftover *leftover__new(struct lister *lister)
{
	struct leftover *l;
	uint64_t symbol;

	if (!lister)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->lister = lister;
	symbol = lister__symbol(lister, "vmemmap_base");
	if (leftover__lay_out(&l->at) && symbol && leftover__read(l, symbol, &l->vmemmap, sizeof(l->vmemmap)))
		return l;
	free(l);
	return NULL;
}

void leftover__free(struct leftover *l)
{
	if (l)
		free(l->items);
	free(l);
}

static struct handed_record *leftover__find(struct leftover *l, uint64_t ser_phys, uint64_t generation)
{
	size_t i;

	for (i = 0; i < l->nr; i++)
		if (l->items[i].ser_phys == ser_phys && l->items[i].generation == generation)
			return &l->items[i];
	return NULL;
}

/* One page of the list, whose first table is number *@at; every @step-th is kept. Returns the next page's. */
static uint64_t leftover__read_list_page(struct leftover *l, uint64_t phys, uint64_t step, uint64_t *at,
					 struct handed_record *handed)
{
	uint64_t next = 0, room = (LUTRACE_PAGE_SIZE - l->at.tables) / sizeof(uint64_t), entry;
	uint32_t nr = 0, i;

	if (!leftover__read_phys(l, phys + l->at.next_phys, &next, sizeof(next)))
		return 0;
	memcpy(&nr, l->page + l->at.list_nr, sizeof(nr));
	for (i = 0; i < nr && i < room; i++, ++*at) {
		if (*at % step || handed->nr == TABLES_PER_RECORD)
			continue;
		memcpy(&entry, l->page + l->at.tables + i * sizeof(entry), sizeof(entry));
		handed->tables[handed->nr++] = entry & ~(uint64_t)ORDER_BITS;
	}
	return next;
}

static void leftover__read_list(struct leftover *l, struct handed_record *handed)
{
	uint64_t generation = 0, phys = 0, nr_tables = 0, at = 0;
	unsigned int pages;

	if (!leftover__read_phys(l, handed->ser_phys + l->at.generation, &generation, sizeof(generation)) ||
	    generation != handed->generation ||
	    !leftover__read_phys(l, handed->ser_phys + l->at.tables_phys, &phys, sizeof(phys)) ||
	    !leftover__read_phys(l, handed->ser_phys + l->at.nr_tables, &nr_tables, sizeof(nr_tables)))
		return;
	for (pages = 0; phys && pages < MAX_LIST_PAGES; pages++)
		phys = leftover__read_list_page(l, phys, nr_tables / TABLES_PER_RECORD + 1, &at, handed);
}

void leftover__name(struct leftover *l, const struct name *name)
{
	if (name && name->claims[NAME_RETRIEVED].known)
		leftover__record(l, name->ser_phys, name->generation);
}

void leftover__record(struct leftover *l, __u64 ser_phys, __u64 generation)
{
	struct handed_record handed = { .ser_phys = ser_phys, .generation = generation };

	if (!l || leftover__find(l, ser_phys, generation))
		return;
	leftover__read_list(l, &handed);
	handed.read_ns = live__now();
	l->items = grow(l->items, l->nr, &l->room, sizeof(*l->items));
	l->items[l->nr++] = handed;
}

static void touch(struct handed_record *handed, uint64_t time_ns)
{
	if (!handed->touched_ns || handed->touched_ns > time_ns)
		handed->touched_ns = time_ns;
}

void leftover__event(struct leftover *l, const struct lutrace_event *ev)
{
	struct handed_record *handed;
	size_t i;

	if (!l)
		return;
	if (ev->op == LUTRACE_OP_RESTORE) {
		handed = leftover__find(l, ev->ser_phys, ev->generation);
		if (handed)
			touch(handed, ev->time_ns);
	}
	if (ev->op != LUTRACE_OP_FLB_FINISH)
		return;
	for (i = 0; i < l->nr; i++)
		touch(&l->items[i], ev->time_ns);
	l->finished |= ev->phase == LUTRACE_END && !ev->ret;
}

static bool leftover__is_reserved(struct leftover *l, uint64_t phys)
{
	uint64_t private = 0;

	return leftover__read(l, l->vmemmap + phys / LUTRACE_PAGE_SIZE * l->at.page_size + l->at.private,
			      &private, sizeof(private)) &&
	       private >> 32 == KHO_PAGE_MAGIC;
}

bool leftover__count(struct leftover *l, struct leftover_count *out)
{
	const struct handed_record *handed;
	size_t i, k;

	*out = (struct leftover_count){ 0 };
	if (!l || !l->finished)
		return false;
	for (i = 0; i < l->nr; i++) {
		handed = &l->items[i];
		/* A list that was read too late may hold anything */
		if (!handed->touched_ns || handed->touched_ns <= handed->read_ns)
			continue;
		for (k = 0; k < handed->nr; k++) {
			out->looked_at++;
			if (leftover__is_reserved(l, handed->tables[k]) && !out->left++)
				out->phys = handed->tables[k];
		}
	}
	return out->looked_at;
}

long leftover__sessions(struct leftover *l)
{
	uint64_t symbol = l ? lister__symbol(l->lister, "luo_session_global") : 0;
	long count;

	/* Those that came from the previous kernel are the first of its two members */
	if (!symbol || l->at.sessions < 0 || !leftover__read(l, symbol + l->at.sessions, &count, sizeof(count)))
		return -1;
	return count;
}
