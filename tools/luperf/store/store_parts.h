/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the store share: store.c, find.c, add.c and load.c alone include it. */
#ifndef LUPERF_STORE_PARTS_H
#define LUPERF_STORE_PARTS_H

#include "luperf/store/store.h"

/* Queries that run often are prepared once. */
enum store_query {
	LOAD_SAMPLE, LOAD_FACTS, LOAD_LABELS, LOAD_VALUES, LOAD_QUANTITIES, LOAD_FINDINGS, LOAD_SOURCES,
	NR_STORE_QUERIES,
};

struct store {
	struct db *db;
	bool together;			/* between store__begin() and its end */
	struct query *queries[NR_STORE_QUERIES];
};

/* Prepares @sql the first time. NULL with @fault. */
struct query *store__query(struct store *store, enum store_query which, const char *sql,
			   struct fault *fault);
/* A change that is one of several, or stands alone: then it is committed, or taken back if @err. Returns -1 or 0. */
int store__begin_change(struct store *store, struct fault *fault);
int store__end_change(struct store *store, int err, struct fault *fault);

/* Rows of a name and a value. */
int query__pairs(struct query *q, struct pairs *pairs, struct fault *fault);

#endif
