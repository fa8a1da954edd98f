// SPDX-License-Identifier: GPL-2.0-only
/* The figures of lutrace latency as JSON. */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "latency/latency.h"
#include "lib/mem.h"
#include "lib/version.h"
#include "recording/recording.h"
#include "report/json.h"
#include "report/names_json.h"

static json_t *latency__json_hist(const struct latency_row *row)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < HIST_BUCKETS; i++)
		if (row->hist[i])
			json_array_append_new(list, json_pack("{s:o,s:o}", "le_ns",
				json__count_if(i < HIST_OVERFLOW, hist__bound(i)),
				"n", json__count(row->hist[i])));
	return list;
}

static json_t *latency__json_row(struct latency_row *row)
{
	struct stats s;

	latency_row__stats(row, &s);
	return json_pack("{s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o}",
			 "n", json__count(row->n), "errors", json__count(row->errors),
			 "percentiles", row->bucketed ? "buckets" : "raw",
			 "min_ns", json__count_if(s.n, s.min), "p50_ns", json__count_if(s.n, s.p50),
			 "p90_ns", json__count_if(s.n, s.p90),
			 "p99_ns", json__count_if(s.has_p99, s.p99),
			 "p999_ns", json__count_if(s.has_p999, s.p999),
			 "max_ns", json__count_if(s.n, s.max));
}

static json_t *latency__json_operations(struct latency *l, const struct latency_context *c)
{
	json_t *operations = json_object(), *op;
	const struct live_prog *end;
	int i;

	for (i = 0; i < LUTRACE_NR_OPS; i++) {
		end = &c->progs[LUTRACE_PROG(i, LUTRACE_END)];
		if (!end->tracepoint)
			continue;
		op = latency__json_row(&l->ops[i]);
		json_object_set_new(op, "unknown", json__count(end->counts.unmatched_ends));
		json_object_set_new(op, "per_second", c->seconds > 0 ?
				    json_real(l->ops[i].n / c->seconds) : json_null());
		json_object_set_new(op, "histogram", latency__json_hist(&l->ops[i]));
		json_object_set_new(operations, op__name(i), op);
	}
	return operations;
}

static json_t *latency__json_domains(const struct latency *l)
{
	json_t *list, *ops, *domain;
	size_t i, k;

	if (l->by != LATENCY_BY_DOMAIN)
		return json_null();
	list = json_array();
	for (i = 0; i < l->nr_domains; i++) {
		const struct latency_domain *d = &l->domains[i];

		ops = json_object();
		for (k = 0; k < ARRAY_SIZE(d->ops); k++)
			if (d->ops[k])
				json_object_set_new(ops, op__name(k), latency__json_row(d->ops[k]));
		domain = json_pack("{s:o,s:o,s:o,s:o,s:o}",
			"record", json__hex(d->ser_phys), "generation", json__count(d->generation),
			"tables", json__count(d->tables), "bytes", json__count(d->bytes),
			"operations", ops);
		name__add_json(names__find(l->names, d->ser_phys, d->generation), domain);
		json_array_append_new(list, domain);
	}
	return list;
}

static json_t *latency__json_groups(const struct latency *l)
{
	struct latency_group *groups;
	json_t *list, *ops;
	size_t i, k, nr;

	if (l->by <= LATENCY_BY_DOMAIN)
		return json_null();
	list = json_array();
	groups = latency__groups(l, &nr);
	for (i = 0; i < nr; i++) {
		ops = json_object();
		for (k = 0; k < ARRAY_SIZE(groups[i].ops); k++)
			json_object_set_new(ops, op__name(k), json_pack("{s:o,s:o}",
				"n", json__count(groups[i].ops[k].n), "max_ns",
				json__count_if(groups[i].ops[k].n, groups[i].ops[k].max)));
		json_array_append_new(list, json_pack("{s:s,s:o,s:o,s:o}",
			"by", latency_by_names[l->by], "key", strcmp(groups[i].key, "?") ?
			json__text_of(groups[i].key, sizeof(groups[i].key)) : json_null(),
			"errors", json__count(groups[i].errors), "operations", ops));
	}
	free(groups);
	return list;
}

static json_t *latency__json_why(const struct latency *l, const struct lutrace_why *why)
{
	json_t *object;
	bool known;
	int i;

	if (!l->why)
		return json_null();
	object = json_object();
	for (i = 0; i < LUTRACE_NR_WHYS; i++) {
		known = why->rec.type && l->why_knows[i];
		json_object_set_new(object, latency_parts[i].ns, json__count_if(known, why->ns[i]));
		json_object_set_new(object, latency_parts[i].n, json__count_if(known, why->n[i]));
	}
	return object;
}

static json_t *latency__json_stack(const struct latency_context *c, const struct lutrace_why *why)
{
	char *frames[LUTRACE_MAX_FRAMES];
	size_t i, nr = latency__stack(c, why, frames);
	json_t *list = nr ? json_array() : json_null();

	for (i = 0; i < nr; i++) {
		json_array_append_new(list, json__text_of(frames[i], LUTRACE_SYMBOL_SIZE));
		free(frames[i]);
	}
	return list;
}

static json_t *latency__json_slowest(const struct latency *l, const struct latency_context *c)
{
	const struct lutrace_sample *s;
	json_t *list = json_array(), *slow;
	size_t i;

	for (i = 0; i < l->nr_slowest; i++) {
		s = &l->slowest[i];
		slow = json_pack(
			"{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:i,s:o,s:o}",
			"operation", op__name(s->lat.op),
			"latency_ns", json__count(s->lat.latency_ns),
			"record", json__hex(s->lat.ser_phys),
			"generation", json__count(s->lat.generation),
			"tables", json__count(s->nr_tables), "bytes", json__count(s->nr_bytes),
			"cpu", json__count(s->cpu), "pid", json__count(s->pid),
			"tid", json__count(s->tid),
			"comm", json__text_of(s->comm, sizeof(s->comm)), "ret", s->lat.ret,
			"why", latency__json_why(l, &l->whys[i]),
			"stack", latency__json_stack(c, &l->whys[i]));
		name__add_json(names__find(l->names, s->lat.ser_phys, s->lat.generation), slow);
		json_array_append_new(list, slow);
	}
	return list;
}

static json_t *latency__json_programs(const struct latency_context *c)
{
	const struct live_prog *p;
	bool known = c->stats && !c->stats_missing;
	json_t *list = json_array();
	int i;

	for (i = 0; i < LIVE_NR_PROGS; i++) {
		p = &c->progs[i];
		if (!p->tracepoint)
			continue;
		json_array_append_new(list, json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
			"tracepoint", p->tracepoint, "events", json__count(p->counts.events),
			"lost_samples", json__count(p->counts.lost_latencies),
			"lost_begins", json__count(p->counts.lost_begins),
			"begun_again", json__count(p->counts.replaced_begins),
			"missed_runs", json__count(p->missed_runs),
			"runs", json__count_if(known, p->runs),
			"run_ns", json__count_if(known, p->run_ns)));
	}
	return list;
}

static json_t *latency__json_command(const struct latency_context *c)
{
	int status = c->command_status;
	bool ended = status >= 0;

	if (!c->command)
		return json_null();
	return json_pack("{s:o,s:b,s:o,s:o}",
		"name", json__text_of(c->command, 4096), "ended", ended,
		"status", json__count_if(ended && WIFEXITED(status), WEXITSTATUS(status)),
		"signal", json__count_if(ended && WIFSIGNALED(status), WTERMSIG(status)));
}

int latency__json(struct latency *l, const struct latency_context *c, FILE *f)
{
	struct live_prog sum = live__sum(c->progs);
	json_t *root;

	root = json_pack(
		"{s:s,s:s,s:b,s:o,s:f,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
		"schema", LATENCY_SCHEMA, "tool", "lutrace " LUTRACE_VERSION,
		"complete", !latency__incomplete(l, c),
		"interval", json__count_if(c->interval, c->interval), "seconds", c->seconds,
		"command", latency__json_command(c), "operations", latency__json_operations(l, c),
		"domains", latency__json_domains(l), "groups", latency__json_groups(l),
		"without_name", json__count(l->nameless), "slowest", latency__json_slowest(l, c),
		"programs", latency__json_programs(c),
		"memory_bytes", json__count_if(c->memory, c->memory),
		"left_out", json__count(latency__left_out(l, c)),
		"without_row", json__count(l->without_row), "lost_whys", json__count(c->lost_whys),
		"not_arrived", json__count(latency__unaccounted(l, c)), "not_ended",
		json__count_if(c->last, sum.counts.in_flight > 0 ? sum.counts.in_flight : 0));
	return json__write(root, c->interval, f);
}
