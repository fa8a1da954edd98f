// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that tell what a slow operation waited for, and through which functions it was called, for
 * tools/lutrace/live/why.c: `lutrace latency` with --why or --stack alone loads them.
 *
 * A task has a state from the begin of an operation to its end, and is in one operation at a time.
 * All other programs look for the state of their task and leave if there is none; while no operation
 * runs they do not even look.
 * Parts may lie within each other: what allocates for KHO counts in both, and a task that waits for
 * a lock is off the CPU.
 *
 * They are attached after those of record.bpf.c: their work at the begin is within the latency that
 * is measured there, and that at the end is not.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "kernel_types.h"
#include "events.h"

struct state {
	struct lutrace_why why;
	__u64 since[LUTRACE_NR_WHYS];	/* 0: not in it */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);		/* thread */
	__type(value, struct state);
} states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
} whys SEC(".maps");

/* Whether the stack is asked for. */
const volatile int stacks;

/* A state is too large for the stack. */
static const struct state fresh;

__u64 running;			/* operations that have a state */
__u64 lost;			/* those that have none, or whose state was not told */

static __always_inline struct state *state_of(__u32 tid)
{
	return running ? bpf_map_lookup_elem(&states, &tid) : NULL;
}

static __always_inline struct state *my_state(void)
{
	return state_of((__u32)bpf_get_current_pid_tgid());
}

static __always_inline void enter(struct state *st, enum lutrace_why_part part)
{
	/* A lock that is spun on and then slept on begins twice and ends once. */
	if (st->since[part])
		return;
	st->since[part] = bpf_ktime_get_ns();
	st->why.n[part]++;
}

static __always_inline void leave(struct state *st, enum lutrace_why_part part)
{
	if (!st->since[part])
		return;
	st->why.ns[part] += bpf_ktime_get_ns() - st->since[part];
	st->since[part] = 0;
}

static __always_inline int on_begin(__u32 op)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct state *st;

	/* One whose end was missed is still there. In one thread none is within another. */
	if (!bpf_map_delete_elem(&states, &tid)) {
		__sync_fetch_and_add(&running, -1);
		__sync_fetch_and_add(&lost, 1);
	}
	if (bpf_map_update_elem(&states, &tid, &fresh, BPF_ANY)) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	__sync_fetch_and_add(&running, 1);
	st = bpf_map_lookup_elem(&states, &tid);
	if (st)
		st->why.op = op;
	return 0;
}

static __always_inline void add_stack(struct lutrace_why *why, __u64 *ctx)
{
	long size = bpf_get_stack(ctx, why->frames, sizeof(why->frames), 0);

	why->nr_frames = size < 0 ? size : (__s64)((__u64)size / sizeof(why->frames[0]));
}

static __always_inline int on_end(__u64 *ctx, __u32 op)
{
	const struct iommu_liveupdate_event *ev = (const void *)ctx[0];
	__u64 size = stacks ? sizeof(struct lutrace_why) : offsetof(struct lutrace_why, nr_frames);
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct state *st = state_of(tid);

	if (!st)
		return 0;
	st->why.rec.type = LUTRACE_REC_WHY;
	st->why.rec.size = size;
	st->why.end_seq = ev->seq;
	if (stacks)
		add_stack(&st->why, ctx);
	if (st->why.op != op || bpf_ringbuf_output(&whys, &st->why, size, 0))
		__sync_fetch_and_add(&lost, 1);
	bpf_map_delete_elem(&states, &tid);
	__sync_fetch_and_add(&running, -1);
	return 0;
}

#define OPERATION(tracepoint, op)						\
SEC("tp_btf/" #tracepoint "_begin")						\
int tracepoint##_begin(__u64 *ctx)						\
{										\
	(void)ctx;								\
	return on_begin(op);							\
}										\
										\
SEC("tp_btf/" #tracepoint "_end")						\
int tracepoint##_end(__u64 *ctx)						\
{										\
	return on_end(ctx, op);							\
}

OPERATION(iommu_domain_preserve, LUTRACE_OP_PRESERVE)
OPERATION(iommu_domain_unpreserve, LUTRACE_OP_UNPRESERVE)
OPERATION(iommu_domain_restore, LUTRACE_OP_RESTORE)
OPERATION(iommu_flb_preserve, LUTRACE_OP_FLB_PRESERVE)
OPERATION(iommu_flb_unpreserve, LUTRACE_OP_FLB_UNPRESERVE)
OPERATION(iommu_flb_retrieve, LUTRACE_OP_FLB_RETRIEVE)
OPERATION(iommu_flb_finish, LUTRACE_OP_FLB_FINISH)

/* Where an operation can be within it: the two ends of a part. */
#define PART(begin, end, part)							\
SEC(begin)									\
int part##_enter(__u64 *ctx)							\
{										\
	struct state *st = my_state();						\
										\
	(void)ctx;								\
	if (st)									\
		enter(st, LUTRACE_WHY_##part);					\
	return 0;								\
}										\
										\
SEC(end)									\
int part##_leave(__u64 *ctx)							\
{										\
	struct state *st = my_state();						\
										\
	(void)ctx;								\
	if (st)									\
		leave(st, LUTRACE_WHY_##part);					\
	return 0;								\
}

PART("tp_btf/contention_begin", "tp_btf/contention_end", LOCK)
PART("fentry/__alloc_frozen_pages_noprof", "fexit/__alloc_frozen_pages_noprof", ALLOC)

SEC("tp_btf/sched_switch")
int OFF_CPU_switch(__u64 *ctx)
{
	const struct task_struct *prev = (const void *)ctx[1], *next = (const void *)ctx[2];
	struct state *st;

	if (!running)
		return 0;
	st = state_of(prev->pid);
	if (st)
		enter(st, LUTRACE_WHY_OFF_CPU);
	st = state_of(next->pid);
	if (st)
		leave(st, LUTRACE_WHY_OFF_CPU);
	return 0;
}

/* What KHO does with one block of pages: three pairs that are one part. */
#define KHO(function)								\
SEC("fentry/" #function)							\
int KHO_##function##_enter(__u64 *ctx)						\
{										\
	struct state *st = my_state();						\
										\
	(void)ctx;								\
	if (st)									\
		enter(st, LUTRACE_WHY_KHO);					\
	return 0;								\
}										\
										\
SEC("fexit/" #function)								\
int KHO_##function##_leave(__u64 *ctx)						\
{										\
	struct state *st = my_state();						\
										\
	(void)ctx;								\
	if (st)									\
		leave(st, LUTRACE_WHY_KHO);					\
	return 0;								\
}

KHO(kho_preserve_folio)
KHO(kho_unpreserve_folio)
KHO(kho_restore_folio)

/* Asked by user space, which then needs no right to read the kernel's addresses. */
SEC("syscall")
int name_address(struct lutrace_symbol *args)
{
	__u64 address = args->address;

	args->len = BPF_SNPRINTF(args->text, sizeof(args->text), "%pB", address);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
