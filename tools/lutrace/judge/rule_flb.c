// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule flb: the FLB exists as long as any domain is preserved, which bpf/spec/flb.dot says. Here is that
 * a new one is empty, and that it goes when no domain is preserved and no session is open.
 */
#include <string.h>
#include "judge/rule.h"

static char *rule_flb__summary(const struct tally *t)
{
	return xasprintf("%zu events of the FLB", t->subjects);
}

static void rule_flb__event(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	if (ev->op != LUTRACE_OP_FLB_PRESERVE && ev->op != LUTRACE_OP_FLB_UNPRESERVE)
		return;
	oracle__count(o, RULE_FLB, obj);
	if (ev->op == LUTRACE_OP_FLB_PRESERVE && ev->phase == LUTRACE_END && !ev->ret &&
	    ev->nr_tables)
		oracle__report(o, RULE_FLB, VERDICT_VIOLATION, obj, ev,
			       "%s: a new FLB holds %llu domains", words__event(ev).s,
			       ev->nr_tables);
}

const struct rule rule_flb = {
	.name = "flb",
	.summary = rule_flb__summary,
	.event = rule_flb__event,
};

bool oracle__flb_is_empty(const struct oracle *o)
{
	const char *state;
	bool certain;
	size_t pos = 0;
	uint64_t *at;

	state = object__state(o, o->flb, "flb", &certain);
	if (!certain || strcmp(state, "there") || o->missing ||
	    !object__holds_nothing(o, o->unseen[OBJECT_RECORD]))
		return false;
	while ((at = idmap__next(o->objects, &pos)))
		if (!object__holds_nothing(o, (const struct object *)(uintptr_t)*at))
			return false;
	return true;
}

void oracle__flb_is_left(struct oracle *o, unsigned int seconds)
{
	oracle__report(
		o, RULE_FLB, VERDICT_VIOLATION, o->flb, NULL,
		"the FLB is there without a domain, and for %u s no session has been open: a reference "
		"to it was not given back",
		seconds);
}

void oracle__flb_may_be_left(struct oracle *o)
{
	oracle__report(
		o, RULE_FLB, VERDICT_UNKNOWN, o->flb, NULL,
		"the FLB is there without a domain, and whether a session is open is not known: only "
		"BPF programs in the first PID namespace can tell");
}

bool oracle__flb_is_incoming(const struct oracle *o)
{
	const char *state;
	bool certain;

	state = object__state(o, o->flb, "finish", &certain);
	return certain && !strcmp(state, "retrieved") && !o->missing;
}

void oracle__flb_not_finished(struct oracle *o, unsigned int seconds)
{
	oracle__report(o, RULE_FLB, VERDICT_VIOLATION, o->flb, NULL,
		       "the FLB of the previous kernel is not finished, and no session of that kernel has "
		       "been there for %u s: a reference to it was not given back, and what nobody took over "
		       "is lost", seconds);
}

void oracle__left_reserved(struct oracle *o, size_t nr, size_t looked_at, __u64 phys)
{
	oracle__report(o, RULE_FLB, VERDICT_VIOLATION, o->flb, NULL,
		       "the FLB of the previous kernel was finished, and %zu of %zu tables that were looked "
		       "at are still reserved, the first at 0x%llx: they were neither taken over nor freed",
		       nr, looked_at, phys);
}
