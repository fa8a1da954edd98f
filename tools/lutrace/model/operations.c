// SPDX-License-Identifier: GPL-2.0-only
/* Begins and their ends as operations. Called by the reports and latency. */
#include <stdint.h>
#include <stdlib.h>
#include "lib/idmap.h"
#include "lib/mem.h"
#include "model/operations.h"

struct list {
	struct operation *items;
	size_t nr, room;
};

static void operations__add(struct list *list, const struct lutrace_event *begin,
			    const struct lutrace_event *end)
{
	if (!begin && !end)
		return;
	list->items = grow(list->items, list->nr, &list->room, sizeof(*list->items));
	list->items[list->nr++] = (struct operation){ begin, end };
}

struct operation *boot__operations(const struct boot *boot, size_t *nr)
{
	const struct lutrace_event *ev;
	struct idmap *open = idmap__new();
	struct list list = { 0 };
	uint64_t *at, phys, generation;
	size_t i, pos = 0;

	for (i = 0; i < boot->nr_events; i++) {
		ev = &boot->events[i];
		/* There is one FLB, and it has no address before its preserve ended. */
		phys = op__is_flb(ev->op) ? 0 : ev->ser_phys;
		generation = op__is_flb(ev->op) ? 0 : ev->generation;
		at = idmap__find(open, ev->op, phys, generation);
		operations__add(&list, at ? &boot->events[*at] : NULL,
				ev->phase == LUTRACE_END ? ev : NULL);
		if (ev->phase == LUTRACE_BEGIN)
			idmap__set(open, ev->op, phys, generation, i);
		else if (at)
			idmap__remove(open, ev->op, phys, generation);
	}
	while ((at = idmap__next(open, &pos)))
		operations__add(&list, &boot->events[*at], NULL);
	idmap__free(open);
	*nr = list.nr;
	return list.items;
}

bool operation__latency(const struct operation *op, __u64 *ns)
{
	if (!op->begin || !op->end || op->end->time_ns < op->begin->time_ns)
		return false;
	*ns = op->end->time_ns - op->begin->time_ns;
	return true;
}
