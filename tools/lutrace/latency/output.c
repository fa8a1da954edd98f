// SPDX-License-Identifier: GPL-2.0-only
/* The figures of lutrace latency as text and as JSON. */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "latency/latency.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "lib/version.h"
#include "live/command.h"
#include "live/overhead.h"
#include "recording/recording.h"
#include "report/json_value.h"
#include "report/names_json.h"

/* Text */

static void put_us(FILE *f, bool known, uint64_t ns)
{
	if (known)
		fprintf(f, " %9.1f", ns / 1000.0);
	else
		fprintf(f, " %9s", "");
}

static void print_row(struct latency_row *row, int op, const struct latency_context *c, FILE *f)
{
	struct stats s;

	latency_row__stats(row, &s);
	fprintf(f, "%-14s %6zu %5zu %7llu %8.1f", op__name(op), row->n, row->errors,
		c->progs[LUTRACE_PROG(op, LUTRACE_END)].counts.unmatched_ends,
		row->n / c->seconds);
	put_us(f, s.n, s.min);
	put_us(f, s.n, s.p50);
	put_us(f, s.n, s.p90);
	put_us(f, s.has_p99, s.p99);
	put_us(f, s.has_p999, s.p999);
	put_us(f, s.n, s.max);
	fprintf(f, "%s\n", row->bucketed ? "  (percentiles: bounds of buckets)" : "");
}

static void print_hist(const struct latency_row *row, int op, FILE *f)
{
	unsigned int i, first = hist__bucket(row->min), last = hist__bucket(row->max);
	uint64_t most = 0;

	for (i = first; i <= last; i++)
		most = row->hist[i] > most ? row->hist[i] : most;
	fprintf(f, "\n%s, up to [us]\n", op__name(op));
	for (i = first; i <= last; i++) {
		if (i == HIST_OVERFLOW)
			fprintf(f, "%14s", "more");
		else
			fprintf(f, "%14.1f", hist__bound(i) / 1000.0);
		fprintf(f, " %8zu |%.*s\n", (size_t)row->hist[i],
			(int)((row->hist[i] * 40 + most - 1) / most),
			"****************************************");
	}
}

static int by_max(const void *a, const void *b)
{
	uint64_t most[2] = { 0 };
	const struct latency_domain *d[2] = { a, b };
	size_t i, k;

	for (i = 0; i < 2; i++)
		for (k = 0; k < ARRAY_SIZE(d[i]->ops); k++)
			if (d[i]->ops[k] && d[i]->ops[k]->max > most[i])
				most[i] = d[i]->ops[k]->max;
	return (most[0] < most[1]) - (most[0] > most[1]);
}

static void print_domains(struct latency *l, FILE *f)
{
	size_t i, k;

	idmap__clear(l->domain_of);	/* of no use any more: the rows are sorted */
	if (l->nr_domains)
		qsort(l->domains, l->nr_domains, sizeof(*l->domains), by_max);
	fprintf(f, "\nrecord             gen  tables      bytes  preserve: n  max [us]  unpreserve: n"
		"  max [us]  restore: n  max [us]  errors  name\n");
	for (i = 0; i < l->nr_domains; i++) {
		const struct latency_domain *d = &l->domains[i];
		size_t errors = 0;

		fprintf(f, "0x%-16llx %3llu %7llu %10llu", d->ser_phys, d->generation, d->tables,
			d->bytes);
		for (k = 0; k < ARRAY_SIZE(d->ops); k++) {
			fprintf(f, " %8zu", d->ops[k] ? d->ops[k]->n : 0);
			put_us(f, d->ops[k] && d->ops[k]->n, d->ops[k] ? d->ops[k]->max : 0);
			errors += d->ops[k] ? d->ops[k]->errors : 0;
		}
		fprintf(f, " %7zu  %s\n", errors,
			name__text(names__find(l->names, d->ser_phys, d->generation)).s);
	}
	if (l->without_row)
		fprintf(f, "%zu operations of more domains have no row.\n", l->without_row);
}

static void print_groups(const struct latency *l, FILE *f)
{
	struct latency_group *groups;
	size_t i, k, nr;

	groups = latency__groups(l, &nr);
	fprintf(f, "\n%-32s  preserve: n  max [us]  unpreserve: n  max [us]  restore: n  max [us]"
		"  errors\n", latency_by_names[l->by]);
	for (i = 0; i < nr; i++) {
		fprintf(f, "%-32s", groups[i].key);
		for (k = 0; k < ARRAY_SIZE(groups[i].ops); k++) {
			fprintf(f, " %12zu", groups[i].ops[k].n);
			put_us(f, groups[i].ops[k].n, groups[i].ops[k].max);
		}
		fprintf(f, " %7zu\n", groups[i].errors);
	}
	free(groups);
	if (l->without_row)
		fprintf(f, "%zu operations of more domains have no row.\n", l->without_row);
}

static const struct {
	const char *text, *ns, *n;
} parts[LUTRACE_NR_WHYS] = {
	[LUTRACE_WHY_LOCK] = { "waiting for locks", "lock_wait_ns", "lock_waits" },
	[LUTRACE_WHY_OFF_CPU] = { "off the CPU", "off_cpu_ns", "off_cpu" },
	[LUTRACE_WHY_ALLOC] = { "in the page allocator", "alloc_ns", "allocs" },
	[LUTRACE_WHY_KHO] = { "in KHO", "kho_ns", "kho" },
};

/* What is not known is not 0. */
static void print_why(const struct latency *l, const struct lutrace_why *why, FILE *f)
{
	const char *comma = "";
	int i;

	if (!l->why)
		return;
	fprintf(f, "%14s", "");
	for (i = 0; i < LUTRACE_NR_WHYS; i++) {
		fprintf(f, "%s", comma);
		comma = ", ";
		if (why->rec.type && l->why_knows[i])
			fprintf(f, "%s %.1f us (%llu times)", parts[i].text, why->ns[i] / 1000.0,
				why->n[i]);
		else
			fprintf(f, "%s: not known", parts[i].text);
	}
	fputc('\n', f);
}

/* Returns how many there are, each to be freed; 0: not asked for, or not known. */
static size_t stack_of(const struct latency_context *c, const struct lutrace_why *why,
		       char *frames[LUTRACE_MAX_FRAMES])
{
	return c->stack && why->rec.type ? c->stack(c->stack_priv, why, frames) : 0;
}

static void print_stack(const struct latency_context *c, const struct lutrace_why *why, FILE *f)
{
	char *frames[LUTRACE_MAX_FRAMES];
	size_t i, nr = stack_of(c, why, frames);

	if (c->stack && !nr)
		fprintf(f, "%14sstack: not known\n", "");
	for (i = 0; i < nr; i++) {
		fprintf(f, "%14s%s\n", "", frames[i]);
		free(frames[i]);
	}
}

static void print_slowest(const struct latency *l, const struct latency_context *c, FILE *f)
{
	const struct lutrace_sample *s;
	size_t i;

	fprintf(f, "\nslowest [us]  operation       record             gen  tables      bytes  cpu  "
		"task             pid  ret  name\n");
	for (i = 0; i < l->nr_slowest; i++) {
		s = &l->slowest[i];
		fprintf(f, "%12.1f  %-14s  0x%-16llx %3llu %7llu %10llu %4u  %-12.*s %7u %4d  %s\n",
			s->lat.latency_ns / 1000.0, op__name(s->lat.op), s->lat.ser_phys,
			s->lat.generation, s->nr_tables, s->nr_bytes, s->cpu,
			LUTRACE_COMM_SIZE, s->comm, s->pid, s->lat.ret,
			name__text(names__find(l->names, s->lat.ser_phys, s->lat.generation)).s);
		print_why(l, &l->whys[i], f);
		print_stack(c, &l->whys[i], f);
	}
}

static void print_losses(const struct latency *l, const struct latency_context *c, FILE *f)
{
	struct live_prog sum = live__sum(c->progs);
	const struct live_prog *p;
	int i;

	fprintf(f, "\n%llu events; lost: %llu samples (ring buffer full), %llu begins (too many at "
		"once), %llu begun again before the end, %llu program runs missed, %llu not arrived\n",
		sum.counts.events, sum.counts.lost_latencies, sum.counts.lost_begins,
		sum.counts.replaced_begins, sum.missed_runs, latency__unaccounted(l, c));
	for (i = 0; i < LIVE_NR_PROGS; i++) {
		p = &c->progs[i];
		if (p->counts.lost_latencies || p->counts.lost_begins ||
		    p->counts.replaced_begins || p->missed_runs)
			fprintf(f, "  %s: %llu samples, %llu begins, %llu begun again, %llu runs\n",
				p->tracepoint, p->counts.lost_latencies, p->counts.lost_begins,
				p->counts.replaced_begins, p->missed_runs);
	}
	if (c->lost_whys)
		fprintf(f, "What %llu operations waited for, or their stack, was lost.\n",
			c->lost_whys);
	if (c->last && sum.counts.in_flight > 0)
		fprintf(f, "%lld operations had not ended.\n", sum.counts.in_flight);
	if (latency__left_out(l, c))
		fprintf(f, "%llu operations were left out by the filters, %zu of them for want of a "
			"name.\n", latency__left_out(l, c), l->nameless);
	if (latency__incomplete(l, c))
		fprintf(f, "INCOMPLETE: the figures are not of all operations.\n");
}

static void print_overhead(const struct latency_context *c, FILE *f)
{
	struct overhead o = { .stats_missing = c->stats_missing, .memory = c->memory };

	memcpy(o.progs, c->progs, sizeof(c->progs));
	overhead__print(&o, f);
}

void latency__print(struct latency *l, const struct latency_context *c, FILE *f)
{
	int i;

	if (c->interval)
		fprintf(f, "\ninterval %u\n", c->interval);
	fprintf(f, "operation           n errors unknown   rate/s  min [us]       p50       p90"
		"       p99     p99.9       max\n");
	for (i = 0; i < LUTRACE_NR_OPS; i++)
		if (c->progs[LUTRACE_PROG(i, LUTRACE_END)].tracepoint)
			print_row(&l->ops[i], i, c, f);
	fprintf(f, "In %.3f s. Times of those that succeeded, nearest rank; p99 needs n >= %d, p99.9 "
		"n >= %d. unknown: the begin was not seen.\n",
		c->seconds, STATS_P99_MIN, STATS_P999_MIN);
	for (i = 0; i < LUTRACE_NR_OPS; i++)
		if (l->ops[i].n)
			print_hist(&l->ops[i], i, f);
	if (l->by == LATENCY_BY_DOMAIN)
		print_domains(l, f);
	else if (l->by)
		print_groups(l, f);
	if (l->max_slowest)
		print_slowest(l, c, f);
	print_losses(l, c, f);
	if (c->stats)
		print_overhead(c, f);
}

/* JSON */

static json_t *json_hist(const struct latency_row *row)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < HIST_BUCKETS; i++)
		if (row->hist[i])
			json_array_append_new(list, json_pack("{s:o,s:o}", "le_ns",
				json_value__count_if(i < HIST_OVERFLOW, hist__bound(i)),
				"n", json_value__count(row->hist[i])));
	return list;
}

static json_t *json_row(struct latency_row *row)
{
	struct stats s;

	latency_row__stats(row, &s);
	return json_pack("{s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o}",
			 "n", json_value__count(row->n), "errors", json_value__count(row->errors),
			 "percentiles", row->bucketed ? "buckets" : "raw",
			 "min_ns", json_value__count_if(s.n, s.min), "p50_ns", json_value__count_if(s.n, s.p50),
			 "p90_ns", json_value__count_if(s.n, s.p90), "p99_ns", json_value__count_if(s.has_p99, s.p99),
			 "p999_ns", json_value__count_if(s.has_p999, s.p999),
			 "max_ns", json_value__count_if(s.n, s.max));
}

static json_t *json_operations(struct latency *l, const struct latency_context *c)
{
	json_t *operations = json_object(), *op;
	const struct live_prog *end;
	int i;

	for (i = 0; i < LUTRACE_NR_OPS; i++) {
		end = &c->progs[LUTRACE_PROG(i, LUTRACE_END)];
		if (!end->tracepoint)
			continue;
		op = json_row(&l->ops[i]);
		json_object_set_new(op, "unknown", json_value__count(end->counts.unmatched_ends));
		json_object_set_new(op, "per_second", c->seconds > 0 ?
				    json_real(l->ops[i].n / c->seconds) : json_null());
		json_object_set_new(op, "histogram", json_hist(&l->ops[i]));
		json_object_set_new(operations, op__name(i), op);
	}
	return operations;
}

static json_t *json_domains(const struct latency *l)
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
				json_object_set_new(ops, op__name(k), json_row(d->ops[k]));
		domain = json_pack("{s:o,s:o,s:o,s:o,s:o}",
			"record", json_value__hex(d->ser_phys), "generation", json_value__count(d->generation),
			"tables", json_value__count(d->tables), "bytes", json_value__count(d->bytes),
			"operations", ops);
		name__add_json(names__find(l->names, d->ser_phys, d->generation), domain);
		json_array_append_new(list, domain);
	}
	return list;
}

static json_t *json_groups(const struct latency *l)
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
				"n", json_value__count(groups[i].ops[k].n), "max_ns",
				json_value__count_if(groups[i].ops[k].n, groups[i].ops[k].max)));
		json_array_append_new(list, json_pack("{s:s,s:o,s:o,s:o}",
			"by", latency_by_names[l->by], "key", strcmp(groups[i].key, "?") ?
			json_value__text_of(groups[i].key, sizeof(groups[i].key)) : json_null(),
			"errors", json_value__count(groups[i].errors), "operations", ops));
	}
	free(groups);
	return list;
}

static json_t *json_why(const struct latency *l, const struct lutrace_why *why)
{
	json_t *object;
	bool known;
	int i;

	if (!l->why)
		return json_null();
	object = json_object();
	for (i = 0; i < LUTRACE_NR_WHYS; i++) {
		known = why->rec.type && l->why_knows[i];
		json_object_set_new(object, parts[i].ns, json_value__count_if(known, why->ns[i]));
		json_object_set_new(object, parts[i].n, json_value__count_if(known, why->n[i]));
	}
	return object;
}

static json_t *json_stack(const struct latency_context *c, const struct lutrace_why *why)
{
	char *frames[LUTRACE_MAX_FRAMES];
	size_t i, nr = stack_of(c, why, frames);
	json_t *list = nr ? json_array() : json_null();

	for (i = 0; i < nr; i++) {
		json_array_append_new(list, json_value__text_of(frames[i], LUTRACE_SYMBOL_SIZE));
		free(frames[i]);
	}
	return list;
}

static json_t *json_slowest(const struct latency *l, const struct latency_context *c)
{
	const struct lutrace_sample *s;
	json_t *list = json_array(), *slow;
	size_t i;

	for (i = 0; i < l->nr_slowest; i++) {
		s = &l->slowest[i];
		slow = json_pack(
			"{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:i,s:o,s:o}",
			"operation", op__name(s->lat.op),
			"latency_ns", json_value__count(s->lat.latency_ns),
			"record", json_value__hex(s->lat.ser_phys),
			"generation", json_value__count(s->lat.generation),
			"tables", json_value__count(s->nr_tables), "bytes", json_value__count(s->nr_bytes),
			"cpu", json_value__count(s->cpu), "pid", json_value__count(s->pid), "tid", json_value__count(s->tid),
			"comm", json_value__text_of(s->comm, sizeof(s->comm)), "ret", s->lat.ret,
			"why", json_why(l, &l->whys[i]), "stack", json_stack(c, &l->whys[i]));
		name__add_json(names__find(l->names, s->lat.ser_phys, s->lat.generation), slow);
		json_array_append_new(list, slow);
	}
	return list;
}

static json_t *json_programs(const struct latency_context *c)
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
			"tracepoint", p->tracepoint, "events", json_value__count(p->counts.events),
			"lost_samples", json_value__count(p->counts.lost_latencies),
			"lost_begins", json_value__count(p->counts.lost_begins),
			"begun_again", json_value__count(p->counts.replaced_begins),
			"missed_runs", json_value__count(p->missed_runs),
			"runs", json_value__count_if(known, p->runs), "run_ns", json_value__count_if(known, p->run_ns)));
	}
	return list;
}

static json_t *json_command(const struct latency_context *c)
{
	int status = c->command_status;
	bool ended = status >= 0;

	if (!c->command)
		return json_null();
	return json_pack("{s:o,s:b,s:o,s:o}", "name", json_value__text_of(c->command, 4096), "ended", ended,
			 "status", json_value__count_if(ended && WIFEXITED(status), WEXITSTATUS(status)),
			 "signal", json_value__count_if(ended && WIFSIGNALED(status), WTERMSIG(status)));
}

int latency__json(struct latency *l, const struct latency_context *c, FILE *f)
{
	struct live_prog sum = live__sum(c->progs);
	json_t *root;

	root = json_pack("{s:s,s:s,s:b,s:o,s:f,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
			 "schema", LATENCY_SCHEMA, "tool", "lutrace " LUTRACE_VERSION,
			 "complete", !latency__incomplete(l, c),
			 "interval", json_value__count_if(c->interval, c->interval),
			 "seconds", c->seconds, "command", json_command(c),
			 "operations", json_operations(l, c), "domains", json_domains(l),
			 "groups", json_groups(l), "without_name", json_value__count(l->nameless),
			 "slowest", json_slowest(l, c), "programs", json_programs(c),
			 "memory_bytes", json_value__count_if(c->memory, c->memory),
			 "left_out", json_value__count(latency__left_out(l, c)),
			 "without_row", json_value__count(l->without_row), "lost_whys", json_value__count(c->lost_whys),
			 "not_arrived", json_value__count(latency__unaccounted(l, c)),
			 "not_ended", json_value__count_if(c->last, sum.counts.in_flight > 0 ?
						       sum.counts.in_flight : 0));
	return json_value__write(root, c->interval, f);
}
