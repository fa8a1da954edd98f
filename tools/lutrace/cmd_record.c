// SPDX-License-Identifier: GPL-2.0-only
/* lutrace record: writes what the BPF programs send to a file. */
#include <stdlib.h>
#include <unistd.h>
#include "cmd.h"
#include "deep.h"
#include "live.h"
#include "overhead.h"
#include "recording.h"

struct opts {
	struct live_opts live;
	const char *file, *pidfile;
	bool deep;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write the recording to FILE (needed)", 0 },
	{ "deep", 'D', NULL, 0, "Walk page tables too, for all entries to be compared", 0 },
	{ "pidfile", 'p', "FILE", 0, "Write the process id to FILE once events are recorded", 0 },
	{ 0 }
};

static const struct argp_child children[] = { { &live_argp, 0, NULL, 0 }, { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->live;
		return 0;
	case 'o':
		opts->file = arg;
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
		if (!opts->file)
			argp_error(state, "say with --output where to write the recording");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.children = children,
	.doc = "Records the iommu_liveupdate events of the running kernel\v"
	       "Says \"recording\" on stderr once every event is recorded, and ends with SIGINT, "
	       "SIGTERM or --duration. Record in the old kernel until the kexec and in the new one "
	       "from before the reclaim, and give both files to lutrace report.\n\n"
	       "  lutrace record -o /persistent/old.rec",
};

struct session {
	struct live *live;
	struct recorder *file;		/* opened when the kernel is known to be fit */
	struct deep *deep;		/* NULL: no page table is walked */
};

static int on_record(void *priv, const struct lutrace_rec *rec, struct fault *fault)
{
	struct session *s = priv;

	if (s->deep && rec->type == LUTRACE_REC_EVENT)
		deep__event(s->deep, (const struct lutrace_event *)rec);
	return recorder__put(s->file, rec, fault);
}

static int on_walked(void *priv, const struct lutrace_deep *walk, struct fault *fault)
{
	struct session *s = priv;

	return recorder__put(s->file, walk, fault);
}

static int drain(void *priv, struct fault *fault)
{
	struct session *s = priv;

	return live__drain(s->live, fault);
}

static const struct deep_ops deep_ops = { .walked = on_walked, .drain = drain };

static int on_drained(void *priv, struct fault *fault)
{
	struct session *s = priv;

	if (s->deep && deep__work(s->deep, fault))
		return -1;
	return recorder__flush(s->file, fault);
}

static const struct live_ops ops = { .record = on_record, .drained = on_drained };

static int write_head(struct session *s, const struct opts *o, struct fault *fault)
{
	const struct live_opts *opts = &o->live;
	struct lutrace_clock clock;
	char *host = host__describe();
	char *text = xasprintf("%sring_kib=%lu\nin_flight=%lu\nduration_ms=%.0f\nfreed=%d\n"
			       "mode=%s\ndeep=%d\n", host, opts->ring_kib, opts->in_flight,
			       opts->seconds * 1000, live__watches_freed(s->live),
			       live__mode(s->live), o->deep);
	int err = recorder__host(s->file, text, fault);

	free(text);
	free(host);
	clock__read(&clock);
	if (!err)
		err = recorder__put(s->file, &clock, fault);
	return err ? err : recorder__flush(s->file, fault);
}

static int write_end(struct session *s, bool stats, struct fault *fault)
{
	struct lutrace_footer footer = { .signal = live__signal(s->live) };
	struct lutrace_clock clock;
	struct live_prog sum, freed;
	struct overhead overhead;

	clock__read(&clock);
	if (recorder__put(s->file, &clock, fault) || overhead__read(&overhead, s->live, fault))
		return -1;
	if (stats)
		overhead__print(&overhead, stderr);
	sum = live__sum(overhead.progs);
	freed = overhead.freed;
	footer.counts = sum.counts;
	/* The counts are of events: a freed page is among them only if it was lost */
	footer.counts.events += freed.counts.lost_events;
	footer.counts.lost_events += freed.counts.lost_events;
	footer.missed_runs = sum.missed_runs + freed.missed_runs;
	return recorder__close(s->file, &footer, fault);
}

static int write_pidfile(const char *path, struct fault *fault)
{
	struct outfile *out = outfile__open(path, fault);

	if (!out)
		return -1;
	fprintf(outfile__stream(out), "%d\n", getpid());
	return outfile__commit(out, fault);
}

/* Without walks the report will be incomplete, and what is recorded is worth having. */
static void open_deep(struct session *s, const struct opts *opts)
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
	int err;

	s->live = live__open(&opts->live, &ops, s, fault);
	if (!s->live)
		return -1;
	live__announce(s->live);
	open_deep(s, opts);
	s->file = recorder__open(opts->file, fault);
	if (!s->file || write_head(s, opts, fault) || live__start(s->live, fault))
		return -1;
	if (opts->pidfile && write_pidfile(opts->pidfile, fault))
		return -1;
	fputs("recording\n", stderr);
	err = live__run(s->live, fault);
	if (!err && s->deep)
		err = deep__finish(s->deep, fault);
	if (!err)
		err = live__stop(s->live, fault);
	if (!err)
		err = write_end(s, opts->live.stats, fault);
	if (opts->pidfile)
		unlink(opts->pidfile);
	return err;
}

static int run(int argc, char **argv)
{
	struct opts opts = { .live = LIVE_OPTS_DEFAULT };
	struct fault fault = { .text = "cannot record" };
	struct session s = { 0 };
	int err;

	cmd__parse(&cmd_record, &argp, argc, argv, &opts);
	err = record(&s, &opts, &fault);
	if (err)
		complain("%s", fault.text);
	live__free(s.live);
	deep__free(s.deep);
	return err ? STATUS_ERROR : STATUS_CLEAN;
}

const struct cmd cmd_record = {
	.name = "record",
	.summary = "record the events of the running kernel to a file",
	.run = run,
};
