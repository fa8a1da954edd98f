/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is said of a next kernel before the jump: sentences with a severity, in the order in which
 * they were found. `luctl run` prints them, `lutrace ready` makes them reasons of its verdict.
 * Pure.
 */
#ifndef NEXT_REMARKS_H
#define NEXT_REMARKS_H

#include <stdbool.h>
#include <stddef.h>

#define REMARKS_MAX 64 /* more than there are things to say; the table in parameters.c is */
		       /* the longest, and test_parameters compares */
#define REMARK_TEXT_SIZE 512

enum remark_severity {
	REMARK_LOST,	  /* something will be lost: luctl warns, ready says no-go */
	REMARK_RISK,	  /* something may be lost or be amiss: luctl warns, ready: unknown */
	REMARK_UNCHECKED, /* it could not be looked at: luctl has a note, ready: unknown */
	REMARK_NOTE,	  /* only worth knowing: a note in both */
};

struct remark {
	enum remark_severity severity;
	char text[REMARK_TEXT_SIZE]; /* what is so, "; ", and what to do */
};

struct remarks {
	struct remark list[REMARKS_MAX];
	size_t nr;
};

/* Adds one; what is too many or too long is left out. */
void remarks__add(struct remarks *remarks, enum remark_severity severity, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* How many luctl warns of, and refuses with --strict: REMARK_LOST and REMARK_RISK. */
size_t remarks__nr_warnings(const struct remarks *remarks);
bool remark__is_warning(const struct remark *remark);

#endif
