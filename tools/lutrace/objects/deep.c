// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks page tables beside a session: which, when, in batches. What a walk found goes to deep_ops::walked,
 * once it is known that the domain was the same until then. Called by `record` and `check` with --deep.
 * See deep.h.
 */
#include <bpf/btf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "judge/walked.h"
#include "lib/fault.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "live/live.h"
#include "objects/contents.h"
#include "objects/deep.h"
#include "objects/lister.h"
#include "walk/kernel.h"
#include "walk/kho.h"

#define KHO_FDT		"/sys/kernel/debug/kho/out/fdt"

/*
 * How often what is walked already is walked again: so seldom that it takes a
 * tenth of a CPU. What an event told of and the list does not show yet is
 * looked for more often: the record comes right after the event.
 */
#define AGAIN_NS	500000000ull
#define AGAIN_SHARE	10
#define SOON_NS		20000000ull

enum {
	WANTED_RECORD,		/* address and generation of one that was preserved */
	WANTED_ROOT,		/* root of one that was restored */
};

/* A domain that was walked, preserved or reclaimed, and was still so after the last round. */
struct counted {
	__u64 domain, top_of_table;
	__u64 nr_tables;
};

struct deep {
	const struct deep_ops *ops;
	void *priv;
	struct lister *lister;
	struct contents_layout layout;
	bool has_layout;
	__u64 kho_root;
	struct fault kho_missing;
	struct idmap *wanted;		/* what events told of and no walk has seen: WANTED_* */
	struct idmap *walked;		/* domain and root, or record and generation */
	__s64 running;			/* operations that have begun and not ended */
	__u64 nr_events;
	__u64 next, next_all;		/* when to look, and when to walk all again; 0: now */
	__u64 patience;
	bool busy, complained;
	bool ending;			/* the last round, which walks all that is marked */
	struct counted *counted;
	size_t nr_counted, counted_room;
};

static void deep__find_kho(struct deep *deep)
{
	size_t size;
	char *fdt = read_file(KHO_FDT, &size, &deep->kho_missing);

	if (fdt && !kho__root(fdt, size, &deep->kho_root, &deep->kho_missing))
		deep->kho_missing = (struct fault){ "" };
	free(fdt);
}

static void deep__find_layout(struct deep *deep)
{
	struct fault ignored;
	struct btf *btf = kernel__btf(&ignored);

	deep->has_layout = btf && contents_layout__read(&deep->layout, btf);
	btf__free(btf);
}

struct deep *deep__open(const struct deep_ops *ops, void *priv, bool verbose,
			struct fault *fault)
{
	struct lister *lister = lister__open(true, verbose, NULL, NULL, fault);
	struct deep *deep;

	if (!lister)
		return NULL;
	deep = xcalloc(1, sizeof(*deep));
	deep->ops = ops;
	deep->priv = priv;
	deep->lister = lister;
	deep->wanted = idmap__new();
	deep->walked = idmap__new();
	deep__find_layout(deep);
	deep__find_kho(deep);
	return deep;
}

void deep__free(struct deep *deep)
{
	if (!deep)
		return;
	lister__free(deep->lister);
	idmap__free(deep->wanted);
	idmap__free(deep->walked);
	free(deep->counted);
	free(deep);
}

const char *deep__kho_missing(const struct deep *deep)
{
	return deep->kho_root ? NULL : deep->kho_missing.text;
}

void deep__event(struct deep *deep, const struct lutrace_event *ev)
{
	deep->nr_events++;
	deep->running += ev->phase == LUTRACE_BEGIN ? 1 : -1;
	if (ev->op == LUTRACE_OP_UNPRESERVE)
		idmap__remove(deep->wanted, ev->ser_phys, ev->generation, WANTED_RECORD);
	if (ev->phase != LUTRACE_END || ev->ret)
		return;
	if (ev->op == LUTRACE_OP_PRESERVE)
		idmap__set(deep->wanted, ev->ser_phys, ev->generation, WANTED_RECORD, 1);
	else if (ev->op == LUTRACE_OP_RESTORE)
		idmap__set(deep->wanted, ev->top_phys, 0, WANTED_ROOT, 1);
	else
		return;
	deep->next = 0;
	deep->patience = SOON_NS;
}

/* One walk */

static void deep__describe(const struct listed *item, const struct lutrace_digest *d,
		     struct lutrace_deep *w)
{
	*w = (struct lutrace_deep){
		.rec = { LUTRACE_REC_DEEP, sizeof(*w) },
		.token = item->token,
		.ser_phys = item->p.ser_phys, .generation = item->p.generation,
		.said_top_phys = item->p.top_phys, .said_tables = item->p.nr_tables,
		.said_bytes = item->p.nr_bytes, .said_format = item->p.format,
		.said_top_level = item->p.top_level,
		.top_phys = d->top_phys, .format = d->format, .top_level = d->top_level,
		.unkept = d->unkept, .unkept_phys = d->unkept_phys, .stale = d->stale,
		.bad = d->bad, .bad_phys = d->bad_phys, .bad_entry = d->bad_entry,
		.flags = d->kho_root ? DEEP_KHO : 0,
	};
	if (!item->preserved && !item->reclaimed)
		w->flags |= DEEP_UNPRESERVED;
	memcpy(w->levels, d->levels, sizeof(w->levels));
}

static bool deep__page_at(void *priv, uint64_t address, void *page)
{
	return lister__page_at(priv, address, page);
}

static bool deep__page_at_phys(void *priv, uint64_t phys, void *page)
{
	uint64_t address;

	return lister__to_virt(priv, phys, &address) && lister__page_at(priv, address, page);
}

/* Whether what is mapped is the memory of the memfds, of one that is preserved and right in itself. */
static void deep__compare_contents(struct deep *deep, const struct listed *item, struct lutrace_deep *w)
{
	const struct contents_reader reader = { deep__page_at, deep__page_at_phys, deep->lister };
	struct contents_of of = {
		.files = item->files, .ser_phys = item->p.ser_phys, .generation = item->p.generation,
		.format = w->format, .top_phys = w->top_phys, .top_level = w->top_level,
	};
	struct contents_result found;
	int level;

	if (!deep->has_layout || !item->preserved || w->bad || w->flags & (DEEP_STOPPED | DEEP_UNREADABLE))
		return;
	for (level = 0; level < LUTRACE_PT_LEVELS; level++)
		of.nr_leaves += w->levels[level].leaves;
	if (!contents__compare(&deep->layout, &reader, &of, &found))
		return;
	if (found.compared)
		w->flags |= DEEP_CONTENTS;
	if (!found.wrong)
		return;
	w->flags |= DEEP_ELSEWHERE;
	w->bad = found.wrong;
	w->bad_entry = found.iova;
	w->bad_phys = found.leads_to;
}

/*
 * Returns 1 with @w if it came to an end, 0 if there is nothing to be said: the
 * domain was given up meanwhile. The time of @w is one at which it was not.
 */
static int deep__walk(struct deep *deep, const struct listed *item, struct lutrace_deep *w,
		struct fault *fault)
{
	__u64 start = live__now(), nr_events = deep->nr_events;
	enum walk_state state;
	struct lutrace_digest d;
	struct fault why;

	if (lister__begin(deep->lister, item, &d, &why)) {
		if (!deep->complained)
			complain("%s", why.text);
		deep->complained = true;
		return 0;
	}
	d.kho_root = deep->kho_root;
	d.preserved = item->preserved;
	do {
		state = lister__walk(deep->lister, &d, fault);
		if (state == WALK_FAILED || deep->ops->drain(deep->priv, fault))
			return -1;
	} while (state == WALK_MORE);
	if (state == WALK_CHANGED)
		return 0;
	deep__describe(item, &d, w);
	/* Without a record it may be about to be preserved, or unpreserved just now: then some are kept */
	if (!item->preserved && (deep->running || deep->nr_events != nr_events))
		w->unkept = 0;
	if (state == WALK_TOO_LARGE)
		w->flags |= DEEP_STOPPED;
	if (state == WALK_UNREADABLE) {
		w->flags |= DEEP_UNREADABLE;
		w->bad_phys = d.at_phys;
	}
	deep__compare_contents(deep, item, w);
	w->time_ns = d.time_ns;
	w->took_ns = live__now() - start;
	w->took_ns += !w->took_ns;
	return 1;
}

/* One round */

struct round {
	struct listing list;
	struct lutrace_deep *walks;	/* of those that were reclaimed */
	size_t *items;
	size_t nr;
};

static bool deep__is_due(const struct deep *deep, const struct listed *item, bool all)
{
	if (item->preserved)
		return all || !idmap__find(deep->walked, item->p.ser_phys, item->p.generation,
					   WANTED_RECORD);
	if (!item->reclaimed)
		return deep->ending;
	return (all || !idmap__find(deep->walked, item->hwpt.domain,
						       item->hwpt.top_of_table, WANTED_ROOT));
}

static struct counted *deep__find_counted(const struct deep *deep, const struct listed *item)
{
	size_t i;

	for (i = 0; i < deep->nr_counted; i++)
		if (deep->counted[i].domain == item->hwpt.domain &&
		    deep->counted[i].top_of_table == item->hwpt.top_of_table)
			return &deep->counted[i];
	return NULL;
}

/* What is only marked may be mapped and unmapped at any time. */
static void deep__remember(struct deep *deep, const struct listed *item, const struct lutrace_deep *w)
{
	struct counted *counted = deep__find_counted(deep, item);

	if (w->flags & DEEP_UNPRESERVED)
		return;
	if (!counted) {
		deep->counted = grow(deep->counted, deep->nr_counted, &deep->counted_room,
				     sizeof(*deep->counted));
		counted = &deep->counted[deep->nr_counted++];
	}
	*counted = (struct counted){ .domain = item->hwpt.domain,
				     .top_of_table = item->hwpt.top_of_table,
				     .nr_tables = walked__tables(w) };
}

static int deep__tell(struct deep *deep, const struct listed *item, const struct lutrace_deep *w,
		struct fault *fault)
{
	deep__remember(deep, item, w);
	if (item->preserved) {
		idmap__set(deep->walked, item->p.ser_phys, item->p.generation, WANTED_RECORD, 1);
		idmap__remove(deep->wanted, item->p.ser_phys, item->p.generation, WANTED_RECORD);
	} else {
		idmap__set(deep->walked, item->hwpt.domain, item->hwpt.top_of_table, WANTED_ROOT, 1);
		idmap__remove(deep->wanted, w->top_phys, 0, WANTED_ROOT);
	}
	return deep->ops->walked(deep->priv, w, fault);
}

static bool deep__is_listed(const struct listing *now, const struct listed *item)
{
	size_t i;

	for (i = 0; i < now->nr; i++)
		if (now->items[i].hwpt.domain == item->hwpt.domain &&
		    now->items[i].hwpt.top_of_table == item->hwpt.top_of_table &&
		    now->items[i].token == item->token && !now->items[i].preserved)
			return true;
	return false;
}

/*
 * A record says by itself whether it was given up before the walk's end. Of a
 * domain without one that is known only if it can be found again.
 */
static int deep__tell_reclaimed(struct deep *deep, struct round *r, struct fault *fault)
{
	const struct listed *item;
	struct listing now;
	int err = 0;
	size_t i;

	if (!r->nr)
		return 0;
	if (lister__list(deep->lister, &now, fault))
		return 0;
	err = deep->ops->drain(deep->priv, fault);
	for (i = 0; i < r->nr && !err; i++) {
		item = &r->list.items[r->items[i]];
		if (deep__is_listed(&now, item))
			err = deep__tell(deep, item, &r->walks[i], fault);
	}
	listing__free(&now);
	return err;
}

static int deep__walk_list(struct deep *deep, struct round *r, bool all, struct fault *fault)
{
	const struct listed *item;
	int got = 0;
	size_t i;

	for (i = 0; i < r->list.nr && got >= 0; i++) {
		item = &r->list.items[i];
		if (!deep__is_due(deep, item, all))
			continue;
		got = deep__walk(deep, item, &r->walks[r->nr], fault);
		if (got == 1 && item->preserved)
			got = deep__tell(deep, item, &r->walks[r->nr], fault);
		else if (got == 1)
			r->items[r->nr++] = i;
	}
	return got < 0 ? -1 : deep__tell_reclaimed(deep, r, fault);
}

static int deep__go_round(struct deep *deep, bool all, struct fault *fault)
{
	struct round r = { .nr = 0 };
	int err;

	/* A list fails when an iommufd is closed while it is read: there is another time */
	if (lister__list(deep->lister, &r.list, fault))
		return 0;
	r.walks = xcalloc(r.list.nr, sizeof(*r.walks));
	r.items = xcalloc(r.list.nr, sizeof(*r.items));
	/* What led to the list comes before what is said of it */
	err = deep->ops->drain(deep->priv, fault);
	if (!err)
		err = deep__walk_list(deep, &r, all, fault);
	free(r.walks);
	free(r.items);
	listing__free(&r.list);
	return err;
}

/* The kernel's count of pages of page tables, exactly; false if it is not to be had. */
static bool deep__kernels_count(__u64 *nr)
{
	unsigned long long value;
	struct fault ignored;
	const char *line;
	char *text;

	/* Each CPU keeps a part of it to itself, but for this */
	text = read_file("/proc/sys/vm/stat_refresh", NULL, &ignored);
	if (!text)
		return false;
	free(text);
	text = read_file("/proc/vmstat", NULL, &ignored);
	line = text ? strstr(text, "\nnr_iommu_pages ") : NULL;
	if (line && sscanf(line, " nr_iommu_pages %llu", &value) != 1)
		line = NULL;
	free(text);
	*nr = line ? value : 0;
	return line;
}

/*
 * A domain that is there after the kernel counted was there before, and as it was walked: it is frozen. Others
 * are forgotten.
 */
static void deep__count(struct deep *deep)
{
	__u64 nr_tables = 0, nr_counted;
	const struct counted *counted;
	struct counted *still;
	struct fault ignored;
	struct listing now;
	size_t i, nr = 0;

	if (!deep->ops->counted || !deep->nr_counted || !deep__kernels_count(&nr_counted) ||
	    lister__list(deep->lister, &now, &ignored))
		return;
	still = xcalloc(now.nr, sizeof(*still));
	for (i = 0; i < now.nr; i++) {
		counted = deep__find_counted(deep, &now.items[i]);
		if (!counted || (!now.items[i].preserved && !now.items[i].reclaimed))
			continue;
		still[nr++] = *counted;
		nr_tables += counted->nr_tables;
	}
	free(deep->counted);
	deep->counted = still;
	deep->nr_counted = nr;
	deep->counted_room = now.nr;
	listing__free(&now);
	deep->ops->counted(deep->priv, nr_tables, nr_counted);
}

static __u64 deep__later(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

int deep__work(struct deep *deep, struct fault *fault)
{
	__u64 start = live__now(), end;
	bool all = start >= deep->next_all;
	int err;

	if (deep->busy || start < deep->next)
		return 0;
	deep->busy = true;
	deep->next = UINT64_MAX;
	if (all)
		idmap__clear(deep->walked);
	err = deep__go_round(deep, all, fault);
	if (!err)
		deep__count(deep);
	deep->busy = false;
	end = live__now();
	if (all)
		deep->next_all = end + deep__later(AGAIN_NS, AGAIN_SHARE * (end - start));
	/* An event that came in between has set it to 0 */
	if (deep->next && idmap__count(deep->wanted)) {
		deep->next = end + deep__later(deep->patience, AGAIN_SHARE * (end - start));
		if (deep->patience < AGAIN_NS)
			deep->patience *= 2;
	}
	if (deep->next > deep->next_all)
		deep->next = deep->next_all;
	return err;
}

int deep__finish(struct deep *deep, struct fault *fault)
{
	deep->next = deep->next_all = 0;
	deep->ending = true;
	return deep__work(deep, fault);
}
