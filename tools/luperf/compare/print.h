/* SPDX-License-Identifier: GPL-2.0-only */
/* A comparison in each form that compare and gate print. */
#ifndef LUPERF_PRINT_H
#define LUPERF_PRINT_H

#include <stdio.h>
#include "luperf/compare/compare.h"

/* What is compared, in the words of the user. */
struct sides {
	const char *old, *new;
};

/* For a terminal: text.c */
void comparison__print(const struct comparison *c, const struct sides *sides, FILE *f);
/* By docs/compare.schema.json; -1: it cannot be written. json.c */
int comparison__print_json(const struct comparison *c, const struct sides *sides, FILE *f);
/* For a pull request: what matters first, and how much was cut. markdown.c */
void comparison__print_markdown(const struct comparison *c, const struct sides *sides, FILE *f);
/*
 * For a CI that shows tests: a case for each metric, and two for machines and violations. What is worse has failed,
 * with the figures in its text; what cannot be told is an error. junit.c
 */
void comparison__print_junit(const struct comparison *c, const struct sides *sides, FILE *f);

/* The rows in the order of what matters: verdict, then size of the change. To free; indexes. */
size_t *comparison__order(const struct comparison *c);
/* "the median went from 10.0 us to 11.0 us, +10.0%; shift +1.0 us (95% interval ...), p = 0.008, n = 5+5". To free. */
char *row__figures(const struct row *row);
/* How many rows have this verdict. */
size_t comparison__count(const struct comparison *c, enum row_verdict verdict);
/* Why a row is no pass, and what to do; "" if there is nothing to say. To free. */
char *row__remark(const struct row *row);

#endif
