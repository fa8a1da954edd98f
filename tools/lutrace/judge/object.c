// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the oracle knows of one thing (a record, a root, a slot, the FLB): see object.h.
 */
#include <stdlib.h>
#include <string.h>
#include "judge/rule.h"
#include "judge/spec.h"
#include "lib/idmap.h"
#include "lib/mem.h"

void object__catch_up(struct oracle *o, struct object *obj)
{
	__u64 lost = o->missing - obj->missing;
	size_t i;
	int op;

	if (!lost)
		return;
	obj->missing = o->missing;
	for (i = 0; i < spec__count(); i++) {
		if (spec__get(i)->objects & 1u << obj->kind)
			track__widen(&obj->tracks[i], spec__get(i), lost);
		if (spec__get(i)->objects & 1u << OBJECT_OPERATION)
			for (op = 0; op < LUTRACE_NR_OPS; op++)
				track__widen(&obj->running[op], spec__get(i), lost);
	}
}

struct object *object__new(struct oracle *o, enum object_kind kind, __u64 a, __u64 b)
{
	struct object *obj = xcalloc(1, sizeof(*obj));

	if (o->unseen[kind]) {
		object__catch_up(o, o->unseen[kind]);
		*obj = *o->unseen[kind];
	}
	obj->kind = kind;
	obj->a = a;
	obj->b = b;
	return obj;
}

void object__free(struct object *obj)
{
	free(obj->history);
	free(obj->walk);
	free(obj);
}

struct object *object__find(const struct oracle *o, enum object_kind kind, __u64 a, __u64 b)
{
	uint64_t *at = idmap__find(o->objects, a, b, kind);

	return at ? (struct object *)(uintptr_t)*at : NULL;
}

struct object *object__get(struct oracle *o, enum object_kind kind, __u64 a, __u64 b)
{
	uint64_t *at = idmap__find(o->objects, a, b, kind);
	struct object *obj;

	if (at) {
		obj = (struct object *)(uintptr_t)*at;
		object__catch_up(o, obj);
		return obj;
	}
	obj = object__new(o, kind, a, b);
	idmap__set(o->objects, a, b, kind, (uintptr_t)obj);
	return obj;
}

void object__start(struct object *obj, bool known)
{
	size_t i;
	int op;

	obj->started = true;
	for (i = 0; i < spec__count(); i++) {
		obj->tracks[i] = track__start(spec__get(i), known);
		if (spec__get(i)->objects & 1u << OBJECT_OPERATION)
			for (op = 0; op < LUTRACE_NR_OPS; op++)
				obj->running[op] = track__start(spec__get(i), known);
	}
}

void object__remember(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	obj->pid = ev->pid;
	if (ev->phase == LUTRACE_END)
		obj->error = ev->ret;
	if (!o->on_violation)
		return;
	if (!obj->history)
		obj->history = xcalloc(ORACLE_HISTORY, sizeof(*obj->history));
	if (obj->nr_history == ORACLE_HISTORY) {
		memmove(obj->history, obj->history + 1,
			(ORACLE_HISTORY - 1) * sizeof(*obj->history));
		obj->nr_history--;
	}
	obj->history[obj->nr_history++] = *ev;
}

/* Whether it is what it would be if it came anew. */
static bool object__is_new(const struct oracle *o, const struct object *obj)
{
	const struct object *unseen = o->unseen[obj->kind];
	size_t i;
	int op;

	for (op = 0; op < LUTRACE_NR_OPS; op++)
		if (obj->begun[op])
			return false;
	for (i = 0; i < spec__count(); i++)
		if (spec__get(i)->objects & 1u << obj->kind &&
		    (obj->tracks[i].believed != unseen->tracks[i].believed ||
		     obj->tracks[i].possible != unseen->tracks[i].possible))
			return false;
	return !obj->then_known && !obj->is_restored;
}

/* Each event of the FLB goes to all objects, and so it must not meet those of all that was. */
void object__forget_new(struct oracle *o)
{
	struct idmap *kept = idmap__new();
	struct object *obj;
	size_t pos = 0;
	uint64_t *at;

	while ((at = idmap__next(o->objects, &pos))) {
		obj = (struct object *)(uintptr_t)*at;
		if (object__is_new(o, obj))
			object__free(obj);
		else
			idmap__set(kept, obj->a, obj->b, obj->kind, *at);
	}
	idmap__free(o->objects);
	o->objects = kept;
}

void object__forget_walk(struct object *obj)
{
	free(obj->walk);
	obj->walk = NULL;
}

/* The last domain in this slot is history if nothing holds it any more. */
void object__forget_last(struct oracle *o, const struct lutrace_event *ev)
{
	uint64_t *last = idmap__find(o->generations, ev->ser_phys, 0, 0), *at;
	struct object *obj;

	at = last ? idmap__find(o->objects, ev->ser_phys, *last, OBJECT_RECORD) : NULL;
	if (!at || *last >= ev->generation)
		return;
	obj = (struct object *)(uintptr_t)*at;
	if (obj->then_known)
		return;
	idmap__remove(o->objects, ev->ser_phys, *last, OBJECT_RECORD);
	object__free(obj);
}

/*
 * Where the automata are after the operation @op, from their initial state.
 * Those that do not listen to it know nothing of the object.
 */
void object__start_after(struct oracle *o, struct object *obj, unsigned int op)
{
	const struct spec *spec;
	struct track track;
	unsigned int event;
	bool listens;
	size_t i, k;

	object__start(obj, false);
	for (i = 0; i < spec__count(); i++) {
		spec = spec__get(i);
		if (!(spec->objects & 1u << obj->kind))
			continue;
		track = track__start(spec, true);
		for (k = 0, listens = false; k < 2; k++) {
			event = o->events[i][op][k];
			if (event == SPEC_NO)
				continue;
			track__step(&track, spec, event);
			listens = true;
		}
		if (listens)
			obj->tracks[i] = track;
	}
}

/* Where @obj is in an automaton; @alone: it can be nowhere else. */
const char *object__state(const struct object *obj, const char *name, bool *alone)
{
	const struct spec *spec;
	size_t i;

	for (i = 0; i < spec__count() && strcmp(spec__get(i)->name, name); i++)
		;
	spec = spec__get(i);
	*alone = obj->tracks[i].possible == 1u << obj->tracks[i].believed;
	return spec->states[obj->tracks[i].believed];
}

bool object__holds_nothing(const struct object *obj)
{
	const char *state;
	bool certain;

	if (obj->kind != OBJECT_RECORD)
		return true;
	state = object__state(obj, "abort", &certain);
	return certain && !strcmp(state, "free");
}

enum domain_state oracle__domain(const struct oracle *o, __u64 ser_phys, __u64 generation,
				 bool *certain)
{
	uint64_t *at = idmap__find(o->objects, ser_phys, generation, OBJECT_RECORD);
	const struct object *obj = at ? (const struct object *)(uintptr_t)*at : NULL;
	const char *state;

	*certain = true;
	if (!obj)
		return DOMAIN_UNSEEN;
	if (obj->begun[LUTRACE_OP_PRESERVE])
		return DOMAIN_PRESERVING;
	if (obj->begun[LUTRACE_OP_UNPRESERVE])
		return DOMAIN_UNPRESERVING;
	if (obj->begun[LUTRACE_OP_RESTORE])
		return DOMAIN_RESTORING;
	state = object__state(obj, "restore-error", certain);
	if (!strcmp(state, "restored"))
		return DOMAIN_RESTORED;
	if (!strcmp(state, "refused"))
		return DOMAIN_REFUSED;
	state = object__state(obj, "once", certain);
	return strcmp(state, "preserved") ? DOMAIN_FREE : DOMAIN_PRESERVED;
}

const char *domain_state__name(enum domain_state state)
{
	static const char *const names[NR_DOMAIN_STATES] = {
		[DOMAIN_UNSEEN] = "not seen",		[DOMAIN_FREE] = "free",
		[DOMAIN_PRESERVING] = "preserving",	[DOMAIN_PRESERVED] = "preserved",
		[DOMAIN_UNPRESERVING] = "unpreserving", [DOMAIN_RESTORING] = "restoring",
		[DOMAIN_RESTORED] = "restored",		[DOMAIN_REFUSED] = "refused",
	};

	return names[state];
}
