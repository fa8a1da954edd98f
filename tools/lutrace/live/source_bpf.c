// SPDX-License-Identifier: GPL-2.0-only
/* The tracepoints seen by the programs of bpf/record.bpf.c. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "live/source.h"
#include "record.skel.h"	/* needs the types of bpf/events.h */
#include "walk/kernel.h"

struct source_bpf {
	struct source base;
	struct record_bpf *skel;
	struct bpf_program *progs[LUTRACE_NR_PROGS];
	bool watches_freed, watches_freezes;
	struct ring_buffer *ring;
	__u64 received;			/* records that came out of the ring buffer */
	int stats_fd;			/* the kernel measures as long as it is open */
	char *stats_missing;
};

/* Setting up */

static int source_bpf__on_record(void *priv, void *data, size_t size)
{
	struct source_bpf *s = priv;

	(void)size;
	s->received++;
	s->base.sink.put(s->base.sink.priv, data);
	return 0;
}

static void number_programs(struct source_bpf *s)
{
	struct record_bpf *skel = s->skel;

#define OPERATION(name, op)								\
	s->progs[LUTRACE_PROG(op, LUTRACE_BEGIN)] = skel->progs.name##_begin;		\
	s->progs[LUTRACE_PROG(op, LUTRACE_END)] = skel->progs.name##_end;

	LUTRACE_OPERATIONS(OPERATION)
#undef OPERATION
}

static bool source_bpf__wanted(const struct source_bpf *s, int prog)
{
	return live_opts__want(&s->base.opts, prog);
}

static int check_kernel(struct source_bpf *s, struct fault *fault)
{
	struct btf *btf = kernel__btf(fault);
	const char *name;
	int i, err = 0;

	if (!btf)
		return SOURCE_UNUSABLE;
	for (i = 0; i < LUTRACE_NR_PROGS && !err; i++) {
		name = live_tracepoints[i];
		if (source_bpf__wanted(s, i) && !kernel__has_tracepoint(btf, name)) {
			char *what = xasprintf("tracepoint %s", name);

			err = kernel__lacks(fault, what);
			free(what);
		}
	}
	if (!err && !kernel__has_struct(btf, "iommu_liveupdate_event"))
		err = kernel__lacks(fault, "struct iommu_liveupdate_event");
	s->watches_freed = !s->base.opts.samples &&
		kernel__has_tracepoint(btf, live_tracepoints[LUTRACE_PROG_FREED]);
	s->watches_freezes = s->base.opts.freezes && kernel__has_function(btf, "liveupdate_reboot");
	btf__free(btf);
	return err;
}

static int source_bpf__configure(struct source_bpf *s, struct fault *fault)
{
	const struct live_opts *opts = &s->base.opts;
	int i;

	for (i = 0; i < LUTRACE_NR_PROGS; i++)
		bpf_program__set_autoload(s->progs[i], source_bpf__wanted(s, i));
	bpf_program__set_autoload(s->skel->progs.iommu_preserved_page_freed, s->watches_freed);
	bpf_program__set_autoload(s->skel->progs.freeze_begin, s->watches_freezes);
	bpf_program__set_autoload(s->skel->progs.freeze_end, s->watches_freezes);
	bpf_program__set_autoattach(s->skel->progs.freeze_begin, false);
	bpf_program__set_autoattach(s->skel->progs.freeze_end, false);
	if (bpf_map__set_max_entries(s->skel->maps.ring, opts->ring_kib * 1024) ||
	    bpf_map__set_max_entries(s->skel->maps.begins, opts->in_flight))
		return fault__set(fault, "cannot size the maps: %s", strerror(errno));
	s->skel->rodata->wakeup_bytes = opts->ring_kib * 1024 / 4;
	s->skel->rodata->samples = opts->samples;
	s->skel->rodata->filter = opts->filter;
	return 0;
}

/* Without them there is still all that was asked for but the overhead. */
static void enable_stats(struct source_bpf *s)
{
	if (s->base.opts.stats)
		s->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (!s->base.opts.stats)
		s->stats_missing = xstrdup("not asked for");
	else if (s->stats_fd < 0)
		s->stats_missing = xasprintf("%s%s", strerror(errno), errno == EPERM ?
					     ": needs the capability SYS_ADMIN" : "");
}

/* A kernel without it, or one that does not let this process: another way may work. */
static int failed(struct fault *fault, const char *what, int err)
{
	kernel__bpf_failed(fault, what, err);
	return err == -EPERM || err == -EACCES || err == -ENOSYS || err == -EINVAL ||
	       err == -ESRCH || err == -EOPNOTSUPP ? SOURCE_UNUSABLE : -1;
}

/* A kernel that cannot attach to functions shows no freeze, and all else works. */
static void attach_freezes(struct source_bpf *s)
{
	struct record_bpf *skel = s->skel;

	if (!s->watches_freezes)
		return;
	skel->links.freeze_begin = bpf_program__attach(skel->progs.freeze_begin);
	skel->links.freeze_end = bpf_program__attach(skel->progs.freeze_end);
	s->watches_freezes = skel->links.freeze_begin && skel->links.freeze_end;
}

static int load(struct source_bpf *s, struct fault *fault)
{
	__u64 start = live__now();
	int err;

	err = record_bpf__load(s->skel);
	if (err)
		return failed(fault, "load the recording programs", err);
	err = record_bpf__attach(s->skel);
	if (err)
		return failed(fault, "attach to the iommu_liveupdate tracepoints", err);
	attach_freezes(s);
	s->base.load_ns = live__now() - start;
	s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.ring), source_bpf__on_record, s, NULL);
	if (!s->ring)
		return kernel__bpf_failed(fault, "read the ring buffer", -errno);
	return 0;
}

static int bpf__open(struct source **source, const struct live_opts *opts,
		     const struct sink *sink, struct fault *fault)
{
	struct source_bpf *s = xcalloc(1, sizeof(*s));
	int err;

	*s = (struct source_bpf){ .base = { &source_bpf, *opts, *sink, 0 }, .stats_fd = -1 };
	*source = &s->base;
	kernel__verbose(opts->verbose);
	s->skel = record_bpf__open();
	if (!s->skel)
		return fault__set(fault, "cannot open the BPF programs: %s", strerror(errno));
	number_programs(s);
	enable_stats(s);
	err = check_kernel(s, fault);
	if (!err)
		err = source_bpf__configure(s, fault);
	return err ? err : load(s, fault);
}

static void bpf__free(struct source *source)
{
	struct source_bpf *s = (struct source_bpf *)source;

	ring_buffer__free(s->ring);
	record_bpf__destroy(s->skel);
	if (s->stats_fd >= 0)
		close(s->stats_fd);
	free(s->stats_missing);
	free(s);
}

static void bpf__describe(const struct source *source, FILE *f)
{
	fprintf(f, "BPF programs on typed tracepoints (tp_btf), ring buffer %lu KiB, %lu operations "
		"at once, loaded and attached in %.0f ms",
		source->opts.ring_kib, source->opts.in_flight, source->load_ns / 1e6);
}

/* Running */

static int bpf__arm(struct source *source, bool on, struct fault *fault)
{
	struct source_bpf *s = (struct source_bpf *)source;

	(void)fault;
	s->skel->bss->armed = on;
	return 0;
}

static int bpf__drain(struct source *source, int timeout_ms, struct fault *fault)
{
	struct source_bpf *s = (struct source_bpf *)source;
	int n = ring_buffer__poll(s->ring, timeout_ms);

	/* Records for which nobody was woken are not told by poll. */
	if (n >= 0 || n == -EINTR)
		n = ring_buffer__consume(s->ring);
	return n < 0 ? fault__set(fault, "cannot read the ring buffer: %s", strerror(-n)) : 0;
}

/* The programs may be writing them. */
static struct lutrace_counts counts_of(const struct source_bpf *s, int prog)
{
	return ((const volatile struct lutrace_counts *)s->skel->bss->counts)[prog];
}

static __s64 bpf__in_flight(const struct source *source)
{
	const struct source_bpf *s = (const struct source_bpf *)source;
	__s64 sum = 0;
	int i;

	for (i = 0; i < LUTRACE_NR_PROGS; i++)
		sum += counts_of(s, i).in_flight;
	return sum;
}

static bool bpf__all_came(const struct source *source)
{
	const struct source_bpf *s = (const struct source_bpf *)source;
	struct lutrace_counts begin, end;
	__u64 sent = 0;
	int op;

	for (op = 0; op < LUTRACE_NR_OPS; op++) {
		begin = counts_of(s, LUTRACE_PROG(op, LUTRACE_BEGIN));
		end = counts_of(s, LUTRACE_PROG(op, LUTRACE_END));
		if (!source->opts.samples)
			sent += begin.events - begin.lost_events +
				end.events - end.lost_events;
		sent += end.events - end.unmatched_ends - end.lost_latencies;
	}
	if (s->watches_freed) {
		end = counts_of(s, LUTRACE_PROG_FREED);
		sent += end.events - end.lost_events;
	}
	sent += s->skel->bss->freezes - s->skel->bss->lost_freezes;
	return s->received == sent;
}

/* What came of it */

static int ask(const struct source_bpf *s, int nr, const struct bpf_program *prog,
	       struct live_prog *to, struct fault *fault)
{
	struct bpf_prog_info info;
	__u32 len = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return fault__set(fault, "cannot ask the kernel about its program on %s: %s",
				  live_tracepoints[nr], strerror(errno));
	*to = (struct live_prog){
		.tracepoint = live_tracepoints[nr],
		.counts = counts_of(s, nr),
		.filtered = nr < LUTRACE_NR_PROGS ? s->skel->bss->filtered[nr] : 0,
		.missed_runs = info.recursion_misses,
		.runs = info.run_cnt,
		.run_ns = info.run_time_ns,
	};
	return 0;
}

static int bpf__progs(const struct source *source, struct live_prog progs[LIVE_NR_PROGS],
		      struct fault *fault)
{
	const struct source_bpf *s = (const struct source_bpf *)source;
	int i, err = 0;

	memset(progs, 0, LIVE_NR_PROGS * sizeof(*progs));
	for (i = 0; i < LUTRACE_NR_PROGS && !err; i++)
		if (source_bpf__wanted(s, i))
			err = ask(s, i, s->progs[i], &progs[i], fault);
	return err;
}

static bool bpf__watches_freed(const struct source *source)
{
	return ((const struct source_bpf *)source)->watches_freed;
}

static int bpf__freed(const struct source *source, struct live_prog *prog, struct fault *fault)
{
	const struct source_bpf *s = (const struct source_bpf *)source;

	return ask(s, LUTRACE_PROG_FREED, s->skel->progs.iommu_preserved_page_freed, prog, fault);
}

static const char *bpf__stats_missing(const struct source *source)
{
	return ((const struct source_bpf *)source)->stats_missing;
}

static __u64 bpf__memory(const struct source *source)
{
	const struct source_bpf *s = (const struct source_bpf *)source;
	struct bpf_program *prog;
	struct bpf_map *map;
	__u64 sum = 0, bytes;

	bpf_object__for_each_map(map, s->skel->obj) {
		bytes = kernel__bpf_memory(bpf_map__fd(map));
		if (!bytes)
			return 0;
		sum += bytes;
	}
	bpf_object__for_each_program(prog, s->skel->obj)
		if (bpf_program__fd(prog) >= 0)
			sum += kernel__bpf_memory(bpf_program__fd(prog));
	return sum;
}

const struct source_ops source_bpf = {
	.name = "bpf",
	.open = bpf__open,
	.arm = bpf__arm,
	.drain = bpf__drain,
	.hurry_ms = 1,
	.in_flight = bpf__in_flight,
	.all_came = bpf__all_came,
	.progs = bpf__progs,
	.freed = bpf__freed,
	.watches_freed = bpf__watches_freed,
	.stats_missing = bpf__stats_missing,
	.memory = bpf__memory,
	.describe = bpf__describe,
	.free = bpf__free,
};
