// SPDX-License-Identifier: GPL-2.0-only
/* The figures of each operation, and the check `latency`. */
#include <inttypes.h>
#include <stdio.h>
#include "lib/idmap.h"
#include "lib/mem.h"
#include "report/analysis_parts.h"

/* For the figures alone: whether a begin has its end is for the oracle to say. */
struct replay {
	struct analysis *a;
	struct boot *boot;
	struct idmap *open;		/* op, identity: index of the begin */
	struct idmap *latencies;	/* op and recorder, begin and end sequence: ns */
	struct sample *samples;		/* per operation */
};

/* There is one FLB, and it has no address before its preserve ended. */
__u64 event__key_phys(const struct lutrace_event *ev)
{
	return op__is_flb(ev->op) ? 0 : ev->ser_phys;
}

static __u64 key_generation(const struct lutrace_event *ev)
{
	return op__is_flb(ev->op) ? 0 : ev->generation;
}

struct text {
	char s[128];
};

static struct text who(const struct lutrace_event *ev)
{
	struct text t;

	if (op__is_flb(ev->op))
		snprintf(t.s, sizeof(t.s), "%s at seq %llu", op__name(ev->op), ev->seq);
	else
		snprintf(t.s, sizeof(t.s), "%s of record 0x%llx generation %llu at seq %llu",
			 op__name(ev->op), ev->ser_phys, ev->generation, ev->seq);
	return t;
}

/* Returns the begin of this end, or NULL if there is none. */
static const struct lutrace_event *pair(struct replay *r, const struct lutrace_event *ev, size_t i)
{
	__u64 phys = event__key_phys(ev), generation = key_generation(ev);
	const struct lutrace_event *begin;
	uint64_t *at;

	if (ev->phase == LUTRACE_BEGIN) {
		idmap__set(r->open, ev->op, phys, generation, i);
		return NULL;
	}
	at = idmap__find(r->open, ev->op, phys, generation);
	if (!at)
		return NULL;
	begin = &r->boot->events[*at];
	idmap__remove(r->open, ev->op, phys, generation);
	return begin;
}

static __u64 latency_key(__u32 op, __u32 recorder)
{
	return (__u64)recorder << 32 | op;
}

static void add_figures(struct replay *r, const struct lutrace_event *begin,
			const struct lutrace_event *end)
{
	struct op_figures *f = &r->a->ops[end->op];
	struct sample *s = &r->samples[end->op];

	if (end->ret) {
		f->errors++;
		return;
	}
	s->items = grow(s->items, s->nr, &s->room, sizeof(*s->items));
	s->items[s->nr++] = end->time_ns - begin->time_ns;
	if (!op__is_flb(end->op)) {
		f->tables += end->nr_tables;
		f->bytes += end->nr_bytes;
		f->formats[end->format < PT_NR_FORMATS ? end->format : PT_UNKNOWN]++;
	}
}

static void check_latency(struct replay *r, const struct lutrace_event *begin,
			  const struct lutrace_event *end)
{
	uint64_t *ns = idmap__find(r->latencies, latency_key(end->op, boot__recorder(r->boot, end)),
				   begin->seq, end->seq);
	__u64 seen = end->time_ns - begin->time_ns;

	if (end->time_ns < begin->time_ns) {
		analysis__find(r->a, CHECK_LATENCY, VERDICT_VIOLATION, "%s: %s ended before it began",
		     boot__name(r->boot), who(end).s);
		return;
	}
	if (r->boot->computed)
		return;
	if (!ns) {
		analysis__find(r->a, CHECK_LATENCY, VERDICT_INCOMPLETE,
		     "%s: %s has no latency from the kernel", boot__name(r->boot), who(end).s);
		return;
	}
	r->a->nr_latencies++;
	if (*ns != seen)
		analysis__find(r->a, CHECK_LATENCY, VERDICT_VIOLATION,
		     "%s: %s took %" PRIu64 " ns by the kernel side and %llu ns by its events",
		     boot__name(r->boot), who(end).s, *ns, seen);
}

static void load_latencies(struct replay *r)
{
	const struct lutrace_latency *lat;
	const struct recording *rec;
	size_t i, k;

	for (k = 0; k < r->boot->nr_parts; k++) {
		rec = r->boot->parts[k];
		for (i = 0; i < rec->nr_latencies; i++) {
			lat = &rec->latencies[i];
			idmap__set(r->latencies,
				   latency_key(lat->op, boot__part_recorder(r->boot, k)),
				   lat->begin_seq, lat->end_seq, lat->latency_ns);
		}
	}
}

/* Both ends of an operation are of one domain and one process, or the begin was not seen. */
static bool is_counted(struct analysis *a, const struct boot *boot, const struct lutrace_event *ev)
{
	enum selected is = analysis__selected(a, boot, ev);

	a->nr_not_selected += is != SELECTED_YES && ev->phase == LUTRACE_END;
	a->nr_nameless += is == SELECTED_UNKNOWN && ev->phase == LUTRACE_END;
	return is == SELECTED_YES;
}

void figures__measure(struct analysis *a, struct boot *boot, struct sample *samples)
{
	struct replay r = {
		.a = a, .boot = boot, .samples = samples,
		.open = idmap__new(), .latencies = idmap__new(),
	};
	const struct lutrace_event *ev, *begin;
	size_t i;

	load_latencies(&r);
	for (i = 0; i < boot->nr_events; i++) {
		ev = &boot->events[i];
		analysis__look_at(a, boot, ev);
		if (!is_counted(a, boot, ev))
			continue;
		begin = pair(&r, ev, i);
		/* Two recorders read the clock at two times */
		if (begin && boot__recorder(boot, begin) == boot__recorder(boot, ev)) {
			if (ev->time_ns >= begin->time_ns)
				add_figures(&r, begin, ev);
			check_latency(&r, begin, ev);
		}
	}
	idmap__free(r.open);
	idmap__free(r.latencies);
}
