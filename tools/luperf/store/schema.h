/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of a history, and how those of an older version become today's. The store alone calls it. */
#ifndef LUPERF_SCHEMA_H
#define LUPERF_SCHEMA_H

#include "luperf/store/db.h"

/*
 * Brings older tables up to today's, and with @create makes those of a new database. -1 with @fault, also if that would
 * have to be done and this user may not write.
 */
int schema__check(struct db *db, bool create, struct fault *fault);
/* For tests: the tables as version @version had them, in an empty database. */
int schema__create(struct db *db, int version, struct fault *fault);

#endif
