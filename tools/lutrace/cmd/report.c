// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cmd/cmd.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/outfile.h"
#include "report/csv.h"
#include "report/perfetto.h"
#include "report/report.h"
#include "report/schemas.h"

struct opts {
	const char *json, *csv, *perfetto;
	struct selection sel;
	char **files;
	int nr;
};

/* An option without a letter */
enum { OPT_JSON_SCHEMA = 0x100 };

static const struct argp_option options[] = {
	{ "json", 'j', "FILE", 0, "Write the report as JSON to FILE too", 0 },
	{ "csv", 'c', "FILE", 0, "Write one line per operation as CSV to FILE too", 0 },
	{ "perfetto", 'p', "FILE", 0, "Write a trace for Perfetto to FILE too", 0 },
	{ "json-schema", OPT_JSON_SCHEMA, NULL, 0, "Print the schema of the JSON, and do no more",
	  0 },
	{ 0 }
};

static const struct argp_child children[] = { { &selection_argp, 0, NULL, 0 }, { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
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
	.parser = parse,
	.children = children,
	.args_doc = "RECORDING...\n--json-schema",
	.doc = "Tells latency and correctness from recordings of `lutrace record`\v"
	       "Give the recordings of both kernels of a live update, in any order, to have "
	       "what was restored compared with what was preserved. docs/report.md says how to "
	       "read the report and what stands in the JSON.\n\n"
	       "Exit status: 0 clean, 1 error, 2 violation, 3 incomplete.\n\n"
	       "  lutrace report --json report.json old.rec new.rec",
};

/* A device can be named twice; of a file the first content would be lost. */
static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	if (stat(a, &x))
		return !strcmp(a, b);
	return S_ISREG(x.st_mode) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* `report -c old.rec new.rec` must not cost a recording. */
static int check_outputs(const struct opts *opts, struct fault *fault)
{
	const char *outputs[] = { opts->json, opts->csv, opts->perfetto };
	size_t i, k;
	int n;

	for (i = 0; i < ARRAY_SIZE(outputs); i++) {
		for (n = 0; n < opts->nr && outputs[i]; n++)
			if (same_file(outputs[i], opts->files[n]))
				return fault__set(fault, "%s is a recording to read: give another "
						  "file to write to", outputs[i]);
		for (k = 0; k < i; k++)
			if (outputs[i] && outputs[k] && same_file(outputs[i], outputs[k]))
				return fault__set(fault, "%s cannot hold two reports: name another "
						  "file for one of them", outputs[i]);
	}
	return 0;
}

static int write_json(const struct analysis *a, const char *path, struct fault *fault)
{
	struct outfile *out = outfile__open(path, fault);

	if (!out)
		return -1;
	errno = 0;
	if (report__json(a, outfile__stream(out))) {
		fault__set(fault, "cannot write %s: %s", path,
			   errno ? strerror(errno) : "it cannot be made JSON");
		outfile__discard(out);
		return -1;
	}
	return outfile__commit(out, fault);
}

static int write_csv(const struct analysis *a, const char *path, struct fault *fault)
{
	struct outfile *out = outfile__open(path, fault);

	if (!out)
		return -1;
	csv__print(a, outfile__stream(out));
	return outfile__commit(out, fault);
}

static int write_perfetto(const struct analysis *a, const char *path, struct fault *fault)
{
	struct outfile *out = outfile__open(path, fault);
	struct fault why;

	if (!out)
		return -1;
	if (perfetto__write(a, outfile__stream(out), &why)) {
		fault__set(fault, "cannot write %s: %s", path, why.text);
		outfile__discard(out);
		return -1;
	}
	return outfile__commit(out, fault);
}

static int print(const struct analysis *a, struct fault *fault)
{
	struct outfile *out = outfile__open(NULL, fault);

	report__print(a, outfile__stream(out));
	return outfile__commit(out, fault);
}

/* The first thing that cannot be written ends it. */
static int report(const struct recording *recordings, size_t nr, const struct opts *opts)
{
	struct analysis a;
	struct fault fault;
	int status;

	analysis__run_for(&a, recordings, nr, &opts->sel);
	status = verdict__status(a.verdict);
	if (print(&a, &fault) ||
	    (opts->json && write_json(&a, opts->json, &fault)) ||
	    (opts->csv && write_csv(&a, opts->csv, &fault)) ||
	    (opts->perfetto && write_perfetto(&a, opts->perfetto, &fault))) {
		complain("%s", fault.text);
		status = STATUS_ERROR;
	}
	analysis__free(&a);
	return status;
}

static int run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct recording *recordings;
	struct fault fault;
	int i, status = STATUS_CLEAN;

	cmd__parse(&cmd_report, &argp, argc, argv, &opts);
	/* A reader that went away is an error like a full disk. */
	signal(SIGPIPE, SIG_IGN);
	if (check_outputs(&opts, &fault)) {
		complain("%s", fault.text);
		return STATUS_ERROR;
	}
	recordings = xcalloc(opts.nr, sizeof(*recordings));
	for (i = 0; i < opts.nr && status == STATUS_CLEAN; i++) {
		if (recording__read(&recordings[i], opts.files[i], &fault)) {
			complain("%s", fault.text);
			status = STATUS_ERROR;
		}
	}
	if (status == STATUS_CLEAN)
		status = report(recordings, opts.nr, &opts);
	for (i = 0; i < opts.nr; i++)
		recording__free(&recordings[i]);
	free(recordings);
	return status;
}

const struct cmd cmd_report = {
	.name = "report",
	.summary = "tell latency and correctness from recordings",
	.run = run,
};
