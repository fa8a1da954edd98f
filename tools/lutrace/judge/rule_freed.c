// SPDX-License-Identifier: GPL-2.0-only
/* Rule freed: the kernel says of no page that it was freed while it was preserved. */
#include <stdio.h>
#include "judge/rule.h"

enum { FREED_PAGES };

static char *rule_freed__summary(const struct tally *t)
{
	return xasprintf("%llu pages; tracepoint present in %zu of %zu kernels", t->n[FREED_PAGES],
			 t->watched, t->kernels);
}

static void rule_freed__freed(struct oracle *o, const struct lutrace_freed *freed)
{
	struct object *root = object__find(o, OBJECT_ROOT, freed->phys, 0), *obj = NULL;
	char text[256] = "";

	o->tallies[RULE_FREED].n[FREED_PAGES]++;
	if (root)
		obj = object__find(o, OBJECT_RECORD, root->holder_a, root->holder_b);
	if (obj)
		snprintf(text, sizeof(text), "; it was last seen as the root of %s",
			 words__object(obj).s);
	oracle__report(o, RULE_FREED, VERDICT_VIOLATION, obj, NULL,
		       "the page at 0x%llx (%llu bytes) was freed while it was preserved, by pid "
		       "%u on cpu %u; the kernel kept it%s", freed->phys, freed->size, freed->pid,
		       freed->cpu, text);
}

static void rule_freed__end(struct oracle *o)
{
	struct tally *t = &o->tallies[RULE_FREED];

	t->subjects = t->watched || t->n[FREED_PAGES];
}

const struct rule rule_freed = {
	.name = "freed",
	.title = "no page is freed while it is preserved",
	.summary = rule_freed__summary,
	.freed = rule_freed__freed,
	.end = rule_freed__end,
};

void oracle__watch_freed(struct oracle *o)
{
	o->tallies[RULE_FREED].watched = 1;
}
