// SPDX-License-Identifier: GPL-2.0-only
/* Operations put together by domain: the reports of an analysis call it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "lib/idmap.h"
#include "lib/mem.h"
#include "model/domains.h"
#include "model/operations.h"

/* What makes two records one domain. */
struct domain_key {
	uint64_t a, b, c;
};

/* FNV-1a. It is never 0, which is the session of what has no name. */
static uint64_t domain_key__hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3ull;
	return h ? h : 1;
}

static struct domain_key domain_key__of(enum domains_by by, const struct name *name,
					const struct lutrace_event *ev)
{
	if (name && *name->session && name->has_hwpt)
		return (struct domain_key){ domain_key__hash(name->session), name->iommufd_token,
					    name->hwpt_token };
	return (struct domain_key){ 0, ev->ser_phys,
				    by == DOMAINS_BY_RECORD ? ev->generation : 0 };
}

/* @room: of rows. Those not sorted yet stand in the order of their numbers. */
static struct domain_row *domains__add_row(struct domains *d, size_t *room, struct domain_key key)
{
	uint64_t *number = idmap__find(d->numbers, key.a, key.b, key.c);

	if (number)
		return &d->rows[*number];
	d->rows = grow(d->rows, d->nr, room, sizeof(*d->rows));
	idmap__set(d->numbers, key.a, key.b, key.c, d->nr);
	d->rows[d->nr] = (struct domain_row){ .comm = "", .number = d->nr };
	return &d->rows[d->nr++];
}

static void domain_row__add(struct domain_row *row, const struct boot *boot,
			    const struct operation *op)
{
	const struct lutrace_event *end = op->end, *any = end ? end : op->begin;
	const char *comm = names__process(boot->names, any->pid);
	__u64 ns;

	row->name = boot__domain_name(boot, any);
	row->ser_phys = any->ser_phys;
	row->generation = any->generation;
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

static int domains__compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int domain_row__by_name(const void *a, const void *b)
{
	const struct domain_row *x = a, *y = b;
	static const struct name none;
	const struct name *m = x->name ? x->name : &none, *n = y->name ? y->name : &none;
	int by = strcmp(m->session, n->session);

	by = by ? by : domains__compare(m->iommufd_token, n->iommufd_token);
	by = by ? by : domains__compare(m->hwpt_token, n->hwpt_token);
	by = by ? by : domains__compare(x->ser_phys, y->ser_phys);
	return by ? by : domains__compare(x->generation, y->generation);
}

/* @records: identity and kernel of those that were counted. */
static void domains__add_boot(struct domains *d, size_t *room, struct idmap *records,
			      const struct analysis *a, size_t kernel)
{
	const struct boot *boot = &a->boots[kernel];
	const struct lutrace_event *any;
	struct operation *ops;
	struct domain_row *row;
	size_t i, nr;

	ops = boot__operations(boot, &nr);
	for (i = 0; i < nr; i++) {
		any = ops[i].end ? ops[i].end : ops[i].begin;
		if (op__is_flb(any->op) || !analysis__selects(a, boot, any))
			continue;
		row = domains__add_row(d, room,
				       domain_key__of(d->by, boot__domain_name(boot, any), any));
		/* What is restored has the record that it had in the kernel before. */
		if (!idmap__find(records, any->ser_phys, any->generation,
				 any->op == LUTRACE_OP_RESTORE ? kernel : kernel + 1))
			row->nr_records++;
		idmap__set(records, any->ser_phys, any->generation, kernel + 1, 1);
		domain_row__add(row, boot, &ops[i]);
	}
	free(ops);
}

void domains__make(struct domains *d, const struct analysis *a, enum domains_by by)
{
	struct idmap *records = idmap__new();
	size_t i, room = 0;

	*d = (struct domains){ .by = by, .numbers = idmap__new() };
	for (i = 0; i < a->nr_boots; i++)
		domains__add_boot(d, &room, records, a, i);
	idmap__free(records);
	if (d->nr)
		qsort(d->rows, d->nr, sizeof(*d->rows), domain_row__by_name);
	d->at = xcalloc(d->nr + 1, sizeof(*d->at));
	for (i = 0; i < d->nr; i++)
		d->at[d->rows[i].number] = i;
}

size_t domains__row(const struct domains *d, const struct boot *boot,
		    const struct lutrace_event *ev)
{
	struct domain_key key = domain_key__of(d->by, boot__domain_name(boot, ev), ev);
	uint64_t *number = idmap__find(d->numbers, key.a, key.b, key.c);

	return number ? d->at[*number] : d->nr;
}

void domains__free(struct domains *d)
{
	idmap__free(d->numbers);
	free(d->rows);
	free(d->at);
}
