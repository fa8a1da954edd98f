// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs on the iommu_liveupdate tracepoints, for tools/lutrace/live/source_bpf.c.
 *
 * Each of 14 tracepoints passes one struct iommu_liveupdate_event. The
 * programs copy it into the ring buffer as it is, so that `lutrace report` can
 * check pairing and order by itself, and they measure begin to end in the
 * kernel. The two are compared later: what was measured here and what was
 * recorded must agree.
 *
 * A begin is found again by operation and by the identity of the record
 * (physical address and generation), never by thread: an operation may be
 * nested or ended by another thread. The FLB has no address until its preserve
 * ends, and there is one FLB: its identity is 0.
 *
 * Nothing is counted before user space has attached all programs and set
 * `armed`; otherwise an end could be seen whose begin had no program yet.
 * Every failure to record is counted, per program: see struct lutrace_counts.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "kernel_types.h"
#include "events.h"

#define EEXIST 17

struct key {
	__u64 op;
	__u64 ser_phys;
	__u64 generation;
};

struct begin {
	__u64 time_ns;
	__u64 seq;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024);
} ring SEC(".maps");

/* Not an LRU map: that one would drop a running operation without a word. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct key);
	__type(value, struct begin);
} begins SEC(".maps");

int armed;
struct lutrace_counts counts[LUTRACE_NR_PROGS + 1];
__u64 filtered[LUTRACE_NR_PROGS];	/* events that were not wanted: all that is known of them */
__u64 freezes, lost_freezes;		/* that were seen, and those of them that found no room */

/*
 * User space comes by itself every few milliseconds. Waking it costs more than
 * all the rest of a program, within the time that is measured: it is done only
 * when the ring holds so much that it could become full.
 */
const volatile __u64 wakeup_bytes = 1024 * 1024;

/* One struct lutrace_sample for each operation, and nothing else. */
const volatile int samples;

/* The verifier takes out what is not asked for. */
const volatile struct lutrace_filter filter;

/* Comes before all that costs something, so that what is not wanted costs next to nothing. */
static __always_inline bool
passes(const struct iommu_liveupdate_event *ev, __u32 op, __u32 phase)
{
	bool pass = !filter.pid || bpf_get_current_pid_tgid() >> 32 == filter.pid;

	if (filter.has_domain)
		pass = pass && op < LUTRACE_OP_FLB_PRESERVE && ev->ser_phys == filter.ser_phys &&
		       (!filter.has_generation || ev->generation == filter.generation);
	if (!pass)
		__sync_fetch_and_add(&filtered[LUTRACE_PROG(op, phase)], 1);
	return pass;
}

static __always_inline __u64 wakeup(void)
{
	__u64 waiting = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);

	return waiting < wakeup_bytes ? BPF_RB_NO_WAKEUP : BPF_RB_FORCE_WAKEUP;
}

#define COUNT(op, phase, member, n) \
	__sync_fetch_and_add(&counts[LUTRACE_PROG(op, phase)].member, n)

static __always_inline void
emit_event(const struct iommu_liveupdate_event *ev, __u32 op, __u32 phase, __u64 now)
{
	struct lutrace_event *rec;
	__u64 id;

	COUNT(op, phase, events, 1);
	if (samples)
		return;
	id = bpf_get_current_pid_tgid();
	rec = bpf_ringbuf_reserve(&ring, sizeof(*rec), 0);
	if (!rec) {
		COUNT(op, phase, lost_events, 1);
		return;
	}
	rec->rec.type = LUTRACE_REC_EVENT;
	rec->rec.size = sizeof(*rec);
	rec->op = op;
	rec->phase = phase;
	rec->time_ns = now;
	rec->seq = ev->seq;
	rec->ser_phys = ev->ser_phys;
	rec->generation = ev->generation;
	rec->top_phys = ev->top_phys;
	rec->nr_tables = ev->nr_tables;
	rec->nr_bytes = ev->nr_bytes;
	rec->format = ev->format;
	rec->top_level = ev->top_level;
	rec->ret = ev->ret;
	rec->cpu = bpf_get_smp_processor_id();
	rec->pid = id >> 32;
	rec->tid = (__u32)id;
	/* To ask how full the ring is costs something: once for each operation is enough */
	bpf_ringbuf_submit(rec, phase == LUTRACE_BEGIN ? BPF_RB_NO_WAKEUP : wakeup());
}

static __always_inline struct key
key_of(const struct iommu_liveupdate_event *ev, __u32 op)
{
	struct key key = { .op = op };

	if (op < LUTRACE_OP_FLB_PRESERVE) {
		key.ser_phys = ev->ser_phys;
		key.generation = ev->generation;
	}
	return key;
}

static __always_inline void
note_begin(const struct iommu_liveupdate_event *ev, __u32 op, __u64 now)
{
	struct key key = key_of(ev, op);
	struct begin begin = { .time_ns = now, .seq = ev->seq };
	long err;

	err = bpf_map_update_elem(&begins, &key, &begin, BPF_NOEXIST);
	if (!err) {
		COUNT(op, LUTRACE_BEGIN, in_flight, 1);
		return;
	}
	if (err != -EEXIST) {
		COUNT(op, LUTRACE_BEGIN, lost_begins, 1);
		return;
	}
	COUNT(op, LUTRACE_BEGIN, replaced_begins, 1);
	if (bpf_map_update_elem(&begins, &key, &begin, BPF_EXIST))
		COUNT(op, LUTRACE_BEGIN, lost_begins, 1);
}

static __always_inline void
fill_latency(struct lutrace_latency *lat, const struct iommu_liveupdate_event *ev, __u32 op,
	     const struct key *key, const struct begin *begin, __u64 now)
{
	lat->rec.type = LUTRACE_REC_LATENCY;
	lat->rec.size = sizeof(*lat);
	lat->op = op;
	lat->ret = ev->ret;
	lat->ser_phys = key->ser_phys;
	lat->generation = key->generation;
	lat->begin_seq = begin->seq;
	lat->end_seq = ev->seq;
	lat->latency_ns = now - begin->time_ns;
}

static __always_inline void
emit_latency(const struct iommu_liveupdate_event *ev, __u32 op, const struct key *key,
	     const struct begin *begin, __u64 now)
{
	struct lutrace_latency *rec = bpf_ringbuf_reserve(&ring, sizeof(*rec), 0);

	if (!rec) {
		COUNT(op, LUTRACE_END, lost_latencies, 1);
		return;
	}
	fill_latency(rec, ev, op, key, begin, now);
	/* The end's event was sent right before it */
	bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
}

static __always_inline void
emit_sample(const struct iommu_liveupdate_event *ev, __u32 op, const struct key *key,
	    const struct begin *begin, __u64 now)
{
	struct lutrace_sample *rec = bpf_ringbuf_reserve(&ring, sizeof(*rec), 0);
	__u64 id = bpf_get_current_pid_tgid();

	if (!rec) {
		COUNT(op, LUTRACE_END, lost_latencies, 1);
		return;
	}
	fill_latency(&rec->lat, ev, op, key, begin, now);
	rec->lat.rec.type = LUTRACE_REC_SAMPLE;
	rec->lat.rec.size = sizeof(*rec);
	rec->top_phys = ev->top_phys;
	rec->nr_tables = ev->nr_tables;
	rec->nr_bytes = ev->nr_bytes;
	rec->cpu = bpf_get_smp_processor_id();
	rec->pid = id >> 32;
	rec->tid = (__u32)id;
	rec->reserved = 0;
	bpf_get_current_comm(rec->comm, sizeof(rec->comm));
	bpf_ringbuf_submit(rec, wakeup());
}

static __always_inline void
note_end(const struct iommu_liveupdate_event *ev, __u32 op, __u64 now)
{
	struct key key = key_of(ev, op);
	struct begin *found, begin;

	found = bpf_map_lookup_elem(&begins, &key);
	if (!found) {
		COUNT(op, LUTRACE_END, unmatched_ends, 1);
		return;
	}
	begin = *found;
	if (!bpf_map_delete_elem(&begins, &key))
		COUNT(op, LUTRACE_END, in_flight, -1);

	if (samples)
		emit_sample(ev, op, &key, &begin, now);
	else
		emit_latency(ev, op, &key, &begin, now);
}

/*
 * One reading of the clock serves the event and the latency, so that the two
 * can be compared to the nanosecond. The work of the begin program lies inside
 * the latency; docs/report.md says how much that is.
 */
static __always_inline int
on_begin(const struct iommu_liveupdate_event *ev, __u32 op)
{
	__u64 now;

	if (!armed || !passes(ev, op, LUTRACE_BEGIN))
		return 0;
	now = bpf_ktime_get_ns();
	emit_event(ev, op, LUTRACE_BEGIN, now);
	note_begin(ev, op, now);
	return 0;
}

static __always_inline int
on_end(const struct iommu_liveupdate_event *ev, __u32 op)
{
	__u64 now;

	if (!armed || !passes(ev, op, LUTRACE_END))
		return 0;
	now = bpf_ktime_get_ns();
	emit_event(ev, op, LUTRACE_END, now);
	note_end(ev, op, now);
	return 0;
}

#define OPERATION(tracepoint, op)						\
SEC("tp_btf/" #tracepoint "_begin")						\
int tracepoint##_begin(__u64 *ctx)						\
{										\
	return on_begin((const struct iommu_liveupdate_event *)ctx[0], op);	\
}										\
										\
SEC("tp_btf/" #tracepoint "_end")						\
int tracepoint##_end(__u64 *ctx)						\
{										\
	return on_end((const struct iommu_liveupdate_event *)ctx[0], op);	\
}

LUTRACE_OPERATIONS(OPERATION)

/* Optional: user space leaves it out where the kernel has no such tracepoint. */
SEC("tp_btf/iommu_preserved_page_freed")
int iommu_preserved_page_freed(__u64 *ctx)
{
	struct lutrace_counts *count = &counts[LUTRACE_PROG_FREED];
	__u64 id = bpf_get_current_pid_tgid();
	struct lutrace_freed *rec;

	if (!armed)
		return 0;
	__sync_fetch_and_add(&count->events, 1);
	rec = bpf_ringbuf_reserve(&ring, sizeof(*rec), 0);
	if (!rec) {
		__sync_fetch_and_add(&count->lost_events, 1);
		return 0;
	}
	rec->rec.type = LUTRACE_REC_FREED;
	rec->rec.size = sizeof(*rec);
	rec->time_ns = bpf_ktime_get_ns();
	rec->cpu = bpf_get_smp_processor_id();
	rec->pid = id >> 32;
	rec->tid = (__u32)id;
	rec->reserved = 0;
	rec->phys = ctx[0];
	rec->size = ctx[1];
	bpf_ringbuf_submit(rec, wakeup());
	return 0;
}

/*
 * The jump comes next, and user space has until the devices are shut down to write what it has: it is
 * woken whatever the ring holds.
 */
static __always_inline void
emit_freeze(__s32 ret)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct lutrace_freeze *rec;

	if (!armed)
		return;
	__sync_fetch_and_add(&freezes, 1);
	rec = bpf_ringbuf_reserve(&ring, sizeof(*rec), 0);
	if (!rec) {
		__sync_fetch_and_add(&lost_freezes, 1);
		return;
	}
	rec->rec.type = LUTRACE_REC_FREEZE;
	rec->rec.size = sizeof(*rec);
	rec->time_ns = bpf_ktime_get_ns();
	rec->ret = ret;
	rec->cpu = bpf_get_smp_processor_id();
	rec->pid = id >> 32;
	rec->tid = (__u32)id;
	bpf_ringbuf_submit(rec, BPF_RB_FORCE_WAKEUP);
}

/* Both optional: left out where the kernel has no such function, or no way to attach to it. */
SEC("fentry/liveupdate_reboot")
int freeze_begin(__u64 *ctx)
{
	(void)ctx;
	emit_freeze(LUTRACE_FREEZING);
	return 0;
}

SEC("fexit/liveupdate_reboot")
int freeze_end(__u64 *ctx)
{
	emit_freeze((__s32)ctx[0]);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
