// SPDX-License-Identifier: GPL-2.0-only
/* Which samples have what a user asks for: store__find() of store.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/number.h"
#include "luperf/store/store_parts.h"

/* The text of a query that grows, and what its parameters are. */
struct search {
	char *sql;
	size_t size;
	FILE *out;
	char **values;
	size_t nr, room;
};

/* The next parameter is @value, which is copied; returns its number. */
static size_t search__value(struct search *search, const char *value, size_t len)
{
	search->values = grow(search->values, search->nr, &search->room, sizeof(*search->values));
	search->values[search->nr] = strndup(value, len);
	if (!search->values[search->nr])
		search->values[search->nr] = xstrdup("");
	return ++search->nr;
}

static void search__free(struct search *search)
{
	size_t i;

	if (search->out)
		fclose(search->out);
	for (i = 0; i < search->nr; i++)
		free(search->values[i]);
	free(search->values);
	free(search->sql);
}

static void search__column(struct search *search, const char *column, const char *value)
{
	fprintf(search->out, " AND s.%s = $%zu", column, search__value(search, value, strlen(value)));
}

/* The commits that begin so: the one that is just that, or the only one. */
static int only_commit(struct db *db, const char *begin, char **commit, struct fault *fault)
{
	struct query *q = db__query(db, "SELECT DISTINCT commit_id FROM sample WHERE "
				    "substr(commit_id, 1, length(CAST($1 AS TEXT))) = $1 ORDER BY commit_id",
				    fault);
	char *first = NULL, *second = NULL, **to;
	bool exact = false;
	int row;

	if (!q)
		return -1;
	query__bind_text(q, 1, begin);
	while ((row = query__step(q, fault)) == 1) {
		exact |= !strcmp(query__text(q, 0), begin);
		to = first ? &second : &first;
		if (!*to)
			*to = xstrdup(query__text(q, 0));
	}
	query__free(q);
	if (!row && second && !exact)
		row = fault__set(fault, "\"%s\" is the beginning of %s and of %s: name one of them", begin,
				 first, second);
	*commit = xstrdup(first && !exact ? first : begin);
	free(first);
	free(second);
	return row;
}

/* A commit is named by how it begins, as git has it. */
static int search__commit(struct search *search, struct db *db, const char *value, struct fault *fault)
{
	char *commit = NULL;

	if (!*value)
		return fault__set(fault, "\"commit=\" names no commit");
	if (only_commit(db, value, &commit, fault)) {
		free(commit);
		return -1;
	}
	search__column(search, "commit_id", commit);
	free(commit);
	return 0;
}

static void search__pair(struct search *search, const char *condition, const char *equals)
{
	size_t name = search__value(search, condition, equals - condition);
	size_t value = search__value(search, equals + 1, strlen(equals + 1));

	fprintf(search->out, " AND (EXISTS (SELECT 1 FROM label l WHERE l.name = $%zu AND l.value = $%zu "
		"AND l.sample = s.id) OR s.environment IN (SELECT f.environment FROM fact f WHERE "
		"f.name = $%zu AND f.value = $%zu))", name, value, name, value);
}

static int search__id(struct search *search, const char *value, struct fault *fault)
{
	uint64_t id;

	if (!number__parse(value, INT64_MAX, &id))
		return fault__set(fault, "\"%s\" is no number of a live update: luperf list has them",
				  value);
	fprintf(search->out, " AND s.id = %llu", (unsigned long long)id);
	return 0;
}

static bool is_name(const char *condition, const char *equals, const char *name)
{
	return (size_t)(equals - condition) == strlen(name) && !memcmp(condition, name, strlen(name));
}

static int search__add(struct search *search, struct db *db, const char *condition, struct fault *fault)
{
	const char *equals = strchr(condition, '=');

	if (!equals || equals == condition)
		return fault__set(fault, "\"%s\" is no condition: write NAME=VALUE, where NAME is commit, "
				  "branch, verdict, id, or a label or fact that luperf show has", condition);
	if (is_name(condition, equals, "id"))
		return search__id(search, equals + 1, fault);
	if (is_name(condition, equals, "commit"))
		return search__commit(search, db, equals + 1, fault);
	if (is_name(condition, equals, "branch"))
		search__column(search, "branch", equals + 1);
	else if (is_name(condition, equals, "verdict"))
		search__column(search, "verdict", equals + 1);
	else
		search__pair(search, condition, equals);
	return 0;
}

static int search__run(struct search *search, struct db *db, struct ids *ids, struct fault *fault)
{
	struct query *q = db__query(db, search->sql, fault);
	size_t i;
	int row;

	if (!q)
		return -1;
	for (i = 0; i < search->nr; i++)
		query__bind_text(q, i + 1, search->values[i]);
	while ((row = query__step(q, fault)) == 1) {
		ids->items = grow(ids->items, ids->nr, &ids->room, sizeof(*ids->items));
		ids->items[ids->nr++] = query__number(q, 0);
	}
	query__free(q);
	return row;
}

int store__find(struct store *store, char *const *conditions, size_t nr, struct ids *ids,
		struct fault *fault)
{
	struct search search = { 0 };
	int err = 0;
	size_t i;

	*ids = (struct ids){ 0 };
	search.out = open_memstream(&search.sql, &search.size);
	fputs("SELECT s.id FROM sample s WHERE 1 = 1", search.out);
	for (i = 0; i < nr && !err; i++)
		err = search__add(&search, store->db, conditions[i], fault);
	fputs(" ORDER BY s.id", search.out);
	fclose(search.out);
	search.out = NULL;
	if (!err)
		err = search__run(&search, store->db, ids, fault);
	search__free(&search);
	if (err)
		ids__free(ids);
	return err;
}
