/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A database that the history is in: SQLite's file, or a PostgreSQL server. Only the files of store/ call this.
 *
 * The same SQL goes to both. Parameters are $1, $2, ... in the order in which they stand in the text. Of types
 * there are whole numbers (BIGINT), numbers (DOUBLE PRECISION) and TEXT. What the two have different words for is
 * written @ID@: a primary key that the database counts up by itself.
 *
 * One query at a time: until a step says that there is no more row, or reset or free is called, no other
 * query of the same database may be stepped.
 */
#ifndef LUPERF_DB_H
#define LUPERF_DB_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/fault.h"

struct db;
struct query;

enum db_open {
	DB_MAY_CREATE,		/* a file that is not there is made */
	DB_MUST_EXIST,
	DB_READ_ONLY,		/* the same, and nothing will be written */
};

/* @where: a path, or postgresql://... or postgres://... as libpq has it. NULL with @fault: it cannot be opened. */
struct db *db__open(const char *where, enum db_open how, struct fault *fault);
void db__close(struct db *db);
/* What it is called in sentences: the path, or the server's address without its password. */
const char *db__name(const struct db *db);

/*
 * A transaction that writes; whoever else wants to waits for it, as long as DB_WAIT_S. All -1 with @fault. What was
 * not committed is as if it had never been, whatever ends the program.
 */
#define DB_WAIT_S	30
int db__begin(struct db *db, struct fault *fault);
/* One that reads: all that it sees is of one moment. */
int db__begin_read(struct db *db, struct fault *fault);
int db__commit(struct db *db, struct fault *fault);
void db__rollback(struct db *db);

/* A statement without parameters and rows. */
int db__exec(struct db *db, const char *sql, struct fault *fault);

/* NULL with @fault set. The numbers of parameters and columns begin with 1 and 0. */
struct query *db__query(struct db *db, const char *sql, struct fault *fault);
void query__free(struct query *q);
void query__bind(struct query *q, int parameter, int64_t value);
void query__bind_double(struct query *q, int parameter, double value);
/* NULL is no value. @text is copied. */
void query__bind_text(struct query *q, int parameter, const char *text);
void query__bind_null(struct query *q, int parameter);
/* 1: the next row is there. 0: there is none; parameters can be bound anew. -1: @fault. */
int query__step(struct query *q, struct fault *fault);
/* Gives up the rows that are left. */
void query__reset(struct query *q);
/* Steps once, and expects no row. */
int query__run(struct query *q, struct fault *fault);
int64_t query__number(struct query *q, int column);
double query__double(struct query *q, int column);
/* "" if it is no value. Until the next step. */
const char *query__text(struct query *q, int column);
bool query__is_null(struct query *q, int column);

/* Whether there is a table of that name; -1 with @fault. */
int db__has_table(struct db *db, const char *name, struct fault *fault);

#endif
