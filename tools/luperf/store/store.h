/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The history: all samples, in a database. The commands of luperf call it. Each function that changes it changes all
 * or nothing, also if the program is killed; several processes may use one history at the same time.
 */
#ifndef LUPERF_STORE_H
#define LUPERF_STORE_H

#include "luperf/sample/sample.h"
#include "luperf/store/db.h"

/* Of the tables; docs/luperf.1 has what each was. An older one is brought up to this when it is opened to write. */
#define STORE_VERSION	2

struct store;

/*
 * @where NULL: $XDG_DATA_HOME/lutrace/history.db, or below ~/.local/share. NULL with @fault: it is no history, is of a
 * newer version, or cannot be opened. One of an older version is brought up to date, by whoever opens it and may write.
 */
struct store *store__open(const char *where, enum db_open how, struct fault *fault);
void store__close(struct store *store);
const char *store__name(const struct store *store);

/*
 * What changes the history between begin and commit is changed together. Without it each change stands alone. All -1
 * with @fault.
 */
int store__begin(struct store *store, struct fault *fault);
int store__commit(struct store *store, struct fault *fault);
void store__rollback(struct store *store);

/*
 * 1: a sample of this identity is there, and nothing was changed; 0: it was added; -1: @fault. *@id is its number.
 * Sets @s->added_s unless it is set.
 */
int store__add(struct store *store, struct sample *s, int64_t *id, struct fault *fault);

/* Numbers of samples, ascending. */
struct ids {
	int64_t *items;
	size_t nr, room;
};

void ids__free(struct ids *ids);

/*
 * What has all of these: conditions as users write them, "commit=PREFIX", "branch=", "verdict=", "id=", and the name
 * of any label or fact. No condition: all samples. -1 with @fault, also for a condition that is none.
 */
int store__find(struct store *store, char *const *conditions, size_t nr, struct ids *ids,
		struct fault *fault);

/* How much of a sample is loaded. */
enum store_load {
	LOAD_HEAD,		/* without values, quantities and sources */
	LOAD_ALL,
};

/* @s is to be freed. -1 with @fault, also if there is none of that number. */
int store__load(struct store *store, int64_t id, enum store_load how, struct sample *s,
		struct fault *fault);
/* How many of them were there. Numbers are not given again. */
int store__remove(struct store *store, const struct ids *ids, size_t *nr, struct fault *fault);
/* So that several calls see one moment; until the next one that changes something. */
int store__begin_read(struct store *store, struct fault *fault);
void store__end_read(struct store *store);

#endif
