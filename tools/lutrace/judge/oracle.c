// SPDX-License-Identifier: GPL-2.0-only
/*
 * The oracle itself: takes events in the kernel's order, gives each to objects, automata and rules,
 * and ends. oracle.h says what callers may do.
 */
#include <stdlib.h>
#include "judge/rule.h"
#include "judge/rule_loss.h"

void oracle__forget(struct oracle *o)
{
	o->forgets = true;
}

static void oracle__rules_event(struct oracle *o, struct object *obj,
				const struct lutrace_event *ev)
{
	int id;

	for (id = 0; id < NR_RULES; id++)
		if (rule__get(id)->event)
			rule__get(id)->event(o, obj, ev);
}

/* The root of a table changes hands when it is preserved, unpreserved or restored. */
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
	automata__step_all(o, obj, obj, ev);
	oracle__on_root(o, obj, ev);
	oracle__rules_event(o, obj, ev);
	if (ev->op == LUTRACE_OP_PRESERVE && ev->phase == LUTRACE_BEGIN)
		idmap__set(o->generations, ev->ser_phys, 0, 0, ev->generation);
	if (done && ev->op == LUTRACE_OP_PRESERVE) {
		obj->then = preserved__of(ev);
		obj->then_known = true;
	} else if (ev->op == LUTRACE_OP_UNPRESERVE && ev->phase == LUTRACE_END) {
		obj->then_known = false;
		object__forget_walk(obj);
	}
}

/* What was preserved in an FLB that went is not any more. */
static void oracle__flb_went(struct oracle *o)
{
	struct object *obj;
	size_t pos = 0;
	uint64_t *at;

	idmap__clear(o->generations);
	while ((at = idmap__next(o->objects, &pos))) {
		obj = (struct object *)(uintptr_t)*at;
		obj->then_known = false;
		object__forget_walk(obj);
	}
}

static void oracle__on_flb(struct oracle *o, const struct lutrace_event *ev)
{
	object__catch_up(o, o->flb);
	object__remember(o, o->flb, ev);
	automata__step_operation(o, o->flb, ev);
	automata__step_all(o, o->flb, o->flb, ev);
	automata__broadcast(o, ev);
	if (ev->op == LUTRACE_OP_FLB_RETRIEVE && ev->phase == LUTRACE_END && !ev->ret) {
		o->retrieved = true;
		o->nr_incoming = ev->nr_tables;
		o->incoming_generation = ev->generation;
	}
	oracle__rules_event(o, o->flb, ev);
	if (ev->op == LUTRACE_OP_FLB_UNPRESERVE && ev->phase == LUTRACE_END)
		oracle__flb_went(o);
	if (o->forgets && ev->phase == LUTRACE_END)
		object__forget_new(o);
}

/* Names and walks may know of an object before its first event. */
static void oracle__on_first(struct oracle *o, const struct lutrace_event *ev)
{
	bool known = ev->seq == ORACLE_FIRST_SEQ;
	struct object *obj;
	size_t pos = 0;
	uint64_t *at;
	int kind;

	for (kind = OBJECT_RECORD; kind <= OBJECT_FLB; kind++)
		object__start(o, o->unseen[kind], known);
	if (!o->flb_listed)
		object__start(o, o->flb, known);
	while ((at = idmap__next(o->objects, &pos))) {
		obj = (struct object *)(uintptr_t)*at;
		if (!obj->started)
			object__start(o, obj, known);
	}
}

void oracle__event(struct oracle *o, const struct lutrace_event *ev)
{
	if (!rule_loss__is_next(o, ev))
		return;
	if (o->nr_events == 1)
		oracle__on_first(o, ev);
	if (op__is_flb(ev->op))
		oracle__on_flb(o, ev);
	else
		oracle__on_domain(o, ev);
}

void oracle__name(struct oracle *o, const struct name *name)
{
	int id;

	for (id = 0; id < NR_RULES; id++)
		if (rule__get(id)->named)
			rule__get(id)->named(o, name);
}

void oracle__deep(struct oracle *o, const struct lutrace_deep *walk)
{
	int id;

	for (id = 0; id < NR_RULES; id++)
		if (rule__get(id)->walked)
			rule__get(id)->walked(o, walk);
}

void oracle__freed(struct oracle *o, const struct lutrace_freed *freed)
{
	int id;

	for (id = 0; id < NR_RULES; id++)
		if (rule__get(id)->freed)
			rule__get(id)->freed(o, freed);
}

void oracle__complaint(struct oracle *o, const struct lutrace_complaint *complaint)
{
	int id;

	for (id = 0; id < NR_RULES; id++)
		if (rule__get(id)->complained)
			rule__get(id)->complained(o, complaint);
}

static void oracle__end_object(struct oracle *o, struct object *obj, __u64 now_ns)
{
	int id;

	object__catch_up(o, obj);
	for (id = 0; id < NR_RULES; id++)
		if (rule__get(id)->end_object)
			rule__get(id)->end_object(o, obj, now_ns);
	automata__end_object(o, obj);
}

/* A check that had nothing to look at has not passed. */
static void oracle__conclude(struct oracle *o, enum rule_id id)
{
	struct check *check = &o->checks[id];

	if (rule__get(id)->end)
		rule__get(id)->end(o);
	if (!o->tallies[id].subjects && check->verdict == VERDICT_PASS)
		check->verdict = VERDICT_NOT_CHECKED;
	check->summary = rule__summary(id, &o->tallies[id]);
}

void oracle__end(struct oracle *o, __u64 now_ns, __u64 lost)
{
	size_t pos = 0;
	uint64_t *at;
	int id;

	rule_loss__lost(o, lost);
	while ((at = idmap__next(o->objects, &pos)))
		oracle__end_object(o, (struct object *)(uintptr_t)*at, now_ns);
	oracle__end_object(o, o->flb, now_ns);
	for (id = 0; id < NR_RULES; id++)
		oracle__conclude(o, id);
	oracle__count_alike(o);
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
		o->tallies[i].kernels = 1;
		if (rule__get(i)->state_size)
			o->states[i] = xcalloc(1, rule__get(i)->state_size);
	}
	for (i = 0; i < spec__count(); i++)
		automata__resolve(o, i);
	for (i = OBJECT_RECORD; i <= OBJECT_FLB; i++)
		o->unseen[i] = object__new(o, i, 0, 0);
	o->flb = object__new(o, OBJECT_FLB, 0, 0);
	o->objects = idmap__new();
	o->generations = idmap__new();
	return o;
}

void oracle__about(struct oracle *o, about_fn about, void *priv)
{
	o->about = about;
	o->about_priv = priv;
}

size_t oracle__left_out(const struct oracle *o)
{
	return o->left_out;
}

void oracle__expect_names(struct oracle *o, const struct names *before)
{
	o->names_before = before;
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
	for (i = 0; i < NR_RULES; i++) {
		if (rule__get(i)->release)
			rule__get(i)->release(o);
		free(o->states[i]);
		free(o->checks[i].summary);
		for (k = 0; k < CHECK_MAX_DETAILS; k++)
			free(o->checks[i].details[k]);
	}
	idmap__free(o->objects);
	idmap__free(o->generations);
	free(o);
}
