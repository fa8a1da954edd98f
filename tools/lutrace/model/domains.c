// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "lib/idmap.h"
#include "lib/mem.h"
#include "model/domains.h"
#include "model/operations.h"

struct list {
	struct domain_row *items;
	size_t nr, room;
	struct idmap *at;		/* by name, or by record: index */
	struct idmap *records;
};

/* FNV-1a. It is never 0, which is the session of what has no name. */
static uint64_t hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3ull;
	return h ? h : 1;
}

static struct domain_row *row_of(struct list *list, const struct name *name,
				 const struct lutrace_event *ev)
{
	bool named = name && *name->session && name->has_hwpt;
	uint64_t a = named ? hash(name->session) : 0;
	uint64_t b = named ? name->iommufd_token : ev->ser_phys;
	uint64_t c = named ? name->hwpt_token : ev->generation;
	uint64_t *at = idmap__find(list->at, a, b, c);

	if (at)
		return &list->items[*at];
	list->items = grow(list->items, list->nr, &list->room, sizeof(*list->items));
	idmap__set(list->at, a, b, c, list->nr);
	list->items[list->nr] = (struct domain_row){ .comm = "" };
	return &list->items[list->nr++];
}

static void add(struct list *list, const struct boot *boot, size_t kernel,
		const struct operation *op)
{
	const struct lutrace_event *end = op->end, *any = end ? end : op->begin;
	const struct name *name = boot__domain_name(boot, any);
	struct domain_row *row = row_of(list, name, any);
	const char *comm;
	__u64 ns;

	/* What is restored has the record that it had. */
	if (!idmap__find(list->records, any->ser_phys, any->generation,
			 any->op == LUTRACE_OP_RESTORE ? kernel - 1 : kernel))
		row->nr_records++;
	idmap__set(list->records, any->ser_phys, any->generation, kernel, 1);
	row->name = name;
	row->ser_phys = any->ser_phys;
	row->generation = any->generation;
	comm = names__process(boot->names, any->pid);
	if (*comm || !*row->comm) {
		row->pid = any->pid;
		row->comm = comm;
	}
	if (!operation__latency(op, &ns))
		return;
	row->ops[end->op].n += !end->ret;
	row->ops[end->op].errors += end->ret != 0;
	if (!end->ret && ns > row->ops[end->op].max_ns)
		row->ops[end->op].max_ns = ns;
}

static int by_number(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_name(const void *a, const void *b)
{
	const struct domain_row *x = a, *y = b;
	static const struct name none;
	const struct name *m = x->name ? x->name : &none, *n = y->name ? y->name : &none;
	int by = strcmp(m->session, n->session);

	by = by ? by : by_number(m->iommufd_token, n->iommufd_token);
	by = by ? by : by_number(m->hwpt_token, n->hwpt_token);
	by = by ? by : by_number(x->ser_phys, y->ser_phys);
	return by ? by : by_number(x->generation, y->generation);
}

struct domain_row *domains__rows(const struct analysis *a, size_t *nr)
{
	struct list list = { .at = idmap__new(), .records = idmap__new() };
	const struct lutrace_event *any;
	struct operation *ops;
	size_t i, k, nr_ops;

	for (i = 0; i < a->nr_boots; i++) {
		ops = boot__operations(&a->boots[i], &nr_ops);
		for (k = 0; k < nr_ops; k++) {
			any = ops[k].end ? ops[k].end : ops[k].begin;
			if (!op__is_flb(any->op) && analysis__selects(a, &a->boots[i], any))
				add(&list, &a->boots[i], i + 1, &ops[k]);
		}
		free(ops);
	}
	if (list.nr)
		qsort(list.items, list.nr, sizeof(*list.items), by_name);
	idmap__free(list.at);
	idmap__free(list.records);
	*nr = list.nr;
	return list.items;
}
