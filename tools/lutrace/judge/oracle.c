// SPDX-License-Identifier: GPL-2.0-only
/*
 * The oracle itself: takes events in the kernel's order, gives each to objects, automata and rules,
 * and ends. oracle.h says what callers may do.
 */
#include <stdlib.h>
#include "judge/rule.h"
#include "judge/spec.h"
#include "lib/idmap.h"
#include "lib/mem.h"

/* A begin this long before the end should have had its end: live.c waits that long. */
#define PATIENCE_NS	2000000000ull

void oracle__forget(struct oracle *o)
{
	o->forgets = true;
}

static void oracle__on_root(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	struct object *root;

	if (ev->phase != LUTRACE_END || ev->ret || !ev->top_phys)
		return;
	root = object__get(o, OBJECT_ROOT, ev->top_phys, 0);
	automata__step_all(o, root, obj, ev);
	root->holder_a = ev->ser_phys;
	root->holder_b = ev->generation;
}

static void oracle__on_domain(struct oracle *o, const struct lutrace_event *ev)
{
	bool done = ev->phase == LUTRACE_END && !ev->ret;
	struct object *obj;

	if (ev->op == LUTRACE_OP_PRESERVE && ev->phase == LUTRACE_BEGIN)
		object__forget_last(o, ev);
	obj = object__get(o, OBJECT_RECORD, ev->ser_phys, ev->generation);
	object__remember(o, obj, ev);
	if (done && ev->top_phys)
		obj->top_phys = ev->top_phys;
	automata__step_operation(o, obj, ev);
	object__catch_up(o, o->flb);
	automata__step_all(o, o->flb, obj, ev);
	automata__step_all(o, object__get(o, OBJECT_SLOT, ev->ser_phys, 0), obj, ev);
	if (ev->op == LUTRACE_OP_PRESERVE && ev->phase == LUTRACE_BEGIN)
		rule_generation__event(o, obj, ev);
	automata__step_all(o, obj, obj, ev);
	oracle__on_root(o, obj, ev);
	rule_undo__event(o, obj, ev);
	if (ev->op == LUTRACE_OP_UNPRESERVE)
		rule_unchanged__event(o, obj, ev);
	if (ev->op == LUTRACE_OP_RESTORE && ev->phase == LUTRACE_END)
		o->subjects[RULE_RESTORE_ERROR]++;
	if (done && ev->op == LUTRACE_OP_RESTORE) {
		rule_restore__restored(o, obj, ev);
		rule_deep__restored(o, obj, ev);
	}
	if (done && ev->op == LUTRACE_OP_PRESERVE) {
		o->subjects[RULE_ONCE]++;
		obj->then = preserved__of(ev);
		obj->then_known = true;
	} else if (ev->op == LUTRACE_OP_UNPRESERVE && ev->phase == LUTRACE_END) {
		o->nr_gone += o->walking && obj->then_known && !obj->walk;
		obj->then_known = false;
		object__forget_walk(obj);
	}
}

static void oracle__on_flb(struct oracle *o, const struct lutrace_event *ev)
{
	bool done = ev->phase == LUTRACE_END && !ev->ret;

	object__catch_up(o, o->flb);
	object__remember(o, o->flb, ev);
	automata__step_operation(o, o->flb, ev);
	automata__step_all(o, o->flb, o->flb, ev);
	rule_undo__event(o, o->flb, ev);
	if (ev->op == LUTRACE_OP_FLB_UNPRESERVE && ev->phase == LUTRACE_BEGIN) {
		o->subjects[RULE_ABORT]++;
		if (ev->nr_tables)
			oracle__report(o, RULE_ABORT, VERDICT_VIOLATION, o->flb, ev,
				       "%s: the kernel has %llu live records", words__event(ev).s,
				       ev->nr_tables);
	}
	automata__broadcast(o, ev);
	if (ev->op <= LUTRACE_OP_FLB_UNPRESERVE)
		o->subjects[RULE_FLB]++;
	else
		o->subjects[RULE_FINISH]++;
	if (ev->op == LUTRACE_OP_FLB_UNPRESERVE && ev->phase == LUTRACE_END)
		oracle__drop_generations(o);
	if (o->forgets && ev->phase == LUTRACE_END)
		object__forget_new(o);
	if (done && ev->op == LUTRACE_OP_FLB_PRESERVE && ev->nr_tables)
		oracle__report(o, RULE_FLB, VERDICT_VIOLATION, o->flb, ev,
			       "%s: a new FLB holds %llu domains", words__event(ev).s,
			       ev->nr_tables);
	if (ev->op == LUTRACE_OP_FLB_RETRIEVE && ev->phase == LUTRACE_END)
		o->subjects[RULE_RESTORE_ERROR]++;
	if (done && ev->op == LUTRACE_OP_FLB_RETRIEVE)
		rule_restore__retrieved(o, ev);
}

/* Names and walks may know of an object before its first event. */
void oracle__on_first(struct oracle *o, const struct lutrace_event *ev)
{
	bool known = ev->seq == ORACLE_FIRST_SEQ;
	struct object *obj;
	size_t pos = 0;
	uint64_t *at;
	int kind;

	o->first_seq = ev->seq;
	for (kind = OBJECT_RECORD; kind <= OBJECT_FLB; kind++)
		object__start(o->unseen[kind], known);
	if (!o->flb_listed)
		object__start(o->flb, known);
	while ((at = idmap__next(o->objects, &pos))) {
		obj = (struct object *)(uintptr_t)*at;
		if (!obj->started)
			object__start(obj, known);
	}
}

void oracle__event(struct oracle *o, const struct lutrace_event *ev)
{
	if (!rule_loss__event(o, ev))
		return;
	if (op__is_flb(ev->op))
		oracle__on_flb(o, ev);
	else
		oracle__on_domain(o, ev);
}

static void oracle__end_object(struct oracle *o, struct object *obj, __u64 now_ns)
{
	size_t i;
	int op;

	object__catch_up(o, obj);
	rule_deep__end_object(o, obj);
	for (op = 0; op < LUTRACE_NR_OPS; op++)
		if (obj->begun[op])
			oracle__report(o, RULE_PAIRS,
				       !o->missing && now_ns >= obj->begun[op] + PATIENCE_NS ?
					       VERDICT_VIOLATION :
					       VERDICT_INCOMPLETE,
				       obj, NULL, "the end of %s of %s was not seen", op__name(op),
				       words__object(obj).s);
	if (obj->kind == OBJECT_RECORD || obj->kind == OBJECT_FLB)
		for (i = 0; i < spec__count(); i++)
			automata__end_track(o, i, obj);
}

void oracle__end(struct oracle *o, __u64 now_ns, __u64 lost)
{
	size_t pos = 0;
	uint64_t *at;

	if (lost > o->missing) {
		oracle__report(o, RULE_LOSS, VERDICT_INCOMPLETE, NULL, NULL,
			       "%llu events were counted as lost", lost);
		o->missing = lost;
	}
	if (!o->nr_events)
		oracle__report(o, RULE_LOSS, VERDICT_INCOMPLETE, NULL, NULL,
			       "not one event came: start lutrace check before the live update");
	if (!o->expecting && o->subjects[RULE_RESTORE]) {
		o->unknown[RULE_RESTORE] = o->subjects[RULE_RESTORE];
		oracle__report(
			o, RULE_RESTORE, VERDICT_UNKNOWN, NULL, NULL,
			"give the recording of the kernel before with --before to have restores "
			"compared");
	} else if (o->expecting && o->nr_left && !o->retrieved) {
		oracle__report(
			o, RULE_RESTORE, VERDICT_UNKNOWN, NULL, NULL,
			"that the FLB was retrieved was not seen: what was restored before is "
			"unknown");
	}
	while ((at = idmap__next(o->objects, &pos)))
		oracle__end_object(o, (struct object *)(uintptr_t)*at, now_ns);
	oracle__end_object(o, o->flb, now_ns);
	oracle__summarise(o);
}

struct oracle *oracle__new(violation_fn on_violation, void *priv)
{
	struct oracle *o = xcalloc(1, sizeof(*o));
	size_t i;

	o->on_violation = on_violation;
	o->priv = priv;
	for (i = 0; i < NR_RULES; i++) {
		o->checks[i].name = rule__name(i);
		o->checks[i].title = rule__title(i);
	}
	for (i = 0; i < spec__count(); i++)
		automata__resolve(o, i);
	for (i = OBJECT_RECORD; i <= OBJECT_FLB; i++)
		o->unseen[i] = object__new(o, i, 0, 0);
	o->flb = object__new(o, OBJECT_FLB, 0, 0);
	o->objects = idmap__new();
	o->generations = idmap__new();
	o->left_at = idmap__new();
	o->before_at = idmap__new();
	o->before_by_token = idmap__new();
	o->accused = idmap__new();
	o->named = idmap__new();
	return o;
}

__u64 oracle__nr_events(const struct oracle *o)
{
	return o->nr_events;
}

__u64 oracle__missing(const struct oracle *o)
{
	return o->missing;
}

void oracle__free(struct oracle *o)
{
	size_t pos = 0, i, k;
	uint64_t *at;

	while ((at = idmap__next(o->objects, &pos)))
		object__free((struct object *)(uintptr_t)*at);
	for (i = OBJECT_RECORD; i <= OBJECT_FLB; i++)
		object__free(o->unseen[i]);
	object__free(o->flb);
	free(o->reclaimed);
	for (i = 0; i < NR_RULES; i++) {
		free(o->checks[i].summary);
		for (k = 0; k < CHECK_MAX_DETAILS; k++)
			free(o->checks[i].details[k]);
	}
	idmap__free(o->objects);
	idmap__free(o->generations);
	idmap__free(o->left_at);
	idmap__free(o->before_at);
	idmap__free(o->before_by_token);
	idmap__free(o->accused);
	idmap__free(o->named);
	free(o);
}
