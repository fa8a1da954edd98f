// SPDX-License-Identifier: GPL-2.0-only
/*
 * All checks and their verdicts as text.
 */
#include <stdio.h>
#include "judge/rule.h"

void oracle__print(const struct oracle *o, FILE *f)
{
	const struct check *check;
	size_t k;
	int id;

	fprintf(f, "check         verdict     claim (what was looked at)\n");
	for (id = 0; id < NR_RULES; id++) {
		check = oracle__check(o, id);
		fprintf(f, "%-13s %-11s %s (%s)\n", check->name, verdict__name(check->verdict),
			check->title, check->summary);
		for (k = 0; k < check->nr_details && k < CHECK_MAX_DETAILS; k++)
			fprintf(f, "  - %s\n", check->details[k]);
	}
	fprintf(f, "\nverdict: %s\n", verdict__name(oracle__verdict(o)));
}
