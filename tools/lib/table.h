/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A table of text whose columns are as wide as what is in them, so that nothing shifts what
 * follows. Pure; anything that prints rows may use it. A width is a number of characters of UTF-8,
 * of which each is taken to be one column wide.
 */
#ifndef LIB_TABLE_H
#define LIB_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "lib/fault.h"

struct table_column {
	const char *title;
	size_t least;		/* its width if all in it is shorter */
	bool left;		/* flush left; else right, as numbers are */
};

struct table;
/* @columns must outlive it. */
struct table *table__new(const struct table_column *columns, size_t nr);
void table__free(struct table *t);

/* The next cell of the row; after the last one the next row begins. */
void table__put(struct table *t, const char *fmt, ...) PRINTF(2, 3);
/* The same of a time in microseconds, with one digit after the point; empty if it is not known. */
void table__put_us(struct table *t, bool known, unsigned long long ns);
/* A line after a whole row, which makes no column wider. */
void table__remark(struct table *t, const char *fmt, ...) PRINTF(2, 3);

/* Lines with the titles, which are the first. */
size_t table__nr_lines(const struct table *t);
/* One of them, without spaces at its end; to be freed. */
char *table__line(const struct table *t, size_t line);
/* All of them, with newlines; frees @t. */
void table__print(struct table *t, FILE *f);

#endif
