// SPDX-License-Identifier: GPL-2.0-only
/* lutrace record: writes what the BPF programs send to a file, or to files that follow one another. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd/background.h"
#include "cmd/cmd.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/outfile.h"
#include "lib/recorders.h"
#include "live/host.h"
#include "live/live.h"
#include "live/cost.h"
#include "live/overhead.h"
#include "model/selection.h"
#include "objects/deep.h"
#include "objects/namer.h"
#include "recording/flight.h"
#include "recording/recording.h"
#include "recording/writer.h"

enum { OPT_FILE_SIZE = 0x100, OPT_FILES, OPT_FORCE };

struct opts {
	struct live_opts live;
	struct selection sel;
	struct flight_opts flight;	/* dir NULL: there is one file */
	const char *flight_only;	/* an option that needs it */
	const char *file, *pidfile;
	bool deep, force, background;
};

#define TICK_S	1	/* between looks at a disk that was full, and syncs */

/* While something is preserved, and events go on coming, what was written is synced so often. */
#define SYNC_NS	100000000ull

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write the recording to FILE (this or --flight is needed)", 0 },
	{ "flight", 'f', "DIR", 0, "Record for ever, into files in DIR of which the last are kept",
	  0 },
	{ "file-size", OPT_FILE_SIZE, "KIB", 0, "With --flight: no file is larger (4096)", 0 },
	{ "files", OPT_FILES, "NUMBER", 0, "With --flight: keep so many files, of all boots (8)",
	  0 },
	{ "force", OPT_FORCE, NULL, 0, "With --output: write over FILE if it exists", 0 },
	{ "background", 'b', NULL, 0, "Return once events are recorded, and go on in the background",
	  0 },
	{ "deep", 'D', NULL, 0, "Walk page tables too, for all entries to be compared", 0 },
	{ "pidfile", 'p', "FILE", 0, "Write the process id to FILE once events are recorded", 0 },
	{ 0 }
};

static void cmd_record__check_opts(struct argp_state *state, const struct opts *opts)
{
	if (!opts->file == !opts->flight.dir)
		argp_error(state, "say where to write, either with --output or with --flight");
	if (opts->flight_only && !opts->flight.dir)
		argp_error(state, "%s needs --flight", opts->flight_only);
	if (opts->force && !opts->file)
		argp_error(state, "--force needs --output");
	if (opts->file && opts->pidfile && !strcmp(opts->file, opts->pidfile))
		argp_error(state, "--output and --pidfile name one file, %s", opts->file);
	if (opts->flight.dir && selection__any(&opts->sel))
		argp_error(state, "--flight records all; select with lutrace report");
	if (opts->flight.kib < FLIGHT_MIN_KIB)
		argp_error(state, "--file-size: less than %d KiB is too little", FLIGHT_MIN_KIB);
	if (opts->flight.files < 2)
		argp_error(state, "--files: less than 2 is too little");
}

static error_t cmd_record__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->live;
		state->child_inputs[1] = &opts->sel;
		return 0;
	case 'o':
		opts->file = arg;
		return 0;
	case 'f':
		opts->flight.dir = arg;
		opts->live.writes[1] = xasprintf("%s/lock", arg);
		return 0;
	case OPT_FILE_SIZE:
		opts->flight.kib = live__parse_count(state, "--file-size", arg, 1ul << 30);
		opts->flight_only = "--file-size";
		return 0;
	case OPT_FILES:
		opts->flight.files = live__parse_count(state, "--files", arg, 1ul << 20);
		opts->flight_only = "--files";
		return 0;
	case OPT_FORCE:
		opts->force = true;
		return 0;
	case 'b':
		opts->background = true;
		return 0;
	case 'D':
		opts->deep = true;
		return 0;
	case 'p':
		opts->pidfile = opts->live.writes[0] = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\" is too much: the file is given with --output", arg);
		return 0;
	case ARGP_KEY_END:
		cmd_record__check_opts(state, opts);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_record__parse,
	.children = live_children,
	.doc = "Records the iommu_liveupdate events of the running kernel\v"
	       "Says \"recording\" on stderr once every event is recorded, and ends with SIGINT, "
	       "SIGTERM or --duration, or with the jump into the next kernel. Record in the old "
	       "kernel "
	       "until then and in the new one from before the reclaim, and give both files to "
	       "lutrace "
	       "report. With --flight, SIGUSR1 ends a file and begins the next.\n\n"
	       "  lutrace record -b -o /persistent/old.rec\n"
	       "  lutrace record --flight /var/lib/lutrace",
};

struct session {
	struct live *live;
	struct namer *namer;
	const struct selection *sel;
	/* Events that may or may not be selected, until their domain or process has a name. */
	struct lutrace_event *waiting;
	size_t nr_waiting, room;
	__u64 left_out;
	struct outfile *pidfile;	/* NULL: not wanted, or written */
	struct background *background;	/* NULL: in the foreground */
	/* One of the two is there, from when the kernel is known to be fit. */
	struct recorder *file;
	struct flight *flight;
	struct deep *deep;		/* NULL: no page table is walked */
	/*
	 * What a jump must not take away: see record__on_written(). The FLB is there, so that
	 * there is something to jump with; the kernel was told to jump; it has frozen what it
	 * hands over, and nothing came after that.
	 */
	bool flb, freezing, frozen;
	struct recorders_entry *entry;	/* NULL: nobody can ask */
	bool asked;			/* whether all is written, before the last drain began */
	bool fresh, unsynced;		/* something was put since the last drain; since the last sync */
	__u64 synced_ns;		/* when that was */
};

static volatile sig_atomic_t snapshot_wanted;

static void on_sigusr1(int sig)
{
	(void)sig;
	snapshot_wanted = 1;
}

static int cmd_record__put(struct session *s, const struct lutrace_rec *rec, struct fault *fault)
{
	s->fresh = s->unsynced = true;
	return s->flight ? flight__put(s->flight, rec, fault) : recorder__put(s->file, rec, fault);
}

static int cmd_record__on_name(void *priv, const struct name *name, struct fault *fault)
{
	struct session *s = priv;
	struct lutrace_rec *rec = name__record(name);
	int err = cmd_record__put(s, rec, fault);

	free(rec);
	return err;
}

static struct lutrace_process process_record(__u32 pid, const char *comm)
{
	struct lutrace_process rec = {
		.rec = { LUTRACE_REC_PROCESS, sizeof(rec) }, .pid = pid, .whole = LUTRACE_WHOLE,
	};

	snprintf(rec.comm, sizeof(rec.comm), "%s", comm);
	return rec;
}

static int on_process(void *priv, __u32 pid, const char *comm, struct fault *fault)
{
	struct lutrace_process rec = process_record(pid, comm);

	return cmd_record__put(priv, &rec.rec, fault);
}

static const struct namer_ops namer_ops = { .name = cmd_record__on_name, .process = on_process };

/* What is preserved already has names too. */
static int cmd_record__on_armed(void *priv, struct fault *fault)
{
	struct session *s = priv;

	return namer__look(s->namer, fault);
}

static enum selected selected(struct session *s, const struct lutrace_event *ev)
{
	return selection__event(s->sel, namer__names(s->namer), ev->op, ev->ser_phys,
				ev->generation, ev->pid);
}

/* From the begin of an FLB's preserve until it is gone the kernel may jump. */
static void record__watch_flb(struct session *s, const struct lutrace_event *ev)
{
	bool end = ev->phase == LUTRACE_END;

	if ((ev->op == LUTRACE_OP_FLB_UNPRESERVE && end) ||
	    (ev->op == LUTRACE_OP_FLB_PRESERVE && end && ev->ret))
		s->flb = false;
	else if (ev->op == LUTRACE_OP_FLB_PRESERVE || ev->op == LUTRACE_OP_PRESERVE)
		s->flb = true;
	/* Whatever happens after a freeze, the kernel has not jumped */
	s->frozen = false;
	live__hurry(s->live, s->flb);
}

/* Before the jump and after a failed one the recorder looks as often as while there is an FLB. */
static int record__on_freeze(struct session *s, const struct lutrace_freeze *freeze,
			     struct fault *fault)
{
	s->freezing = freeze->ret == LUTRACE_FREEZING;
	s->frozen = !freeze->ret;
	live__hurry(s->live, s->flb || s->freezing || s->frozen);
	return s->freezing ? 0 : cmd_record__put(s, &freeze->rec, fault);
}

/* All but events is recorded: what it is about is known to the report alone. */
static int cmd_record__on_record(void *priv, const struct lutrace_rec *rec, struct fault *fault)
{
	const struct lutrace_event *ev = (const struct lutrace_event *)rec;
	struct session *s = priv;
	enum selected is;

	if (rec->type == LUTRACE_REC_FREEZE)
		return record__on_freeze(s, (const struct lutrace_freeze *)rec, fault);
	if (rec->type != LUTRACE_REC_EVENT)
		return cmd_record__put(s, rec, fault);
	record__watch_flb(s, ev);
	if (s->deep)
		deep__event(s->deep, ev);
	if (namer__event(s->namer, ev, fault))
		return -1;
	is = selected(s, ev);
	if (is == SELECTED_YES)
		return cmd_record__put(s, rec, fault);
	if (is == SELECTED_NO) {
		s->left_out++;
		return 0;
	}
	s->waiting = grow(s->waiting, s->nr_waiting, &s->room, sizeof(*s->waiting));
	s->waiting[s->nr_waiting++] = *ev;
	return 0;
}

/* At the end what is still not known is recorded: it may be what was asked for. */
static int settle(struct session *s, bool last, struct fault *fault)
{
	size_t i, kept = 0;
	enum selected is;

	for (i = 0; i < s->nr_waiting; i++) {
		is = selected(s, &s->waiting[i]);
		if (is == SELECTED_UNKNOWN && !last)
			s->waiting[kept++] = s->waiting[i];
		else if (is == SELECTED_NO)
			s->left_out++;
		else if (cmd_record__put(s, &s->waiting[i].rec, fault))
			return -1;
	}
	s->nr_waiting = kept;
	return 0;
}

/* One that is only marked is nothing that a recording could be compared with. */
static int cmd_record__on_walked(void *priv, const struct lutrace_deep *walk, struct fault *fault)
{
	if (walk->flags & DEEP_UNPRESERVED)
		return 0;
	return cmd_record__put(priv, &walk->rec, fault);
}

static int cmd_record__drain(void *priv, struct fault *fault)
{
	struct session *s = priv;

	return live__drain(s->live, fault);
}

static const struct deep_ops deep_ops = { .walked = cmd_record__on_walked,
					  .drain = cmd_record__drain };

static int record__flush(struct session *s, struct fault *fault)
{
	return s->flight ? flight__flush(s->flight, fault) : recorder__flush(s->file, fault);
}

static int record__sync(struct session *s, struct fault *fault)
{
	if (!s->unsynced)
		return 0;
	s->unsynced = false;
	s->synced_ns = live__now();
	if (!s->flight)
		return recorder__sync(s->file, fault);
	flight__sync(s->flight);
	return 0;
}

static int put_cost(struct session *s, struct fault *fault)
{
	struct lutrace_cost cost;

	return cost__read(&cost, s->live, fault) || cmd_record__put(s, &cost.rec, fault) ? -1 : 0;
}

/*
 * All that came is written out. While the kernel may jump it is on the disk as soon as nothing more
 * comes, and if things go on coming every SYNC_NS; and at once if the kernel was told to jump.
 */
static int record__on_written(struct session *s, struct fault *fault)
{
	bool quiet = !s->fresh;

	/* The kernel may jump before there is time to seal it */
	if (s->freezing && (put_cost(s, fault) || record__flush(s, fault)))
		return -1;
	s->fresh = false;
	if (!s->freezing && !s->frozen &&
	    !(s->flb && (quiet || live__now() - s->synced_ns > SYNC_NS)))
		return 0;
	s->freezing = false;
	return record__sync(s, fault);
}

static int counts(void *priv, struct lutrace_footer *sum, struct fault *fault);

/*
 * The kernel jumps now: what was recorded gets its end. If the kernel goes on after all, because the
 * jump fails, so does the recording.
 */
static int record__seal(struct session *s, struct fault *fault)
{
	struct lutrace_footer footer;
	struct lutrace_clock clock;

	/* What the kernel itself told of names has come; to list them would take too long */
	if (namer__poll(s->namer, 0, fault) || settle(s, true, fault) || record__flush(s, fault))
		return -1;
	if (s->flight ? flight__is_sealed(s->flight) : recorder__is_sealed(s->file))
		return 0;
	if (put_cost(s, fault))
		return -1;
	if (s->flight)
		return flight__seal(s->flight, fault);
	clock__read(&clock);
	if (counts(s, &footer, fault) || recorder__seal(s->file, &clock, &footer, fault))
		return -1;
	return recorder__sync(s->file, fault);
}

/* What can wait: it takes its time, and nothing of it is needed if the kernel jumps meanwhile. */
static int record__look(struct session *s, struct fault *fault)
{
	if (s->deep && deep__work(s->deep, fault))
		return -1;
	if (namer__poll(s->namer, live__now(), fault) || settle(s, false, fault) ||
	    record__flush(s, fault))
		return -1;
	if (!s->flight || !snapshot_wanted)
		return 0;
	snapshot_wanted = 0;
	return flight__snapshot(s->flight, fault);
}

/* Whoever is about to jump waits for this. What it asked for is what came before its question. */
static int record__answer(struct session *s, struct fault *fault)
{
	bool asked = s->asked;

	s->asked = recorders_entry__was_asked();
	if (!asked)
		return 0;
	if (settle(s, true, fault) || put_cost(s, fault) || record__flush(s, fault) || record__sync(s, fault))
		return -1;
	recorders_entry__answer(s->entry);
	return 0;
}

static int cmd_record__on_drained(void *priv, struct fault *fault)
{
	struct session *s = priv;
	bool pressed = s->freezing;

	/* What is left at the end is end()'s; before the beginning there is no file */
	if (!s->file && !s->flight)
		return 0;
	if (record__flush(s, fault) || record__on_written(s, fault) || record__answer(s, fault))
		return -1;
	if (s->frozen)
		return live__all_came(s->live) ? record__seal(s, fault) : 0;
	return pressed ? 0 : record__look(s, fault);
}

static int cmd_record__on_interval(void *priv, struct fault *fault)
{
	struct session *s = priv;

	if (s->flight) {
		s->unsynced = false;
		return flight__tick(s->flight, fault);
	}
	return recorder__is_sealed(s->file) ? 0 : record__sync(s, fault);
}

static const struct live_ops ops = { .armed = cmd_record__on_armed,
				     .record = cmd_record__on_record,
				     .drained = cmd_record__on_drained,
				     .interval = cmd_record__on_interval };

/* Of the machine, and how it is recorded; to free. */
static char *describe(const struct session *s, const struct opts *o)
{
	const struct live_opts *opts = &o->live;
	char *host = host__describe();
	char *text = xasprintf("%sring_kib=%lu\nin_flight=%lu\nduration_ms=%.0f\nfreed=%d\n"
			       "mode=%s\ndeep=%d\nselected=%d\nklog=%d\n", host, opts->ring_kib,
			       opts->in_flight, opts->seconds * 1000,
			       live__watches_freed(s->live), live__mode(s->live), o->deep,
			       selection__any(s->sel), !live__klog_missing(s->live));

	free(host);
	return text;
}

/* What was counted until now, as a footer has it. */
static int counts(void *priv, struct lutrace_footer *sum, struct fault *fault)
{
	struct session *s = priv;
	struct live_prog progs[LIVE_NR_PROGS], all, freed;

	if (live__progs(s->live, progs, fault) || live__freed(s->live, &freed, fault))
		return -1;
	all = live__sum(progs);
	*sum = (struct lutrace_footer){
		.counts = all.counts,
		.missed_runs = all.missed_runs + freed.missed_runs,
		.signal = live__signal(s->live),
	};
	/* The counts are of events: a freed page is among them only if it was lost */
	sum->counts.events += freed.counts.lost_events;
	/* What was left out is no loss, and the header says that there was a selection */
	sum->counts.events -= s->left_out;
	sum->counts.lost_events += freed.counts.lost_events;
	return 0;
}

static int open_file(struct session *s, const struct opts *opts, const char *text,
		     struct fault *fault)
{
	struct lutrace_clock clock;

	s->file = opts->force ? recorder__open_over(opts->file, fault) :
		recorder__open(opts->file, fault);
	if (!s->file || recorder__host(s->file, text, fault))
		return -1;
	clock__read(&clock);
	return recorder__put(s->file, &clock, fault) ? -1 : recorder__flush(s->file, fault);
}

static int repeat_name(void *priv, const struct name *name, struct fault *fault)
{
	struct lutrace_rec *rec = name__record(name);
	int err = flight__repeat(priv, rec, fault);

	free(rec);
	return err;
}

static int repeat_process(void *priv, __u32 pid, const char *comm, struct fault *fault)
{
	struct lutrace_process rec = process_record(pid, comm);

	return flight__repeat(priv, &rec.rec, fault);
}

static const struct namer_ops repeat_ops = { .name = repeat_name, .process = repeat_process };

/* A file that is left alone when those before it are gone has the names that its events need. */
static int on_began(void *priv, struct flight *flight, struct fault *fault)
{
	struct session *s = priv;

	return namer__repeat(s->namer, &repeat_ops, flight, fault);
}

static const struct flight_ops flight_ops = { .counts = counts, .began = on_began };

static int open_flight(struct session *s, const struct opts *opts, const char *text,
		       struct fault *fault)
{
	struct sigaction action = { .sa_handler = on_sigusr1 };
	char *boot_id = host__boot_id();

	sigaction(SIGUSR1, &action, NULL);
	s->flight = flight__open(&opts->flight, boot_id, text, &flight_ops, s, fault);
	free(boot_id);
	return s->flight ? 0 : -1;
}

static int begin(struct session *s, const struct opts *opts, struct fault *fault)
{
	char *text = describe(s, opts);
	int err = opts->flight.dir ? open_flight(s, opts, text, fault) :
		open_file(s, opts, text, fault);

	free(text);
	return err;
}

static int end_file(struct session *s, struct fault *fault)
{
	struct lutrace_footer footer;
	struct lutrace_clock clock;
	struct recorder *file = s->file;

	clock__read(&clock);
	if (recorder__put(file, &clock, fault) || counts(s, &footer, fault))
		return -1;
	s->file = NULL;
	return recorder__close(file, &footer, fault);
}

static int end(struct session *s, bool stats, struct fault *fault)
{
	struct overhead overhead;

	if (stats && overhead__read(&overhead, s->live, fault))
		return -1;
	if (stats)
		overhead__print(&overhead, stderr);
	if (namer__look(s->namer, fault) || settle(s, true, fault) || put_cost(s, fault))
		return -1;
	return s->flight ? flight__close(s->flight, fault) : end_file(s, fault);
}

/* Once it records. @out is committed or gone. */
static int write_pidfile(struct outfile *out, struct fault *fault)
{
	fprintf(outfile__stream(out), "%d\n", getpid());
	return outfile__commit(out, fault);
}

/* Without walks the report will be incomplete, and what is recorded is worth having. */
static void cmd_record__open_deep(struct session *s, const struct opts *opts)
{
	struct fault why;

	if (!opts->deep)
		return;
	s->deep = deep__open(&deep_ops, s, opts->live.verbose, &why);
	if (!s->deep)
		complain("page tables are not walked: %s", why.text);
	else if (deep__kho_missing(s->deep))
		complain("tables are not looked for in KHO's map: %s", deep__kho_missing(s->deep));
}

static int record(struct session *s, const struct opts *opts, struct fault *fault)
{
	struct outfile *pidfile;
	int err;

	if (opts->pidfile) {
		s->pidfile = outfile__open(opts->pidfile, fault);
		if (!s->pidfile)
			return -1;
	}
	s->sel = &opts->sel;
	s->namer = namer__open(opts->live.verbose, &namer_ops, s);
	s->live = live__open(&opts->live, &ops, s, fault);
	if (!s->live)
		return -1;
	live__announce(s->live);
	cmd_record__open_deep(s, opts);
	if (namer__missing(s->namer))
		complain("domains are recorded without names: %s", namer__missing(s->namer));
	if (begin(s, opts, fault) || live__start(s->live, fault))
		return -1;
	pidfile = s->pidfile;
	s->pidfile = NULL;
	if (pidfile && write_pidfile(pidfile, fault))
		return -1;
	s->entry = recorders_entry__open();
	fputs("recording\n", stderr);
	background__ready(s->background);
	err = live__run(s->live, fault);
	if (!err && s->deep)
		err = deep__finish(s->deep, fault);
	if (!err)
		err = live__stop(s->live, fault);
	if (!err)
		err = end(s, opts->live.stats, fault);
	if (opts->pidfile)
		outfile__remove(opts->pidfile);
	return err;
}

static int cmd_record__run(int argc, char **argv)
{
	struct opts opts = { .live = LIVE_OPTS_DEFAULT, .flight = { .kib = 4096, .files = 8 } };
	struct fault fault = { .text = "cannot record" };
	struct session s = { 0 };
	int err;

	opts.live.interval = TICK_S;
	opts.live.freezes = true;
	cmd__parse(&cmd_record, &argp, argc, argv, &opts);
	if (opts.background)
		s.background = background__begin();
	err = record(&s, &opts, &fault);
	if (err)
		complain("%s", fault.text);
	outfile__discard(s.pidfile);
	recorders_entry__close(s.entry);
	recorder__free(s.file);
	flight__free(s.flight);
	live__free(s.live);
	deep__free(s.deep);
	namer__free(s.namer);
	free(s.waiting);
	background__free(s.background);
	return err ? STATUS_ERROR : STATUS_CLEAN;
}

const struct cmd cmd_record = {
	.name = "record",
	.summary = "record the events of the running kernel to a file",
	.run = cmd_record__run,
};
