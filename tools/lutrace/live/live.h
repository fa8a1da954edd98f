/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A live session on the iommu_liveupdate tracepoints: sets up a source of
 * records (source.h), hands every record that comes from it to the subcommand,
 * and ends with a signal, a time or a command. It is the main loop of all
 * subcommands that look at a running kernel:
 *
 *	live = live__open(&opts, &ops, priv, fault);	probes set up, nothing counted yet
 *	live__start(live, fault);			counting; the command runs
 *	live__run(live, fault);				ops are called until the end
 *	live__stop(live, fault);			nothing comes after this
 *	live__progs(live, progs, fault);		what was counted, and lost
 *	live__free(live);
 *
 * Every function that takes a fault returns -1 (or NULL) with it set if it
 * failed; then only live__free() may follow. There is one session per process,
 * since it catches signals.
 */
#ifndef LUTRACE_LIVE_H
#define LUTRACE_LIVE_H

#include <argp.h>
#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>
#include "bpf/events.h"
#include "lib/fault.h"

struct live;

/* What all live subcommands let the user choose. */
struct live_opts {
	unsigned long ring_kib;		/* ring buffers together, a power of two from 4 */
	unsigned long in_flight;	/* operations that can run at once */
	double seconds;			/* end by itself after these; 0: not */
	double interval;		/* seconds from one ops->interval() to the next; 0: none */
	bool samples;			/* struct lutrace_sample instead of events and latencies */
	bool stats;			/* have the kernel measure the programs */
	bool freezes;			/* struct lutrace_freeze too, where they can be seen */
	struct lutrace_filter filter;	/* events that do not pass cost next to nothing */
	unsigned int ops;		/* those wanted, bit 1 << enum lutrace_op; 0: all */
	char **command;			/* NULL-terminated: end with it; NULL: no command */
	bool verbose;			/* show what libbpf and the verifier say */
	/* Files that are created or replaced after live__start(), as caps__drop() takes them. */
	const char *writes[4];
	bool keep_caps;			/* something else than the command is executed */
};

#define LIVE_OPTS_DEFAULT { .ring_kib = 4096, .in_flight = 16384 }

/*
 * The options --duration, --ring-size, --in-flight, --stats and --verbose; a child of
 * the subcommand's argp, with a struct live_opts as its input.
 */
extern const struct argp live_argp;
/* It and selection_argp, whose input is a struct selection: what all live subcommands have. */
extern const struct argp_child live_children[];

/* For options of subcommands: end the program with one sentence if @arg is not as it should be. */
unsigned long live__parse_count(struct argp_state *state, const char *what, const char *arg,
				unsigned long max);
double live__parse_seconds(struct argp_state *state, const char *what, const char *arg);
/* For ARGP_KEY_ARGS: all after "--" is the command; anything before it is too much. */
void live__parse_command(struct argp_state *state, struct live_opts *opts);

/*
 * What a subcommand does. Each may be NULL, and returns 0, or -1 with @fault
 * set, which ends the session with that fault.
 */
struct live_ops {
	/*
	 * Every event is seen from now on; the command does not run yet. What
	 * live__drain() hands over in here was there before it.
	 */
	int (*armed)(void *priv, struct fault *fault);
	/*
	 * One record as it came out of the ring buffer: a struct lutrace_event,
	 * a struct lutrace_latency or a struct lutrace_freed, a struct lutrace_freeze if
	 * opts.freezes asks for it, or what the kernel's log
	 * said meanwhile, a struct lutrace_complaint, told apart by
	 * @rec->type, or with opts.samples always a struct lutrace_sample; it is gone when the call
	 * returns. Records of operations that ran at the same
	 * time on several CPUs may stand in another order than their seq.
	 */
	int (*record)(void *priv, const struct lutrace_rec *rec, struct fault *fault);
	/* The ring buffer was emptied, which is so every 20 ms or more often. */
	int (*drained)(void *priv, struct fault *fault);
	/* An interval is over. */
	int (*interval)(void *priv, struct fault *fault);
};

/* The tracepoints by LUTRACE_PROG(op, phase), and as the last LUTRACE_PROG_FREED. */
extern const char *const live_tracepoints[LUTRACE_NR_PROGS + 1];

/* One probe, which with BPF is a program, from its load until now. */
struct live_prog {
	const char *tracepoint;		/* NULL: not wanted, not attached */
	struct lutrace_counts counts;	/* since live__start(); of what passed the filter */
	__u64 filtered;			/* events that did not pass it */
	__u64 missed_runs;		/* the kernel skipped it: it was running on that CPU */
	__u64 runs, run_ns;		/* of BPF statistics: see live__stats_missing() */
};

/* Checks the kernel, loads, attaches; catches SIGINT, SIGTERM and SIGHUP from then on. */
struct live *live__open(const struct live_opts *opts, const struct live_ops *ops, void *priv,
			struct fault *fault);
/*
 * From now on every event is counted and sent; starts the command, if there is one.
 * The command has the rights of this process, which gives up its own: caps.h.
 */
int live__start(struct live *live, struct fault *fault);
/*
 * Calls the ops until it is told to end. Operations that run at that moment
 * get 2 seconds to end.
 *
 * With a command the end is the command's: a signal that came to this process
 * alone is passed on to it, and a second one ends without waiting for it.
 */
int live__run(struct live *live, struct fault *fault);
/* For ops->armed(): hands over what is in the ring buffer. */
int live__drain(struct live *live, struct fault *fault);
/*
 * For ops: from now on, or from now on no more, the ring buffer is emptied every millisecond (through
 * tracefs every five) and not every 20, so that little is lost if the machine jumps or crashes.
 */
void live__hurry(struct live *live, bool on);
/* Whether all that was counted was handed over, as far as that is known. */
bool live__all_came(const struct live *live);
/* For ops: makes live__run() end as if the time were up. */
void live__quit(struct live *live);
/* Ends the counting, and waits for records that programs still write. */
int live__stop(struct live *live, struct fault *fault);

/*
 * All probes as they are now, at their LUTRACE_PROG(op, phase), and after them one for events
 * that were lost without it being known of which probe.
 */
#define LIVE_PROG_UNKNOWN	LUTRACE_NR_PROGS
#define LIVE_NR_PROGS		(LUTRACE_NR_PROGS + 1)
int live__progs(const struct live *live, struct live_prog progs[LIVE_NR_PROGS],
		struct fault *fault);
/* How the tracepoints are seen: "bpf" or "tracefs". */
const char *live__mode(const struct live *live);
/*
 * Pages that were freed while preserved: whether this kernel tells, which need
 * not be, and what was counted of them (tracepoint NULL if it does not).
 */
bool live__watches_freed(const struct live *live);
int live__freed(const struct live *live, struct live_prog *prog, struct fault *fault);
/* Why the kernel's log is not read; NULL: it is, which with opts.samples it never is. */
const char *live__klog_missing(const struct live *live);
/* Why there are no BPF statistics (runs, run_ns); NULL: there are. */
const char *live__stats_missing(const struct live *live);
/* Bytes of kernel memory that the session's maps and programs hold; 0: not known. */
__u64 live__memory(const struct live *live);
/* The sums over all programs that live__progs() tells of. */
struct live_prog live__sum(const struct live_prog progs[LIVE_NR_PROGS]);

/*
 * Of @received events: how many more were counted and did not come, and how
 * often a program did not run to count one; and what @freed, as live__freed()
 * tells it, has lost.
 */
__u64 live__lost(const struct live_prog progs[LIVE_NR_PROGS], const struct live_prog *freed,
		 __u64 received);

/* CLOCK_MONOTONIC in nanoseconds. */
__u64 live__now(void);
/* Nanoseconds (CLOCK_MONOTONIC) of live__start() and live__stop(), the last 0 before it. */
__u64 live__started(const struct live *live);
__u64 live__stopped(const struct live *live);
/* The signal that ended it, or 0. */
int live__signal(const struct live *live);
/* How the command ended, as waitpid() tells it; -1 if there is none or it runs on. */
int live__command_status(const struct live *live);
/*
 * What a command of lutrace ends with that judged, and found @status (negative: it failed). A COMMAND
 * that failed, or did not end, is told, and makes it an error unless it is a violation.
 */
int live__end_status(const struct live *live, int status);

/*
 * Says on stderr how the session is set up, in one line: mode, sizes, each tracepoint; and that
 * this kernel does not tell of freed pages or its log is not read, if so.
 */
void live__announce(const struct live *live);

void live__free(struct live *live);

#endif
