/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The metrics of a live update: what is compared, in which unit, which direction is worse, and by how much it
 * must differ to matter. Pure; `luperf metrics` prints them.
 */
#ifndef LUPERF_METRIC_H
#define LUPERF_METRIC_H

#include <stdio.h>
#include "luperf/sample/sample.h"

/* What a metric is of: operations of one kind in one kernel, or the live update as a whole. */
enum metric_kind {
	METRIC_P50,		/* nearest rank over the operations that succeeded */
	METRIC_MAX,
	METRIC_TOTAL,		/* sum of their latencies */
	METRIC_PER_TABLE,	/* that sum, by the number of their page tables */
	METRIC_ERRORS,		/* operations that failed, in both kernels */
	METRIC_TABLES,		/* of the domains that were preserved */
	METRIC_BYTES,
	METRIC_QUANTITY,	/* as it is stored */
	METRIC_LEFT_BEHIND,	/* domains that were handed over and did not come back */
};

struct metric {
	char name[32];
	const char *unit;		/* "ns", "bytes", "1" */
	const char *what;		/* in words */
	enum metric_kind kind;
	enum kernel kernel;		/* of operations */
	unsigned int op;
	const char *quantity;
	/* A change counts if it is at least both; from 0 the relative one is not looked at. */
	double absolute, relative;
	bool off;			/* is not compared */
};

struct metrics {
	struct metric *items;
	size_t nr, room;
};

/* All of them, with the limits that this program has by itself. */
void metrics__make(struct metrics *m);
void metrics__free(struct metrics *m);
/*
 * Takes the limits of a file over: lines "NAME ABSOLUTE RELATIVE%" or "NAME off", and comments with '#'. -1 with
 * @fault, which names the line.
 */
int metrics__read(struct metrics *m, const char *path, struct fault *fault);
/* NULL: nobody knows a metric of that name. */
struct metric *metrics__find(const struct metrics *m, const char *name);
/* In the form that metrics__read() takes. */
void metrics__print(const struct metrics *m, FILE *f);

/* False if the sample has nothing of it. */
bool metric__value(const struct metric *metric, const struct sample *s, double *value);
/* "+10.2%" of what it was; "" if that was 0. To free. */
char *percent__text(double from, double shift);
/* A value with a fitting unit, "123.4 us"; @sign: with a plus. To free. */
char *metric__text(const struct metric *metric, double value, bool sign);

#endif
