/* SPDX-License-Identifier: GPL-2.0-only */
/* --require: checks that must be clean, and not merely be no violation. Of report and check. */
#ifndef LUTRACE_REQUIRE_H
#define LUTRACE_REQUIRE_H

#include <argp.h>
#include "report/analysis.h"

/* Checks by their ids: of @nr, NR_RULES or NR_CHECKS. */
struct require {
	bool checks[NR_CHECKS];
};

#define REQUIRE_HELP	"Incomplete unless each of these checks, with commas between, is clean"

/* Adds the names in @arg; ends the program with a sentence that lists all @nr if one is none. */
void require__parse(struct require *r, struct argp_state *state, const char *arg, int nr);

#endif
