/* SPDX-License-Identifier: GPL-2.0-only */
/* What `lutrace check --json` writes: verdicts, and violations as they were told. Pure. */
#ifndef LUTRACE_CHECK_RESULT_H
#define LUTRACE_CHECK_RESULT_H

#include <jansson.h>
#include <stdio.h>
#include "judge/oracle.h"
#include "live/overhead.h"

/*
 * Documented in docs/checks.md and docs/check.schema.json. It counts up when a member is removed,
 * or changes its type or meaning.
 */
#define CHECK_SCHEMA "lutrace-check/2"

/* One violation as it is told at once; @name is of its domain, and may be NULL. */
json_t *violation__json(const struct violation *v, const struct name *name);

/* What `lutrace check` has to tell at its end, after oracle__end(). Nothing here is owned. */
struct check_result {
	const struct oracle *oracle;
	bool knows_before;		/* what was preserved before is known, */
	size_t nr_before;		/* and is so many domains */
	json_t *violations;		/* an array of violation__json() */
	const struct overhead *overhead;	/* NULL: not asked for */
};

/* Returns -1 if it could not be written; errno is 0 if it could not be made. */
int check_result__write_json(const struct check_result *result, FILE *f);

#endif
