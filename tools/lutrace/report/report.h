/* SPDX-License-Identifier: GPL-2.0-only */
/* An analysis as text and as JSON. Pure. */
#ifndef LUTRACE_REPORT_H
#define LUTRACE_REPORT_H

#include <stdio.h>
#include "report/analysis.h"

/*
 * Documented in docs/report.md and docs/report.schema.json. It counts up when a member is removed,
 * or changes its type or meaning.
 */
#define REPORT_SCHEMA "lutrace-report/2"

void report__print(const struct analysis *a, FILE *f);
/* Returns -1 if it could not be written; errno is 0 if it could not be made. */
int report__json(const struct analysis *a, FILE *f);

#endif
