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

void object_kind__operations(enum object_kind kind, unsigned int *first, unsigned int *nr)
{
	*first = kind == OBJECT_FLB ? LUTRACE_OP_FLB_PRESERVE : 0;
	*nr = kind == OBJECT_FLB ? LUTRACE_NR_OPS - LUTRACE_OP_FLB_PRESERVE :
	      kind == OBJECT_RECORD ? LUTRACE_OP_FLB_PRESERVE : 0;
}

/* Without what stands behind it. */
static size_t object_kind__size(enum object_kind kind)
{
	if (kind == OBJECT_SLOT)
		return offsetof(struct object, then);
	if (kind == OBJECT_ROOT)
		return offsetof(struct object, holder_b) + sizeof(__u64);
	return sizeof(struct object);
}

size_t object__size(const struct oracle *o, enum object_kind kind)
{
	unsigned int first, nr;

	object_kind__operations(kind, &first, &nr);
	return object_kind__size(kind) + o->nr_tracks[kind] * sizeof(struct track) +
	       nr * sizeof(struct operation);
}

struct track *object__track(const struct oracle *o, const struct object *obj, size_t i)
{
	struct track *tracks = (struct track *)((char *)obj + object_kind__size(obj->kind));

	return &tracks[o->track_at[obj->kind][i]];
}

struct operation *object__operation(const struct object *obj, unsigned int op)
{
	char *behind = (char *)obj + object_kind__size(obj->kind) +
		       obj->nr_tracks * sizeof(struct track);
	unsigned int first, nr;

	object_kind__operations(obj->kind, &first, &nr);
	return &((struct operation *)behind)[op - first];
}

bool object__runs(const struct object *obj, unsigned int op)
{
	unsigned int first, nr;

	object_kind__operations(obj->kind, &first, &nr);
	return op >= first && op < first + nr && object__operation(obj, op)->begun;
}

/* Does @each with all tracks of an object, and the automaton that each is in. */
typedef void (*track_fn)(struct track *track, const struct spec *spec, __u64 arg);

static void object__each_track(struct oracle *o, struct object *obj, track_fn each, __u64 arg)
{
	unsigned int first, nr, op;
	size_t i;

	object_kind__operations(obj->kind, &first, &nr);
	for (i = 0; i < spec__count(); i++) {
		if (spec__get(i)->objects & 1u << obj->kind)
			each(object__track(o, obj, i), spec__get(i), arg);
		if (spec__get(i)->objects & 1u << OBJECT_OPERATION)
			for (op = first; op < first + nr; op++)
				each(&object__operation(obj, op)->track, spec__get(i), arg);
	}
}

static void object__widen(struct track *track, const struct spec *spec, __u64 lost)
{
	track__widen(track, spec, lost);
}

void object__catch_up(struct oracle *o, struct object *obj)
{
	__u64 lost = o->missing - obj->missing;

	if (!lost)
		return;
	obj->missing = o->missing;
	object__each_track(o, obj, object__widen, lost);
}

struct object *object__new(struct oracle *o, enum object_kind kind, __u64 a, __u64 b)
{
	size_t size = object__size(o, kind);
	struct object *obj = xcalloc(1, size);

	if (o->unseen[kind]) {
		object__catch_up(o, o->unseen[kind]);
		memcpy(obj, o->unseen[kind], size);
	}
	obj->kind = kind;
	obj->nr_tracks = o->nr_tracks[kind];
	obj->a = a;
	obj->b = b;
	return obj;
}

static bool object__has_history(const struct object *obj)
{
	return obj->kind == OBJECT_RECORD || obj->kind == OBJECT_FLB;
}

void object__free(struct object *obj)
{
	if (object__has_history(obj)) {
		free(obj->history);
		free(obj->walk);
	}
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

static void object__start_track(struct track *track, const struct spec *spec, __u64 known)
{
	*track = track__start(spec, known);
}

void object__start(struct oracle *o, struct object *obj, bool known)
{
	obj->started = true;
	object__each_track(o, obj, object__start_track, known);
}

void object__remember(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	obj->pid = ev->pid;
	obj->last_seq = ev->seq;
	if (ev->phase == LUTRACE_END)
		obj->error = ev->ret;
	if (!o->on_violation || o->forgets)
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
	const struct track *x, *y;
	unsigned int op;
	size_t i;

	for (op = 0; op < LUTRACE_NR_OPS; op++)
		if (object__runs(obj, op))
			return false;
	for (i = 0; i < spec__count(); i++) {
		if (!(spec__get(i)->objects & 1u << obj->kind))
			continue;
		x = object__track(o, obj, i);
		y = object__track(o, unseen, i);
		if (x->believed != y->believed || x->possible != y->possible)
			return false;
	}
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
	if (!object__has_history(obj))
		return;
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

	object__start(o, obj, false);
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
			*object__track(o, obj, i) = track;
	}
}

/* Where @obj is in an automaton; @alone: it can be nowhere else. */
const char *object__state(const struct oracle *o, const struct object *obj, const char *name,
			  bool *alone)
{
	const struct track *track;
	size_t i;

	for (i = 0; i < spec__count() && strcmp(spec__get(i)->name, name); i++)
		;
	track = object__track(o, obj, i);
	*alone = track->possible == 1u << track->believed;
	return spec__get(i)->states[track->believed];
}

bool object__holds_nothing(const struct oracle *o, const struct object *obj)
{
	const char *state;
	bool certain;

	if (obj->kind != OBJECT_RECORD)
		return true;
	state = object__state(o, obj, "abort", &certain);
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
	if (object__runs(obj, LUTRACE_OP_PRESERVE))
		return DOMAIN_PRESERVING;
	if (object__runs(obj, LUTRACE_OP_UNPRESERVE))
		return DOMAIN_UNPRESERVING;
	if (object__runs(obj, LUTRACE_OP_RESTORE))
		return DOMAIN_RESTORING;
	state = object__state(o, obj, "restore-error", certain);
	if (!strcmp(state, "restored"))
		return DOMAIN_RESTORED;
	if (!strcmp(state, "refused"))
		return DOMAIN_REFUSED;
	state = object__state(o, obj, "once", certain);
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
