// SPDX-License-Identifier: GPL-2.0-only
/* Opening a history, and removing samples: see store.h. */
#include <stdlib.h>
#include "lib/folder.h"
#include "lib/mem.h"
#include "luperf/store/schema.h"
#include "luperf/store/store_parts.h"

struct store *store__open(const char *where, enum db_open how, struct fault *fault)
{
	char *path = where ? xstrdup(where) : folder__data("lutrace/history.db", "--db", fault);
	struct db *db = path ? db__open(path, how, fault) : NULL;
	struct store *store;

	free(path);
	if (!db)
		return NULL;
	if (schema__check(db, how == DB_MAY_CREATE, fault)) {
		db__close(db);
		return NULL;
	}
	store = xcalloc(1, sizeof(*store));
	store->db = db;
	return store;
}

void store__close(struct store *store)
{
	int i;

	if (!store)
		return;
	for (i = 0; i < NR_STORE_QUERIES; i++)
		query__free(store->queries[i]);
	db__close(store->db);
	free(store);
}

const char *store__name(const struct store *store)
{
	return db__name(store->db);
}

struct query *store__query(struct store *store, enum store_query which, const char *sql,
			   struct fault *fault)
{
	if (!store->queries[which])
		store->queries[which] = db__query(store->db, sql, fault);
	return store->queries[which];
}

int store__begin_read(struct store *store, struct fault *fault)
{
	return db__begin_read(store->db, fault);
}

void store__end_read(struct store *store)
{
	db__rollback(store->db);
}

int store__begin(struct store *store, struct fault *fault)
{
	if (db__begin(store->db, fault))
		return -1;
	store->together = true;
	return 0;
}

int store__commit(struct store *store, struct fault *fault)
{
	store->together = false;
	if (!db__commit(store->db, fault))
		return 0;
	db__rollback(store->db);
	return -1;
}

void store__rollback(struct store *store)
{
	store->together = false;
	db__rollback(store->db);
}

int store__begin_change(struct store *store, struct fault *fault)
{
	return store->together ? 0 : db__begin(store->db, fault);
}

int store__end_change(struct store *store, int err, struct fault *fault)
{
	if (store->together)
		return err;
	if (!err && !db__commit(store->db, fault))
		return 0;
	db__rollback(store->db);
	return -1;
}

void ids__free(struct ids *ids)
{
	free(ids->items);
	*ids = (struct ids){ 0 };
}

/* Removing */

static int remove_from(struct store *store, const char *sql, const struct ids *ids, struct fault *fault)
{
	struct query *q = db__query(store->db, sql, fault);
	int err = q ? 0 : -1;
	size_t i;

	for (i = 0; i < ids->nr && !err; i++) {
		query__bind(q, 1, ids->items[i]);
		err = query__run(q, fault);
	}
	query__free(q);
	return err;
}

/* Facts and names that no sample has any more */
static int sweep(struct store *store, struct fault *fault)
{
	static const char *const all[] = {
		"DELETE FROM fact WHERE environment NOT IN (SELECT environment FROM sample)",
		"DELETE FROM environment WHERE id NOT IN (SELECT environment FROM sample)",
		"DELETE FROM domain WHERE id NOT IN (SELECT domain FROM operation "
		"WHERE domain IS NOT NULL)",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (db__exec(store->db, all[i], fault))
			return -1;
	return 0;
}

static int count_samples(struct store *store, int64_t *nr, struct fault *fault)
{
	struct query *q = db__query(store->db, "SELECT count(*) FROM sample", fault);
	int err = -1;

	if (q && query__step(q, fault) == 1) {
		*nr = query__number(q, 0);
		err = 0;
	}
	query__free(q);
	return err;
}

static int remove_all(struct store *store, const struct ids *ids, size_t *nr, struct fault *fault)
{
	static const char *const all[] = {
		"DELETE FROM label WHERE sample = $1", "DELETE FROM operation WHERE sample = $1",
		"DELETE FROM quantity WHERE sample = $1", "DELETE FROM finding WHERE sample = $1",
		"DELETE FROM source WHERE sample = $1", "DELETE FROM sample WHERE id = $1",
	};
	int64_t before, after;
	size_t i;

	if (count_samples(store, &before, fault))
		return -1;
	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (remove_from(store, all[i], ids, fault))
			return -1;
	if (count_samples(store, &after, fault) || sweep(store, fault))
		return -1;
	*nr = before - after;
	return 0;
}

int store__remove(struct store *store, const struct ids *ids, size_t *nr, struct fault *fault)
{
	if (store__begin_change(store, fault))
		return -1;
	return store__end_change(store, remove_all(store, ids, nr, fault), fault);
}
