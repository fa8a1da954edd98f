// SPDX-License-Identifier: GPL-2.0-only
/*
 * The figures of lutrace latency, added up from samples: cmd/latency.c feeds it, text.c and json.c
 * show it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "latency/latency.h"
#include "lib/idmap.h"
#include "lib/mem.h"

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
static uint64_t latency_row__from_buckets(const struct latency_row *row, unsigned int mille)
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
		.n = row->n,
		.min = row->min,
		.max = row->max,
		.has_p99 = row->n >= STATS_P99_MIN,
		.has_p999 = row->n >= STATS_P999_MIN,
		.p50 = latency_row__from_buckets(row, 500),
		.p90 = latency_row__from_buckets(row, 900),
		.p99 = latency_row__from_buckets(row, 990),
		.p999 = latency_row__from_buckets(row, 999),
	};
}

const char *const latency_by_names[LATENCY_NR_BYS] = {
	[LATENCY_BY_NONE] = "", [LATENCY_BY_DOMAIN] = "domain", [LATENCY_BY_SESSION] = "session",
	[LATENCY_BY_DEVICE] = "device", [LATENCY_BY_PROCESS] = "process",
};

static struct latency_domain *latency__domain_of(struct latency *l, const struct lutrace_sample *s)
{
	bool process = l->by == LATENCY_BY_PROCESS;
	uint64_t a = process ? s->pid : s->lat.ser_phys, b = process ? 0 : s->lat.generation;
	uint64_t *at = idmap__find(l->domain_of, a, b, 0);

	if (at)
		return &l->domains[*at];
	if (l->nr_domains == LATENCY_MAX_DOMAINS)
		return NULL;
	l->domains = grow(l->domains, l->nr_domains, &l->domains_room, sizeof(*l->domains));
	idmap__set(l->domain_of, a, b, 0, l->nr_domains);
	l->domains[l->nr_domains] = (struct latency_domain){
		.ser_phys = s->lat.ser_phys, .generation = s->lat.generation };
	return &l->domains[l->nr_domains++];
}

static void latency__add_to_domain(struct latency *l, const struct lutrace_sample *s)
{
	struct latency_domain *domain = latency__domain_of(l, s);
	struct latency_row *row;

	if (!domain) {
		l->without_row++;
		return;
	}
	if (!domain->ops[s->lat.op])
		domain->ops[s->lat.op] = xcalloc(1, sizeof(*row));
	row = domain->ops[s->lat.op];
	domain->pid = s->pid;
	memcpy(domain->comm, s->comm, sizeof(domain->comm));
	if (s->lat.ret) {
		row->errors++;
		return;
	}
	domain->tables = s->nr_tables;
	domain->bytes = s->nr_bytes;
	latency_row__add(row, s->lat.latency_ns, l);
}

static void latency__add_to_slowest(struct latency *l, const struct lutrace_sample *s)
{
	size_t i;

	if (l->nr_slowest < l->max_slowest)
		l->nr_slowest++;
	else if (!l->max_slowest ||
		 l->slowest[l->nr_slowest - 1].lat.latency_ns >= s->lat.latency_ns)
		return;
	for (i = l->nr_slowest - 1;
	     i && l->slowest[i - 1].lat.latency_ns < s->lat.latency_ns; i--) {
		l->slowest[i] = l->slowest[i - 1];
		l->whys[i] = l->whys[i - 1];
	}
	l->slowest[i] = *s;
	l->whys[i] = (struct lutrace_why){ .rec.type = 0 };
}

bool latency__add_why(struct latency *l, const struct lutrace_why *why)
{
	size_t i;

	for (i = 0; i < l->nr_slowest; i++)
		if (l->slowest[i].lat.end_seq == why->end_seq) {
			l->whys[i] = *why;
			return true;
		}
	return false;
}

void latency__init(struct latency *l)
{
	l->domain_of = idmap__new();
	l->slowest = xcalloc(l->max_slowest, sizeof(*l->slowest));
	l->whys = xcalloc(l->max_slowest, sizeof(*l->whys));
}

static enum selected latency__selected(const struct latency *l, const struct lutrace_sample *s)
{
	char comm[LUTRACE_COMM_SIZE + 1] = "";
	enum selected process;

	memcpy(comm, s->comm, sizeof(s->comm));
	process = selection__process(&l->sel, s->pid, comm);
	if (process != SELECTED_YES || s->lat.op >= LUTRACE_OP_FLB_PRESERVE)
		return process;
	return selection__domain(&l->sel, names__find(l->names, s->lat.ser_phys,
						      s->lat.generation));
}

static void latency__add_selected(struct latency *l, const struct lutrace_sample *s)
{
	/* The FLB is all sessions' */
	if (s->lat.op < LUTRACE_OP_FLB_PRESERVE || !selection__needs_name(&l->sel))
		l->found = true;
	if (s->lat.ret)
		l->ops[s->lat.op].errors++;
	else
		latency_row__add(&l->ops[s->lat.op], s->lat.latency_ns, l);
	if (l->by && s->lat.op < LUTRACE_OP_FLB_PRESERVE)
		latency__add_to_domain(l, s);
	latency__add_to_slowest(l, s);
}

void latency__add(struct latency *l, const struct lutrace_sample *s)
{
	enum selected is = s->lat.latency_ns >= l->min_ns ? latency__selected(l, s) : SELECTED_NO;

	l->received++;
	if (is == SELECTED_YES) {
		latency__add_selected(l, s);
	} else if (is == SELECTED_NO) {
		l->left_out++;
	} else {
		l->pending = grow(l->pending, l->nr_pending, &l->pending_room,
				  sizeof(*l->pending));
		l->pending[l->nr_pending++] = *s;
	}
}

void latency__settle(struct latency *l, bool last)
{
	size_t i, kept = 0;
	enum selected is;

	for (i = 0; i < l->nr_pending; i++) {
		is = latency__selected(l, &l->pending[i]);
		if (is == SELECTED_YES)
			latency__add_selected(l, &l->pending[i]);
		else if (is == SELECTED_UNKNOWN && !last)
			l->pending[kept++] = l->pending[i];
		else
			l->left_out++;
		l->nameless += last && is == SELECTED_UNKNOWN;
	}
	l->nr_pending = kept;
}

/* Groups */

struct groups {
	struct latency_group *items;
	size_t nr, room;
};

static void groups__add(struct groups *g, const char *key, size_t len,
			const struct latency_domain *d)
{
	char text[sizeof(g->items->key)];
	struct latency_group *group;
	size_t i;

	snprintf(text, sizeof(text), "%.*s", (int)len, key);
	for (i = 0; i < g->nr && strcmp(g->items[i].key, text); i++)
		;
	if (i == g->nr) {
		g->items = grow(g->items, g->nr, &g->room, sizeof(*g->items));
		g->items[g->nr++] = (struct latency_group){ .errors = 0 };
		strcpy(g->items[i].key, text);
	}
	group = &g->items[i];
	for (i = 0; i < ARRAY_SIZE(d->ops); i++) {
		if (!d->ops[i])
			continue;
		group->errors += d->ops[i]->errors;
		group->ops[i].n += d->ops[i]->n;
		if (d->ops[i]->max > group->ops[i].max)
			group->ops[i].max = d->ops[i]->max;
	}
}

static void groups__add_by_device(struct groups *g, const char *devices,
				  const struct latency_domain *d)
{
	size_t len;

	for (; *devices; devices += len + (devices[len] == ' ')) {
		len = strcspn(devices, " ");
		groups__add(g, devices, len, d);
	}
}

static int latency_group__by_key(const void *a, const void *b)
{
	const struct latency_group *x = a, *y = b;

	return strcmp(x->key, y->key);
}

struct latency_group *latency__groups(const struct latency *l, size_t *nr)
{
	struct groups g = { .nr = 0 };
	const struct latency_domain *d;
	const struct name *name;
	char process[64];
	size_t i;

	for (i = 0; i < l->nr_domains; i++) {
		d = &l->domains[i];
		name = names__find(l->names, d->ser_phys, d->generation);
		snprintf(process, sizeof(process), "%.*s (%u)", LUTRACE_COMM_SIZE, d->comm,
			 d->pid);
		if (l->by == LATENCY_BY_PROCESS)
			groups__add(&g, process, strlen(process), d);
		else if (l->by == LATENCY_BY_DEVICE)
			groups__add_by_device(&g, name__devices(name), d);
		else if (name && *name->session)
			groups__add(&g, name->session, strlen(name->session), d);
		else
			groups__add(&g, "?", 1, d);
	}
	if (g.nr)
		qsort(g.items, g.nr, sizeof(*g.items), latency_group__by_key);
	*nr = g.nr;
	return g.items;
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
	l->nr_domains = l->nr_slowest = l->received = l->left_out = l->without_row = l->nr_raw = 0;
	l->nameless = 0;
}

void latency__free(struct latency *l)
{
	latency__reset(l);
	idmap__free(l->domain_of);
	free(l->domains);
	free(l->slowest);
	free(l->whys);
	free(l->pending);
}

__u64 latency__left_out(const struct latency *l, const struct latency_context *c)
{
	__u64 sum = l->left_out;
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
	       sum.missed_runs || l->without_row || c->lost_whys || latency__unaccounted(l, c);
}

const struct latency_part latency_parts[LUTRACE_NR_WHYS] = {
	[LUTRACE_WHY_LOCK] = { "waiting for locks", "lock_wait_ns", "lock_waits" },
	[LUTRACE_WHY_OFF_CPU] = { "off the CPU", "off_cpu_ns", "off_cpu" },
	[LUTRACE_WHY_ALLOC] = { "in the page allocator", "alloc_ns", "allocs" },
	[LUTRACE_WHY_KHO] = { "in KHO", "kho_ns", "kho" },
};

size_t latency__stack(const struct latency_context *c, const struct lutrace_why *why,
		      char *frames[LUTRACE_MAX_FRAMES])
{
	return c->stack && why->rec.type ? c->stack(c->stack_priv, why, frames) : 0;
}
