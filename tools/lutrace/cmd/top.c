// SPDX-License-Identifier: GPL-2.0-only
/* lutrace top: domains, latencies and the verdict so far, on a live screen. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "cmd/cmd.h"
#include "lib/fault.h"
#include "live/overhead.h"
#include "objects/namer.h"
#include "top/screen.h"

enum { OPT_SORT = 0x100, OPT_REVERSE, OPT_FILTER };

struct opts {
	struct live_opts live;
	struct selection sel;
	struct top_order order;
	unsigned long max_snapshots;	/* 0: no end */
	bool batch;
};

static const struct argp_option options[] = {
	{ "interval", 'i', "SECONDS", 0, "Show anew every SECONDS (1)", 0 },
	{ "batch", 'b', NULL, 0, "Print each time as text; no screen, no keys", 0 },
	{ "count", 'c', "COUNT", 0, "With --batch: end after COUNT times", 0 },
	{ "sort", OPT_SORT, "COLUMN", 0, "Sort by record (as without it), generation, state, "
	  "violations, errors, preserve, unpreserve, restore, tables, bytes, pid or command", 0 },
	{ "reverse", OPT_REVERSE, NULL, 0, "Reverse the order", 0 },
	{ "filter", OPT_FILTER, "TEXT", 0, "Only rows with TEXT in them, in any case", 0 },
	{ 0 }
};

static void cmd_top__check_opts(struct argp_state *state, const struct opts *opts)
{
	if (opts->max_snapshots && !opts->batch)
		argp_error(state, "--count needs --batch");
	if (opts->live.command && !opts->batch)
		argp_error(state, "a command needs --batch: it would print on the screen");
	if (opts->live.interval < 0.01)
		argp_error(state, "--interval: less than 0.01 seconds is too short");
}

static error_t cmd_top__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->live;
		state->child_inputs[1] = &opts->sel;
		return 0;
	case 'i':
		opts->live.interval = live__parse_seconds(state, "--interval", arg);
		return 0;
	case 'b':
		opts->batch = true;
		return 0;
	case 'c':
		opts->max_snapshots = live__parse_count(state, "--count", arg, 1ul << 30);
		return 0;
	case OPT_SORT:
		opts->order.column = top_column__find(arg);
		if (opts->order.column == NR_TOP_COLUMNS)
			argp_error(state, "--sort: there is no column \"%s\"; --help names them",
				   arg);
		return 0;
	case OPT_REVERSE:
		opts->order.reverse = true;
		return 0;
	case OPT_FILTER:
		if (strlen(arg) >= sizeof(opts->order.filter))
			argp_error(state, "--filter: the text is longer than %zu characters",
				   sizeof(opts->order.filter) - 1);
		strcpy(opts->order.filter, arg);
		return 0;
	case ARGP_KEY_ARGS:
		live__parse_command(state, &opts->live);
		return 0;
	case ARGP_KEY_END:
		cmd_top__check_opts(state, opts);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_top__parse,
	.children = live_children,
	.args_doc = "[--batch -- COMMAND [ARG...]]",
	.doc = "Shows the domains of a live update, their latencies and the verdict so far\v"
	       "Keys: q end, s sort, r reverse, p pause, / filter, h help, arrows, pages. "
	       "Ends with q, SIGINT, SIGTERM, --duration or COMMAND, and then prints what lutrace "
	       "check prints.\n\n"
	       "Exit status: 0 clean, 1 error, 2 violation, 3 incomplete or unknown.\n\n"
	       "  lutrace top\n"
	       "  lutrace top --batch -- luctl run --no-kexec update.plan",
};

struct session {
	struct opts *opts;
	struct live *live;
	struct namer *namer;
	struct top *top;
	struct top_view view;
	struct screen *screen;		/* NULL with --batch */
	struct utsname host;
	unsigned long snapshots;
	bool seen;			/* an event of the process that is selected was */
};

static int cmd_top__on_record(void *priv, const struct lutrace_rec *rec, struct fault *fault)
{
	const struct lutrace_event *ev = (const struct lutrace_event *)rec;
	struct session *s = priv;

	top__record(s->top, rec);
	if (rec->type != LUTRACE_REC_EVENT)
		return 0;
	s->seen |= s->opts->sel.pid && ev->pid == s->opts->sel.pid;
	return namer__event(s->namer, ev, fault);
}

static int look(struct session *s, __u64 now, struct fault *fault)
{
	struct live_prog progs[LIVE_NR_PROGS];

	if (live__progs(s->live, progs, fault))
		return -1;
	top__look(s->top, &s->view, now, progs);
	top_view__arrange(&s->view, &s->opts->order);
	return 0;
}

static int print(struct session *s, struct fault *fault)
{
	top_view__print(&s->view, s->host.release, stdout);
	if (fflush(stdout))
		return fault__set(fault, "cannot write to standard output: %s", strerror(errno));
	s->snapshots++;
	return 0;
}

static int cmd_top__on_drained(void *priv, struct fault *fault)
{
	struct session *s = priv;

	if (namer__poll(s->namer, live__now(), fault))
		return -1;
	if (!s->screen)
		return 0;
	screen__keys(s->screen, &s->view);
	if (screen__quit(s->screen))
		live__quit(s->live);
	return 0;
}

static int cmd_top__on_interval(void *priv, struct fault *fault)
{
	struct session *s = priv;

	if (s->screen && screen__paused(s->screen))
		return 0;
	if (look(s, live__now(), fault))
		return -1;
	if (s->screen) {
		screen__draw(s->screen, &s->view);
		return 0;
	}
	if (print(s, fault))
		return -1;
	if (s->snapshots == s->opts->max_snapshots)
		live__quit(s->live);
	return 0;
}

static int cmd_top__on_armed(void *priv, struct fault *fault)
{
	struct session *s = priv;

	return namer__look(s->namer, fault);
}

static const struct namer_ops namer_ops = { .name = NULL };

static const struct live_ops ops = { .armed = cmd_top__on_armed,
				     .record = cmd_top__on_record,
				     .drained = cmd_top__on_drained,
				     .interval = cmd_top__on_interval };

static int start(struct session *s, struct fault *fault)
{
	struct opts *opts = s->opts;

	if (!opts->batch && screen__possible(fault))
		return -1;
	s->namer = namer__open(opts->live.verbose, &namer_ops, s);
	top__names(s->top, namer__names(s->namer), &opts->sel);
	s->live = live__open(&opts->live, &ops, s, fault);
	if (!s->live)
		return -1;
	live__announce(s->live);
	if (live__watches_freed(s->live))
		top__watch_freed(s->top);
	if (!live__klog_missing(s->live))
		top__watch_klog(s->top);
	if (!opts->batch) {
		s->screen = screen__open(s->host.release, &opts->order, fault);
		if (!s->screen)
			return -1;
	}
	if (live__start(s->live, fault))
		return -1;
	top__start(s->top, live__started(s->live));
	if (look(s, live__started(s->live), fault))
		return -1;
	if (s->screen)
		screen__draw(s->screen, &s->view);
	return 0;
}

/* What it came to, below the last snapshot or in place of the screen. */
static int cmd_top__conclude(struct session *s, struct fault *fault)
{
	struct overhead overhead;
	const struct oracle *oracle = top__oracle(s->top);

	if (namer__look(s->namer, fault) || overhead__read(&overhead, s->live, fault))
		return -1;
	top__end(s->top, live__stopped(s->live), overhead.progs,
		 &overhead.freed);
	if (look(s, live__stopped(s->live), fault))
		return -1;
	/* What is left of an interval, unless the last one was the end. */
	if (s->opts->batch && (!s->opts->max_snapshots ||
			       s->snapshots < s->opts->max_snapshots) && print(s, fault))
		return -1;
	oracle__print(oracle, stdout);
	if (s->opts->live.stats)
		overhead__print(&overhead, stdout);
	if (fflush(stdout))
		return fault__set(fault, "cannot write to standard output: %s", strerror(errno));
	return cmd__worse(cmd__selected(&s->opts->sel, namer__names(s->namer), s->seen,
					"what was watched"),
			  verdict__status(oracle__verdict(oracle)));
}

static int watch(struct session *s, struct fault *fault)
{
	if (start(s, fault) || live__run(s->live, fault) || live__stop(s->live, fault))
		return -1;
	screen__close(s->screen);
	s->screen = NULL;
	return live__end_status(s->live, cmd_top__conclude(s, fault));
}

static int cmd_top__run(int argc, char **argv)
{
	struct opts opts = { .live = LIVE_OPTS_DEFAULT };
	struct fault fault = { .text = "cannot watch" };
	struct session s = { .opts = &opts };
	int status;

	/* For the screen, on which names of sessions may be UTF-8 */
	setlocale(LC_CTYPE, "");
	opts.live.interval = 1;
	cmd__parse(&cmd_top, &argp, argc, argv, &opts);
	uname(&s.host);
	s.top = top__new(process_name);
	status = watch(&s, &fault);
	screen__close(s.screen);
	if (status < 0)
		complain("%s", fault.text);
	live__free(s.live);
	top_view__free(&s.view);
	top__free(s.top);
	namer__free(s.namer);
	return status < 0 ? STATUS_ERROR : status;
}

const struct cmd cmd_top = {
	.name = "top",
	.summary = "watch the domains of a live update on a screen",
	.run = cmd_top__run,
};
