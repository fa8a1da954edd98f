// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "latency.h"

uint64_t hist__bound(unsigned int bucket)
{
	unsigned int step = bucket - 1;

	if (!bucket)
		return HIST_FIRST_NS;
	if (bucket >= HIST_OVERFLOW)
		return UINT64_MAX;
	return (HIST_FIRST_NS << step / HIST_SUB) / HIST_SUB * (HIST_SUB + 1 + step % HIST_SUB);
}

unsigned int hist__bucket(uint64_t ns)
{
	unsigned int i = 0;

	while (ns > hist__bound(i))
		i++;
	return i;
}

static void latency_row__add(struct latency_row *row, uint64_t ns, struct latency *l)
{
	row->min = !row->n || ns < row->min ? ns : row->min;
	row->max = ns > row->max ? ns : row->max;
	row->n++;
	row->hist[hist__bucket(ns)]++;
	if (row->bucketed)
		return;
	if (l->nr_raw < LATENCY_MAX_RAW) {
		row->raw = grow(row->raw, row->nr_raw, &row->room, sizeof(*row->raw));
		row->raw[row->nr_raw++] = ns;
		l->nr_raw++;
		return;
	}
	row->bucketed = true;
	l->nr_raw -= row->nr_raw;
	free(row->raw);
	row->raw = NULL;
}

/* No bound is above the maximum, which is known exactly. */
static uint64_t from_buckets(const struct latency_row *row, unsigned int mille)
{
	size_t rank = stats__rank(row->n, mille), seen = 0;
	unsigned int i;

	for (i = 0; i < HIST_OVERFLOW; i++) {
		seen += row->hist[i];
		if (seen >= rank)
			break;
	}
	return hist__bound(i) < row->max ? hist__bound(i) : row->max;
}

void latency_row__stats(struct latency_row *row, struct stats *stats)
{
	if (!row->bucketed) {
		stats__compute(stats, row->raw, row->nr_raw);
		return;
	}
	*stats = (struct stats){
		.n = row->n, .min = row->min, .max = row->max,
		.has_p99 = row->n >= STATS_P99_MIN, .has_p999 = row->n >= STATS_P999_MIN,
		.p50 = from_buckets(row, 500), .p90 = from_buckets(row, 900),
		.p99 = from_buckets(row, 990), .p999 = from_buckets(row, 999),
	};
}

static struct latency_domain *domain_of(struct latency *l, const struct lutrace_sample *s)
{
	uint64_t *at = idmap__find(l->domain_of, s->lat.ser_phys, s->lat.generation, 0);

	if (at)
		return &l->domains[*at];
	if (l->nr_domains == LATENCY_MAX_DOMAINS)
		return NULL;
	l->domains = grow(l->domains, l->nr_domains, &l->domains_room, sizeof(*l->domains));
	idmap__set(l->domain_of, s->lat.ser_phys, s->lat.generation, 0, l->nr_domains);
	l->domains[l->nr_domains] = (struct latency_domain){
		.ser_phys = s->lat.ser_phys, .generation = s->lat.generation };
	return &l->domains[l->nr_domains++];
}

static void add_to_domain(struct latency *l, const struct lutrace_sample *s)
{
	struct latency_domain *domain = domain_of(l, s);
	struct latency_row *row;

	if (!domain) {
		l->without_row++;
		return;
	}
	if (!domain->ops[s->lat.op])
		domain->ops[s->lat.op] = xcalloc(1, sizeof(*row));
	row = domain->ops[s->lat.op];
	if (s->lat.ret) {
		row->errors++;
		return;
	}
	domain->tables = s->nr_tables;
	domain->bytes = s->nr_bytes;
	latency_row__add(row, s->lat.latency_ns, l);
}

static void add_to_slowest(struct latency *l, const struct lutrace_sample *s)
{
	size_t i;

	if (l->nr_slowest < l->max_slowest)
		l->nr_slowest++;
	else if (!l->max_slowest ||
		 l->slowest[l->nr_slowest - 1].lat.latency_ns >= s->lat.latency_ns)
		return;
	for (i = l->nr_slowest - 1;
	     i && l->slowest[i - 1].lat.latency_ns < s->lat.latency_ns; i--)
		l->slowest[i] = l->slowest[i - 1];
	l->slowest[i] = *s;
}

void latency__init(struct latency *l)
{
	l->domain_of = idmap__new();
	l->slowest = xcalloc(l->max_slowest, sizeof(*l->slowest));
}

void latency__add(struct latency *l, const struct lutrace_sample *s)
{
	l->received++;
	if (s->lat.latency_ns < l->min_ns) {
		l->too_short++;
		return;
	}
	if (s->lat.ret)
		l->ops[s->lat.op].errors++;
	else
		latency_row__add(&l->ops[s->lat.op], s->lat.latency_ns, l);
	if (l->by_domain && s->lat.op < LUTRACE_OP_FLB_PRESERVE)
		add_to_domain(l, s);
	add_to_slowest(l, s);
}

void latency__reset(struct latency *l)
{
	size_t i, k;

	for (i = 0; i < l->nr_domains; i++) {
		for (k = 0; k < ARRAY_SIZE(l->domains[i].ops); k++) {
			if (l->domains[i].ops[k])
				free(l->domains[i].ops[k]->raw);
			free(l->domains[i].ops[k]);
		}
	}
	for (i = 0; i < LUTRACE_NR_OPS; i++)
		free(l->ops[i].raw);
	memset(l->ops, 0, sizeof(l->ops));
	idmap__clear(l->domain_of);
	l->nr_domains = l->nr_slowest = l->received = l->too_short = l->without_row = l->nr_raw = 0;
}

void latency__free(struct latency *l)
{
	latency__reset(l);
	idmap__free(l->domain_of);
	free(l->domains);
	free(l->slowest);
}

__u64 latency__left_out(const struct latency *l, const struct latency_context *c)
{
	__u64 sum = l->too_short;
	int op;

	for (op = 0; op < LUTRACE_NR_OPS; op++)
		sum += c->progs[LUTRACE_PROG(op, LUTRACE_END)].filtered;
	return sum;
}

__u64 latency__unaccounted(const struct latency *l, const struct latency_context *c)
{
	const struct lutrace_counts *end;
	__u64 sent = 0;
	int op;

	/* Before the end, some may be under way. */
	if (!c->last || c->interval)
		return 0;
	for (op = 0; op < LUTRACE_NR_OPS; op++) {
		end = &c->progs[LUTRACE_PROG(op, LUTRACE_END)].counts;
		sent += end->events - end->unmatched_ends - end->lost_latencies;
	}
	return sent > l->received ? sent - l->received : 0;
}

bool latency__incomplete(const struct latency *l, const struct latency_context *c)
{
	struct live_prog sum = live__sum(c->progs);

	return sum.counts.lost_latencies || sum.counts.lost_begins || sum.counts.replaced_begins ||
	       sum.missed_runs || l->without_row || latency__unaccounted(l, c);
}
