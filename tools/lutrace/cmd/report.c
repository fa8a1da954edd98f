// SPDX-License-Identifier: GPL-2.0-only
/* lutrace report: reads recordings, judges them, and writes the report in each form asked for. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "cmd/require.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/outfile.h"
#include "recording/collection.h"
#include "report/csv.h"
#include "report/perfetto.h"
#include "report/report.h"
#include "report/schemas.h"

struct opts {
	const char *json, *csv, *perfetto;
	struct selection sel;
	struct require require;
	char **files;
	int nr;
};

/* An option without a letter */
enum { OPT_JSON_SCHEMA = 0x100, OPT_REQUIRE };

static const struct argp_option options[] = {
	{ "json", 'j', "FILE", 0, "Write the report as JSON to FILE too", 0 },
	{ "csv", 'c', "FILE", 0, "Write one line per operation as CSV to FILE too", 0 },
	{ "perfetto", 'p', "FILE", 0, "Write a trace for Perfetto to FILE too", 0 },
	{ "require", OPT_REQUIRE, "CHECK,...", 0, REQUIRE_HELP, 0 },
	{ "json-schema", OPT_JSON_SCHEMA, NULL, 0, "Print the schema of the JSON, and do no more",
	  0 },
	{ 0 }
};

static const struct argp_child children[] = { { &selection_argp, 0, NULL, 0 }, { 0 } };

static error_t cmd_report__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->sel;
		return 0;
	case 'j':
		opts->json = arg;
		return 0;
	case 'c':
		opts->csv = arg;
		return 0;
	case 'p':
		opts->perfetto = arg;
		return 0;
	case OPT_JSON_SCHEMA:
		cmd__print_schema(state, schema_report);
	case OPT_REQUIRE:
		require__parse(&opts->require, state, arg, NR_CHECKS);
		return 0;
	case ARGP_KEY_ARGS:
		opts->files = state->argv + state->next;
		opts->nr = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name the recordings to report on");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_report__parse,
	.children = children,
	.args_doc = "RECORDING...\n--json-schema",
	.doc = "Tells latency and correctness from recordings of `lutrace record`\v"
	       "Give the recordings of both kernels of a live update, in any order, to have "
	       "what was restored compared with what was preserved. docs/report.md says how to "
	       "read the report and what stands in the JSON.\n\n"
	       "Exit status: 0 clean, 1 error, 2 violation, 3 incomplete.\n\n"
	       "  lutrace report --json report.json old.rec new.rec\n"
	       "  lutrace report --require loss,restore,finish old.rec new.rec",
};

/* What is to be written, open before anything is read; NULL: not wanted, or committed. */
struct outputs {
	struct outfile *text, *json, *csv, *perfetto;
};

static bool is_standard_output(const char *path)
{
	return path && !strcmp(path, "-");
}

/* "-" is standard output. */
static bool same_file(const char *out, const char *in)
{
	bool standard = is_standard_output(out);
	struct stat x, y;

	return !(standard ? fstat(STDOUT_FILENO, &x) : stat(out, &x)) && S_ISREG(x.st_mode) &&
	       !stat(in, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* outfile__open() refuses recordings; this one may be damaged so that it does not look like one. */
static int outputs__open_one(struct outfile **out, const char *path, const struct opts *opts,
			     struct fault *fault)
{
	int i;

	if (!path)
		return 0;
	for (i = 0; i < opts->nr; i++)
		if (same_file(path, opts->files[i]))
			return fault__set(fault, "%s is a recording to read: give another file to "
					  "write to", is_standard_output(path) ? "standard output" :
										 path);
	*out = outfile__open(path, fault);
	return *out ? 0 : -1;
}

/* What else goes to standard output goes there alone: nobody could take it from among the text. */
static int outputs__open(struct outputs *outputs, const struct opts *opts, struct fault *fault)
{
	int nr = is_standard_output(opts->json) + is_standard_output(opts->csv) +
		 is_standard_output(opts->perfetto);

	if (nr > 1)
		return fault__set(fault, "standard output (-) is wanted for %d outputs: give files "
				  "for all but one", nr);
	if (outputs__open_one(&outputs->text, nr ? NULL : "-", opts, fault) ||
	    outputs__open_one(&outputs->json, opts->json, opts, fault) ||
	    outputs__open_one(&outputs->csv, opts->csv, opts, fault) ||
	    outputs__open_one(&outputs->perfetto, opts->perfetto, opts, fault))
		return -1;
	return 0;
}

static void outputs__discard(struct outputs *outputs)
{
	outfile__discard(outputs->text);
	outfile__discard(outputs->json);
	outfile__discard(outputs->csv);
	outfile__discard(outputs->perfetto);
}

/* Each takes its output, which is committed or gone. */

static int write_text(const struct analysis *a, struct outfile *out, struct fault *fault)
{
	report__print(a, outfile__stream(out));
	return outfile__commit(out, fault);
}

static int cmd_report__write_json(const struct analysis *a, struct outfile *out,
				  struct fault *fault)
{
	errno = 0;
	if (report__json(a, outfile__stream(out)))
		return outfile__fail(out, errno ? strerror(errno) : "it cannot be made JSON",
				     fault);
	return outfile__commit(out, fault);
}

static int write_csv(const struct analysis *a, struct outfile *out, struct fault *fault)
{
	csv__print(a, outfile__stream(out));
	return outfile__commit(out, fault);
}

static int write_perfetto(const struct analysis *a, struct outfile *out, struct fault *fault)
{
	struct fault why;

	if (perfetto__write(a, outfile__stream(out), &why))
		return outfile__fail(out, why.text, fault);
	return outfile__commit(out, fault);
}

/* Also what comes after one that cannot be written is written. Returns a status. */
static int outputs__write(struct outputs *outputs, const struct analysis *a)
{
	const struct {
		struct outfile **out;
		int (*write)(const struct analysis *a, struct outfile *out, struct fault *fault);
	} all[] = {
		{ &outputs->text, write_text },
		{ &outputs->json, cmd_report__write_json },
		{ &outputs->csv, write_csv },
		{ &outputs->perfetto, write_perfetto },
	};
	int status = STATUS_CLEAN;
	struct outfile *out;
	struct fault fault;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		out = *all[i].out;
		*all[i].out = NULL;
		if (out && all[i].write(a, out, &fault)) {
			complain("%s", fault.text);
			status = STATUS_ERROR;
		}
	}
	return status;
}

static int report(const struct collection *c, const struct opts *opts, struct outputs *outputs)
{
	struct analysis a;
	int status;

	analysis__run_all(&a, c, &opts->sel);
	analysis__require(&a, opts->require.checks);
	status = cmd__worse(verdict__status(a.verdict), outputs__write(outputs, &a));
	analysis__free(&a);
	return status;
}

static bool has_process(const struct collection *c, __u32 pid)
{
	size_t i, k;

	for (i = 0; i < c->nr && pid; i++)
		for (k = 0; k < c->items[i].nr_events; k++)
			if (c->items[i].events[k].pid == pid)
				return true;
	return false;
}

static int check_selection(const struct collection *c, const struct selection *sel,
			   struct fault *fault)
{
	const struct names **names = xcalloc(c->nr, sizeof(*names));
	size_t i;
	int err;

	for (i = 0; i < c->nr; i++)
		names[i] = c->items[i].names;
	err = selection__check(sel, names, c->nr, has_process(c, sel->pid), "these recordings",
			       fault);
	free(names);
	return err;
}

static int cmd_report__read_all(struct collection *c, const struct opts *opts, struct fault *fault)
{
	int i;

	for (i = 0; i < opts->nr; i++)
		if (collection__add(c, opts->files[i], fault))
			return -1;
	/* With nothing beside it there is nothing to report on. */
	if (!c->nr)
		return fault__set(fault, "%s", c->empty[0]);
	if (collection__one_host(c, fault) || collection__agree(c, fault))
		return -1;
	return check_selection(c, &opts->sel, fault);
}

static int cmd_report__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct outputs outputs = { 0 };
	struct collection recordings = { 0 };
	int status = STATUS_ERROR;
	struct fault fault;

	cmd__parse(&cmd_report, &argp, argc, argv, &opts);
	/* A reader that went away is an error like a full disk. */
	signal(SIGPIPE, SIG_IGN);
	if (outputs__open(&outputs, &opts, &fault) ||
	    cmd_report__read_all(&recordings, &opts, &fault))
		complain("%s", fault.text);
	else
		status = report(&recordings, &opts, &outputs);
	collection__free(&recordings);
	outputs__discard(&outputs);
	return status;
}

const struct cmd cmd_report = {
	.name = "report",
	.summary = "tell latency and correctness from recordings",
	.run = cmd_report__run,
};
