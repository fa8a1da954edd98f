// SPDX-License-Identifier: GPL-2.0-only
/* A history in a file of SQLite. db.c calls it through its table. */
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/folder.h"
#include "lib/mem.h"
#include "luperf/store/db_backend.h"

/* "lupf": tells our files from others of SQLite */
#define APPLICATION_ID	0x6c757066

struct sqlite {
	struct db db;
	sqlite3 *handle;
};

struct sqlite_query {
	struct query query;
	sqlite3_stmt *statement;
};

static sqlite3 *handle_of(struct db *db)
{
	return ((struct sqlite *)db)->handle;
}

static sqlite3_stmt *statement_of(struct query *q)
{
	return ((struct sqlite_query *)q)->statement;
}

/* Why it failed, in words that say what to do where a user can. */
static int sqlite__fail(struct db *db, struct fault *fault)
{
	sqlite3 *handle = handle_of(db);

	switch (sqlite3_errcode(handle)) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fault__set(fault, "%s is held by another process, for more than %d s: try again "
				  "when that is done", db->name, DB_WAIT_S);
	case SQLITE_READONLY:
		return fault__set(fault, "%s cannot be written: this user has no right to, or the file "
				  "system is read-only", db->name);
	case SQLITE_FULL:
		return fault__set(fault, "%s: the disk is full; nothing of this was stored", db->name);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return fault__set(fault, "%s is damaged, or no history of luperf: %s", db->name,
				  sqlite3_errmsg(handle));
	default:
		return fault__set(fault, "%s: %s", db->name, sqlite3_errmsg(handle));
	}
}

static void sqlite__close(struct db *db)
{
	sqlite3_close(handle_of(db));
	free(db->name);
	free(db);
}

static int sqlite__exec(struct db *db, const char *sql, struct fault *fault)
{
	return sqlite3_exec(handle_of(db), sql, NULL, NULL, NULL) ? sqlite__fail(db, fault) : 0;
}

static struct query *sqlite__prepare(struct db *db, const char *sql, struct fault *fault)
{
	struct sqlite_query *q = xcalloc(1, sizeof(*q));

	q->query.db = db;
	if (!sqlite3_prepare_v2(handle_of(db), sql, -1, &q->statement, NULL))
		return &q->query;
	sqlite__fail(db, fault);
	free(q);
	return NULL;
}

static void sqlite__free(struct query *q)
{
	sqlite3_finalize(statement_of(q));
	free(q);
}

static void sqlite__bind(struct query *q, int parameter, int64_t value)
{
	sqlite3_bind_int64(statement_of(q), parameter, value);
}

static void sqlite__bind_double(struct query *q, int parameter, double value)
{
	sqlite3_bind_double(statement_of(q), parameter, value);
}

static void sqlite__bind_text(struct query *q, int parameter, const char *text)
{
	if (text)
		sqlite3_bind_text(statement_of(q), parameter, text, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(statement_of(q), parameter);
}

static int sqlite__step(struct query *q, struct fault *fault)
{
	int result = sqlite3_step(statement_of(q));

	if (result == SQLITE_ROW)
		return 1;
	if (result != SQLITE_DONE)
		sqlite__fail(q->db, fault);
	sqlite3_reset(statement_of(q));
	return result == SQLITE_DONE ? 0 : -1;
}

static void sqlite__reset(struct query *q)
{
	sqlite3_reset(statement_of(q));
}

static int64_t sqlite__number(struct query *q, int column)
{
	return sqlite3_column_int64(statement_of(q), column);
}

static double sqlite__double(struct query *q, int column)
{
	return sqlite3_column_double(statement_of(q), column);
}

static const char *sqlite__text(struct query *q, int column)
{
	const unsigned char *text = sqlite3_column_text(statement_of(q), column);

	return text ? (const char *)text : "";
}

static bool sqlite__is_null(struct query *q, int column)
{
	return sqlite3_column_type(statement_of(q), column) == SQLITE_NULL;
}

static const struct db_ops sqlite_ops = {
	.id = "INTEGER PRIMARY KEY AUTOINCREMENT",
	.begin = "BEGIN IMMEDIATE",
	.begin_read = "BEGIN",
	.has_table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
	.close = sqlite__close,
	.exec = sqlite__exec,
	.prepare = sqlite__prepare,
	.free = sqlite__free,
	.bind = sqlite__bind,
	.bind_double = sqlite__bind_double,
	.bind_text = sqlite__bind_text,
	.step = sqlite__step,
	.reset = sqlite__reset,
	.number = sqlite__number,
	.number_double = sqlite__double,
	.text = sqlite__text,
	.is_null = sqlite__is_null,
};

/* Opening */

/* A file that is there must be a history, or empty as one that nothing was stored in yet. */
static int check_file(const char *path, enum db_open how, bool *fresh, struct fault *fault)
{
	struct stat st;

	*fresh = false;
	if (stat(path, &st)) {
		if (errno != ENOENT)
			return fault__set(fault, "cannot open %s: %s", path, strerror(errno));
		if (how != DB_MAY_CREATE)
			return fault__set(fault, "there is no history %s: luperf add begins one, and "
					  "--db names another", path);
		*fresh = true;
		return folder__make_for(path, fault);
	}
	if (!S_ISREG(st.st_mode))
		return fault__set(fault, "%s is no file: a history is one, of SQLite", path);
	if (access(path, how == DB_READ_ONLY ? R_OK : R_OK | W_OK))
		return fault__set(fault, "cannot open %s: %s", path, strerror(errno));
	*fresh = !st.st_size;
	if (*fresh && how != DB_MAY_CREATE)
		return fault__set(fault, "%s is empty: luperf add begins a history", path);
	return 0;
}

static int64_t pragma(struct sqlite *s, const char *name)
{
	char *sql = xasprintf("PRAGMA %s", name);
	sqlite3_stmt *statement = NULL;
	int64_t value = -1;

	if (!sqlite3_prepare_v2(s->handle, sql, -1, &statement, NULL) &&
	    sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	free(sql);
	return value;
}

/*
 * Whatever a process that was killed had written and not committed is taken back here. A file without any table
 * is one whose first writer was killed.
 */
static int check_identity(struct sqlite *s, struct fault *fault)
{
	int64_t id = pragma(s, "application_id");

	if (id == APPLICATION_ID || (!id && !pragma(s, "schema_version")))
		return 0;
	if (id < 0)
		return sqlite__fail(&s->db, fault);
	return fault__set(fault, "%s is a database of another program: name the history of luperf with "
			  "--db", s->db.name);
}

static int set_up(struct sqlite *s, enum db_open how, struct fault *fault)
{
	char *mark = xasprintf("PRAGMA application_id = %d", APPLICATION_ID);
	int err;

	sqlite3_busy_timeout(s->handle, DB_WAIT_S * 1000);
	err = check_identity(s, fault) || sqlite__exec(&s->db, "PRAGMA synchronous = FULL", fault) ||
	      (how == DB_MAY_CREATE && !pragma(s, "application_id") &&
	       sqlite__exec(&s->db, mark, fault));
	free(mark);
	return err ? -1 : 0;
}

struct db *db__open_sqlite(const char *path, enum db_open how, struct fault *fault)
{
	/* To SQLite ":memory:" is no file */
	char *file = xasprintf("%s%s", *path == ':' ? "./" : "", path);
	struct sqlite *s;
	bool fresh;
	int flags;

	if (check_file(path, how, &fresh, fault)) {
		free(file);
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->db = (struct db){ &sqlite_ops, xstrdup(path) };
	/* Who may write takes back what a process that was killed has left; readers too. */
	flags = access(path, W_OK) && !fresh ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	sqlite3_open_v2(file, &s->handle, flags | (fresh ? SQLITE_OPEN_CREATE : 0), NULL);
	free(file);
	if (!sqlite3_errcode(s->handle) && !set_up(s, how, fault))
		return &s->db;
	if (sqlite3_errcode(s->handle))
		sqlite__fail(&s->db, fault);
	sqlite__close(&s->db);
	return NULL;
}
