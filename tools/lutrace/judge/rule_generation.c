// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule generation: the kernel counts how often any record was used, over live updates, so a slot that is
 * used again has a higher generation.
 */
#include <inttypes.h>
#include "judge/rule.h"

struct rule_generation {
	__u64 handed_over;	/* the largest generation that the previous kernel is known to have used */
};

static char *rule_generation__summary(const struct tally *t)
{
	return xasprintf("%zu preserves", t->subjects);
}

static void rule_generation__retrieved(struct oracle *o)
{
	struct rule_generation *s = oracle__state(o, RULE_GENERATION);
	size_t i;

	for (i = 0; i < o->nr_left; i++)
		if (s->handed_over < o->left[i].generation)
			s->handed_over = o->left[i].generation;
}

static void rule_generation__preserve(struct oracle *o, struct object *obj,
				      const struct lutrace_event *ev)
{
	struct rule_generation *s = oracle__state(o, RULE_GENERATION);
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
	else if (ev->generation <= s->handed_over)
		oracle__report(o, RULE_GENERATION, VERDICT_VIOLATION, obj, ev,
			       "%s: the previous kernel handed over generation %llu already",
			       words__event(ev).s, s->handed_over);
}

static void rule_generation__event(struct oracle *o, struct object *obj,
				   const struct lutrace_event *ev)
{
	if (ev->op == LUTRACE_OP_PRESERVE && ev->phase == LUTRACE_BEGIN)
		rule_generation__preserve(o, obj, ev);
	if (ev->op == LUTRACE_OP_FLB_RETRIEVE && ev->phase == LUTRACE_END && !ev->ret)
		rule_generation__retrieved(o);
}

const struct rule rule_generation = {
	.name = "generation",
	.title = "a reused record slot gets a higher generation",
	.summary = rule_generation__summary,
	.state_size = sizeof(struct rule_generation),
	.event = rule_generation__event,
};
