// SPDX-License-Identifier: GPL-2.0-only
/* Rules that must have had something to look at, because the user says so. */
#include "judge/rule.h"

void oracle__require(struct oracle *o, const bool *required)
{
	int id;

	for (id = 0; id < NR_RULES; id++)
		if (required[id] && o->checks[id].verdict == VERDICT_NOT_CHECKED)
			oracle__report(o, id, VERDICT_INCOMPLETE, NULL, NULL,
				       "it is required, and there was nothing to check it on");
}
