// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule freed: pages that were freed while they were preserved.
 */
#include <stdio.h>
#include "judge/rule.h"
#include "lib/idmap.h"

void oracle__watch_freed(struct oracle *o)
{
	o->watching = true;
}

void oracle__freed(struct oracle *o, const struct lutrace_freed *freed)
{
	uint64_t *at = idmap__find(o->objects, freed->phys, 0, OBJECT_ROOT);
	struct object *root = at ? (struct object *)(uintptr_t)*at : NULL, *obj = NULL;
	char text[256] = "";

	o->nr_freed++;
	at = root ? idmap__find(o->objects, root->holder_a, root->holder_b, OBJECT_RECORD) : NULL;
	if (at) {
		obj = (struct object *)(uintptr_t)*at;
		snprintf(text, sizeof(text), "; it was last seen as the root of %s",
			 words__object(obj).s);
	}
	oracle__report(
		o, RULE_FREED, VERDICT_VIOLATION, obj, NULL,
		"the page at 0x%llx (%llu bytes) was freed while it was preserved, by pid %u on cpu "
		"%u; the kernel kept it%s",
		freed->phys, freed->size, freed->pid, freed->cpu, text);
}
