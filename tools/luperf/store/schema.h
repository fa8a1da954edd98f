/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of a history, and how those of an older version become today's. The store alone calls it. */
#ifndef LUPERF_SCHEMA_H
#define LUPERF_SCHEMA_H

#include "luperf/store/db.h"

/* Makes the tables of a new database, or brings older ones up to today's; @write: it may. -1 with @fault. */
int schema__check(struct db *db, bool write, struct fault *fault);
/* For tests: the tables as version @version had them, in an empty database. */
int schema__create(struct db *db, int version, struct fault *fault);

#endif
