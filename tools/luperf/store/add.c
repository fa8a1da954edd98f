// SPDX-License-Identifier: GPL-2.0-only
/* Storing a sample, all of it or nothing: store__add() of store.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lib/mem.h"
#include "luperf/store/store_parts.h"

/* Rows that go to the database with one statement: a server is asked once for them. */
#define BATCH	40

/* Rows of one table. */
struct rows {
	struct db *db;
	const char *table;
	int nr_columns;
	struct query *many, *one;
	struct query *q;		/* the one that gets the next row, and from which parameter on */
	int at;
	size_t left;			/* rows that are still to come */
};

/* "INSERT INTO table VALUES ($1, $2), ($3, $4)" */
static struct query *rows__prepare(struct db *db, const char *table, int nr_columns, int nr_rows,
				   struct fault *fault)
{
	struct query *q;
	char *sql = NULL;
	size_t size;
	FILE *f = open_memstream(&sql, &size);
	int i;

	fprintf(f, "INSERT INTO %s VALUES ", table);
	for (i = 0; i < nr_columns * nr_rows; i++)
		fprintf(f, "%s$%d%s", i % nr_columns ? ", " : i ? ", (" : "(", i + 1,
			i % nr_columns == nr_columns - 1 ? ")" : "");
	fclose(f);
	q = db__query(db, sql, fault);
	free(sql);
	return q;
}

static int rows__begin(struct rows *rows, struct db *db, const char *table, int nr_columns, size_t nr,
		       struct fault *fault)
{
	*rows = (struct rows){ .db = db, .table = table, .nr_columns = nr_columns, .left = nr };
	if (nr >= BATCH)
		rows->many = rows__prepare(db, table, nr_columns, BATCH, fault);
	if (nr % BATCH)
		rows->one = rows__prepare(db, table, nr_columns, 1, fault);
	return (nr >= BATCH && !rows->many) || (nr % BATCH && !rows->one) ? -1 : 0;
}

/* The query that takes the next row; its first parameter is in rows->at. */
static struct query *rows__next(struct rows *rows)
{
	if (!rows->q) {
		rows->q = rows->left >= BATCH ? rows->many : rows->one;
		rows->at = 1;
	}
	return rows->q;
}

static int rows__done(struct rows *rows, struct fault *fault)
{
	int nr = rows->q == rows->many ? BATCH : 1, err;

	rows->at += rows->nr_columns;
	if (rows->at <= nr * rows->nr_columns)
		return 0;
	rows->left -= nr;
	err = query__run(rows->q, fault);
	rows->q = NULL;
	return err;
}

static void rows__end(struct rows *rows)
{
	query__free(rows->many);
	query__free(rows->one);
}

/* What stands once */

/* FNV-1a over all names and values; what has the same is compared. */
static uint64_t hash_of(const struct pairs *pairs)
{
	uint64_t hash = 0xcbf29ce484222325ull;
	const char *at;
	size_t i;

	for (i = 0; i < 2 * pairs->nr; i++) {
		at = i % 2 ? pairs->items[i / 2].value : pairs->items[i / 2].name;
		do
			hash = (hash ^ (unsigned char)*at) * 0x100000001b3ull;
		while (*at++);
	}
	return hash;
}

static int insert_pairs(struct db *db, const char *table, int64_t owner, const struct pairs *pairs,
			struct fault *fault)
{
	struct rows rows;
	struct query *q;
	int err = rows__begin(&rows, db, table, 3, pairs->nr, fault);
	size_t i;

	for (i = 0; i < pairs->nr && !err; i++) {
		q = rows__next(&rows);
		query__bind(q, rows.at, owner);
		query__bind_text(q, rows.at + 1, pairs->items[i].name);
		query__bind_text(q, rows.at + 2, pairs->items[i].value);
		err = rows__done(&rows, fault);
	}
	rows__end(&rows);
	return err;
}

/* The number of the row that @sql, with one text as its parameter, finds or makes; 0: none. */
static int number_of(struct db *db, const char *sql, const char *text, int64_t *id, struct fault *fault)
{
	struct query *q = db__query(db, sql, fault);
	int row;

	if (!q)
		return -1;
	query__bind_text(q, 1, text);
	row = query__step(q, fault);
	*id = row == 1 ? query__number(q, 0) : 0;
	query__free(q);
	return row < 0 ? -1 : 0;
}

static bool pairs__equal(const struct pairs *a, const struct pairs *b)
{
	size_t i;

	for (i = 0; i < a->nr && i < b->nr; i++)
		if (strcmp(a->items[i].name, b->items[i].name) ||
		    strcmp(a->items[i].value, b->items[i].value))
			return false;
	return a->nr == b->nr;
}

/* Two facts with one hash are as good as impossible; then there are two rows. */
static int find_environment(struct db *db, const struct pairs *facts, const char *hash, int64_t *id,
			    struct fault *fault)
{
	struct pairs there = { 0 };
	struct query *q;
	int err;

	if (number_of(db, "SELECT max(id) FROM environment WHERE hash = $1", hash, id, fault))
		return -1;
	if (!*id)
		return 0;
	q = db__query(db, "SELECT name, value FROM fact WHERE environment = $1", fault);
	if (!q)
		return -1;
	query__bind(q, 1, *id);
	err = query__pairs(q, &there, fault);
	if (!pairs__equal(facts, &there))
		*id = 0;
	query__free(q);
	pairs__free(&there);
	return err;
}

static int environment_of(struct db *db, const struct pairs *facts, int64_t *id, struct fault *fault)
{
	char hash[20];

	snprintf(hash, sizeof(hash), "%016" PRIx64, hash_of(facts));
	if (find_environment(db, facts, hash, id, fault))
		return -1;
	if (*id)
		return 0;
	if (number_of(db, "INSERT INTO environment (hash) VALUES ($1) RETURNING id", hash, id, fault))
		return -1;
	return insert_pairs(db, "fact", *id, facts, fault);
}

static int domain_of(struct db *db, const char *name, int64_t *id, struct fault *fault)
{
	if (number_of(db, "SELECT id FROM domain WHERE name = $1", name, id, fault))
		return -1;
	if (*id)
		return 0;
	return number_of(db, "INSERT INTO domain (name) VALUES ($1) RETURNING id", name, id, fault);
}

/* The sample's own rows */

/* An index of a value with a domain, for sorting by its name */
struct named {
	const char *name;
	size_t value;
};

static int named__compare(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* Of each value the number of its domain, 0 if it has none; to free. */
static int64_t *domains_of(struct db *db, const struct sample *s, struct fault *fault)
{
	int64_t *domains = xcalloc(s->nr_values + 1, sizeof(*domains)), id = 0;
	struct named *named = xcalloc(s->nr_values + 1, sizeof(*named));
	size_t nr = 0, i;
	int err = 0;

	for (i = 0; i < s->nr_values; i++)
		if (s->values[i].domain)
			named[nr++] = (struct named){ s->values[i].domain, i };
	qsort(named, nr, sizeof(*named), named__compare);
	for (i = 0; i < nr && !err; i++) {
		if (!i || strcmp(named[i].name, named[i - 1].name))
			err = domain_of(db, named[i].name, &id, fault);
		domains[named[i].value] = id;
	}
	free(named);
	if (!err)
		return domains;
	free(domains);
	return NULL;
}

static void bind_or_null(struct query *q, int parameter, bool known, int64_t value)
{
	if (known)
		query__bind(q, parameter, value);
	else
		query__bind_null(q, parameter);
}

static void bind_value(struct query *q, int at, const struct value *v, int64_t domain)
{
	query__bind(q, at, v->kernel);
	query__bind(q, at + 1, v->op);
	bind_or_null(q, at + 2, domain, domain);
	query__bind(q, at + 3, v->at_ns);
	bind_or_null(q, at + 4, v->has_latency, v->latency_ns);
	query__bind(q, at + 5, v->tables);
	query__bind(q, at + 6, v->bytes);
	query__bind(q, at + 7, v->result);
}

static int insert_values(struct db *db, int64_t id, const struct sample *s, struct fault *fault)
{
	int64_t *domains = domains_of(db, s, fault);
	struct rows rows;
	struct query *q;
	size_t i;
	int err;

	if (!domains)
		return -1;
	err = rows__begin(&rows, db, "operation", 10, s->nr_values, fault);
	for (i = 0; i < s->nr_values && !err; i++) {
		q = rows__next(&rows);
		query__bind(q, rows.at, id);
		query__bind(q, rows.at + 1, i);
		bind_value(q, rows.at + 2, &s->values[i], domains[i]);
		err = rows__done(&rows, fault);
	}
	rows__end(&rows);
	free(domains);
	return err;
}

static int insert_quantities(struct db *db, int64_t id, const struct sample *s, struct fault *fault)
{
	struct rows rows;
	struct query *q;
	int err = rows__begin(&rows, db, "quantity", 3, s->nr_quantities, fault);
	size_t i;

	for (i = 0; i < s->nr_quantities && !err; i++) {
		q = rows__next(&rows);
		query__bind(q, rows.at, id);
		query__bind_text(q, rows.at + 1, s->quantities[i].name);
		query__bind(q, rows.at + 2, s->quantities[i].value);
		err = rows__done(&rows, fault);
	}
	rows__end(&rows);
	return err;
}

static int insert_findings(struct db *db, int64_t id, const struct sample *s, struct fault *fault)
{
	struct rows rows;
	struct query *q;
	int err = rows__begin(&rows, db, "finding", 5, s->nr_findings, fault);
	size_t i;

	for (i = 0; i < s->nr_findings && !err; i++) {
		q = rows__next(&rows);
		query__bind(q, rows.at, id);
		query__bind(q, rows.at + 1, i);
		query__bind_text(q, rows.at + 2, s->findings[i].rule);
		query__bind_text(q, rows.at + 3, s->findings[i].verdict);
		query__bind_text(q, rows.at + 4, s->findings[i].details);
		err = rows__done(&rows, fault);
	}
	rows__end(&rows);
	return err;
}

static int insert_sources(struct db *db, int64_t id, const struct sample *s, struct fault *fault)
{
	struct rows rows;
	struct query *q;
	int err = rows__begin(&rows, db, "source", 6, s->nr_sources, fault);
	size_t i;

	for (i = 0; i < s->nr_sources && !err; i++) {
		q = rows__next(&rows);
		query__bind(q, rows.at, id);
		query__bind(q, rows.at + 1, i);
		query__bind(q, rows.at + 2, s->sources[i].kernel);
		query__bind_text(q, rows.at + 3, s->sources[i].path);
		query__bind(q, rows.at + 4, s->sources[i].size);
		query__bind(q, rows.at + 5, s->sources[i].crc32);
		err = rows__done(&rows, fault);
	}
	rows__end(&rows);
	return err;
}

static int insert_head(struct db *db, const struct sample *s, int64_t environment, int64_t *id,
		       struct fault *fault)
{
	struct query *q = db__query(db, "INSERT INTO sample (identity, happened_ns, added_s, environment, "
				    "commit_id, branch, verdict) VALUES ($1, $2, $3, $4, $5, $6, $7) "
				    "RETURNING id", fault);
	int row;

	if (!q)
		return -1;
	query__bind_text(q, 1, s->identity);
	query__bind(q, 2, s->happened_ns);
	query__bind(q, 3, s->added_s);
	query__bind(q, 4, environment);
	query__bind_text(q, 5, s->commit);
	query__bind_text(q, 6, s->branch);
	query__bind_text(q, 7, s->verdict);
	row = query__step(q, fault);
	*id = row == 1 ? query__number(q, 0) : 0;
	query__free(q);
	return row < 0 ? -1 : 0;
}

/* As store__add(), in a transaction. */
static int insert(struct db *db, const struct sample *s, int64_t *id, struct fault *fault)
{
	int64_t environment;

	if (number_of(db, "SELECT id FROM sample WHERE identity = $1", s->identity, id, fault))
		return -1;
	if (*id)
		return 1;
	if (environment_of(db, &s->facts, &environment, fault) ||
	    insert_head(db, s, environment, id, fault))
		return -1;
	if (insert_pairs(db, "label", *id, &s->labels, fault) || insert_values(db, *id, s, fault) ||
	    insert_quantities(db, *id, s, fault) || insert_findings(db, *id, s, fault) ||
	    insert_sources(db, *id, s, fault))
		return -1;
	return 0;
}

int store__add(struct store *store, struct sample *s, int64_t *id, struct fault *fault)
{
	int result;

	if (!s->added_s)
		s->added_s = time(NULL);
	if (store__begin_change(store, fault))
		return -1;
	result = insert(store->db, s, id, fault);
	return store__end_change(store, result < 0 ? -1 : 0, fault) ? -1 : result;
}
