// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule generation: a slot that is used again has a higher generation.
 */
#include <inttypes.h>
#include "judge/rule.h"
#include "lib/idmap.h"

void rule_generation__event(struct oracle *o, struct object *obj, const struct lutrace_event *ev)
{
	uint64_t *last = idmap__find(o->generations, ev->ser_phys, 0, 0);

	o->subjects[RULE_GENERATION]++;
	if (!ev->ser_phys || !ev->generation)
		oracle__report(o, RULE_GENERATION, VERDICT_VIOLATION, obj, ev,
			       "%s: it has no identity", words__event(ev).s);
	else if (last && ev->generation <= *last)
		/* A new FLB may begin anew, and may be what is missing */
		oracle__report(o, RULE_GENERATION,
			       o->missing ? VERDICT_INCOMPLETE : VERDICT_VIOLATION, obj, ev,
			       "%s: the slot had generation %" PRIu64 " already",
			       words__event(ev).s, *last);
	else if (ev->generation <= o->handed_over)
		oracle__report(o, RULE_GENERATION, VERDICT_VIOLATION, obj, ev,
			       "%s: the kernel before handed over generation %llu already",
			       words__event(ev).s, o->handed_over);
	idmap__set(o->generations, ev->ser_phys, 0, 0, ev->generation);
}

void oracle__drop_generations(struct oracle *o)
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
