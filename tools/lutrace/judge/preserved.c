// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains that are preserved: compared with an event, listed before the first event, left at the
 * end.
 */
#include <stdio.h>
#include <stdlib.h>
#include "judge/rule.h"
#include "lib/idmap.h"
#include "lib/mem.h"

bool preserved__differs(const struct preserved *p, const struct lutrace_event *ev, char *text,
			size_t size)
{
	struct {
		const char *name;
		__u64 then, now;
	} fields[] = {
		{ "root", p->top_phys, ev->top_phys },
		{ "top level", p->top_level, ev->top_level },
		{ "number of tables", p->nr_tables, ev->nr_tables },
		{ "number of bytes", p->nr_bytes, ev->nr_bytes },
		{ "format", p->format, ev->format },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].then == fields[i].now)
			continue;
		snprintf(text, size, i ? "%s is %llu, was %llu" : "%s is 0x%llx, was 0x%llx",
			 fields[i].name, fields[i].now, fields[i].then);
		return true;
	}
	return false;
}

struct preserved preserved__of(const struct lutrace_event *ev)
{
	return (struct preserved){
		.ser_phys = ev->ser_phys,
		.generation = ev->generation,
		.top_phys = ev->top_phys,
		.nr_tables = ev->nr_tables,
		.nr_bytes = ev->nr_bytes,
		.format = ev->format,
		.top_level = ev->top_level,
		.seq = ev->seq,
	};
}

/* A new object; NULL if there were events of it, which know more. */
static struct object *listed__object(struct oracle *o, enum object_kind kind, __u64 a, __u64 b)
{
	struct object *obj;

	if (idmap__find(o->objects, a, b, kind))
		return NULL;
	obj = object__get(o, kind, a, b);
	object__start_after(o, obj, LUTRACE_OP_PRESERVE);
	return obj;
}

static void listed__flb(struct oracle *o)
{
	if (o->flb_listed || o->flb->last_seq)
		return;
	object__start_after(o, o->flb, LUTRACE_OP_FLB_PRESERVE);
	o->flb_listed = true;
}

void oracle__listed(struct oracle *o, const struct preserved *p)
{
	struct object *obj = listed__object(o, OBJECT_RECORD, p->ser_phys, p->generation);

	if (!obj)
		return;
	obj->then = *p;
	obj->then_known = true;
	obj->top_phys = p->top_phys;
	listed__object(o, OBJECT_SLOT, p->ser_phys, 0);
	if (!idmap__find(o->generations, p->ser_phys, 0, 0))
		idmap__set(o->generations, p->ser_phys, 0, 0, p->generation);
	obj = listed__object(o, OBJECT_ROOT, p->top_phys, 0);
	if (obj) {
		obj->holder_a = p->ser_phys;
		obj->holder_b = p->generation;
	}
	listed__flb(o);
}

static int oracle__by_end(const void *a, const void *b)
{
	const struct preserved *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

struct preserved *oracle__left(struct oracle *o, size_t *nr)
{
	struct preserved *left = xcalloc(idmap__count(o->objects), sizeof(*left));
	struct object *obj;
	size_t pos = 0;
	uint64_t *at;

	*nr = 0;
	while ((at = idmap__next(o->objects, &pos))) {
		obj = (struct object *)(uintptr_t)*at;
		if (obj->then_known)
			left[(*nr)++] = obj->then;
	}
	qsort(left, *nr, sizeof(*left), oracle__by_end);
	return left;
}

__u64 oracle__running(const struct oracle *o)
{
	const struct object *obj;
	__u64 running = 0;
	size_t pos = 0;
	uint64_t *at;

	while ((at = idmap__next(o->objects, &pos))) {
		obj = (const struct object *)(uintptr_t)*at;
		if (object__runs(obj, LUTRACE_OP_PRESERVE) && (!running || obj->b < running))
			running = obj->b;
	}
	return running;
}
