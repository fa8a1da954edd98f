// SPDX-License-Identifier: GPL-2.0-only
/*
 * Orders and pairs the events of trace buffers, as record.bpf.c does in the kernel. Called by
 * source_tracefs.c.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "lib/idmap.h"
#include "lib/mem.h"
#include "live/merger.h"
#include "recording/recording.h"

struct kept {
	struct lutrace_event ev;
	char comm[LUTRACE_COMM_SIZE];
};

struct begin {
	__u64 time_ns, seq;
};

struct merger {
	bool samples;
	struct lutrace_filter filter;
	size_t max_begins;
	struct sink sink;
	struct kept *kept;
	size_t nr_kept, kept_room;
	struct lutrace_freed *freed;
	size_t nr_freed, freed_room;
	struct idmap *begins;		/* operation and identity: struct begin */
	struct lutrace_counts counts[LUTRACE_NR_PROGS + 1];
	__u64 filtered[LUTRACE_NR_PROGS];
};

struct merger *merger__new(const struct live_opts *opts, const struct sink *sink)
{
	struct merger *m = xcalloc(1, sizeof(*m));

	m->samples = opts->samples;
	m->filter = opts->filter;
	m->max_begins = opts->in_flight;
	m->sink = *sink;
	m->begins = idmap__new();
	return m;
}

void merger__free(struct merger *m)
{
	size_t pos = 0;
	uint64_t *at;

	if (!m)
		return;
	while ((at = idmap__next(m->begins, &pos)))
		free((struct begin *)(uintptr_t)*at);
	idmap__free(m->begins);
	free(m->kept);
	free(m->freed);
	free(m);
}

/* Pairs */

/* There is one FLB, which has no address until its preserve ends. */
static void identity(const struct lutrace_event *ev, __u64 *ser_phys, __u64 *generation)
{
	bool flb = op__is_flb(ev->op);

	*ser_phys = flb ? 0 : ev->ser_phys;
	*generation = flb ? 0 : ev->generation;
}

static void note_begin(struct merger *m, const struct lutrace_event *ev)
{
	struct lutrace_counts *count = &m->counts[LUTRACE_PROG(ev->op, LUTRACE_BEGIN)];
	__u64 ser_phys, generation;
	struct begin *begin;
	uint64_t *at;

	identity(ev, &ser_phys, &generation);
	at = idmap__find(m->begins, ser_phys, generation, ev->op);
	if (at) {
		count->replaced_begins++;
		begin = (struct begin *)(uintptr_t)*at;
	} else if (idmap__count(m->begins) >= m->max_begins) {
		count->lost_begins++;
		return;
	} else {
		count->in_flight++;
		begin = xcalloc(1, sizeof(*begin));
		idmap__set(m->begins, ser_phys, generation, ev->op, (uintptr_t)begin);
	}
	*begin = (struct begin){ ev->time_ns, ev->seq };
}

static void send_end(struct merger *m, const struct kept *kept, const struct begin *begin,
		     __u64 ser_phys, __u64 generation)
{
	const struct lutrace_event *ev = &kept->ev;
	struct lutrace_sample sample = {
		.lat = {
			.rec = { LUTRACE_REC_LATENCY, sizeof(sample.lat) }, .op = ev->op,
			.ret = ev->ret, .ser_phys = ser_phys, .generation = generation,
			.begin_seq = begin->seq, .end_seq = ev->seq,
			.latency_ns = ev->time_ns - begin->time_ns,
		},
		.top_phys = ev->top_phys, .nr_tables = ev->nr_tables, .nr_bytes = ev->nr_bytes,
		.cpu = ev->cpu,
		.pid = ev->pid, .tid = ev->tid,
	};

	if (m->samples) {
		sample.lat.rec = (struct lutrace_rec){ LUTRACE_REC_SAMPLE, sizeof(sample) };
		memcpy(sample.comm, kept->comm, sizeof(sample.comm));
	}
	m->sink.put(m->sink.priv, &sample.lat.rec);
}

static void note_end(struct merger *m, const struct kept *kept)
{
	const struct lutrace_event *ev = &kept->ev;
	struct lutrace_counts *count = &m->counts[LUTRACE_PROG(ev->op, LUTRACE_END)];
	__u64 ser_phys, generation;
	struct begin *begin;
	uint64_t *at;

	identity(ev, &ser_phys, &generation);
	at = idmap__find(m->begins, ser_phys, generation, ev->op);
	if (!at) {
		count->unmatched_ends++;
		return;
	}
	begin = (struct begin *)(uintptr_t)*at;
	idmap__remove(m->begins, ser_phys, generation, ev->op);
	count->in_flight--;
	send_end(m, kept, begin, ser_phys, generation);
	free(begin);
}

/* Order */

void merger__event(struct merger *m, const struct lutrace_event *ev,
		   const char comm[LUTRACE_COMM_SIZE])
{
	struct kept *kept;

	m->kept = grow(m->kept, m->nr_kept, &m->kept_room, sizeof(*m->kept));
	kept = &m->kept[m->nr_kept++];
	kept->ev = *ev;
	memcpy(kept->comm, comm, sizeof(kept->comm));
}

void merger__freed(struct merger *m, const struct lutrace_freed *freed)
{
	m->freed = grow(m->freed, m->nr_freed, &m->freed_room, sizeof(*m->freed));
	m->freed[m->nr_freed++] = *freed;
}

__u64 merger__highest(const struct merger *m)
{
	__u64 highest = 0;
	size_t i;

	for (i = 0; i < m->nr_kept; i++)
		if (m->kept[i].ev.seq > highest)
			highest = m->kept[i].ev.seq;
	return highest;
}

static int by_seq(const void *a, const void *b)
{
	const struct lutrace_event *x = &((const struct kept *)a)->ev;
	const struct lutrace_event *y = &((const struct kept *)b)->ev;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static bool passes(const struct lutrace_filter *f, const struct lutrace_event *ev)
{
	if (f->has_domain && (op__is_flb(ev->op) || ev->ser_phys != f->ser_phys ||
			      (f->has_generation && ev->generation != f->generation)))
		return false;
	return !f->pid || ev->pid == f->pid;
}

static void send(struct merger *m, const struct kept *kept)
{
	const struct lutrace_event *ev = &kept->ev;

	if (!passes(&m->filter, ev)) {
		m->filtered[LUTRACE_PROG(ev->op, ev->phase)]++;
		return;
	}
	m->counts[LUTRACE_PROG(ev->op, ev->phase)].events++;
	if (!m->samples)
		m->sink.put(m->sink.priv, &ev->rec);
	if (ev->phase == LUTRACE_BEGIN)
		note_begin(m, ev);
	else
		note_end(m, kept);
}

void merger__send(struct merger *m, __u64 seq)
{
	size_t i, n;

	if (m->nr_kept)
		qsort(m->kept, m->nr_kept, sizeof(*m->kept), by_seq);
	for (n = 0; n < m->nr_kept && m->kept[n].ev.seq <= seq; n++)
		send(m, &m->kept[n]);
	m->nr_kept -= n;
	if (n)
		memmove(m->kept, m->kept + n, m->nr_kept * sizeof(*m->kept));
	/* After the events that may tell whose they were */
	for (i = 0; i < m->nr_freed; i++) {
		m->counts[LUTRACE_PROG_FREED].events++;
		m->sink.put(m->sink.priv, &m->freed[i].rec);
	}
	m->nr_freed = 0;
}

/* Counts */

struct lutrace_counts merger__counts(const struct merger *m, int prog)
{
	return m->counts[prog];
}

__u64 merger__filtered(const struct merger *m, int prog)
{
	return m->filtered[prog];
}

__s64 merger__in_flight(const struct merger *m)
{
	return idmap__count(m->begins);
}
