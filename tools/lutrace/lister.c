// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include "kcore.h"
#include "lister.h"
#include "walk_bpf.h"

#define LEVEL_BITS 7ull

struct lister {
	struct ksyms *ksyms;
	struct direct_map *map;
	struct kreader *kr;
};

void lister__free(struct lister *lister)
{
	if (!lister)
		return;
	kreader__free(lister->kr);
	direct_map__free(lister->map);
	ksyms__free(lister->ksyms);
	free(lister);
}

struct lister *lister__open(bool deep, bool verbose, struct fault *fault)
{
	struct kreader_opts opts = { .deep = deep, .verbose = verbose };
	struct lister *lister = xcalloc(1, sizeof(*lister));

	lister->ksyms = ksyms__load(fault);
	if (lister->ksyms)
		lister->kr = kreader__new(lister->ksyms, &opts, fault);
	if (lister->kr)
		lister->map = direct_map__load("/proc/kcore", fault);
	if (lister->map)
		return lister;
	lister__free(lister);
	return NULL;
}

/* The address of the record is its identity, so one that has none is an error. */
static int read_record(const struct lister *lister, const struct lutrace_hwpt *hwpt,
		       struct listed *out, struct fault *fault)
{
	uint64_t phys, root;

	if (!direct_map__to_phys(lister->map, hwpt->record, &phys))
		return fault__set(fault, "the record at 0x%llx of HWPT %u is not in the kernel's "
				  "direct map", hwpt->record, hwpt->id);
	out->p = (struct preserved){
		.ser_phys = phys, .generation = hwpt->generation, .top_phys = hwpt->top_phys,
		.nr_tables = hwpt->nr_tables, .nr_bytes = hwpt->nr_bytes,
		.format = hwpt->format, .top_level = hwpt->top_level,
	};
	out->preserved = true;
	out->fits = hwpt->generic_pt &&
		direct_map__to_phys(lister->map, hwpt->top_of_table & ~LEVEL_BITS, &root) &&
		root == hwpt->top_phys && (hwpt->top_of_table & LEVEL_BITS) == hwpt->top_level;
	return 0;
}

int lister__list(struct lister *lister, struct listing *out, struct fault *fault)
{
	struct found_hwpts found;
	const struct found_hwpt *f;
	struct listed item;
	int err = 0;
	size_t i;

	*out = (struct listing){ 0 };
	if (kreader__hwpts(lister->kr, &found, fault))
		return -1;
	for (i = 0; i < found.nr && !err; i++) {
		f = &found.items[i];
		item = (struct listed){ .token = f->hwpt.token, .pid = f->pid, .fd = f->fd,
					.id = f->hwpt.id, .pending = f->hwpt.pending,
					.reclaimed = f->hwpt.reclaimed, .hwpt = f->hwpt };
		if (f->hwpt.record)
			err = read_record(lister, &f->hwpt, &item, fault);
		if (err || (!item.preserved && !item.pending && !item.reclaimed))
			continue;
		out->items = grow(out->items, out->nr, &out->room, sizeof(*out->items));
		out->items[out->nr++] = item;
	}
	free(found.items);
	if (err)
		listing__free(out);
	return err;
}

/* Far more than any domain has, where no record says how many there are. */
#define MAX_TABLES	(1ull << 26)

int lister__begin(const struct lister *lister, const struct listed *item,
		  struct lutrace_digest *d, struct fault *fault)
{
	__u64 top = item->hwpt.top_of_table & ~LEVEL_BITS;
	const char *symbol;

	*d = (struct lutrace_digest){
		.domain = item->hwpt.domain, .top_of_table = item->hwpt.top_of_table,
		.record = item->hwpt.record, .generation = item->hwpt.generation,
		.top_level = item->hwpt.top_of_table & LEVEL_BITS,
		.max_tables = item->preserved ? 2 * item->p.nr_tables + 1024 : MAX_TABLES,
	};
	d->format = hwpt__format(&item->hwpt, lister->ksyms, &symbol);
	if (!item->hwpt.generic_pt || d->format == PT_UNKNOWN || d->format == PT_AMDV1_MOCK)
		return fault__set(fault, "HWPT %u of the iommufd that is file %u of process %u "
				  "(token 0x%llx) has no page table that lutrace can walk (%s)",
				  item->id, item->fd, item->pid, item->token,
				  symbol ? symbol : "it is not the kernel's generic one");
	if (!direct_map__to_phys(lister->map, top, (uint64_t *)&d->top_phys))
		return fault__set(fault, "the root at 0x%llx of HWPT %u is not in the kernel's "
				  "direct map", top, item->id);
	d->direct_map = top - d->top_phys;
	return 0;
}

enum walk_state lister__walk(struct lister *lister, struct lutrace_digest *d, struct fault *fault)
{
	return kreader__digest(lister->kr, d, fault);
}
