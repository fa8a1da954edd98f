/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kind of database does for db.c: db_sqlite.c and db_postgres.c. Nobody else includes it. */
#ifndef LUPERF_DB_BACKEND_H
#define LUPERF_DB_BACKEND_H

#include "luperf/store/db.h"

struct db_ops {
	const char *id;			/* what stands for @ID@ */
	const char *begin, *begin_read;
	const char *has_table;		/* a query with the name as $1 */
	void (*close)(struct db *db);
	int (*exec)(struct db *db, const char *sql, struct fault *fault);
	struct query *(*prepare)(struct db *db, const char *sql, struct fault *fault);
	void (*free)(struct query *q);
	void (*bind)(struct query *q, int parameter, int64_t value);
	void (*bind_double)(struct query *q, int parameter, double value);
	void (*bind_text)(struct query *q, int parameter, const char *text);
	int (*step)(struct query *q, struct fault *fault);
	void (*reset)(struct query *q);
	int64_t (*number)(struct query *q, int column);
	double (*number_double)(struct query *q, int column);
	const char *(*text)(struct query *q, int column);
	bool (*is_null)(struct query *q, int column);
};

/* The first member of each backend's own. */
struct db {
	const struct db_ops *ops;
	char *name;
};

struct query {
	struct db *db;
};

struct db *db__open_sqlite(const char *path, enum db_open how, struct fault *fault);
struct db *db__open_postgres(const char *uri, struct fault *fault);

#endif
