/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LUTRACE_REPORT_H
#define LUTRACE_REPORT_H

#include <stdio.h>
#include "report/analysis.h"

/* Documented in docs/report.md and docs/report.schema.json; a change that breaks readers counts it up. */
#define REPORT_SCHEMA "lutrace-report/1"

void report__print(const struct analysis *a, FILE *f);
int report__json(const struct analysis *a, FILE *f);
/* The JSON schema of that: docs/report.schema.json. */
const char *report__schema(void);

#endif
