// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rule kernel: the kernel's own log.
 */
#include "judge/rule.h"

void oracle__watch_klog(struct oracle *o)
{
	o->has_klog = true;
}

void oracle__complaint(struct oracle *o, const struct lutrace_complaint *complaint)
{
	if (complaint->lost) {
		oracle__report(
			o, RULE_KERNEL, VERDICT_INCOMPLETE, NULL, NULL,
			"%llu messages of the kernel's log were gone before they could be read",
			complaint->lost);
		return;
	}
	o->nr_complaints++;
	oracle__report(o, RULE_KERNEL, VERDICT_VIOLATION, NULL, NULL, "the kernel's log says: %s",
		       complaint->text);
}
