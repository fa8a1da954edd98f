// SPDX-License-Identifier: GPL-2.0-only
/* lutrace check: judges the events of the running kernel as they come. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cmd/before.h"
#include "cmd/cmd.h"
#include "cmd/require.h"
#include "judge/oracle.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/outfile.h"
#include "lib/text.h"
#include "live/command.h"
#include "live/host.h"
#include "live/live.h"
#include "live/overhead.h"
#include "objects/deep.h"
#include "objects/leftover.h"
#include "objects/lister.h"
#include "objects/namer.h"
#include "recording/flight_dir.h"
#include "report/analysis.h"
#include "report/check_result.h"
#include "report/schemas.h"

#define SYSRQ		"/proc/sysrq-trigger"

enum { OPT_UNTIL_FINISH = 0x100, OPT_JSON_SCHEMA, OPT_REQUIRE };

/* How long the FLB may take to follow the last session. */
#define FLB_SECONDS	2
#define FLB_STEP_US	100000u

struct opts {
	struct live_opts live;
	struct selection sel;
	struct require require;
	const char *json, *reaction;
	char **before;
	size_t nr_before, before_room;
	bool deep, until_finish;
};

static const struct argp_option options[] = {
	{ "before", 'b', "FILE", 0, "Compare restores with FILE, a recording of the kernel before "
				    "(may be given again for its other recordings), or with what "
				    "a flight recorder left in the folder FILE", 0 },
	{ "deep", 'D', NULL, 0, "Walk page tables too, and compare every entry", 0 },
	{ "on-violation", 'x', "ACTION", 0, "continue (as without it), panic, or a shell command",
	  0 },
	{ "until-finish", OPT_UNTIL_FINISH, NULL, 0, "End when the live update is finished", 0 },
	{ "json", 'j', "FILE", 0, "Write the verdicts and violations as JSON to FILE", 0 },
	{ "require", OPT_REQUIRE, "RULE,...", 0, REQUIRE_HELP, 0 },
	{ "json-schema", OPT_JSON_SCHEMA, NULL, 0, "Print the schema of the JSON, and do no more",
	  0 },
	{ 0 }
};

static void add_before(struct opts *opts, const char *path)
{
	opts->before = grow(opts->before, opts->nr_before, &opts->before_room,
			    sizeof(*opts->before));
	opts->before[opts->nr_before++] = xstrdup(path);
}

/* What is there of the kernel before; if there is nothing, nothing is compared. */
static void add_folder(struct opts *opts, struct argp_state *state, const char *dir)
{
	char *boot_id = host__boot_id();
	struct flight_files files;
	struct fault fault;
	size_t i;

	if (flight_files__read(&files, dir, &fault))
		argp_error(state, "--before: %s", fault.text);
	flight_files__keep_before(&files, boot_id);
	for (i = 0; i < files.nr; i++)
		add_before(opts, files.items[i].path);
	if (!files.nr)
		complain("%s has no recording of another kernel: restores are not compared", dir);
	flight_files__free(&files);
	free(boot_id);
}

static bool is_command(const char *reaction)
{
	return strcmp(reaction, "continue") && strcmp(reaction, "panic");
}

static error_t cmd_check__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->live;
		state->child_inputs[1] = &opts->sel;
		return 0;
	case 'b':
		if (flight_dir__is(arg))
			add_folder(opts, state, arg);
		else
			add_before(opts, arg);
		return 0;
	case OPT_UNTIL_FINISH:
		opts->until_finish = true;
		return 0;
	case OPT_REQUIRE:
		require__parse(&opts->require, state, arg, NR_RULES);
		return 0;
	case 'D':
		opts->deep = true;
		return 0;
	case 'x':
		opts->reaction = arg;
		opts->live.keep_caps = is_command(arg);
		return 0;
	case 'j':
		opts->json = opts->live.writes[0] = arg;
		return 0;
	case OPT_JSON_SCHEMA:
		cmd__print_schema(state, schema_check);
	case ARGP_KEY_ARGS:
		live__parse_command(state, &opts->live);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_check__parse,
	.children = live_children,
	.args_doc = "[-- COMMAND [ARG...]]\n--json-schema",
	.doc = "Checks a live update of the running kernel while it happens\v"
	       "Says \"checking\" on stderr once every event is seen, prints each violation at "
	       "once and the verdict of each rule at the end, which is that of COMMAND, SIGINT, "
	       "SIGTERM, --duration or --until-finish. docs/checks.md has the rules.\n\n"
	       "Exit status: 0 clean, 1 error, 2 violation, 3 incomplete or unknown.\n\n"
	       "  lutrace check -- luctl run --no-kexec update.plan\n"
	       "  lutrace check --before /persistent/old.rec -- luctl resume update.plan",
};

struct named {
	__u64 ser_phys, generation;
};

struct session {
	const struct opts *opts;
	struct live *live;
	struct oracle *oracle;
	struct before before;
	json_t *violations;
	struct outfile *out;		/* for --json; NULL: not wanted, or written */
	__u64 nr_events;
	bool seen;			/* an event of the process that is selected was */
	struct namer *namer;
	size_t nr_listed;
	struct fault unlisted;		/* why it was not listed; "" if it was */
	struct deep *deep;		/* NULL: no page table is walked */
	struct leftover *leftover;	/* NULL: what is left behind is not looked for */
	const struct preserved *left;	/* by the previous kernel, as far as --before says */
	size_t nr_left;
	bool walking;			/* what was preserved before is known */
	struct named *named;		/* of which more is known since it was judged */
	size_t nr_named, named_room;
};

static void print_violation(const struct violation *v)
{
	const struct lutrace_event *ev;
	char name[PROCESS_NAME_SIZE];
	size_t i;

	printf("VIOLATION of %s: %s\n", v->rule, v->text);
	if (v->top_phys)
		printf("  the domain's root is 0x%llx\n", v->top_phys);
	for (i = 0; i < v->nr_events; i++) {
		ev = &v->events[i];
		process_name(ev->pid, name);
		printf("  seq %llu %s %s record 0x%llx generation %llu ret %d cpu %u pid %u %s\n",
		       ev->seq, op__name(ev->op), ev->phase == LUTRACE_BEGIN ? "begin" : "end",
		       ev->ser_phys, ev->generation, ev->ret, ev->cpu, ev->pid, name);
	}
	fflush(stdout);
}

static void set_number(const char *name, const char *fmt, __u64 value)
{
	char text[32];

	snprintf(text, sizeof(text), fmt, (unsigned long long)value);
	setenv(name, text, 1);
}

static void react(const char *reaction, const struct violation *v)
{
	struct fault fault;
	int fd, status;

	if (!reaction || !strcmp(reaction, "continue"))
		return;
	if (!strcmp(reaction, "panic")) {
		fd = open(SYSRQ, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "c", 1) != 1)
			complain("cannot panic through " SYSRQ ": %m");
		if (fd >= 0)
			close(fd);
		return;
	}
	setenv("LUTRACE_RULE", v->rule, 1);
	setenv("LUTRACE_TEXT", v->text, 1);
	set_number("LUTRACE_RECORD", "0x%llx", v->ser_phys);
	set_number("LUTRACE_GENERATION", "%llu", v->generation);
	set_number("LUTRACE_ROOT", "0x%llx", v->top_phys);
	if (command__run_shell(reaction, &status, &fault))
		complain("--on-violation: %s", fault.text);
	else if (status)
		complain("the command of --on-violation failed (status %d): %s",
			 WIFEXITED(status) ? WEXITSTATUS(status) : -1, reaction);
}

static void cmd_check__on_violation(void *priv, const struct violation *v)
{
	struct session *s = priv;

	print_violation(v);
	json_array_append_new(s->violations, violation__json(v,
			      names__find(namer__names(s->namer), v->ser_phys, v->generation)));
	react(s->opts->reaction, v);
}

/* Without a name it may be one of those that are wanted. */
static enum selected cmd_check__about(void *priv, __u64 ser_phys, __u64 generation, __u32 pid,
				      struct name_text *text)
{
	struct session *s = priv;
	const struct name *name = namer__find(s->namer, ser_phys, generation);
	const char *comm = names__process(namer__names(s->namer), pid);

	if (text)
		*text = name__text(name);
	return selected__both(selection__domain(&s->opts->sel, name),
			      selection__process(&s->opts->sel, pid, comm));
}

static int cmd_check__on_record(void *priv, const struct lutrace_rec *rec, struct fault *fault)
{
	const struct lutrace_event *ev = (const struct lutrace_event *)rec;
	struct session *s = priv;
	int err;

	if (rec->type == LUTRACE_REC_FREED)
		oracle__freed(s->oracle, (const struct lutrace_freed *)rec);
	if (rec->type == LUTRACE_REC_COMPLAINT)
		oracle__complaint(s->oracle, (const struct lutrace_complaint *)rec);
	if (rec->type != LUTRACE_REC_EVENT)
		return 0;
	s->nr_events++;
	s->seen |= s->opts->sel.pid && ev->pid == s->opts->sel.pid;
	if (ev->op == LUTRACE_OP_RESTORE && s->before.boot)
		names__inherit(namer__names(s->namer), s->before.boot->names, ev->ser_phys,
			       ev->generation);
	err = namer__event(s->namer, ev, fault);
	oracle__event(s->oracle, ev);
	leftover__event(s->leftover, ev);
	if (s->deep)
		deep__event(s->deep, ev);
	if (s->opts->until_finish && ev->op == LUTRACE_OP_FLB_FINISH && ev->phase == LUTRACE_END)
		live__quit(s->live);
	return err;
}

static int cmd_check__on_walked(void *priv, const struct lutrace_deep *walk, struct fault *fault)
{
	struct session *s = priv;

	(void)fault;
	oracle__deep(s->oracle, walk);
	return 0;
}

static int cmd_check__drain(void *priv, struct fault *fault)
{
	struct session *s = priv;

	return live__drain(s->live, fault);
}

static void cmd_check__on_counted(void *priv, __u64 nr_tables, __u64 nr_counted)
{
	struct session *s = priv;

	oracle__counted(s->oracle, nr_tables, nr_counted);
}

static const struct deep_ops deep_ops = { .walked = cmd_check__on_walked, .drain = cmd_check__drain,
					  .counted = cmd_check__on_counted };

/* To be judged when the namer is done: what is found asks it for names. */
static int cmd_check__on_name(void *priv, const struct name *name, struct fault *fault)
{
	struct session *s = priv;

	(void)fault;
	s->named = grow(s->named, s->nr_named, &s->named_room, sizeof(*s->named));
	s->named[s->nr_named++] = (struct named){ name->ser_phys, name->generation };
	return 0;
}

static void judge_names(struct session *s)
{
	const struct name *name;
	size_t i;

	for (i = 0; i < s->nr_named; i++) {
		name = names__find(namer__names(s->namer), s->named[i].ser_phys, s->named[i].generation);
		oracle__name(s->oracle, name);
		leftover__name(s->leftover, name);
	}
	s->nr_named = 0;
}

static int cmd_check__on_drained(void *priv, struct fault *fault)
{
	struct session *s = priv;

	if (namer__poll(s->namer, live__now(), fault))
		return -1;
	judge_names(s);
	return s->walking ? deep__work(s->deep, fault) : 0;
}

/*
 * What is preserved already. Events that came until the list was made are
 * judged first, since the list has what they led to.
 */
static int cmd_check__on_armed(void *priv, struct fault *fault)
{
	struct session *s = priv;
	struct listing list;
	size_t i;
	int err;

	for (i = 0; i < s->nr_left; i++)
		leftover__record(s->leftover, s->left[i].ser_phys, s->left[i].generation);
	if (namer__missing(s->namer))
		fault__set(&s->unlisted, "%s", namer__missing(s->namer));
	if (*s->unlisted.text || lister__list(namer__lister(s->namer), &list, &s->unlisted))
		return 0;
	err = live__drain(s->live, fault);
	for (i = 0; i < list.nr && !err; i++)
		if (list.items[i].preserved)
			oracle__listed(s->oracle, &list.items[i].p);
	s->nr_listed = listing__nr_preserved(&list);
	listing__free(&list);
	return err ? err : namer__look(s->namer, fault);
}

static const struct live_ops ops = {
	.armed = cmd_check__on_armed,
	.record = cmd_check__on_record,
	.drained = cmd_check__on_drained,
};

static const struct namer_ops namer_ops = { .name = cmd_check__on_name };

/* The end */

static void print_listed(const struct session *s)
{
	if (*s->unlisted.text)
		printf("preserved before the check: not known: %s\n\n", s->unlisted.text);
	else
		printf("preserved before the check: %zu domain%s\n\n", s->nr_listed,
		       s->nr_listed == 1 ? "" : "s");
}

static int cmd_check__write_json(struct session *s, const struct overhead *overhead,
				 struct fault *fault)
{
	struct check_result result = {
		.oracle = s->oracle, .knows_before = !*s->unlisted.text,
		.nr_before = s->nr_listed, .violations = s->violations,
		.overhead = s->opts->live.stats ? overhead : NULL,
	};
	struct outfile *out = s->out;

	s->out = NULL;
	errno = 0;
	if (check_result__write_json(&result, outfile__stream(out)))
		return outfile__fail(out, errno ? strerror(errno) : "it cannot be made JSON",
				     fault);
	return outfile__commit(out, fault);
}

static int read_before(struct session *s, struct fault *fault)
{
	struct recording running;
	const struct boot *last;
	struct previous previous;
	int err;

	if (!s->opts->nr_before)
		return 0;
	running = before__running();
	err = before__read(&s->before, s->opts->before, s->opts->nr_before, &running, fault);
	recording__free(&running);
	last = s->before.boot;
	if (err || !last)
		return err;
	previous = boot__previous(last, NULL);
	s->left = previous.left;
	s->nr_left = previous.nr_left;
	oracle__expect(s->oracle, &previous);
	oracle__expect_names(s->oracle, last->names);
	if (last->walks)
		oracle__expect_deep(s->oracle, last->walks, last->nr_walks,
				    last->nr_walks == last->nr_left);
	return 0;
}

/*
 * The FLB goes with the last file, and files go with their sessions. Its end may
 * be on its way; what is being preserved meanwhile has a session.
 */
static int check_flb(struct session *s, struct fault *fault)
{
	enum sessions sessions = SESSIONS_UNKNOWN;
	unsigned int us;

	for (us = 0; us < FLB_SECONDS * 1000000u; us += FLB_STEP_US) {
		if (!oracle__flb_is_empty(s->oracle))
			return 0;
		sessions = lister__sessions(namer__lister(s->namer));
		if (sessions == SESSIONS_OPEN)
			return 0;
		usleep(FLB_STEP_US);
		if (live__drain(s->live, fault))
			return -1;
	}
	if (!oracle__flb_is_empty(s->oracle))
		return 0;
	if (sessions == SESSIONS_NONE)
		oracle__flb_is_left(s->oracle, FLB_SECONDS);
	else
		oracle__flb_may_be_left(s->oracle);
	return 0;
}

/*
 * Who retrieved the FLB gives it back with the last file of the last session, and what nobody took over is
 * freed then. That the last one was finished may be on its way.
 */
static int check_incoming(struct session *s, struct fault *fault)
{
	struct leftover_count count;
	unsigned int us;

	for (us = 0; us < FLB_SECONDS * 1000000u && oracle__flb_is_incoming(s->oracle) &&
	     !leftover__sessions(s->leftover); us += FLB_STEP_US) {
		usleep(FLB_STEP_US);
		if (live__drain(s->live, fault))
			return -1;
	}
	if (us >= FLB_SECONDS * 1000000u)
		oracle__flb_not_finished(s->oracle, FLB_SECONDS);
	if (leftover__count(s->leftover, &count) && count.left)
		oracle__left_reserved(s->oracle, count.left, count.looked_at, count.phys);
	return 0;
}

static void cmd_check__open_deep(struct session *s)
{
	struct fault why;

	if (!s->opts->deep)
		return;
	s->deep = deep__open(&deep_ops, s, s->opts->live.verbose, &why);
	oracle__watch_deep(s->oracle, s->deep ? NULL : why.text);
	if (!s->deep)
		complain("page tables are not walked: %s", why.text);
	else if (deep__kho_missing(s->deep))
		complain("tables are not looked for in KHO's map: %s", deep__kho_missing(s->deep));
}

static int check(struct session *s, struct fault *fault)
{
	struct overhead overhead;
	int status;

	if (s->opts->json) {
		s->out = outfile__open(s->opts->json, fault);
		if (!s->out)
			return -1;
	}
	if (read_before(s, fault))
		return -1;
	s->namer = namer__open(s->opts->live.verbose, &namer_ops, s);
	s->leftover = leftover__new(namer__lister(s->namer));
	oracle__about(s->oracle, cmd_check__about, s);
	s->live = live__open(&s->opts->live, &ops, s, fault);
	if (!s->live)
		return -1;
	live__announce(s->live);
	cmd_check__open_deep(s);
	if (live__watches_freed(s->live))
		oracle__watch_freed(s->oracle);
	if (!live__klog_missing(s->live))
		oracle__watch_klog(s->oracle);
	if (live__start(s->live, fault))
		return -1;
	s->walking = s->deep;
	fputs("checking\n", stderr);
	if (live__run(s->live, fault) || (s->deep && deep__finish(s->deep, fault)) ||
	    check_flb(s, fault) || check_incoming(s, fault) || live__stop(s->live, fault) || namer__look(s->namer, fault) ||
	    overhead__read(&overhead, s->live, fault))
		return -1;
	judge_names(s);
	oracle__end(s->oracle, live__stopped(s->live),
		    live__lost(overhead.progs, &overhead.freed, s->nr_events));
	oracle__require(s->oracle, s->opts->require.checks);
	print_listed(s);
	oracle__print(s->oracle, stdout);
	if (oracle__left_out(s->oracle))
		printf("%zu findings about other domains were left out.\n",
		       oracle__left_out(s->oracle));
	if (s->opts->live.stats)
		overhead__print(&overhead, stdout);
	if (s->opts->json && cmd_check__write_json(s, &overhead, fault))
		return -1;
	status = cmd__selected(&s->opts->sel, namer__names(s->namer), s->seen, "what was checked");
	status = cmd__worse(status, verdict__status(oracle__verdict(s->oracle)));
	return live__end_status(s->live, status);
}

static int cmd_check__run(int argc, char **argv)
{
	struct opts opts = { .live = LIVE_OPTS_DEFAULT };
	struct fault fault = { .text = "cannot check" };
	struct session s = { .opts = &opts };
	int status;
	size_t i;

	cmd__parse(&cmd_check, &argp, argc, argv, &opts);
	s.violations = json_array();
	s.oracle = oracle__new(cmd_check__on_violation, &s);
	status = check(&s, &fault);
	if (status < 0) {
		complain("%s", fault.text);
		status = json_array_size(s.violations) ? STATUS_VIOLATION : STATUS_ERROR;
	}
	outfile__discard(s.out);
	live__free(s.live);
	deep__free(s.deep);
	leftover__free(s.leftover);
	namer__free(s.namer);
	oracle__free(s.oracle);
	before__free(&s.before);
	for (i = 0; i < opts.nr_before; i++)
		free(opts.before[i]);
	free(opts.before);
	free(s.named);
	json_decref(s.violations);
	return status;
}

const struct cmd cmd_check = {
	.name = "check",
	.summary = "check a live update of the running kernel while it happens",
	.run = cmd_check__run,
};
