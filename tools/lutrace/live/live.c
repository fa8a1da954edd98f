// SPDX-License-Identifier: GPL-2.0-only
/* The main loop of all subcommands that look at the running kernel. Called by cmd/. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cmd/cmd.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "live/caps.h"
#include "live/command.h"
#include "live/klog.h"
#include "live/notify.h"
#include "live/source.h"
#include "model/selection.h"
#include "walk/kernel.h"

/*
 * How long to wait at the end for operations that have begun. It is what
 * oracle.c takes as long enough for an end to come (PATIENCE_NS there).
 */
#define GRACE_NS 2000000000ull

/* How long a probe that has counted an event can take to write its records. */
#define SETTLE_NS 100000000ull

/* How often the source is drained if it does not call for it. */
#define POLL_MS 20

const struct argp_child live_children[] = {
	{ &live_argp, 0, NULL, 0 }, { &selection_argp, 0, NULL, 0 }, { 0 }
};

struct live {
	struct live_opts opts;
	const struct live_ops *ops;
	void *priv;
	struct source *source;
	struct klog *klog;		/* NULL: not read */
	struct fault klog_missing;
	struct fault *fault;		/* of the call that is running */
	bool failed;			/* an op failed: fault is set */
	bool quit, hurry;
	__u64 started, stopped;
	struct command *prepared;	/* the command, before it is started */
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

/* Who reads the output may end before: a write that fails is told, and ends the session. */
static void on_broken_pipe(int sig)
{
	(void)sig;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	struct sigaction pipe = { .sa_handler = on_broken_pipe };

	memset(&caught, 0, sizeof(caught));
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGPIPE, &pipe, NULL);
}

__u64 live__now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Setting up */

static void live__on_record(void *priv, const struct lutrace_rec *rec)
{
	struct live *live = priv;

	if (!live->failed && live->ops->record &&
	    live->ops->record(live->priv, rec, live->fault))
		live->failed = true;
}

static int open_tracefs(struct live *live, const struct sink *sink, struct fault *fault)
{
	return source_tracefs.open(&live->source, &live->opts, sink, fault);
}

/* BPF first; tracefs where that cannot be used, or is not wanted. */
static int open_source(struct live *live, const struct sink *sink, struct fault *fault)
{
	struct fault second;
	char *first;
	int err;

	if (kernel__bpf_unwanted(fault))
		return open_tracefs(live, sink, fault);
	err = source_bpf.open(&live->source, &live->opts, sink, fault);
	if (err != SOURCE_UNUSABLE)
		return err;
	live->source->ops->free(live->source);
	live->source = NULL;
	err = open_tracefs(live, sink, &second);
	if (!err) {
		complain("without BPF: %s", fault->text);
		return 0;
	}
	first = xstrdup(fault->text);
	fault__set(fault, "%s; and without BPF: %s", first, second.text);
	free(first);
	return -1;
}

struct live *live__open(const struct live_opts *opts, const struct live_ops *ops, void *priv,
			struct fault *fault)
{
	struct live *live = xcalloc(1, sizeof(*live));
	const struct sink sink = { live__on_record, live };

	*live = (struct live){ .opts = *opts, .ops = ops, .priv = priv, .command_status = -1 };
	/* Before there is anything that a signal must not leave behind */
	catch_signals();
	if (opts->samples)
		fault__set(&live->klog_missing, "nobody asks for it");
	else
		live->klog = klog__open(&live->klog_missing);
	if (!open_source(live, &sink, fault))
		return live;
	live__free(live);
	return NULL;
}

void live__free(struct live *live)
{
	if (!live)
		return;
	command__forget(live->prepared);
	klog__free(live->klog);
	if (live->source)
		live->source->ops->free(live->source);
	free(live);
}

void live__announce(const struct live *live)
{
	const char *comma = ": ";
	int i;

	fputs("lutrace: ", stderr);
	live->source->ops->describe(live->source, stderr);
	for (i = 0; i < LUTRACE_NR_PROGS; i++) {
		if (!live_opts__want(&live->opts, i))
			continue;
		fprintf(stderr, "%s%s", comma, live_tracepoints[i]);
		comma = ", ";
	}
	if (live__watches_freed(live))
		fprintf(stderr, "%s%s", comma, live_tracepoints[LUTRACE_PROG_FREED]);
	fputc('\n', stderr);
	if (live->source->ops->unknown)
		complain("%s", live->source->ops->unknown);
	if (!live__watches_freed(live) && !live->opts.samples)
		complain("this kernel does not tell of pages that are freed while they are "
			 "preserved: it has no tracepoint %s",
			 live_tracepoints[LUTRACE_PROG_FREED]);
	if (!live->klog && !live->opts.samples)
		complain("what the kernel's log says is not looked at: %s",
			 live->klog_missing.text);
}

/* Running */

static void on_complaint(void *priv, const struct lutrace_complaint *complaint)
{
	live__on_record(priv, &complaint->rec);
}

static int live__drain_source(struct live *live, int timeout_ms, struct fault *fault)
{
	live->fault = fault;
	if (live->source->ops->drain(live->source, timeout_ms, fault))
		return -1;
	if (live->klog)
		klog__read(live->klog, live__now(), on_complaint, live);
	if (live->failed)
		return -1;
	return live->ops->drained ? live->ops->drained(live->priv, fault) : 0;
}

int live__drain(struct live *live, struct fault *fault)
{
	return live__drain_source(live, 0, fault);
}

/* All is attached, and the kernel asks for nothing more than its file descriptors. */
static int give_up_rights(struct live *live, struct fault *fault)
{
	struct caps_needs needs = { .signals = live->opts.command != NULL };

	if (live->opts.command) {
		live->prepared = command__prepare(live->opts.command, fault);
		if (!live->prepared)
			return -1;
	}
	memcpy(needs.writes, live->opts.writes, sizeof(needs.writes));
	/* The files of tracefs have yet to be written, and instances to be removed. */
	if (live->opts.keep_caps || live->source->ops != &source_bpf)
		return 0;
	return caps__drop(&needs, fault);
}

int live__start(struct live *live, struct fault *fault)
{
	if (give_up_rights(live, fault))
		return -1;
	live->started = live__now();
	if (live->klog)
		klog__skip(live->klog);
	if (live->source->ops->arm(live->source, true, fault))
		return -1;
	if (live->ops->armed && live->ops->armed(live->priv, fault))
		return -1;
	notify__ready();
	if (!live->prepared)
		return 0;
	live->command = command__start(live->prepared, fault);
	live->prepared = NULL;
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

/* Milliseconds until the first of two times (0: never), rounded up, at most what a poll may take. */
static int live__wait_ms(const struct live *live, __u64 now, __u64 one, __u64 other)
{
	int most = live->hurry ? live->source->ops->hurry_ms : POLL_MS;
	__u64 until = now + most * 1000000ull;

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
		err = live__drain_source(live,
					 live__wait_ms(live, now, live->opts.seconds > 0 ? end : 0,
						       every ? next : 0),
					 fault);
		if (err || !every || live__now() < next)
			continue;
		/* One that could not be called in time is left out, none is called twice. */
		next += (live__now() - next) / every * every + every;
		err = live->ops->interval(live->priv, fault);
	}
	return err;
}

/* An operation that has begun gets the chance to end, if that is soon. */
static int finish_running(struct live *live, struct fault *fault)
{
	__u64 until = live__now() + GRACE_NS;
	int err = 0;

	while (!err && live->source->ops->in_flight(live->source) > 0 && live__now() < until)
		err = live__drain_source(live, 1, fault);
	return err;
}

int live__run(struct live *live, struct fault *fault)
{
	int err = run_until_told(live, fault);

	return err ? err : finish_running(live, fault);
}

void live__hurry(struct live *live, bool on)
{
	live->hurry = on;
}

bool live__all_came(const struct live *live)
{
	return live->source->ops->all_came(live->source);
}

void live__quit(struct live *live)
{
	live->quit = true;
}

int live__stop(struct live *live, struct fault *fault)
{
	struct source *source = live->source;
	__u64 until;
	int err;

	if (source->ops->arm(source, false, fault))
		return -1;
	live->stopped = live__now();
	until = live->stopped + SETTLE_NS;
	do {
		err = live__drain_source(live, 0, fault);
	} while (!err && !source->ops->all_came(source) && live__now() < until);
	return err;
}

/* What came of it */

int live__progs(const struct live *live, struct live_prog progs[LIVE_NR_PROGS],
		struct fault *fault)
{
	return live->source->ops->progs(live->source, progs, fault);
}

const char *live__mode(const struct live *live)
{
	return live->source->ops->name;
}

bool live__watches_freed(const struct live *live)
{
	return live->source->ops->watches_freed(live->source);
}

int live__freed(const struct live *live, struct live_prog *prog, struct fault *fault)
{
	*prog = (struct live_prog){ .tracepoint = NULL };
	return live__watches_freed(live) ? live->source->ops->freed(live->source, prog, fault) : 0;
}

__u64 live__memory(const struct live *live)
{
	return live->source->ops->memory ? live->source->ops->memory(live->source) : 0;
}

const char *live__klog_missing(const struct live *live)
{
	return live->klog ? NULL : live->klog_missing.text;
}

const char *live__stats_missing(const struct live *live)
{
	return live->source->ops->stats_missing(live->source);
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

int live__end_status(const struct live *live, int status)
{
	return command__end_status(live->opts.command, live->command_status, status);
}
