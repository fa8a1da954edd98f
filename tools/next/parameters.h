/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's parameters that matter to a live update, and what each of them means for it if the
 * next kernel's command line has another one than the running kernel's. Pure; called by compat.c.
 */
#ifndef NEXT_PARAMETERS_H
#define NEXT_PARAMETERS_H

#include <stddef.h>

#include "next/needs.h"
#include "next/remarks.h"

/* Adds a remark for each row of the table that applies; what both command lines have is no news. */
void parameters__check(const char *next, const char *running, const struct needs *needs,
		       struct remarks *remarks);

/* How many rows the table has, which is how many remarks there can be. */
size_t parameters__count(void);
/* The parameter of a row, and its option or NULL: the manual has to have them. */
const char *parameters__name(size_t row, const char **option);

#endif
