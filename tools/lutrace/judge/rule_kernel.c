// SPDX-License-Identifier: GPL-2.0-only
/* Rule kernel: the kernel's own log. */
#include "judge/rule.h"

enum { KERNEL_ERRORS };

static char *rule_kernel__summary(const struct tally *t)
{
	return xasprintf("%llu errors; the log of %zu of %zu kernels was read",
			 t->n[KERNEL_ERRORS], t->watched, t->kernels);
}

static void rule_kernel__complained(struct oracle *o, const struct lutrace_complaint *complaint)
{
	if (complaint->lost) {
		oracle__report(o, RULE_KERNEL, VERDICT_INCOMPLETE, NULL, NULL,
			       "%llu messages of the kernel's log were gone before they could be "
			       "read", complaint->lost);
		return;
	}
	o->tallies[RULE_KERNEL].n[KERNEL_ERRORS]++;
	oracle__report(o, RULE_KERNEL, VERDICT_VIOLATION, NULL, NULL, "the kernel's log says: %s",
		       complaint->text);
}

static void rule_kernel__end(struct oracle *o)
{
	struct tally *t = &o->tallies[RULE_KERNEL];

	t->subjects = t->watched || t->n[KERNEL_ERRORS];
}

const struct rule rule_kernel = {
	.name = "kernel",
	.title = "no live update errors in the kernel log",
	.summary = rule_kernel__summary,
	.complained = rule_kernel__complained,
	.end = rule_kernel__end,
};

void oracle__watch_klog(struct oracle *o)
{
	o->tallies[RULE_KERNEL].watched = 1;
}
