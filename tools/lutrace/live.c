// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "command.h"
#include "kernel.h"
#include "live.h"
#include "record.skel.h"	/* needs the types of bpf/events.h */

/*
 * How long to wait at the end for operations that have begun. It is what
 * oracle.c takes as long enough for an end to come (PATIENCE_NS there).
 */
#define GRACE_NS 2000000000ull

/* How long a program that has counted an event can take to write its records. */
#define SETTLE_NS 100000000ull

/* How often the ring buffer is emptied if it does not call for it. */
#define POLL_MS 20

struct live {
	struct live_opts opts;
	const struct live_ops *ops;
	void *priv;
	struct record_bpf *skel;
	struct bpf_program *progs[LUTRACE_NR_PROGS];
	struct bpf_program *freed;	/* optional */
	bool watches_freed;
	struct ring_buffer *ring;
	struct fault *fault;		/* of the call that is running */
	bool failed;			/* an op failed: fault is set */
	bool quit;
	__u64 received;			/* records that came out of the ring buffer */
	__u64 load_ns, started, stopped;
	int stats_fd;			/* the kernel measures as long as it is open */
	char *stats_missing;
	pid_t command;			/* 0: none */
	int command_status;		/* -1: it has not ended */
};

static struct {
	volatile sig_atomic_t nr, first;
	volatile sig_atomic_t pass_on;	/* to the command; 0: nothing to pass on */
} caught;

/* The terminal sends ^C to the command as well; kill sends to this process alone. */
static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (!caught.nr)
		caught.first = sig;
	caught.nr++;
	if (info->si_code <= 0)
		caught.pass_on = sig;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	memset(&caught, 0, sizeof(caught));
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

__u64 live__now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Setting up */

static int on_record(void *priv, void *data, size_t size)
{
	struct live *live = priv;

	(void)size;
	live->received++;
	if (!live->failed && live->ops->record &&
	    live->ops->record(live->priv, data, live->fault))
		live->failed = true;
	return 0;
}

/* The programs name their tracepoints themselves: "tp_btf/NAME". */
static const char *tracepoint_of(const struct bpf_program *prog)
{
	return strchr(bpf_program__section_name(prog), '/') + 1;
}

static void number_programs(struct live *live)
{
	struct record_bpf *skel = live->skel;

#define OPERATION(name, op)								\
	live->progs[LUTRACE_PROG(op, LUTRACE_BEGIN)] = skel->progs.name##_begin;	\
	live->progs[LUTRACE_PROG(op, LUTRACE_END)] = skel->progs.name##_end

	OPERATION(iommu_domain_preserve, LUTRACE_OP_PRESERVE);
	OPERATION(iommu_domain_unpreserve, LUTRACE_OP_UNPRESERVE);
	OPERATION(iommu_domain_restore, LUTRACE_OP_RESTORE);
	OPERATION(iommu_flb_preserve, LUTRACE_OP_FLB_PRESERVE);
	OPERATION(iommu_flb_unpreserve, LUTRACE_OP_FLB_UNPRESERVE);
	OPERATION(iommu_flb_retrieve, LUTRACE_OP_FLB_RETRIEVE);
	OPERATION(iommu_flb_finish, LUTRACE_OP_FLB_FINISH);
#undef OPERATION
	live->freed = skel->progs.iommu_preserved_page_freed;
}

static bool wanted(const struct live *live, int prog)
{
	return !live->opts.ops || live->opts.ops & 1u << prog / LUTRACE_NR_PHASES;
}

const char **live__tracepoints(size_t *nr)
{
	struct record_bpf *skel = record_bpf__open();
	const char **names = xcalloc(LUTRACE_NR_PROGS, sizeof(*names));
	struct bpf_program *prog;

	*nr = 0;
	if (!skel)
		return names;
	bpf_object__for_each_program(prog, skel->obj)
		if (prog != skel->progs.iommu_preserved_page_freed)
			names[(*nr)++] = xstrdup(tracepoint_of(prog));
	record_bpf__destroy(skel);
	return names;
}

static int check_kernel(struct live *live, struct fault *fault)
{
	struct btf *btf = kernel__btf(fault);
	const char *name;
	int i, err = 0;

	if (!btf)
		return -1;
	for (i = 0; i < LUTRACE_NR_PROGS && !err; i++) {
		name = tracepoint_of(live->progs[i]);
		if (wanted(live, i) && !kernel__has_tracepoint(btf, name)) {
			char *what = xasprintf("tracepoint %s", name);

			err = kernel__lacks(fault, what);
			free(what);
		}
	}
	if (!err && !kernel__has_struct(btf, "iommu_liveupdate_event"))
		err = kernel__lacks(fault, "struct iommu_liveupdate_event");
	live->watches_freed = !live->opts.samples &&
		kernel__has_tracepoint(btf, tracepoint_of(live->freed));
	btf__free(btf);
	return err;
}

static int configure(struct live *live, struct fault *fault)
{
	const struct live_opts *opts = &live->opts;
	int i;

	for (i = 0; i < LUTRACE_NR_PROGS; i++)
		bpf_program__set_autoload(live->progs[i], wanted(live, i));
	bpf_program__set_autoload(live->freed, live->watches_freed);
	if (bpf_map__set_max_entries(live->skel->maps.ring, opts->ring_kib * 1024) ||
	    bpf_map__set_max_entries(live->skel->maps.begins, opts->in_flight))
		return fault__set(fault, "cannot size the maps: %s", strerror(errno));
	live->skel->rodata->wakeup_bytes = opts->ring_kib * 1024 / 4;
	live->skel->rodata->samples = opts->samples;
	return 0;
}

/* Without them there is still all that was asked for but the overhead. */
static void enable_stats(struct live *live)
{
	if (live->opts.stats)
		live->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (!live->opts.stats)
		live->stats_missing = xstrdup("not asked for");
	else if (live->stats_fd < 0)
		live->stats_missing = xasprintf("%s%s", strerror(errno), errno == EPERM ?
						": needs the capability SYS_ADMIN" : "");
}

static int load(struct live *live, struct fault *fault)
{
	__u64 start = live__now();
	int err;

	err = record_bpf__load(live->skel);
	if (err)
		return kernel__bpf_failed(fault, "load the recording programs", err);
	err = record_bpf__attach(live->skel);
	if (err)
		return kernel__bpf_failed(fault, "attach to the iommu_liveupdate tracepoints",
					  err);
	live->load_ns = live__now() - start;
	live->ring = ring_buffer__new(bpf_map__fd(live->skel->maps.ring), on_record, live, NULL);
	if (!live->ring)
		return kernel__bpf_failed(fault, "read the ring buffer", -errno);
	return 0;
}

struct live *live__open(const struct live_opts *opts, const struct live_ops *ops, void *priv,
			struct fault *fault)
{
	struct live *live = xcalloc(1, sizeof(*live));

	*live = (struct live){ .opts = *opts, .ops = ops, .priv = priv,
			       .command_status = -1, .stats_fd = -1 };
	kernel__verbose(opts->verbose);
	live->skel = record_bpf__open();
	if (!live->skel) {
		fault__set(fault, "cannot open the BPF programs: %s", strerror(errno));
		live__free(live);
		return NULL;
	}
	number_programs(live);
	enable_stats(live);
	if (check_kernel(live, fault) || configure(live, fault) || load(live, fault)) {
		live__free(live);
		return NULL;
	}
	catch_signals();
	return live;
}

void live__free(struct live *live)
{
	if (!live)
		return;
	ring_buffer__free(live->ring);
	record_bpf__destroy(live->skel);
	if (live->stats_fd >= 0)
		close(live->stats_fd);
	free(live->stats_missing);
	free(live);
}

void live__describe(const struct live *live, FILE *f)
{
	const char *comma = "";
	int i;

	fprintf(f, "BPF programs on typed tracepoints (tp_btf), ring buffer %lu KiB, %lu operations "
		"at once, loaded and attached in %.0f ms: ",
		live->opts.ring_kib, live->opts.in_flight, live->load_ns / 1e6);
	for (i = 0; i < LUTRACE_NR_PROGS; i++) {
		if (!wanted(live, i))
			continue;
		fprintf(f, "%s%s", comma, tracepoint_of(live->progs[i]));
		comma = ", ";
	}
	if (live->watches_freed)
		fprintf(f, "%s%s", comma, tracepoint_of(live->freed));
	fputc('\n', f);
}

/* Running */

static int empty_ring(struct live *live, int timeout_ms, struct fault *fault)
{
	int n;

	live->fault = fault;
	n = ring_buffer__poll(live->ring, timeout_ms);
	/* Records for which nobody was woken are not told by poll. */
	if (n >= 0 || n == -EINTR)
		n = ring_buffer__consume(live->ring);
	if (n < 0)
		return fault__set(fault, "cannot read the ring buffer: %s", strerror(-n));
	if (live->failed)
		return -1;
	return live->ops->drained ? live->ops->drained(live->priv, fault) : 0;
}

int live__drain(struct live *live, struct fault *fault)
{
	return empty_ring(live, 0, fault);
}

int live__start(struct live *live, struct fault *fault)
{
	live->started = live__now();
	live->skel->bss->armed = 1;
	if (live->ops->armed && live->ops->armed(live->priv, fault))
		return -1;
	if (!live->opts.command)
		return 0;
	live->command = command__start(live->opts.command, fault);
	return live->command < 0 ? -1 : 0;
}

/* Also tells whether the command has ended. */
static bool told_to_end(struct live *live)
{
	int sig = caught.pass_on;

	if (live->quit)
		return true;
	if (live->command <= 0)
		return caught.nr > 0;
	if (live->command_status < 0 &&
	    command__ended(live->command, &live->command_status))
		return true;
	if (sig) {
		caught.pass_on = 0;
		kill(live->command, sig);
	}
	return caught.nr > 1;
}

/* Milliseconds until the first of two times (0: never), rounded up, at most POLL_MS. */
static int wait_ms(__u64 now, __u64 one, __u64 other)
{
	__u64 until = now + POLL_MS * 1000000ull;

	if (one && one < until)
		until = one;
	if (other && other < until)
		until = other;
	return until > now ? (until - now + 999999) / 1000000 : 0;
}

static int run_until_told(struct live *live, struct fault *fault)
{
	__u64 end = live->started + (__u64)(live->opts.seconds * 1e9);
	__u64 every = live->opts.interval * 1e9, next = live->started + every, now;
	int err = 0;

	while (!err && !told_to_end(live)) {
		now = live__now();
		if (live->opts.seconds > 0 && now >= end)
			break;
		err = empty_ring(live, wait_ms(now, live->opts.seconds > 0 ? end : 0,
					       every ? next : 0), fault);
		if (err || !every || live__now() < next)
			continue;
		/* One that could not be called in time is left out, none is called twice. */
		next += (live__now() - next) / every * every + every;
		err = live->ops->interval(live->priv, fault);
	}
	return err;
}

/* The programs may be writing them. */
static struct lutrace_counts counts_of(const struct live *live, int prog)
{
	return ((const volatile struct lutrace_counts *)live->skel->bss->counts)[prog];
}

static __s64 in_flight(const struct live *live)
{
	__s64 sum = 0;
	int i;

	for (i = 0; i < LUTRACE_NR_PROGS; i++)
		sum += counts_of(live, i).in_flight;
	return sum;
}

/* An operation that has begun gets the chance to end, if that is soon. */
static int finish_running(struct live *live, struct fault *fault)
{
	__u64 until = live__now() + GRACE_NS;
	int err = 0;

	while (!err && in_flight(live) > 0 && live__now() < until)
		err = empty_ring(live, 1, fault);
	return err;
}

int live__run(struct live *live, struct fault *fault)
{
	int err = run_until_told(live, fault);

	return err ? err : finish_running(live, fault);
}

void live__quit(struct live *live)
{
	live->quit = true;
}

/* Whether all that the programs count as sent has been received. */
static bool all_received(const struct live *live)
{
	struct lutrace_counts begin, end;
	__u64 sent = 0;
	int op;

	for (op = 0; op < LUTRACE_NR_OPS; op++) {
		begin = counts_of(live, LUTRACE_PROG(op, LUTRACE_BEGIN));
		end = counts_of(live, LUTRACE_PROG(op, LUTRACE_END));
		if (!live->opts.samples)
			sent += begin.events - begin.lost_events + end.events - end.lost_events;
		sent += end.events - end.unmatched_ends - end.lost_latencies;
	}
	if (live->watches_freed) {
		end = counts_of(live, LUTRACE_PROG_FREED);
		sent += end.events - end.lost_events;
	}
	return live->received == sent;
}

int live__stop(struct live *live, struct fault *fault)
{
	__u64 until;
	int err;

	live->skel->bss->armed = 0;
	live->stopped = live__now();
	until = live->stopped + SETTLE_NS;
	do {
		err = empty_ring(live, 0, fault);
	} while (!err && !all_received(live) && live__now() < until);
	return err;
}

/* What came of it */

static int ask(const struct live *live, int nr, const struct bpf_program *prog,
	       struct live_prog *to, struct fault *fault)
{
	struct bpf_prog_info info;
	__u32 len = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return fault__set(fault, "cannot ask the kernel about its program on %s: %s",
				  tracepoint_of(prog), strerror(errno));
	*to = (struct live_prog){
		.tracepoint = tracepoint_of(prog),
		.counts = counts_of(live, nr),
		.missed_runs = info.recursion_misses,
		.runs = info.run_cnt,
		.run_ns = info.run_time_ns,
	};
	return 0;
}

int live__progs(const struct live *live, struct live_prog progs[LUTRACE_NR_PROGS],
		struct fault *fault)
{
	int i, err = 0;

	for (i = 0; i < LUTRACE_NR_PROGS && !err; i++) {
		progs[i] = (struct live_prog){ .tracepoint = NULL };
		if (wanted(live, i))
			err = ask(live, i, live->progs[i], &progs[i], fault);
	}
	return err;
}

bool live__watches_freed(const struct live *live)
{
	return live->watches_freed;
}

int live__freed(const struct live *live, struct live_prog *prog, struct fault *fault)
{
	*prog = (struct live_prog){ .tracepoint = NULL };
	return live->watches_freed ? ask(live, LUTRACE_PROG_FREED, live->freed, prog, fault) : 0;
}

void live__warn(const struct live *live)
{
	if (!live->watches_freed)
		complain("this kernel does not tell of pages that are freed while they are "
			 "preserved: it has no tracepoint %s", tracepoint_of(live->freed));
}

const char *live__stats_missing(const struct live *live)
{
	return live->stats_missing;
}

__u64 live__started(const struct live *live)
{
	return live->started;
}

__u64 live__stopped(const struct live *live)
{
	return live->stopped;
}

int live__signal(const struct live *live)
{
	(void)live;
	return caught.first;
}

int live__command_status(const struct live *live)
{
	return live->command_status;
}
