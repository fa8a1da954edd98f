// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoints seen through an instance of tracefs of its own, where BPF
 * cannot be used. All that the kernel's programs would do is done here, with
 * what the trace buffers have, once they were read.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "live/merger.h"
#include "live/rawevents.h"
#include "live/tasks.h"
#include "walk/kernel.h"

/* Each CPU has at least this much of a ring buffer that is larger. */
#define MIN_CPU_KIB 512ul

/* What bpf_ktime_get_ns() reads. */
#define CLOCK "mono"

struct cpu {
	unsigned int nr;
	int fd;				/* its trace_pipe_raw */
};

struct source_tracefs {
	struct source base;
	struct tracefs_instance *instance;
	struct rawevents *raw;
	struct merger *merger;
	struct tasks *tasks;
	struct cpu *cpus;
	struct pollfd *polled;		/* of each in cpus; fd -1: it is offline */
	size_t nr_cpus;
	unsigned long cpu_kib;
	void *page;
	bool watches_freed;
	bool quiet;			/* the last time there was nothing in the buffers */
};

#define PREFIX "lutrace-"

/* Left-overs */

/* A name that another task has now is not that of the process which made the instance. */
static bool is_running(const char *instance)
{
	unsigned long pid = strtoul(instance + strlen(PREFIX), NULL, 10);
	char ours[PROCESS_NAME_SIZE], name[PROCESS_NAME_SIZE];

	process_name(getpid(), ours);
	process_name(pid, name);
	return pid != (unsigned long)getpid() && !strcmp(name, ours);
}

/* Of processes that were killed. One that is open cannot be removed. */
static void remove_left_overs(void)
{
	char **names = tracefs_instances("^" PREFIX "[0-9][0-9]*$");
	struct tracefs_instance *instance;
	size_t i;

	for (i = 0; names && names[i]; i++) {
		if (is_running(names[i]))
			continue;
		instance = tracefs_instance_alloc(NULL, names[i]);
		if (instance && !tracefs_instance_destroy(instance))
			complain("removed %s from the instances of tracefs, which a lutrace that "
				 "was killed had left", names[i]);
		tracefs_instance_free(instance);
	}
	tracefs_list_free(names);
}

/* Setting up */

/* The library would mount it where it is not. */
static int find_tracefs(struct fault *fault)
{
	char *mounts = read_file("/proc/self/mounts", NULL, fault), *path;
	int err;

	if (!mounts)
		return -1;
	path = mount_point(mounts, "tracefs");
	free(mounts);
	if (!path)
		return fault__set(fault, "tracefs is not mounted: mount -t tracefs tracefs "
				  "/sys/kernel/tracing");
	err = tracefs_set_tracing_dir(path);
	free(path);
	return err ? fault__set(fault, "cannot work in the mount of tracefs") : 0;
}

static int make_instance(struct source_tracefs *s, struct fault *fault)
{
	char name[sizeof(PREFIX) + 16];

	if (find_tracefs(fault))
		return -1;
	remove_left_overs();
	snprintf(name, sizeof(name), PREFIX "%d", getpid());
	s->instance = tracefs_instance_create(name);
	return s->instance ? 0 : kernel__tracefs_refused(fault, "make an instance of", errno);
}

static int source_tracefs__put(struct source_tracefs *s, const char *file, const char *text,
			       struct fault *fault)
{
	if (tracefs_instance_file_write(s->instance, file, text) >= 0)
		return 0;
	return fault__set(fault, "cannot write %s to %s of tracefs: %s", text, file,
			  strerror(errno));
}

static int add_cpu(struct source_tracefs *s, unsigned int nr, struct fault *fault)
{
	char *file = xasprintf("per_cpu/cpu%u/trace_pipe_raw", nr);
	int fd = tracefs_instance_file_open(s->instance, file,
					    O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	free(file);
	if (fd < 0)
		return kernel__tracefs_refused(fault, "read a trace buffer of", errno);
	s->cpus = xrealloc(s->cpus, s->nr_cpus + 1, sizeof(*s->cpus));
	s->polled = xrealloc(s->polled, s->nr_cpus + 1, sizeof(*s->polled));
	s->cpus[s->nr_cpus] = (struct cpu){ nr, fd };
	s->polled[s->nr_cpus++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return 0;
}

static int open_cpus(struct source_tracefs *s, struct fault *fault)
{
	char *path = tracefs_instance_get_file(s->instance, "per_cpu");
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned int nr;
	int err = 0;

	tracefs_put_tracing_file(path);
	if (!dir)
		return kernel__tracefs_refused(fault, "find the CPUs in", errno);
	while (!err && (entry = readdir(dir)))
		if (sscanf(entry->d_name, "cpu%u", &nr) == 1)
			err = add_cpu(s, nr, fault);
	closedir(dir);
	if (!err && !s->nr_cpus)
		return fault__set(fault, "tracefs tells of no CPU");
	return err;
}

/* The size that was asked for is that of all buffers, if each gets enough of it. */
static int size_buffers(struct source_tracefs *s, struct fault *fault)
{
	unsigned long kib = s->base.opts.ring_kib, least = kib < MIN_CPU_KIB ? kib : MIN_CPU_KIB;
	char text[32];

	s->cpu_kib = kib / s->nr_cpus > least ? kib / s->nr_cpus : least;
	snprintf(text, sizeof(text), "%lu", s->cpu_kib);
	return source_tracefs__put(s, "buffer_size_kb", text, fault);
}

static int source_tracefs__configure(struct source_tracefs *s, struct fault *fault)
{
	/* An event that finds no room is dropped and counted, as those of BPF are. */
	return source_tracefs__put(s, "tracing_on", "0", fault) ||
			       source_tracefs__put(s, "trace_clock", CLOCK, fault) ||
			       source_tracefs__put(s, "options/overwrite", "0", fault) ||
			       open_cpus(s, fault) || size_buffers(s, fault)
		       ? -1
		       : 0;
}

static int enable(struct source_tracefs *s, int prog, const char *format, struct fault *fault)
{
	if (rawevents__learn(s->raw, prog, format, fault))
		return -1;
	if (tracefs_event_enable(s->instance, RAWEVENTS_SYSTEM, live_tracepoints[prog]))
		return fault__set(fault, "cannot enable the tracepoint %s: %s",
				  live_tracepoints[prog], strerror(errno));
	return 0;
}

static int add_event(struct source_tracefs *s, int prog, struct fault *fault)
{
	char *format = tracefs_event_file_read(s->instance, RAWEVENTS_SYSTEM,
					       live_tracepoints[prog], "format", NULL);
	bool optional = prog == LUTRACE_PROG_FREED;
	char *what;
	int err = 0;

	if (format)
		err = enable(s, prog, format, fault);
	else if (!optional) {
		what = xasprintf("tracepoint %s", live_tracepoints[prog]);
		err = kernel__lacks(fault, what);
		free(what);
	}
	if (optional && format)
		s->watches_freed = !err;
	free(format);
	return err;
}

static int add_events(struct source_tracefs *s, struct fault *fault)
{
	int i, err = 0;

	for (i = 0; i < LUTRACE_NR_PROGS && !err; i++)
		if (live_opts__want(&s->base.opts, i))
			err = add_event(s, i, fault);
	if (!err && !s->base.opts.samples)
		err = add_event(s, LUTRACE_PROG_FREED, fault);
	return err;
}

static int tracefs__open(struct source **source, const struct live_opts *opts,
			 const struct sink *sink, struct fault *fault)
{
	struct source_tracefs *s = xcalloc(1, sizeof(*s));
	__u64 start = live__now();

	s->base = (struct source){ &source_tracefs, *opts, *sink, 0 };
	*source = &s->base;
	tracefs_set_loglevel(opts->verbose ? TEP_LOG_WARNING : TEP_LOG_NONE);
	s->raw = rawevents__new();
	s->merger = merger__new(opts, sink);
	s->tasks = tasks__new("/proc");
	s->page = xcalloc(1, sysconf(_SC_PAGESIZE));
	if (make_instance(s, fault) || source_tracefs__configure(s, fault) || add_events(s, fault))
		return -1;
	s->base.load_ns = live__now() - start;
	return 0;
}

static void tracefs__free(struct source *source)
{
	struct source_tracefs *s = (struct source_tracefs *)source;
	size_t i;

	/* An instance that is read cannot be removed. */
	for (i = 0; i < s->nr_cpus; i++)
		close(s->cpus[i].fd);
	if (s->instance && tracefs_instance_destroy(s->instance))
		complain("cannot remove %s from the instances of tracefs: %s: remove it with "
			 "rmdir", tracefs_instance_get_name(s->instance), strerror(errno));
	tracefs_instance_free(s->instance);
	rawevents__free(s->raw);
	merger__free(s->merger);
	tasks__free(s->tasks);
	free(s->cpus);
	free(s->polled);
	free(s->page);
	free(s);
}

static void tracefs__describe(const struct source *source, FILE *f)
{
	const struct source_tracefs *s = (const struct source_tracefs *)source;

	fprintf(f, "tracepoints through tracefs, instance %s, clock " CLOCK ", ring buffer %lu KiB "
		"for each of %zu CPUs, %lu operations at once, set up in %.0f ms",
		tracefs_instance_get_name(s->instance), s->cpu_kib, s->nr_cpus,
		source->opts.in_flight, source->load_ns / 1e6);
}

/* Running */

static int tracefs__arm(struct source *source, bool on, struct fault *fault)
{
	return source_tracefs__put((struct source_tracefs *)source, "tracing_on", on ? "1" : "0",
				   fault);
}

static void on_event(void *priv, union raw_record *record)
{
	struct source_tracefs *s = priv;
	const struct task *task;

	s->quiet = false;
	if (record->rec.type == LUTRACE_REC_FREED) {
		record->freed.pid = tasks__get(s->tasks, record->freed.tid)->pid;
		merger__freed(s->merger, &record->freed);
		return;
	}
	task = tasks__get(s->tasks, record->event.tid);
	record->event.pid = task->pid;
	merger__event(s->merger, &record->event, task->comm);
}

/* A CPU that was never online has no buffer (ENODEV) until it is. */
static int read_cpu(struct source_tracefs *s, size_t i, struct fault *fault)
{
	size_t size = sysconf(_SC_PAGESIZE);
	ssize_t got;

	while ((got = read(s->cpus[i].fd, s->page, size)) > 0) {
		s->polled[i].fd = s->cpus[i].fd;
		if (rawevents__page(s->raw, s->cpus[i].nr, s->page, on_event, s, fault))
			return -1;
	}
	if (got < 0 && errno != EAGAIN && errno != EINTR && errno != ENODEV)
		return fault__set(fault, "cannot read the trace buffer of CPU %u: %s",
				  s->cpus[i].nr, strerror(errno));
	return 0;
}

/* A buffer that is half full ends it before the time; one that is not there must not. */
static void wait_for_events(struct source_tracefs *s, int timeout_ms)
{
	size_t i;

	if (poll(s->polled, s->nr_cpus, timeout_ms) <= 0)
		return;
	for (i = 0; i < s->nr_cpus; i++)
		if (s->polled[i].revents & POLLERR)
			s->polled[i].fd = -1;
}

/* Reads all buffers, and then sends what had come before. */
static int source_tracefs__read_all(struct source_tracefs *s, struct fault *fault)
{
	__u64 before = merger__highest(s->merger);
	size_t i;

	for (i = 0; i < s->nr_cpus; i++)
		if (read_cpu(s, i, fault))
			return -1;
	merger__send(s->merger, before);
	return 0;
}

static int tracefs__drain(struct source *source, int timeout_ms, struct fault *fault)
{
	struct source_tracefs *s = (struct source_tracefs *)source;

	wait_for_events(s, timeout_ms);
	tasks__refresh(s->tasks);
	s->quiet = true;
	if (source_tracefs__read_all(s, fault))
		return -1;
	return merger__highest(s->merger) ? source_tracefs__read_all(s, fault) : 0;
}

static __s64 tracefs__in_flight(const struct source *source)
{
	return merger__in_flight(((const struct source_tracefs *)source)->merger);
}

static bool tracefs__all_came(const struct source *source)
{
	const struct source_tracefs *s = (const struct source_tracefs *)source;

	return s->quiet && !merger__highest(s->merger);
}

/* What came of it */

static int lost_by(const struct source_tracefs *s, unsigned int cpu, __u64 *lost,
		   struct fault *fault)
{
	char *file = xasprintf("per_cpu/cpu%u/stats", cpu);
	char *stats = tracefs_instance_file_read(s->instance, file, NULL);
	int err;

	free(file);
	if (!stats)
		return fault__set(fault, "cannot read the statistics of the trace buffer of CPU %u",
				  cpu);
	err = rawevents__lost(stats, lost, fault);
	free(stats);
	return err;
}

static int tracefs__progs(const struct source *source, struct live_prog progs[LIVE_NR_PROGS],
			  struct fault *fault)
{
	const struct source_tracefs *s = (const struct source_tracefs *)source;
	struct live_prog *unknown = &progs[LIVE_PROG_UNKNOWN];
	__u64 lost;
	size_t k;
	int i;

	memset(progs, 0, LIVE_NR_PROGS * sizeof(*progs));
	for (i = 0; i < LUTRACE_NR_PROGS; i++)
		if (live_opts__want(&source->opts, i))
			progs[i] = (struct live_prog){ .tracepoint = live_tracepoints[i],
						       .counts = merger__counts(s->merger, i),
						       .filtered = merger__filtered(s->merger, i) };
	unknown->tracepoint = "unknown";
	for (k = 0; k < s->nr_cpus; k++) {
		if (lost_by(s, s->cpus[k].nr, &lost, fault))
			return -1;
		unknown->counts.events += lost;
		unknown->counts.lost_events += lost;
		unknown->counts.lost_latencies += source->opts.samples ? lost : 0;
	}
	return 0;
}

static bool tracefs__watches_freed(const struct source *source)
{
	return ((const struct source_tracefs *)source)->watches_freed;
}

static int tracefs__freed(const struct source *source, struct live_prog *prog,
			  struct fault *fault)
{
	const struct source_tracefs *s = (const struct source_tracefs *)source;

	(void)fault;
	*prog = (struct live_prog){ .tracepoint = live_tracepoints[LUTRACE_PROG_FREED],
				    .counts = merger__counts(s->merger, LUTRACE_PROG_FREED) };
	return 0;
}

static const char *tracefs__stats_missing(const struct source *source)
{
	return source->opts.stats ? "no BPF programs run: the mode is tracefs" : "not asked for";
}

const struct source_ops source_tracefs = {
	.name = "tracefs",
	.unknown = "through tracefs it is not known what an unpreserve finds at its begin, nor "
		   "the process of a task that ended before it was looked up",
	.open = tracefs__open,
	.arm = tracefs__arm,
	.drain = tracefs__drain,
	.hurry_ms = 5,			/* it reads the buffers of all CPUs each time */
	.in_flight = tracefs__in_flight,
	.all_came = tracefs__all_came,
	.progs = tracefs__progs,
	.freed = tracefs__freed,
	.watches_freed = tracefs__watches_freed,
	.stats_missing = tracefs__stats_missing,
	.describe = tracefs__describe,
	.free = tracefs__free,
};
