// SPDX-License-Identifier: GPL-2.0-only
/* Samples out of the history: store__load() of store.h. */
#include "lib/mem.h"
#include "luperf/store/store_parts.h"

/* A query of one sample, or one environment, ready to be stepped. NULL with @fault. */
static struct query *start(struct store *store, enum store_query which, const char *sql, int64_t id,
			   struct fault *fault)
{
	struct query *q = store__query(store, which, sql, fault);

	if (q)
		query__bind(q, 1, id);
	return q;
}

static int load_head(struct store *store, int64_t id, struct sample *s, int64_t *environment,
		     struct fault *fault)
{
	struct query *q = start(store, LOAD_SAMPLE, "SELECT identity, happened_ns, added_s, environment, "
				"commit_id, branch, verdict FROM sample WHERE id = $1", id, fault);
	int row = q ? query__step(q, fault) : -1;

	if (row < 0)
		return -1;
	if (!row)
		return fault__set(fault, "there is no live update %lld in %s: luperf list has all",
				  (long long)id, store__name(store));
	s->identity = xstrdup(query__text(q, 0));
	s->happened_ns = query__number(q, 1);
	s->added_s = query__number(q, 2);
	*environment = query__number(q, 3);
	s->commit = xstrdup(query__text(q, 4));
	s->branch = xstrdup(query__text(q, 5));
	s->verdict = xstrdup(query__text(q, 6));
	query__reset(q);
	return 0;
}

int query__pairs(struct query *q, struct pairs *pairs, struct fault *fault)
{
	int row;

	while ((row = query__step(q, fault)) == 1)
		pairs__set(pairs, query__text(q, 0), query__text(q, 1));
	return row;
}

static int load_pairs(struct store *store, enum store_query which, const char *sql, int64_t id,
		      struct pairs *pairs, struct fault *fault)
{
	struct query *q = start(store, which, sql, id, fault);

	return q ? query__pairs(q, pairs, fault) : -1;
}

static int load_values(struct store *store, int64_t id, struct sample *s, struct fault *fault)
{
	struct query *q = start(store, LOAD_VALUES, "SELECT o.kernel, o.op, d.name, o.at_ns, o.latency_ns, "
				"o.tables, o.bytes, o.result FROM operation o LEFT JOIN domain d ON "
				"d.id = o.domain WHERE o.sample = $1 ORDER BY o.number", id, fault);
	int row = q ? 0 : -1;

	while (q && (row = query__step(q, fault)) == 1)
		sample__add_value(s, &(struct value){
			.kernel = query__number(q, 0) ? KERNEL_NEW : KERNEL_OLD,
			.op = query__number(q, 1),
			.domain = query__is_null(q, 2) ? NULL : (char *)query__text(q, 2),
			.at_ns = query__number(q, 3),
			.has_latency = !query__is_null(q, 4),
			.latency_ns = query__is_null(q, 4) ? 0 : query__number(q, 4),
			.tables = query__number(q, 5),
			.bytes = query__number(q, 6),
			.result = query__number(q, 7),
		});
	return row;
}

static int load_quantities(struct store *store, int64_t id, struct sample *s, struct fault *fault)
{
	struct query *q = start(store, LOAD_QUANTITIES, "SELECT name, value FROM quantity WHERE "
				"sample = $1 ORDER BY name", id, fault);
	int row = q ? 0 : -1;

	while (q && (row = query__step(q, fault)) == 1)
		sample__add_quantity(s, query__text(q, 0), query__number(q, 1));
	return row;
}

static int load_findings(struct store *store, int64_t id, struct sample *s, struct fault *fault)
{
	struct query *q = start(store, LOAD_FINDINGS, "SELECT rule, verdict, details FROM finding WHERE "
				"sample = $1 ORDER BY number", id, fault);
	int row = q ? 0 : -1;

	while (q && (row = query__step(q, fault)) == 1)
		sample__add_finding(s, query__text(q, 0), query__text(q, 1), query__text(q, 2));
	return row;
}

static int load_sources(struct store *store, int64_t id, struct sample *s, struct fault *fault)
{
	struct query *q = start(store, LOAD_SOURCES, "SELECT kernel, path, bytes, crc32 FROM source WHERE "
				"sample = $1 ORDER BY number", id, fault);
	int row = q ? 0 : -1;

	while (q && (row = query__step(q, fault)) == 1)
		sample__add_source(s, query__number(q, 0) ? KERNEL_NEW : KERNEL_OLD,
				   query__text(q, 1), query__number(q, 2), query__number(q, 3));
	return row;
}

static int load_all(struct store *store, int64_t id, enum store_load how, struct sample *s,
		    struct fault *fault)
{
	int64_t environment = 0;

	if (load_head(store, id, s, &environment, fault) ||
	    load_pairs(store, LOAD_FACTS, "SELECT name, value FROM fact WHERE environment = $1",
		       environment, &s->facts, fault) ||
	    load_pairs(store, LOAD_LABELS, "SELECT name, value FROM label WHERE sample = $1", id,
		       &s->labels, fault) ||
	    load_findings(store, id, s, fault))
		return -1;
	if (how == LOAD_HEAD)
		return 0;
	return load_values(store, id, s, fault) || load_quantities(store, id, s, fault) ||
	       load_sources(store, id, s, fault) ? -1 : 0;
}

int store__load(struct store *store, int64_t id, enum store_load how, struct sample *s,
		struct fault *fault)
{
	*s = (struct sample){ 0 };
	if (!load_all(store, id, how, s, fault))
		return 0;
	sample__free(s);
	return -1;
}
