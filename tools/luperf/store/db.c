// SPDX-License-Identifier: GPL-2.0-only
/* Databases of both kinds: see db.h. The store calls it. */
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "luperf/store/db_backend.h"

static bool is_server(const char *where)
{
	return !strncmp(where, "postgresql://", 13) || !strncmp(where, "postgres://", 11);
}

struct db *db__open(const char *where, enum db_open how, struct fault *fault)
{
	return is_server(where) ? db__open_postgres(where, fault) :
				  db__open_sqlite(where, how, fault);
}

void db__close(struct db *db)
{
	if (db)
		db->ops->close(db);
}

const char *db__name(const struct db *db)
{
	return db->name;
}

int db__begin(struct db *db, struct fault *fault)
{
	if (!db->ops->exec(db, db->ops->begin, fault))
		return 0;
	/* It may have begun and not got the lock */
	db__rollback(db);
	return -1;
}

int db__begin_read(struct db *db, struct fault *fault)
{
	return db->ops->exec(db, db->ops->begin_read, fault);
}

int db__commit(struct db *db, struct fault *fault)
{
	return db->ops->exec(db, "COMMIT", fault);
}

void db__rollback(struct db *db)
{
	struct fault unused;

	db->ops->exec(db, "ROLLBACK", &unused);
}

int db__exec(struct db *db, const char *sql, struct fault *fault)
{
	static const char mark[] = "@ID@";
	const char *at = strstr(sql, mark);
	char *text;
	int err;

	if (!at)
		return db->ops->exec(db, sql, fault);
	text = xasprintf("%.*s%s%s", (int)(at - sql), sql, db->ops->id, at + strlen(mark));
	err = db->ops->exec(db, text, fault);
	free(text);
	return err;
}

struct query *db__query(struct db *db, const char *sql, struct fault *fault)
{
	return db->ops->prepare(db, sql, fault);
}

void query__free(struct query *q)
{
	if (q)
		q->db->ops->free(q);
}

void query__bind(struct query *q, int parameter, int64_t value)
{
	q->db->ops->bind(q, parameter, value);
}

void query__bind_double(struct query *q, int parameter, double value)
{
	q->db->ops->bind_double(q, parameter, value);
}

void query__bind_text(struct query *q, int parameter, const char *text)
{
	q->db->ops->bind_text(q, parameter, text);
}

void query__bind_null(struct query *q, int parameter)
{
	q->db->ops->bind_text(q, parameter, NULL);
}

int query__step(struct query *q, struct fault *fault)
{
	return q->db->ops->step(q, fault);
}

void query__reset(struct query *q)
{
	q->db->ops->reset(q);
}

int query__run(struct query *q, struct fault *fault)
{
	int row = q->db->ops->step(q, fault);

	q->db->ops->reset(q);
	return row < 0 ? -1 : 0;
}

int64_t query__number(struct query *q, int column)
{
	return q->db->ops->number(q, column);
}

double query__double(struct query *q, int column)
{
	return q->db->ops->number_double(q, column);
}

const char *query__text(struct query *q, int column)
{
	return q->db->ops->text(q, column);
}

bool query__is_null(struct query *q, int column)
{
	return q->db->ops->is_null(q, column);
}

int db__has_table(struct db *db, const char *name, struct fault *fault)
{
	struct query *q = db__query(db, db->ops->has_table, fault);
	int row;

	if (!q)
		return -1;
	query__bind_text(q, 1, name);
	row = query__step(q, fault);
	query__free(q);
	return row;
}
