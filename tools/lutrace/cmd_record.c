// SPDX-License-Identifier: GPL-2.0-only
/*
 * lutrace record: attaches the programs of bpf/record.bpf.c and writes what
 * they send to a file until a signal or the given time ends it.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"
#include "kernel.h"
#include "recording.h"
#include "record.skel.h"	/* needs the types of bpf/events.h */

/*
 * How long to wait at the end for operations that have begun. It is what
 * report takes as long enough for an end to come (PATIENCE_NS there).
 */
#define GRACE_NS 2000000000ull

/* How often the ring buffer is emptied if it does not call for it. */
#define POLL_MS 20

struct opts {
	const char *file, *pidfile;
	double seconds;
	unsigned long ring_kib, in_flight;
	bool verbose;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write the recording to FILE (needed)", 0 },
	{ "duration", 'd', "SECONDS", 0, "End by itself after SECONDS", 0 },
	{ "pidfile", 'p', "FILE", 0, "Write the process id to FILE once events are recorded", 0 },
	{ "ring-size", 'r', "KIB", 0, "Size of the ring buffer, a power of two (4096)", 0 },
	{ "in-flight", 'n', "NUMBER", 0, "Operations that can run at once (16384)", 0 },
	{ "verbose", 'v', NULL, 0, "Show what libbpf and the kernel's verifier say", 0 },
	{ 0 }
};

static unsigned long parse_count(struct argp_state *state, const char *what, const char *arg,
				 unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(arg, &end, 10);
	if (errno || *end || *arg < '0' || *arg > '9' || !value || value > max)
		argp_error(state, "%s: \"%s\" is no number from 1 to %lu", what, arg, max);
	return value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;
	char *end;

	switch (key) {
	case 'o':
		opts->file = arg;
		return 0;
	case 'd':
		opts->seconds = strtod(arg, &end);
		if (*end || !(opts->seconds > 0 && opts->seconds < 1e9))
			argp_error(state, "--duration: \"%s\" is no number of seconds", arg);
		return 0;
	case 'p':
		opts->pidfile = arg;
		return 0;
	case 'r':
		opts->ring_kib = parse_count(state, "--ring-size", arg, 1ul << 20);
		if (opts->ring_kib < 4 || opts->ring_kib & (opts->ring_kib - 1))
			argp_error(state, "--ring-size: %s is no power of two from 4", arg);
		return 0;
	case 'n':
		opts->in_flight = parse_count(state, "--in-flight", arg, 1ul << 24);
		return 0;
	case 'v':
		opts->verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\" is too much: the file is given with --output", arg);
		return 0;
	case ARGP_KEY_END:
		if (!opts->file)
			argp_error(state, "say with --output where to write the recording");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Records the iommu_liveupdate events of the running kernel\v"
	       "Says \"recording\" on stderr once every event is recorded, and ends with SIGINT, "
	       "SIGTERM or --duration. Record in the old kernel until the kexec and in the new one "
	       "from before the reclaim, and give both files to lutrace report.\n\n"
	       "  lutrace record -o /persistent/old.rec",
};

struct session {
	struct record_bpf *skel;
	struct ring_buffer *ring;
	struct recorder *file;
	struct fault *fault;
	bool failed;			/* a write failed: fault is set */
};

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static int on_record(void *priv, void *data, size_t size)
{
	struct session *s = priv;

	(void)size;
	if (!s->failed && recorder__put(s->file, data, s->fault))
		s->failed = true;
	return 0;
}

/* The tracepoints are named by the programs themselves: "tp_btf/NAME". */
static int check_kernel(const struct record_bpf *skel, struct fault *fault)
{
	struct btf *btf = kernel__btf(fault);
	struct bpf_program *prog;
	const char *name;
	int err = 0;

	if (!btf)
		return -1;
	bpf_object__for_each_program(prog, skel->obj) {
		name = strchr(bpf_program__section_name(prog), '/') + 1;
		if (!err && !kernel__has_tracepoint(btf, name)) {
			char *what = xasprintf("tracepoint %s", name);

			err = kernel__lacks(fault, what);
			free(what);
		}
	}
	if (!err && !kernel__has_struct(btf, "iommu_liveupdate_event"))
		err = kernel__lacks(fault, "struct iommu_liveupdate_event");
	btf__free(btf);
	return err;
}

static int load(struct session *s, const struct opts *opts)
{
	int err;

	if (bpf_map__set_max_entries(s->skel->maps.ring, opts->ring_kib * 1024) ||
	    bpf_map__set_max_entries(s->skel->maps.begins, opts->in_flight))
		return fault__set(s->fault, "cannot size the maps: %s", strerror(errno));
	s->skel->rodata->wakeup_bytes = opts->ring_kib * 1024 / 4;
	err = record_bpf__load(s->skel);
	if (err)
		return kernel__bpf_failed(s->fault, "load the recording programs", err);
	err = record_bpf__attach(s->skel);
	if (err)
		return kernel__bpf_failed(s->fault, "attach to the iommu_liveupdate tracepoints",
					  err);
	s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.ring), on_record, s, NULL);
	if (!s->ring)
		return kernel__bpf_failed(s->fault, "read the ring buffer", -errno);
	return 0;
}

static int write_head(struct session *s)
{
	struct lutrace_clock clock;
	char *host = host__describe();
	int err = recorder__host(s->file, host, s->fault);

	free(host);
	clock__read(&clock);
	if (!err)
		err = recorder__put(s->file, &clock, s->fault);
	return err ? err : recorder__flush(s->file, s->fault);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static int poll_ring(struct session *s, int timeout_ms)
{
	int n = ring_buffer__poll(s->ring, timeout_ms);

	/* Records for which nobody was woken are not told by poll. */
	if (n >= 0 || n == -EINTR)
		n = ring_buffer__consume(s->ring);
	if (n < 0)
		return fault__set(s->fault, "cannot read the ring buffer: %s", strerror(-n));
	if (s->failed || recorder__flush(s->file, s->fault))
		return -1;
	return 0;
}

static int record_until_told(struct session *s, const struct opts *opts)
{
	uint64_t until = opts->seconds > 0 ? now_ns() + (uint64_t)(opts->seconds * 1e9) : 0;
	uint64_t now, left_ms = POLL_MS;
	int err = 0;

	while (!err && !caught) {
		if (until) {
			now = now_ns();
			if (now >= until)
				break;
			left_ms = (until - now) / 1000000 + 1;
		}
		err = poll_ring(s, left_ms < POLL_MS ? left_ms : POLL_MS);
	}
	return err;
}

/* An operation that has begun gets the chance to end, if that is soon. */
static int finish_running(struct session *s)
{
	volatile struct lutrace_counts *counts = &s->skel->bss->counts;
	uint64_t until = now_ns() + GRACE_NS;
	int err = 0;

	while (!err && counts->in_flight > 0 && now_ns() < until)
		err = poll_ring(s, 1);
	return err;
}

/* Runs that the kernel did not start, because the program was running already. */
static uint64_t count_missed(const struct record_bpf *skel)
{
	struct bpf_program *prog;
	struct bpf_prog_info info;
	uint64_t missed = 0;
	__u32 len;

	bpf_object__for_each_program(prog, skel->obj) {
		memset(&info, 0, sizeof(info));
		len = sizeof(info);
		if (!bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			missed += info.recursion_misses;
	}
	return missed;
}

static int write_end(struct session *s)
{
	struct lutrace_footer footer = { .signal = caught };
	struct recorder *file = s->file;
	struct lutrace_clock clock;
	int err, closed;

	s->skel->bss->armed = 0;
	err = ring_buffer__consume(s->ring) < 0 || s->failed ? -1 : 0;
	clock__read(&clock);
	if (!err)
		err = recorder__put(file, &clock, s->fault);
	footer.counts = s->skel->bss->counts;
	footer.missed_runs = count_missed(s->skel);
	s->file = NULL;
	closed = recorder__close(file, &footer, s->fault);
	return err ? err : closed;
}

static int write_pidfile(const char *path, struct fault *fault)
{
	struct outfile *out = outfile__open(path, fault);

	if (!out)
		return -1;
	fprintf(outfile__stream(out), "%d\n", getpid());
	return outfile__commit(out, fault);
}

static int record(struct session *s, const struct opts *opts)
{
	int err;

	if (check_kernel(s->skel, s->fault) || load(s, opts))
		return -1;
	s->file = recorder__open(opts->file, s->fault);
	if (!s->file)
		return -1;
	catch_signals();
	if (write_head(s))
		return -1;
	s->skel->bss->armed = 1;
	if (opts->pidfile && write_pidfile(opts->pidfile, s->fault))
		return -1;
	fputs("recording\n", stderr);
	err = record_until_told(s, opts);
	if (!err)
		err = finish_running(s);
	if (!err)
		err = write_end(s);
	if (opts->pidfile)
		unlink(opts->pidfile);
	return err;
}

static int run(int argc, char **argv)
{
	struct opts opts = { .ring_kib = 4096, .in_flight = 16384 };
	struct fault fault = { .text = "cannot record" };
	struct session s = { .fault = &fault };
	int err;

	cmd__parse(&cmd_record, &argp, argc, argv, &opts);
	kernel__verbose(opts.verbose);
	s.skel = record_bpf__open();
	if (!s.skel) {
		complain("cannot open the BPF programs: %s", strerror(errno));
		return STATUS_ERROR;
	}
	err = record(&s, &opts);
	if (err)
		complain("%s", fault.text);
	ring_buffer__free(s.ring);
	record_bpf__destroy(s.skel);
	return err ? STATUS_ERROR : STATUS_CLEAN;
}

const struct cmd cmd_record = {
	.name = "record",
	.summary = "record the events of the running kernel to a file",
	.run = run,
};
