// SPDX-License-Identifier: GPL-2.0-only
/* The figures of lutrace latency as text. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "latency/latency.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "lib/table.h"
#include "live/overhead.h"
#include "recording/recording.h"

static void latency__print_row(struct latency_row *row, int op, const struct latency_context *c,
			       struct table *t)
{
	struct stats s;

	latency_row__stats(row, &s);
	table__put(t, "%s", op__name(op));
	table__put(t, "%zu", row->n);
	table__put(t, "%zu", row->errors);
	table__put(t, "%llu", c->progs[LUTRACE_PROG(op, LUTRACE_END)].counts.unmatched_ends);
	if (c->seconds > 0)
		table__put(t, "%.1f", row->n / c->seconds);
	else
		table__put(t, "%s", "");
	table__put_us(t, s.n, s.min);
	table__put_us(t, s.n, s.p50);
	table__put_us(t, s.n, s.p90);
	table__put_us(t, s.has_p99, s.p99);
	table__put_us(t, s.has_p999, s.p999);
	table__put_us(t, s.n, s.max);
	table__put(t, "%s", row->bucketed ? " (percentiles: bounds of buckets)" : "");
}

static void latency__print_operations(struct latency *l, const struct latency_context *c, FILE *f)
{
	static const struct table_column columns[] = {
		{ "operation", 14, true }, { "n", 6, false }, { "errors", 0, false },
		{ "unknown", 0, false }, { "rate/s", 8, false }, { "min [us]", 9, false },
		{ "p50", 9, false }, { "p90", 9, false }, { "p99", 9, false },
		{ "p99.9", 9, false }, { "max", 9, false }, { "", 0, true },
	};
	struct table *t = table__new(columns, ARRAY_SIZE(columns));
	int i;

	for (i = 0; i < LUTRACE_NR_OPS; i++)
		if (c->progs[LUTRACE_PROG(i, LUTRACE_END)].tracepoint)
			latency__print_row(&l->ops[i], i, c, t);
	table__print(t, f);
}

static void latency__print_hist(const struct latency_row *row, int op, FILE *f)
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

static int latency_domain__by_max(const void *a, const void *b)
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

/* For each operation of a domain its number and the longest, and at last the errors of all. */
#define OPERATION_COLUMNS						\
	{ "preserve", 0, false }, { "max [us]", 9, false },		\
	{ "unpreserve", 0, false }, { "max [us]", 9, false },		\
	{ "restore", 0, false }, { "max [us]", 9, false }, { "errors", 0, false }

static void latency__print_domain(const struct latency *l, const struct latency_domain *d,
				  struct table *t)
{
	const struct latency_row *row;
	size_t errors = 0, k;

	table__put(t, "0x%llx", d->ser_phys);
	table__put(t, "%llu", d->generation);
	table__put(t, "%llu", d->tables);
	table__put(t, "%llu", d->bytes);
	for (k = 0; k < ARRAY_SIZE(d->ops); k++) {
		row = d->ops[k];
		table__put(t, "%zu", row ? row->n : 0);
		table__put_us(t, row && row->n, row ? row->max : 0);
		errors += row ? row->errors : 0;
	}
	table__put(t, "%zu", errors);
	table__put(t, "%s", name__text(names__find(l->names, d->ser_phys, d->generation)).s);
}

static void latency__print_domains(struct latency *l, FILE *f)
{
	static const struct table_column columns[] = {
		{ "record", 18, true }, { "gen", 3, false }, { "tables", 7, false },
		{ "bytes", 10, false }, OPERATION_COLUMNS, { "name", 0, true },
	};
	struct table *t = table__new(columns, ARRAY_SIZE(columns));
	size_t i;

	idmap__clear(l->domain_of);	/* of no use any more: the rows are sorted */
	if (l->nr_domains)
		qsort(l->domains, l->nr_domains, sizeof(*l->domains), latency_domain__by_max);
	for (i = 0; i < l->nr_domains; i++)
		latency__print_domain(l, &l->domains[i], t);
	table__print(t, f);
}

static void latency__print_groups(const struct latency *l, FILE *f)
{
	const struct table_column columns[] = {
		{ latency_by_names[l->by], 32, true }, OPERATION_COLUMNS,
	};
	struct table *t = table__new(columns, ARRAY_SIZE(columns));
	struct latency_group *groups;
	size_t i, k, nr;

	groups = latency__groups(l, &nr);
	for (i = 0; i < nr; i++) {
		table__put(t, "%s", groups[i].key);
		for (k = 0; k < ARRAY_SIZE(groups[i].ops); k++) {
			table__put(t, "%zu", groups[i].ops[k].n);
			table__put_us(t, groups[i].ops[k].n, groups[i].ops[k].max);
		}
		table__put(t, "%zu", groups[i].errors);
	}
	free(groups);
	table__print(t, f);
}

static void latency__print_by(struct latency *l, FILE *f)
{
	fputc('\n', f);
	if (l->by == LATENCY_BY_DOMAIN)
		latency__print_domains(l, f);
	else
		latency__print_groups(l, f);
	if (l->without_row)
		fprintf(f, "%zu operations of more domains have no row.\n", l->without_row);
}

/* What is not known is not 0. */
static void latency__print_why(const struct latency *l, const struct lutrace_why *why,
			       struct table *t)
{
	char line[512] = "";
	size_t n = 0;
	int i;

	if (!l->why)
		return;
	for (i = 0; i < LUTRACE_NR_WHYS; i++) {
		n += snprintf(line + n, sizeof(line) - n, "%s%s", i ? ", " : "",
			      latency_parts[i].text);
		if (why->rec.type && l->why_knows[i])
			n += snprintf(line + n, sizeof(line) - n, " %.1f us (%llu times)",
				      why->ns[i] / 1000.0, why->n[i]);
		else
			n += snprintf(line + n, sizeof(line) - n, ": not known");
	}
	table__remark(t, "%14s%s", "", line);
}

static void latency__print_stack(const struct latency_context *c, const struct lutrace_why *why,
				 struct table *t)
{
	char *frames[LUTRACE_MAX_FRAMES];
	size_t i, nr = latency__stack(c, why, frames);

	if (c->stack && !nr)
		table__remark(t, "%14sstack: not known", "");
	for (i = 0; i < nr; i++) {
		table__remark(t, "%14s%s", "", frames[i]);
		free(frames[i]);
	}
}

static void latency__print_slow(const struct latency *l, const struct lutrace_sample *s,
				struct table *t)
{
	table__put_us(t, true, s->lat.latency_ns);
	table__put(t, "%s", op__name(s->lat.op));
	table__put(t, "0x%llx", s->lat.ser_phys);
	table__put(t, "%llu", s->lat.generation);
	table__put(t, "%llu", s->nr_tables);
	table__put(t, "%llu", s->nr_bytes);
	table__put(t, "%u", s->cpu);
	table__put(t, "%.*s", LUTRACE_COMM_SIZE, s->comm);
	table__put(t, "%u", s->pid);
	table__put(t, "%d", s->lat.ret);
	table__put(t, "%s", name__text(names__find(l->names, s->lat.ser_phys,
						   s->lat.generation)).s);
}

static void latency__print_slowest(const struct latency *l, const struct latency_context *c,
				   FILE *f)
{
	static const struct table_column columns[] = {
		{ "slowest [us]", 0, false }, { "operation", 14, true }, { "record", 18, true },
		{ "gen", 3, false }, { "tables", 7, false }, { "bytes", 10, false },
		{ "cpu", 4, false }, { "task", 12, true }, { "pid", 7, false },
		{ "ret", 4, false }, { "name", 0, true },
	};
	struct table *t = table__new(columns, ARRAY_SIZE(columns));
	size_t i;

	for (i = 0; i < l->nr_slowest; i++) {
		latency__print_slow(l, &l->slowest[i], t);
		latency__print_why(l, &l->whys[i], t);
		latency__print_stack(c, &l->whys[i], t);
	}
	fputc('\n', f);
	table__print(t, f);
}

static void latency__print_losses(const struct latency *l, const struct latency_context *c, FILE *f)
{
	struct live_prog sum = live__sum(c->progs);
	const struct live_prog *p;
	int i;

	fprintf(f, "\n%llu events; lost: %llu samples (ring buffer full), %llu begins (too many "
		"at once), %llu begun again before the end, %llu program runs missed, %llu not "
		"arrived\n",
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
		fprintf(f, "%llu operations were left out by the filters, %zu of them for want of "
			"a name.\n", latency__left_out(l, c), l->nameless);
	if (latency__incomplete(l, c))
		fprintf(f, "INCOMPLETE: the figures are not of all operations.\n");
}

static void latency__print_overhead(const struct latency_context *c, FILE *f)
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
	latency__print_operations(l, c, f);
	fprintf(f, "In %.3f s. Times of those that succeeded, nearest rank; p99 needs n >= %d, "
		"p99.9 n >= %d. unknown: the begin was not seen.\n",
		c->seconds, STATS_P99_MIN, STATS_P999_MIN);
	for (i = 0; i < LUTRACE_NR_OPS; i++)
		if (l->ops[i].n)
			latency__print_hist(&l->ops[i], i, f);
	if (l->by)
		latency__print_by(l, f);
	if (l->max_slowest)
		latency__print_slowest(l, c, f);
	latency__print_losses(l, c, f);
	if (c->stats)
		latency__print_overhead(c, f);
}
