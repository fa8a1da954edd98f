// SPDX-License-Identifier: GPL-2.0-only
/*
 * Steps objects through the automata of bpf/spec, and reports what those do not allow.
 */
#include <stdio.h>
#include <stdlib.h>
#include "judge/rule.h"
#include "lib/fault.h"

static unsigned int automata__outcome(const struct lutrace_event *ev)
{
	if (ev->phase == LUTRACE_BEGIN)
		return 0;
	/* What cannot fail has ended: see rule_undo__event() */
	if (ev->op == LUTRACE_OP_UNPRESERVE || ev->op == LUTRACE_OP_FLB_UNPRESERVE ||
	    ev->op == LUTRACE_OP_FLB_FINISH)
		return 1;
	return ev->ret ? 2 : 1;
}

/* @blame: the object that is shown; a root or a slot has no history of its own. */
static void automata__step(struct oracle *o, size_t i, struct track *track, struct object *obj,
			   struct object *blame, const struct lutrace_event *ev)
{
	const struct spec *spec = spec__get(i);
	unsigned int event = o->events[i][ev->op][automata__outcome(ev)];
	struct track was = *track;
	enum step result;

	if (event == SPEC_NO)
		return;
	result = track__step(track, spec, event);
	if (track->believed != was.believed || result != STEP_FINE)
		track->since = ev->seq;
	/* The record says it already if it is the same one */
	if (result == STEP_FINE || !blame ||
	    (obj->kind == OBJECT_ROOT && obj->holder_a == ev->ser_phys &&
	     obj->holder_b == ev->generation))
		return;
	if (result == STEP_BROKEN)
		oracle__report(o, o->rule_of[i], VERDICT_VIOLATION, blame, ev,
			       "%s is not allowed: %s is %s (automaton %s)", words__event(ev).s,
			       words__object(obj).s, words__state(obj, spec, &was).s, spec->name);
	else
		oracle__report(
			o, o->rule_of[i], oracle__unseen_verdict(o), blame, ev,
			"%s: what was before it was not seen; events are seen from seq %llu on%s",
			words__event(ev).s, o->first_seq, o->missing ? " with gaps" : "");
}

void automata__step_all(struct oracle *o, struct object *obj, struct object *blame,
			const struct lutrace_event *ev)
{
	size_t i;

	for (i = 0; i < spec__count(); i++)
		if (spec__get(i)->objects & 1u << obj->kind)
			automata__step(o, i, object__track(o, obj, i), obj, blame, ev);
}

void automata__step_operation(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	struct operation *operation = object__operation(obj, ev->op);
	size_t i;

	for (i = 0; i < spec__count(); i++)
		if (spec__get(i)->objects & 1u << OBJECT_OPERATION)
			automata__step(o, i, &operation->track, obj, obj, ev);
	operation->begun = ev->phase == LUTRACE_BEGIN ? ev->time_ns : 0;
}

/* What happens to the FLB happens to all that is in it. */
void automata__broadcast(struct oracle *o, const struct lutrace_event *ev)
{
	struct object *obj;
	size_t pos = 0;
	uint64_t *at;
	int kind;

	while ((at = idmap__next(o->objects, &pos))) {
		obj = (struct object *)(uintptr_t)*at;
		object__catch_up(o, obj);
		automata__step_all(o, obj, obj->kind == OBJECT_RECORD ? obj : NULL, ev);
	}
	for (kind = OBJECT_RECORD; kind < OBJECT_FLB; kind++) {
		object__catch_up(o, o->unseen[kind]);
		automata__step_all(o, o->unseen[kind], NULL, ev);
	}
}

static void automata__end_track(struct oracle *o, size_t i, struct object *obj)
{
	const struct spec *spec = spec__get(i);
	const struct track *track;
	bool possible;

	if (!(spec->objects & 1u << obj->kind))
		return;
	track = object__track(o, obj, i);
	possible = spec->finals & track->possible;
	if (spec->finals & 1u << track->believed)
		return;
	oracle__report(o, o->rule_of[i], possible ? oracle__unseen_verdict(o) : VERDICT_VIOLATION,
		       obj, NULL, "%s was left %s; the kernel's log may name the reason",
		       words__object(obj).s, words__state(obj, spec, track).s);
}

/* Only what happens to records and the FLB ends with them. */
void automata__end_object(struct oracle *o, struct object *obj)
{
	size_t i;

	if (obj->kind != OBJECT_RECORD && obj->kind != OBJECT_FLB)
		return;
	for (i = 0; i < spec__count(); i++)
		automata__end_track(o, i, obj);
}

void automata__resolve(struct oracle *o, size_t i)
{
	static const char *const outcomes[NR_OUTCOMES] = { "begin", "end", "fail" };
	const struct spec *spec = spec__get(i);
	char name[64];
	int op, k, kind;

	for (kind = OBJECT_RECORD; kind <= OBJECT_FLB; kind++)
		if (spec->objects & 1u << kind)
			o->track_at[kind][i] = o->nr_tracks[kind]++;
	o->rule_of[i] = rule__by_name(spec->check);
	if (o->rule_of[i] == NR_RULES) {
		complain("no rule is named \"%s\"", spec->check);
		abort();
	}
	for (op = 0; op < LUTRACE_NR_OPS; op++)
		for (k = 0; k < NR_OUTCOMES; k++) {
			snprintf(name, sizeof(name), "%s_%s", op__name(op), outcomes[k]);
			o->events[i][op][k] =
				spec__event(spec, spec->objects & 1u << OBJECT_OPERATION ?
							  outcomes[k] :
							  name);
		}
}
