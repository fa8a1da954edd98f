// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of rules: names and titles, and what each was looked at on.
 */
#include <stdio.h>
#include <string.h>
#include "judge/rule.h"
#include "judge/spec.h"
#include "lib/mem.h"

/* Rules without an automaton have their words here. */
static const struct {
	const char *name, *title;
} rules[NR_RULES] = {
	[RULE_LOSS] = { "loss", "no event was lost" },
	[RULE_PAIRS] = { "pairs", NULL },
	[RULE_ONCE] = { "once", NULL },
	[RULE_UNCHANGED] = { "unchanged", NULL },
	[RULE_ABORT] = { "abort", NULL },
	[RULE_GENERATION] = { "generation", "a slot that is used again has a higher generation" },
	[RULE_UNDO] = { "undo", "what undoes does not fail" },
	[RULE_FLB] = { "flb", NULL },
	[RULE_RESTORE] = { "restore", "every restore matches a preserve of the kernel before" },
	[RULE_NAME] = { "name", "what comes back has the name that it was preserved under" },
	[RULE_MEMORY] = { "memory",
			  "what is mapped was compared with memory, is pinned and frozen" },
	[RULE_RESTORE_ONCE] = { "restore-once", NULL },
	[RULE_RESTORE_ERROR] = { "restore-error", NULL },
	[RULE_FINISH] = { "finish", NULL },
	[RULE_FREED] = { "freed", "no page is freed while it is preserved" },
	[RULE_KERNEL] = { "kernel", "the kernel's own log has no complaint" },
	[RULE_DEEP] = { "deep", "page tables are what they were, entry by entry" },
};

void oracle__summarise(struct oracle *o)
{
	int id;

	o->subjects[RULE_RESTORE_ONCE] = o->subjects[RULE_RESTORE];
	o->subjects[RULE_LOSS] = 1;
	o->subjects[RULE_FREED] = o->watching || o->nr_freed;
	o->subjects[RULE_KERNEL] = o->has_klog || o->nr_complaints;
	o->subjects[RULE_DEEP] = o->nr_walks;
	if (o->nr_before && !o->walking && o->subjects[RULE_RESTORE])
		oracle__report(o, RULE_DEEP, VERDICT_PASS, NULL, NULL,
			       "%zu domains were walked in the kernel "
			       "before, and none here: --deep was not given",
			       o->nr_before);
	if (o->walking && !o->nr_walks && o->nr_gone)
		oracle__report(o, RULE_DEEP, VERDICT_INCOMPLETE, NULL, NULL,
			       "all %zu domains were unpreserved before they were walked",
			       o->nr_gone);
	for (id = 0; id < NR_RULES; id++) {
		if (!o->subjects[id] && o->checks[id].verdict == VERDICT_PASS)
			o->checks[id].verdict = VERDICT_NOT_CHECKED;
		if (id == RULE_LOSS)
			o->checks[id].summary =
				xasprintf("%llu events, %llu missing", o->nr_events, o->missing);
		else if (id == RULE_FREED)
			o->checks[id].summary =
				xasprintf(o->subjects[id] ? "%zu pages" :
							    "the kernel does not tell",
					  o->nr_freed);
		else if (id == RULE_KERNEL)
			o->checks[id].summary =
				xasprintf(o->subjects[id] ? "%zu complaints" : "it was not read",
					  o->nr_complaints);
		else if (id == RULE_DEEP)
			o->checks[id].summary = rule_deep__summary(o);
		else
			o->checks[id].summary = xasprintf("%zu looked at, %zu objects unknown",
							  o->subjects[id], o->unknown[id]);
	}
}

enum rule_id rule__by_name(const char *name)
{
	int id;

	for (id = 0; id < NR_RULES && strcmp(rules[id].name, name); id++)
		;
	return id;
}

const char *rule__name(enum rule_id id)
{
	return rules[id].name;
}

const char *rule__title(enum rule_id id)
{
	size_t i;

	for (i = 0; !rules[id].title && i < spec__count(); i++)
		if (!strcmp(spec__get(i)->name, rules[id].name))
			return spec__get(i)->title;
	return rules[id].title;
}

const struct check *oracle__check(const struct oracle *o, enum rule_id id)
{
	return &o->checks[id];
}

size_t oracle__unknown(const struct oracle *o, enum rule_id id)
{
	return o->unknown[id];
}

size_t oracle__subjects(const struct oracle *o, enum rule_id id)
{
	return o->subjects[id];
}
