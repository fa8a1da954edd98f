// SPDX-License-Identifier: GPL-2.0-only
/* lutrace latency: how long operations take, while they happen. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cmd/cmd.h"
#include "latency/latency.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/number.h"
#include "lib/outfile.h"
#include "live/command.h"
#include "live/why.h"
#include "objects/namer.h"
#include "recording/recording.h"
#include "report/schemas.h"

enum {
	OPT_OP = 0x100, OPT_DOMAIN, OPT_PID, OPT_MIN_US, OPT_BY, OPT_SLOWEST, OPT_WHY, OPT_STACK,
	OPT_JSON_SCHEMA,
};

struct opts {
	struct live_opts live;
	const char *output;
	unsigned long max_intervals;	/* 0: no end */
	bool json, stack;
	struct latency latency;
};

static const struct argp_option options[] = {
	{ "interval", 'i', "SECONDS", 0, "Print and forget the figures every SECONDS", 0 },
	{ "count", 'c', "COUNT", 0, "End after COUNT intervals", 0 },
	{ "json", 'j', NULL, 0, "Write JSON instead of text; one line for each interval", 0 },
	{ "json-schema", OPT_JSON_SCHEMA, NULL, 0, "Print the schema of the JSON, and do no more",
	  0 },
	{ "output", 'o', "FILE", 0, "Write to FILE, which appears when it is complete", 0 },
	{ "op", OPT_OP, "NAME", 0, "Only this operation; can be given again for more", 0 },
	{ "domain", OPT_DOMAIN, "PHYS[:GENERATION]", 0, "Only the domain with this record", 0 },
	{ "pid", OPT_PID, "PID", 0, "Only what this process does", 0 },
	{ "min-us", OPT_MIN_US, "US", 0, "Only what took US microseconds or longer", 0 },
	{ "by", OPT_BY, "WHAT", 0, "Also one row for each domain, session, device or process", 0 },
	{ "slowest", OPT_SLOWEST, "NUMBER", 0, "Also the NUMBER slowest, and what they were", 0 },
	{ "why", OPT_WHY, NULL, 0, "With --slowest: also what they waited for", 0 },
	{ "stack", OPT_STACK, NULL, 0, "With --slowest: also the kernel's stack at their end", 0 },
	{ 0 }
};

static enum latency_by parse_by(struct argp_state *state, const char *arg)
{
	enum latency_by by = LATENCY_BY_DOMAIN;

	while (by < LATENCY_NR_BYS && strcmp(arg, latency_by_names[by]))
		by++;
	if (by == LATENCY_NR_BYS)
		argp_error(state, "--by: \"%s\" is not \"domain\", \"session\", \"device\" or "
			   "\"process\"", arg);
	return by;
}

static unsigned int parse_op(struct argp_state *state, const char *arg)
{
	int i;

	for (i = 0; i < LUTRACE_NR_OPS; i++)
		if (!strcmp(arg, op__name(i)))
			return 1u << i;
	argp_error(state, "--op: there is no operation \"%s\"; there are preserve, unpreserve, "
		   "restore, flb_preserve, flb_unpreserve, flb_retrieve and flb_finish", arg);
	return 0;
}

static void parse_domain(struct argp_state *state, struct lutrace_filter *f, const char *arg)
{
	uint64_t phys = 0, generation = 0;
	const char *end = number__scan(arg, &phys);

	f->has_domain = true;
	f->has_generation = end && *end == ':';
	if (f->has_generation)
		end = number__scan(end + 1, &generation);
	f->ser_phys = phys;
	f->generation = generation;
	if (!end || *end)
		argp_error(state, "--domain: \"%s\" is no PHYS or PHYS:GENERATION", arg);
}

/* What only all options together tell. */
static void opts__check(struct opts *opts, struct argp_state *state)
{
	struct latency *l = &opts->latency;

	if ((l->why || opts->stack) && !l->max_slowest)
		argp_error(state, "%s needs --slowest", l->why ? "--why" : "--stack");
	/* A process that is given by its id need not be looked for in user space. */
	if (!opts->live.filter.pid)
		opts->live.filter.pid = l->sel.pid;
	if (opts->max_intervals && !(opts->live.interval > 0))
		argp_error(state, "--count needs --interval");
	if (opts->live.interval > 0 && opts->live.interval < 0.001)
		argp_error(state, "--interval: less than 0.001 seconds is too short");
}

/* Which operations are measured: all options that leave some out. */
static error_t opts__parse_filter(struct opts *opts, int key, char *arg, struct argp_state *state)
{
	struct lutrace_filter *filter = &opts->live.filter;

	switch (key) {
	case OPT_OP:
		opts->live.ops |= parse_op(state, arg);
		return 0;
	case OPT_DOMAIN:
		parse_domain(state, filter, arg);
		return 0;
	case OPT_PID:
		filter->pid = live__parse_count(state, "--pid", arg, 1ul << 22);
		return 0;
	case OPT_MIN_US:
		opts->latency.min_ns = 1000 * live__parse_count(state, "--min-us", arg, 1ul << 40);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* What is shown, and how. */
static error_t opts__parse_output(struct opts *opts, int key, char *arg, struct argp_state *state)
{
	struct latency *l = &opts->latency;

	switch (key) {
	case 'i':
		opts->live.interval = live__parse_seconds(state, "--interval", arg);
		return 0;
	case 'c':
		opts->max_intervals = live__parse_count(state, "--count", arg, 1ul << 30);
		return 0;
	case 'j':
		opts->json = true;
		return 0;
	case 'o':
		opts->output = opts->live.writes[0] = arg;
		return 0;
	case OPT_BY:
		l->by = parse_by(state, arg);
		return 0;
	case OPT_WHY:
		l->why = true;
		return 0;
	case OPT_STACK:
		opts->stack = true;
		return 0;
	case OPT_SLOWEST:
		l->max_slowest = live__parse_count(state, "--slowest", arg, LATENCY_MAX_SLOWEST);
		return 0;
	}
	return opts__parse_filter(opts, key, arg, state);
}

static error_t cmd_latency__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->live;
		state->child_inputs[1] = &opts->latency.sel;
		return 0;
	case OPT_JSON_SCHEMA:
		cmd__print_schema(state, schema_latency);
	case ARGP_KEY_ARGS:
		live__parse_command(state, &opts->live);
		return 0;
	case ARGP_KEY_END:
		opts__check(opts, state);
		return 0;
	}
	return opts__parse_output(opts, key, arg, state);
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_latency__parse,
	.children = live_children,
	.args_doc = "[-- COMMAND [ARG...]]\n--json-schema",
	.doc = "Measures how long preserving, unpreserving and restoring takes, while it happens\v"
	       "Ends with the COMMAND, after --duration, or with SIGINT or SIGTERM. The command's "
	       "output is its own: use --output to keep the figures apart from it. Exit status: 0 "
	       "clean, 1 error or the command failed, 3 incomplete.\n\n"
	       "  lutrace latency --by session --slowest 5 --why -- luctl run --no-kexec PLAN\n"
	       "  lutrace latency -i 1 -c 10",
};

struct session {
	struct opts *opts;
	struct live *live;
	struct namer *namer;		/* NULL: nothing that is asked for needs a name */
	struct why *why;		/* NULL: not asked for */
	struct lutrace_why *whys;	/* whose samples may still come */
	size_t nr_whys, whys_room;
	struct outfile *out;
	struct live_prog before[LIVE_NR_PROGS];	/* as they were when the interval began */
	__u64 lost_whys;		/* until then */
	__u64 since;
	unsigned int intervals;
	bool incomplete;
};

static int cmd_latency__on_record(void *priv, const struct lutrace_rec *rec, struct fault *fault)
{
	struct session *s = priv;
	const struct lutrace_sample *sample = (const void *)rec;
	struct lutrace_event end;

	if (rec->type != LUTRACE_REC_SAMPLE)
		return 0;
	end = (struct lutrace_event){
		.op = sample->lat.op, .phase = LUTRACE_END, .ret = sample->lat.ret,
		.ser_phys = sample->lat.ser_phys, .generation = sample->lat.generation,
		.top_phys = sample->top_phys, .pid = sample->pid,
	};
	latency__add(&s->opts->latency, sample);
	return s->namer ? namer__event(s->namer, &end, fault) : 0;
}

static void on_why(void *priv, const struct lutrace_why *rec)
{
	struct session *s = priv;

	s->whys = grow(s->whys, s->nr_whys, &s->whys_room, sizeof(*s->whys));
	s->whys[s->nr_whys] = (struct lutrace_why){ .rec.type = 0 };
	memcpy(&s->whys[s->nr_whys++], rec, rec->rec.size);
}

/* One that came before its sample is looked at twice. */
static int take_whys(struct session *s, struct fault *fault)
{
	size_t i, old = s->nr_whys;

	if (!s->why)
		return 0;
	if (why__consume(s->why, on_why, s, fault))
		return -1;
	for (i = 0; i < s->nr_whys; i++)
		latency__add_why(&s->opts->latency, &s->whys[i]);
	s->nr_whys -= old;
	memmove(s->whys, s->whys + old, s->nr_whys * sizeof(*s->whys));
	return 0;
}

static int cmd_latency__on_drained(void *priv, struct fault *fault)
{
	struct session *s = priv;

	if (s->namer && namer__poll(s->namer, live__now(), fault))
		return -1;
	latency__settle(&s->opts->latency, false);
	return take_whys(s, fault);
}

/* What was counted since the interval began. */
static void subtract(struct live_prog *p, const struct live_prog *before)
{
	p->counts.events -= before->counts.events;
	p->counts.lost_events -= before->counts.lost_events;
	p->counts.lost_latencies -= before->counts.lost_latencies;
	p->counts.lost_begins -= before->counts.lost_begins;
	p->counts.unmatched_ends -= before->counts.unmatched_ends;
	p->counts.replaced_begins -= before->counts.replaced_begins;
	p->filtered -= before->filtered;
	p->missed_runs -= before->missed_runs;
	p->runs -= before->runs;
	p->run_ns -= before->run_ns;
}

static size_t stack_of(const void *priv, const struct lutrace_why *rec,
		       char *frames[LUTRACE_MAX_FRAMES])
{
	return why__stack(priv, rec, frames);
}

static int show(struct session *s, __u64 now, bool last, struct fault *fault)
{
	const struct live_opts *live = &s->opts->live;
	struct latency_context c = {
		.seconds = (now - s->since) / 1e9, .stats = live->stats,
		.stats_missing = live__stats_missing(s->live),
		.memory = live__memory(s->live), .last = last,
		.stack = s->opts->stack ? stack_of : NULL, .stack_priv = s->why,
		.command = live->command ? live->command[0] : NULL,
		.command_status = live__command_status(s->live),
	};
	struct live_prog progs[LIVE_NR_PROGS];
	FILE *f = outfile__stream(s->out);
	__u64 lost_whys = s->why ? why__lost(s->why) : 0;
	int i;

	if (live__progs(s->live, progs, fault) ||
	    (s->namer && last && namer__look(s->namer, fault)) || take_whys(s, fault))
		return -1;
	latency__settle(&s->opts->latency, last);
	memcpy(c.progs, progs, sizeof(progs));
	c.lost_whys = lost_whys - s->lost_whys;
	for (i = 0; i < LIVE_NR_PROGS; i++)
		subtract(&c.progs[i], &s->before[i]);
	if (live->interval > 0)
		c.interval = ++s->intervals;
	if (latency__incomplete(&s->opts->latency, &c))
		s->incomplete = true;
	if (!s->opts->json)
		latency__print(&s->opts->latency, &c, f);
	else if (latency__json(&s->opts->latency, &c, f))
		return fault__set(fault, "cannot write the figures as JSON");
	if (fflush(f))
		return fault__set(fault, "cannot write the figures: %s", strerror(errno));
	memcpy(s->before, progs, sizeof(progs));
	s->lost_whys = lost_whys;
	s->since = now;
	latency__reset(&s->opts->latency);
	return 0;
}

static int cmd_latency__on_interval(void *priv, struct fault *fault)
{
	struct session *s = priv;

	if (show(s, live__now(), false, fault))
		return -1;
	if (s->intervals == s->opts->max_intervals)
		live__quit(s->live);
	return 0;
}

static int cmd_latency__on_armed(void *priv, struct fault *fault)
{
	struct session *s = priv;

	return s->namer ? namer__look(s->namer, fault) : 0;
}

static const struct live_ops ops = { .armed = cmd_latency__on_armed,
				     .record = cmd_latency__on_record,
				     .drained = cmd_latency__on_drained,
				     .interval = cmd_latency__on_interval };

static const struct namer_ops namer_ops = { .name = NULL };

static int open_why(struct session *s, struct fault *fault)
{
	struct latency *l = &s->opts->latency;
	struct why_opts opts = { s->opts->live.verbose, l->why, s->opts->stack };
	int i;

	if (!l->why && !s->opts->stack)
		return 0;
	s->why = why__open(&opts, fault);
	for (i = 0; s->why && i < LUTRACE_NR_WHYS; i++)
		l->why_knows[i] = why__knows(s->why, i);
	return s->why ? 0 : -1;
}

/* Learning names makes the preserve and retrieve of files longer: only for who wants to see them. */
static void open_namer(struct session *s)
{
	struct latency *l = &s->opts->latency;

	if (!selection__needs_name(&l->sel) && !l->max_slowest &&
	    (!l->by || l->by == LATENCY_BY_PROCESS))
		return;
	s->namer = namer__open(s->opts->live.verbose, &namer_ops, s);
	l->names = namer__names(s->namer);
}

static int measure(struct session *s, struct fault *fault)
{
	const struct opts *opts = s->opts;

	s->out = outfile__open(opts->output, fault);
	if (!s->out)
		return -1;
	open_namer(s);
	s->live = live__open(&opts->live, &ops, s, fault);
	if (!s->live || open_why(s, fault))
		return -1;
	if (s->namer && namer__missing(s->namer))
		complain("domains have no names: %s", namer__missing(s->namer));
	live__announce(s->live);
	/* What the kernel counted before is not ours to tell. */
	if (live__progs(s->live, s->before, fault) || live__start(s->live, fault))
		return -1;
	s->since = live__started(s->live);
	if (live__run(s->live, fault) || live__stop(s->live, fault))
		return -1;
	/* What is left of an interval, unless the last one was the end. */
	if (!opts->max_intervals || s->intervals < opts->max_intervals)
		return show(s, live__stopped(s->live), true, fault);
	return 0;
}

/* Tells how the command ended, if not well. */
static bool command_failed(const struct session *s)
{
	int status = live__command_status(s->live);
	char *told;

	if (!s->opts->live.command || !status)
		return false;
	if (status < 0) {
		complain("%s still runs", s->opts->live.command[0]);
		return false;
	}
	told = command__describe(s->opts->live.command[0], status);
	complain("%s", told);
	free(told);
	return true;
}

/* What was asked for must have been there; a shortest time may have left all of it out. */
static bool found_selected(const struct session *s)
{
	const struct latency *l = &s->opts->latency;
	const struct names *names = l->names;
	struct fault fault;

	if (!selection__any(&l->sel) || l->found || l->min_ns)
		return true;
	if (!selection__check(&l->sel, &names, 1, false, "what was measured", &fault))
		fault__set(&fault, "no operation that was measured is of what is selected");
	complain("%s", fault.text);
	return false;
}

static int cmd_latency__run(int argc, char **argv)
{
	struct opts opts = { .live = LIVE_OPTS_DEFAULT };
	struct fault fault = { .text = "cannot measure" };
	struct session s = { .opts = &opts };
	int status = STATUS_ERROR, err;

	opts.live.samples = true;
	cmd__parse(&cmd_latency, &argp, argc, argv, &opts);
	latency__init(&opts.latency);
	err = measure(&s, &fault);
	if (err)
		outfile__discard(s.out);
	else
		err = outfile__commit(s.out, &fault);
	if (err)
		complain("%s", fault.text);
	else if (!command_failed(&s) && found_selected(&s))
		status = s.incomplete ? STATUS_INCOMPLETE : STATUS_CLEAN;
	why__free(s.why);
	free(s.whys);
	live__free(s.live);
	latency__free(&opts.latency);
	namer__free(s.namer);
	return status;
}

const struct cmd cmd_latency = {
	.name = "latency",
	.summary = "tell how long operations take, while they happen",
	.run = cmd_latency__run,
};
