// SPDX-License-Identifier: GPL-2.0-only
/* A history on a PostgreSQL server. db.c calls it through its table. */
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "luperf/store/db_backend.h"

/* Seconds until a server that does not answer is given up */
#define CONNECT_S	"10"

struct postgres {
	struct db db;
	PGconn *connection;
	unsigned int nr_statements;	/* for their names */
};

/* All goes as text, which each type of the schema has. */
struct postgres_query {
	struct query query;
	char name[24];
	int nr_parameters;
	char **parameters;
	PGresult *row;			/* the one that is read, or NULL */
	bool running;			/* there may be more */
};

static PGconn *connection_of(struct db *db)
{
	return ((struct postgres *)db)->connection;
}

static struct postgres_query *postgres_query(struct query *q)
{
	return (struct postgres_query *)q;
}

/* The first line of what the server or libpq says, without its "ERROR: ". */
static int postgres__fail(struct db *db, const char *message, struct fault *fault)
{
	const char *colon = strstr(message, "ERROR:  ");
	char *text = xstrdup(colon ? colon + 8 : message);

	text[strcspn(text, "\n")] = '\0';
	if (PQstatus(connection_of(db)) != CONNECTION_OK)
		fault__set(fault, "the server of %s went away, or does not answer: %s", db->name, text);
	else if (strstr(text, "lock timeout"))
		fault__set(fault, "%s is held by another process, for more than %d s: try again when "
			   "that is done", db->name, DB_WAIT_S);
	else
		fault__set(fault, "%s: %s", db->name, text);
	free(text);
	return -1;
}

static void postgres__close(struct db *db)
{
	PQfinish(connection_of(db));
	free(db->name);
	free(db);
}

static int postgres__exec(struct db *db, const char *sql, struct fault *fault)
{
	PGresult *result = PQexec(connection_of(db), sql);
	ExecStatusType status = PQresultStatus(result);
	int err = 0;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		err = postgres__fail(db, PQerrorMessage(connection_of(db)), fault);
	PQclear(result);
	return err;
}

static int count_parameters(const char *sql)
{
	const char *at;
	int nr, largest = 0;

	for (at = strchr(sql, '$'); at; at = strchr(at + 1, '$')) {
		nr = atoi(at + 1);
		if (nr > largest)
			largest = nr;
	}
	return largest;
}

static struct query *postgres__prepare(struct db *db, const char *sql, struct fault *fault)
{
	struct postgres *s = (struct postgres *)db;
	struct postgres_query *q = xcalloc(1, sizeof(*q));
	PGresult *result;
	bool fine;

	q->query.db = db;
	snprintf(q->name, sizeof(q->name), "luperf%u", s->nr_statements++);
	result = PQprepare(s->connection, q->name, sql, 0, NULL);
	fine = PQresultStatus(result) == PGRES_COMMAND_OK;
	PQclear(result);
	if (!fine) {
		postgres__fail(db, PQerrorMessage(s->connection), fault);
		free(q);
		return NULL;
	}
	q->nr_parameters = count_parameters(sql);
	q->parameters = xcalloc(q->nr_parameters + 1, sizeof(*q->parameters));
	return &q->query;
}

static void postgres__reset(struct query *query)
{
	struct postgres_query *q = postgres_query(query);
	PGresult *result;

	PQclear(q->row);
	q->row = NULL;
	while (q->running && (result = PQgetResult(connection_of(query->db))))
		PQclear(result);
	q->running = false;
}

static void postgres__free(struct query *query)
{
	struct postgres_query *q = postgres_query(query);
	char *sql = xasprintf("DEALLOCATE %s", q->name);
	struct fault unused;
	int i;

	postgres__reset(query);
	if (PQtransactionStatus(connection_of(query->db)) != PQTRANS_INERROR)
		postgres__exec(query->db, sql, &unused);
	free(sql);
	for (i = 0; i < q->nr_parameters; i++)
		free(q->parameters[i]);
	free(q->parameters);
	free(q);
}

static void postgres__set(struct query *query, int parameter, char *text)
{
	struct postgres_query *q = postgres_query(query);

	free(q->parameters[parameter - 1]);
	q->parameters[parameter - 1] = text;
}

static void postgres__bind(struct query *q, int parameter, int64_t value)
{
	postgres__set(q, parameter, xasprintf("%" PRId64, value));
}

/* So many digits that it comes back the same */
static void postgres__bind_double(struct query *q, int parameter, double value)
{
	postgres__set(q, parameter, xasprintf("%.17g", value));
}

static void postgres__bind_text(struct query *q, int parameter, const char *text)
{
	postgres__set(q, parameter, text ? xstrdup(text) : NULL);
}

static int postgres__start(struct postgres_query *q, struct fault *fault)
{
	struct db *db = q->query.db;

	if (!PQsendQueryPrepared(connection_of(db), q->name, q->nr_parameters,
				 (const char *const *)q->parameters, NULL, NULL, 0))
		return postgres__fail(db, PQerrorMessage(connection_of(db)), fault);
	/* Row by row, so that a history need not fit into memory */
	PQsetSingleRowMode(connection_of(db));
	q->running = true;
	return 0;
}

static int postgres__step(struct query *query, struct fault *fault)
{
	struct postgres_query *q = postgres_query(query);
	ExecStatusType status;

	PQclear(q->row);
	q->row = NULL;
	if (!q->running && postgres__start(q, fault))
		return -1;
	q->row = PQgetResult(connection_of(query->db));
	status = PQresultStatus(q->row);
	if (status == PGRES_SINGLE_TUPLE)
		return 1;
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		postgres__fail(query->db, PQresultErrorMessage(q->row), fault);
		postgres__reset(query);
		return -1;
	}
	postgres__reset(query);
	return 0;
}

static const char *postgres__text(struct query *q, int column)
{
	return PQgetvalue(postgres_query(q)->row, 0, column);
}

static int64_t postgres__number(struct query *q, int column)
{
	return strtoll(postgres__text(q, column), NULL, 10);
}

static double postgres__double(struct query *q, int column)
{
	return strtod(postgres__text(q, column), NULL);
}

static bool postgres__is_null(struct query *q, int column)
{
	return PQgetisnull(postgres_query(q)->row, 0, column);
}

static const struct db_ops postgres_ops = {
	.id = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
	/* One writer at a time, as with a file: what two insert cannot wait for each other then. "lupf" */
	.begin = "BEGIN; SELECT pg_advisory_xact_lock(1819635814)",
	.begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	.has_table = "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() "
		     "AND table_name = $1",
	.close = postgres__close,
	.exec = postgres__exec,
	.prepare = postgres__prepare,
	.free = postgres__free,
	.bind = postgres__bind,
	.bind_double = postgres__bind_double,
	.bind_text = postgres__bind_text,
	.step = postgres__step,
	.reset = postgres__reset,
	.number = postgres__number,
	.number_double = postgres__double,
	.text = postgres__text,
	.is_null = postgres__is_null,
};

/* Opening */

static void be_silent(void *unused, const char *message)
{
	(void)unused;
	(void)message;
}

/* postgresql://user@host:port/database, or the folder of its socket in place of host and port */
static char *name_of(PGconn *connection)
{
	const char *host = PQhost(connection), *user = PQuser(connection), *db = PQdb(connection);

	return xasprintf("postgresql://%s@%s:%s/%s", user ? user : "?", host ? host : "?",
			 PQport(connection), db ? db : "?");
}

static PGconn *postgres__connect(const char *uri)
{
	/* What the address says of them comes later, and wins */
	static const char *const names[] = { "connect_timeout", "application_name", "dbname", NULL };
	const char *values[] = { CONNECT_S, "luperf", uri, NULL };

	return PQconnectdbParams(names, values, 1);
}

struct db *db__open_postgres(const char *uri, struct fault *fault)
{
	struct postgres *s = xcalloc(1, sizeof(*s));
	char *timeout = xasprintf("SET lock_timeout = '%ds'", DB_WAIT_S);

	s->connection = postgres__connect(uri);
	s->db = (struct db){ &postgres_ops, name_of(s->connection) };
	PQsetNoticeProcessor(s->connection, be_silent, NULL);
	if (PQstatus(s->connection) != CONNECTION_OK) {
		postgres__fail(&s->db, PQerrorMessage(s->connection), fault);
	} else if (!postgres__exec(&s->db, timeout, fault)) {
		free(timeout);
		return &s->db;
	}
	free(timeout);
	postgres__close(&s->db);
	return NULL;
}
