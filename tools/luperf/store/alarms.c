// SPDX-License-Identifier: GPL-2.0-only
/* Comparisons and alarms of gates in the history. See alarms.h. */
#include <stdlib.h>
#include <time.h>
#include "lib/mem.h"
#include "luperf/store/alarms.h"
#include "luperf/store/store_parts.h"

/* Steps a query that gives one number. */
static int only_number(struct query *q, int64_t *number, struct fault *fault)
{
	int row = q ? query__step(q, fault) : -1;

	if (row == 1)
		*number = query__number(q, 0);
	else if (!row)
		fault__set(fault, "the history gave no row where there must be one");
	query__free(q);
	return row == 1 ? 0 : -1;
}

static int insert_comparison(struct db *db, const struct verdict_record *r, int64_t *id, struct fault *fault)
{
	struct query *q = db__query(db, "INSERT INTO comparison (at_s, run, kind, old, new, answer) VALUES "
				    "($1, $2, $3, $4, $5, $6) RETURNING id", fault);

	if (!q)
		return -1;
	query__bind(q, 1, time(NULL));
	query__bind_text(q, 2, r->run);
	query__bind_text(q, 3, r->kind);
	query__bind_text(q, 4, r->old);
	query__bind_text(q, 5, r->new);
	query__bind_text(q, 6, r->answer);
	return only_number(q, id, fault);
}

static int insert_alarm(struct db *db, struct alarm *a, struct fault *fault)
{
	struct query *q = db__query(db, "INSERT INTO alarm (comparison, metric, state, old_median, new_median, "
				    "shift, p, nr_old, nr_new, opinion, note, opinion_s) VALUES ($1, $2, $3, "
				    "$4, $5, $6, $7, $8, $9, '', '', 0) RETURNING id", fault);

	if (!q)
		return -1;
	query__bind(q, 1, a->comparison);
	query__bind_text(q, 2, a->metric);
	query__bind_text(q, 3, a->state);
	query__bind_double(q, 4, a->old_median);
	query__bind_double(q, 5, a->new_median);
	query__bind_double(q, 6, a->shift);
	query__bind_double(q, 7, a->p);
	query__bind(q, 8, a->nr_old);
	query__bind(q, 9, a->nr_new);
	return only_number(q, &a->id, fault);
}

static int insert_record(struct db *db, struct verdict_record *r, struct fault *fault)
{
	int64_t id = 0;
	size_t i;

	if (insert_comparison(db, r, &id, fault))
		return -1;
	for (i = 0; i < r->nr_alarms; i++) {
		r->alarms[i].comparison = id;
		if (insert_alarm(db, &r->alarms[i], fault))
			return -1;
	}
	return 0;
}

int alarms__record(struct store *store, struct verdict_record *record, struct fault *fault)
{
	if (store__begin_change(store, fault))
		return -1;
	return store__end_change(store, insert_record(store->db, record, fault), fault);
}

int alarms__has(struct store *store, const char *run, bool *has, struct fault *fault)
{
	struct query *q = db__query(store->db, "SELECT count(*) FROM comparison WHERE run = $1 AND kind = 'gate'",
				    fault);
	int64_t nr = 0;

	if (!q)
		return -1;
	query__bind_text(q, 1, run);
	if (only_number(q, &nr, fault))
		return -1;
	*has = nr;
	return 0;
}

static void alarms__add(struct alarms *alarms, struct query *q)
{
	alarms->items = grow(alarms->items, alarms->nr, &alarms->room, sizeof(*alarms->items));
	alarms->items[alarms->nr++] = (struct alarm){
		.id = query__number(q, 0), .comparison = query__number(q, 1),
		.at_s = query__number(q, 2), .run = xstrdup(query__text(q, 3)),
		.kind = xstrdup(query__text(q, 4)), .old = xstrdup(query__text(q, 5)),
		.new = xstrdup(query__text(q, 6)), .metric = xstrdup(query__text(q, 7)),
		.state = xstrdup(query__text(q, 8)), .old_median = query__double(q, 9),
		.new_median = query__double(q, 10), .shift = query__double(q, 11),
		.p = query__double(q, 12), .nr_old = query__number(q, 13),
		.nr_new = query__number(q, 14), .opinion = xstrdup(query__text(q, 15)),
		.note = xstrdup(query__text(q, 16)),
	};
}

int alarms__load(struct store *store, const char *run, struct alarms *alarms, struct fault *fault)
{
	struct query *q = db__query(store->db, "SELECT a.id, a.comparison, c.at_s, c.run, c.kind, c.old, c.new, "
				    "a.metric, a.state, a.old_median, a.new_median, a.shift, a.p, a.nr_old, "
				    "a.nr_new, a.opinion, a.note FROM alarm a JOIN comparison c ON "
				    "c.id = a.comparison WHERE $1 = '' OR c.run = $1 ORDER BY a.id DESC",
				    fault);
	int row;

	*alarms = (struct alarms){ 0 };
	if (!q)
		return -1;
	query__bind_text(q, 1, run ? run : "");
	while ((row = query__step(q, fault)) == 1)
		alarms__add(alarms, q);
	query__free(q);
	if (row)
		alarms__free(alarms);
	return row;
}

static void alarm__free(struct alarm *a)
{
	free(a->run);
	free(a->kind);
	free(a->old);
	free(a->new);
	free(a->metric);
	free(a->state);
	free(a->opinion);
	free(a->note);
}

void alarms__free(struct alarms *alarms)
{
	size_t i;

	for (i = 0; i < alarms->nr; i++)
		alarm__free(&alarms->items[i]);
	free(alarms->items);
	*alarms = (struct alarms){ 0 };
}

static int update_opinion(struct store *store, int64_t id, const char *opinion, const char *note,
			  struct fault *fault)
{
	struct query *q = db__query(store->db, "UPDATE alarm SET opinion = $1, note = $2, opinion_s = $3 WHERE "
				    "id = $4 RETURNING id", fault);
	int row;

	if (!q)
		return -1;
	query__bind_text(q, 1, opinion);
	query__bind_text(q, 2, note);
	query__bind(q, 3, time(NULL));
	query__bind(q, 4, id);
	row = query__step(q, fault);
	query__free(q);
	if (!row)
		fault__set(fault, "there is no alarm %lld in %s: luperf alarms lists them", (long long)id,
			   store__name(store));
	return row == 1 ? 0 : -1;
}

int alarms__annotate(struct store *store, int64_t id, const char *opinion, const char *note,
		     struct fault *fault)
{
	if (store__begin_change(store, fault))
		return -1;
	return store__end_change(store, update_opinion(store, id, opinion, note, fault), fault);
}

static int count_rows(struct store *store, const char *sql, int64_t *nr, struct fault *fault)
{
	return only_number(db__query(store->db, sql, fault), nr, fault);
}

int alarms__rate(struct store *store, struct alarm_rate *rate, struct fault *fault)
{
	const struct {
		const char *sql;
		int64_t *to;
	} all[] = {
		{ "SELECT count(*) FROM comparison WHERE kind = 'control'", &rate->controls },
		{ "SELECT count(DISTINCT comparison) FROM alarm WHERE state = 'control'",
		  &rate->control_alarms },
		{ "SELECT count(*) FROM comparison WHERE kind = 'gate'", &rate->gates },
		{ "SELECT count(*) FROM alarm WHERE state = 'confirmed'", &rate->gate_alarms },
		{ "SELECT count(*) FROM alarm WHERE state = 'confirmed' AND opinion <> ''", &rate->judged },
		{ "SELECT count(*) FROM alarm WHERE state = 'confirmed' AND opinion = 'false'",
		  &rate->judged_false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (count_rows(store, all[i].sql, all[i].to, fault))
			return -1;
	return 0;
}
