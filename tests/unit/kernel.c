// SPDX-License-Identifier: GPL-2.0-only
/* Kernels that emit events as the real one does, into recordings, for tests to spoil. */
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "lib/mem.h"

#define REALTIME	1700000000000000000ull
#define TSC_AT(ns)	(1000 + 2 * (__u64)(ns))

struct lutrace_event *kernel__emit(struct kernel *k, __u32 op, __u32 phase, __u64 ser,
				  __u64 generation)
{
	struct recording *r = &k->rec;
	struct lutrace_event *ev;

	r->events = grow(r->events, r->nr_events, &r->events_room, sizeof(*ev));
	ev = &r->events[r->nr_events++];
	k->now += STEP_NS;
	*ev = (struct lutrace_event){
		.rec = { LUTRACE_REC_EVENT, sizeof(*ev) }, .op = op, .phase = phase,
		.time_ns = k->now, .seq = ++k->seq, .ser_phys = ser, .generation = generation,
	};
	r->footer.counts.events++;
	return ev;
}

static void emit_latency(struct kernel *k, const struct lutrace_event *begin,
			 const struct lutrace_event *end)
{
	struct recording *r = &k->rec;
	struct lutrace_latency *lat;

	r->latencies = grow(r->latencies, r->nr_latencies, &r->latencies_room, sizeof(*lat));
	lat = &r->latencies[r->nr_latencies++];
	*lat = (struct lutrace_latency){
		.rec = { LUTRACE_REC_LATENCY, sizeof(*lat) }, .op = end->op,
		.begin_seq = begin->seq, .end_seq = end->seq,
		.latency_ns = end->time_ns - begin->time_ns + k->latency_error,
	};
}

static void drop_last(struct kernel *k)
{
	k->rec.nr_events--;
	k->rec.footer.counts.events--;
}

static void describe(struct lutrace_event *ev, unsigned int domain)
{
	ev->top_phys = ROOT(domain);
	ev->nr_tables = domain + 3;
	ev->nr_bytes = ev->nr_tables * 4096;
	ev->format = 1;
	ev->top_level = 2;
}

/* Begin and end; the end is returned for the test to spoil. */
struct lutrace_event *kernel__run(struct kernel *k, __u32 op, __u64 ser, __u64 generation,
				 unsigned int domain, int ret)
{
	struct lutrace_event begin, *ev;

	ev = kernel__emit(k, op, LUTRACE_BEGIN, ser, generation);
	if (op == LUTRACE_OP_UNPRESERVE)
		describe(ev, domain);
	begin = *ev;
	if (k->lose_begin)
		drop_last(k);
	k->seq -= k->lose_begin && !k->lose_event;
	ev = kernel__emit(k, op, LUTRACE_END, ser, generation);
	ev->ret = ret;
	if (op < LUTRACE_OP_FLB_PRESERVE && !ret)
		describe(ev, domain);
	if (!k->lose_latency)
		emit_latency(k, &begin, ev);
	if (k->lose_end) {
		drop_last(k);
		k->seq -= !k->lose_event;
	}
	k->lose_begin = k->lose_end = k->lose_latency = k->lose_event = false;
	k->latency_error = 0;
	return ev;
}

struct lutrace_event *kernel__preserve(struct kernel *k, unsigned int domain, __u64 generation)
{
	return kernel__run(k, LUTRACE_OP_PRESERVE, SER(domain), generation, domain, 0);
}

struct lutrace_event *kernel__unpreserve(struct kernel *k, unsigned int domain, __u64 generation)
{
	return kernel__run(k, LUTRACE_OP_UNPRESERVE, SER(domain), generation, domain, 0);
}

struct lutrace_event *kernel__restore(struct kernel *k, unsigned int domain, __u64 generation)
{
	return kernel__run(k, LUTRACE_OP_RESTORE, SER(domain), generation, domain, 0);
}

void kernel__flb(struct kernel *k, __u32 op, __u64 records)
{
	struct lutrace_event *end = kernel__run(k, op, 0x400000, 0, 0, 0);

	end->nr_tables = records;
	/* As in the kernel: the header has no address when its preserve begins. */
	if (op == LUTRACE_OP_FLB_PRESERVE && end[-1].phase == LUTRACE_BEGIN)
		end[-1].ser_phys = 0;
}

void kernel__boot(struct kernel *k, const char *name, __u64 ns, __u64 kexecs)
{
	memset(k, 0, sizeof(*k));
	k->rec.path = xstrdup(name);
	k->rec.boot_id = xasprintf("boot of %s", name);
	k->rec.release = xstrdup("7.3.4");
	k->rec.complete = k->rec.watches_freed = k->rec.has_klog = true;
	k->rec.start = (struct lutrace_clock){
		.rec.type = LUTRACE_REC_CLOCK, .tsc = TSC_AT(ns), .realtime_ns = REALTIME + ns,
	};
	k->rec.has_kexec_count = true;
	k->rec.kexec_count = kexecs;
	k->rec.previous_release = kexecs ? xstrdup("7.3.4") : NULL;
}

/* Its recorder is ended, 10 s after the last event. */
void kernel__end(struct kernel *k)
{
	struct recording *r = &k->rec;

	r->whole_ns = k->now;
	if (!r->complete || r->end.rec.type)
		return;
	r->end.rec.type = LUTRACE_REC_CLOCK;
	r->whole_ns = r->end.monotonic_ns = k->now + 10 * SECOND_NS;
	r->end.realtime_ns = r->start.realtime_ns + r->end.monotonic_ns - r->start.monotonic_ns;
	if (r->start.tsc)
		r->end.tsc = r->start.tsc + 2 * (r->end.monotonic_ns - r->start.monotonic_ns);
}
