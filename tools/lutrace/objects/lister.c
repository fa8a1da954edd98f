// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists HWPTs and gives them names: from all that is open (kreader__hwpts()), and from what the kernel
 * told at a preserve, retrieve or reclaim (kreader__told()). Called by namer.c, deep.c, `ready`, and
 * `check` for what is preserved when it begins. See lister.h.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "live/tasks.h"
#include "objects/lister.h"
#include "walk/kcore.h"
#include "walk/walk_bpf.h"

#define LEVEL_BITS 7ull

struct lister {
	struct ksyms *ksyms;
	struct direct_map *map;
	struct kreader *kr;
	name_fn on_name;
	void *priv;
	/* What the kernel told of the iommufd that it told of last. */
	struct lutrace_iommufd told_of;
	struct found_hwpts told;
	bool told_more;			/* since it was passed on */
};

void lister__free(struct lister *lister)
{
	if (!lister)
		return;
	found_hwpts__free(&lister->told);
	kreader__free(lister->kr);
	direct_map__free(lister->map);
	ksyms__free(lister->ksyms);
	free(lister);
}

/* Names */

/* With spaces between; "" if none is attached. Free with free(). */
static char *lister__devices_of(const struct found_hwpts *found, const struct lutrace_hwpt *hwpt)
{
	char *text = xstrdup(""), *longer;
	size_t i;

	for (i = 0; i < found->nr_devices; i++) {
		if (found->devices[i].hwpt != hwpt->hwpt)
			continue;
		longer = xasprintf("%s%s%.*s", text, *text ? " " : "", LUTRACE_DEVICE_SIZE,
				   found->devices[i].name);
		free(text);
		text = longer;
	}
	return text;
}

/* How many of them each IOAS has that were preserved. */
static struct idmap *lister__count_sharers(const struct found_hwpts *found)
{
	struct idmap *sharers = idmap__new();
	uint64_t *nr;
	size_t i;

	for (i = 0; i < found->nr; i++) {
		if (!found->items[i].hwpt.record)
			continue;
		nr = idmap__find(sharers, found->items[i].hwpt.ioas, 0, 0);
		idmap__set(sharers, found->items[i].hwpt.ioas, 0, 0, nr ? *nr + 1 : 1);
	}
	return sharers;
}

static struct name_memory lister__memory_of(const struct lutrace_hwpt *hwpt, struct idmap *sharers,
				    const struct lutrace_iommufd *file)
{
	uint64_t *nr = idmap__find(sharers, hwpt->ioas, 0, 0);

	if (!hwpt->hwpt)
		return (struct name_memory){ .known = file->memfds, .maps = true,
					     .pinned = !file->unpinned };
	return (struct name_memory){
		.known = hwpt->has_memory, .maps = hwpt->maps, .pinned = hwpt->pinned,
		.kind = hwpt->kind, .compared = hwpt->compared, .frozen = hwpt->frozen,
		.sharers = nr ? *nr : 1,
	};
}

/*
 * The kernel told of these when nothing could be marked. A HWPT that is not marked has the token
 * that it was reclaimed by.
 */
static void lister__claim(struct name *name, const struct found_hwpt *f, struct idmap *sharers,
		  const struct lutrace_iommufd *file)
{
	enum name_at at = !f->hwpt.hwpt ? NAME_RETRIEVED :
			  f->hwpt.record ? NAME_PRESERVED : NAME_RECLAIMED;
	struct claim *c = &name->claims[at];

	if (f->hwpt.hwpt && !f->hwpt.record && f->hwpt.pending)
		return;
	c->known = true;
	c->hwpt_token = f->hwpt.token;
	c->memory = lister__memory_of(&f->hwpt, sharers, file);
	/* The session may be the next one, which takes the iommufd over */
	if (at == NAME_RECLAIMED)
		return;
	memcpy(c->session, f->session, sizeof(c->session));
	c->iommufd_token = f->iommufd_token;
}

/* @sharers: NULL if the kernel did not tell, but was asked. */
static void lister__tell_name(struct lister *lister, const struct found_hwpts *found,
		      const struct found_hwpt *f, struct idmap *sharers)
{
	const struct lutrace_hwpt *hwpt = &f->hwpt;
	struct name name = { .generation = hwpt->generation, .hwpt_token = hwpt->token,
			     .has_hwpt = hwpt->marked, .hwpt_id = hwpt->id,
			     .iommufd_token = f->iommufd_token };
	uint64_t root = 0, phys = hwpt->phys;

	if (!hwpt->marked)
		return;
	if (hwpt->record && !direct_map__to_phys(lister->map, hwpt->record, &phys))
		return;
	if (!phys && (!hwpt->generic_pt || hwpt->pending ||
		      !direct_map__to_phys(lister->map, hwpt->top_of_table & ~LEVEL_BITS, &root)))
		return;
	name.ser_phys = phys;
	memcpy(name.session, f->session, sizeof(name.session));
	if (sharers)
		lister__claim(&name, f, sharers, &lister->told_of);
	name.devices = hwpt->hwpt ? lister__devices_of(found, hwpt) : NULL;
	lister->on_name(lister->priv, &name, root);
	free(name.devices);
}

static void lister__tell_names(struct lister *lister, const struct found_hwpts *found)
{
	struct idmap *sharers = found == &lister->told ? lister__count_sharers(found) : NULL;
	size_t i;

	for (i = 0; i < found->nr; i++)
		lister__tell_name(lister, found, &found->items[i], sharers);
	idmap__free(sharers);
}

int lister__names(struct lister *lister, struct fault *fault)
{
	struct found_hwpts found;

	if (kreader__hwpts(lister->kr, &found, fault))
		return -1;
	lister__tell_names(lister, &found);
	found_hwpts__free(&found);
	return 0;
}

/* What the kernel told of an iommufd may come in parts. */
static void lister__pass_on(struct lister *lister)
{
	if (lister->told_more)
		lister__tell_names(lister, &lister->told);
	lister->told_more = false;
}

static void lister__on_told(void *priv, const struct lutrace_rec *rec)
{
	struct lister *lister = priv;
	struct found_hwpts *told = &lister->told;
	struct found_hwpt *f;

	switch (rec->type) {
	case LUTRACE_FOUND_IOMMUFD:
		lister__pass_on(lister);
		found_hwpts__free(told);
		memcpy(&lister->told_of, rec, sizeof(lister->told_of));
		return;
	case LUTRACE_FOUND_DEVICE:
		told->devices = grow(told->devices, told->nr_devices, &told->devices_room,
				     sizeof(*told->devices));
		memcpy(&told->devices[told->nr_devices++], rec, sizeof(*told->devices));
		lister->told_more = true;
		return;
	case LUTRACE_FOUND_HWPT:
		told->items = grow(told->items, told->nr, &told->room, sizeof(*told->items));
		f = &told->items[told->nr++];
		*f = (struct found_hwpt){ .pid = lister->told_of.pid,
					  .iommufd_token = lister->told_of.token };
		memcpy(&f->hwpt, rec, sizeof(f->hwpt));
		memcpy(f->session, lister->told_of.session, sizeof(f->session));
		lister->told_more = true;
		return;
	}
}

void lister__told(struct lister *lister)
{
	kreader__told(lister->kr);
	lister__pass_on(lister);
}

struct lister *lister__open(bool deep, bool verbose, name_fn fn, void *priv, struct fault *fault)
{
	struct lister *lister = xcalloc(1, sizeof(*lister));
	struct kreader_opts opts = { .deep = deep, .verbose = verbose,
				     .on_told = fn ? lister__on_told : NULL, .priv = lister };

	lister->on_name = fn;
	lister->priv = priv;
	lister->ksyms = ksyms__load(verbose, fault);
	if (lister->ksyms)
		lister->kr = kreader__new(lister->ksyms, &opts, fault);
	if (lister->kr)
		lister->map = direct_map__load("/proc/kcore", fault);
	if (lister->map)
		return lister;
	lister__free(lister);
	return NULL;
}

/* Sessions */

enum sessions lister__sessions(struct lister *lister)
{
	struct fault ignored;
	size_t nr;

	if (!lister || kreader__sessions(lister->kr, &nr, &ignored))
		return SESSIONS_UNKNOWN;
	if (nr)
		return SESSIONS_OPEN;
	return tasks__are_all("/proc") ? SESSIONS_NONE : SESSIONS_UNKNOWN;
}

/* What is preserved */

/* The address of the record is its identity, so one that has none is an error. */
static int lister__read_record(const struct lister *lister, const struct lutrace_hwpt *hwpt,
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
		if (!f->hwpt.hwpt)
			continue;
		item = (struct listed){ .token = f->hwpt.token, .pid = f->pid, .fd = f->fd,
					.id = f->hwpt.id, .pending = f->hwpt.pending,
					.reclaimed = f->hwpt.reclaimed, .hwpt = f->hwpt,
					.files = f->files };
		if (f->hwpt.record)
			err = lister__read_record(lister, &f->hwpt, &item, fault);
		if (err || (!item.preserved && !item.pending && !item.reclaimed))
			continue;
		out->items = grow(out->items, out->nr, &out->room, sizeof(*out->items));
		out->items[out->nr++] = item;
	}
	found_hwpts__free(&found);
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

/* Kernel memory */

bool lister__page_at(struct lister *lister, uint64_t address, void *page)
{
	struct fault ignored;

	return !kreader__pages(lister->kr, &address, 1, page, &ignored);
}

bool lister__to_virt(const struct lister *lister, uint64_t phys, uint64_t *address)
{
	return direct_map__to_virt(lister->map, phys, address);
}

uint64_t lister__symbol(const struct lister *lister, const char *name)
{
	return ksyms__address_of(lister->ksyms, name);
}
