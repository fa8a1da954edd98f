// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule generation: the kernel counts how often any record was used, over live updates, so a slot that is
 * used again has a higher generation.
 */
#include <inttypes.h>
#include "judge/rule.h"

static char *rule_generation__summary(const struct tally *t)
{
	return xasprintf("%zu preserves", t->subjects);
}

/* The largest generation that the previous kernel is known to have used, once this one knows of it. */
static __u64 rule_generation__handed_over(const struct oracle *o)
{
	__u64 seen = o->previous.last_generation;

	if (!o->retrieved)
		return 0;
	return seen > o->incoming_generation ? seen : o->incoming_generation;
}

static void rule_generation__preserve(struct oracle *o, struct object *obj,
				      const struct lutrace_event *ev)
{
	__u64 handed_over = rule_generation__handed_over(o);
	uint64_t *last = idmap__find(o->generations, ev->ser_phys, 0, 0);

	oracle__count(o, RULE_GENERATION, obj);
	if (!ev->ser_phys || !ev->generation)
		oracle__report(o, RULE_GENERATION, VERDICT_VIOLATION, obj, ev,
			       "%s: it has no identity", words__event(ev).s);
	else if (last && ev->generation <= *last)
		/* A new FLB may begin anew, and may be what is missing */
		oracle__report(o, RULE_GENERATION,
			       o->missing ? VERDICT_INCOMPLETE : VERDICT_VIOLATION, obj, ev,
			       "%s: the slot had generation %" PRIu64 " already",
			       words__event(ev).s, *last);
	else if (ev->generation <= handed_over)
		oracle__report(o, RULE_GENERATION, VERDICT_VIOLATION, obj, ev,
			       "%s: the previous kernel handed over generation %llu already",
			       words__event(ev).s, handed_over);
}

/* What is handed over counts on, so it has at least what was seen. */
static void rule_generation__retrieved(struct oracle *o, struct object *flb,
				       const struct lutrace_event *ev)
{
	if (ev->generation && ev->generation < o->previous.last_generation)
		oracle__report(o, RULE_GENERATION, VERDICT_VIOLATION, flb, ev,
			       "%s: it was handed over with generation %llu, and the previous kernel "
			       "used %llu already", words__event(ev).s, ev->generation,
			       o->previous.last_generation);
}

static void rule_generation__event(struct oracle *o, struct object *obj,
				   const struct lutrace_event *ev)
{
	if (ev->op == LUTRACE_OP_PRESERVE && ev->phase == LUTRACE_BEGIN)
		rule_generation__preserve(o, obj, ev);
	if (ev->op == LUTRACE_OP_FLB_RETRIEVE && ev->phase == LUTRACE_END && !ev->ret)
		rule_generation__retrieved(o, obj, ev);
}

const struct rule rule_generation = {
	.name = "generation",
	.title = "a reused record slot gets a higher generation",
	.summary = rule_generation__summary,
	.event = rule_generation__event,
};
