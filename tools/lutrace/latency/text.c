// SPDX-License-Identifier: GPL-2.0-only
/* The figures of lutrace latency as text. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "latency/latency.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "live/overhead.h"
#include "recording/recording.h"

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
			fprintf(f, "%s %.1f us (%llu times)", latency_parts[i].text, why->ns[i] / 1000.0,
				why->n[i]);
		else
			fprintf(f, "%s: not known", latency_parts[i].text);
	}
	fputc('\n', f);
}

static void print_stack(const struct latency_context *c, const struct lutrace_why *why, FILE *f)
{
	char *frames[LUTRACE_MAX_FRAMES];
	size_t i, nr = latency__stack(c, why, frames);

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
