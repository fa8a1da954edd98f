// SPDX-License-Identifier: GPL-2.0-only
/* lutrace doctor: what this machine has, what is missing, and what would work. Opens no device. */
#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include "cmd/cmd.h"
#include "health/doctor.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/version.h"
#include "live/live.h"
#include "report/json.h"
#include "report/schemas.h"
#include "walk/kernel.h"

struct opts {
	bool json, verbose;
};

enum { OPT_JSON_SCHEMA = 0x100 };

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print JSON instead of text", 0 },
	{ "json-schema", OPT_JSON_SCHEMA, NULL, 0, "Print the schema of the JSON, and do no more",
	  0 },
	{ "verbose", 'v', NULL, 0, "Name all that is counted, such as missing tracepoints", 0 },
	{ 0 }
};

static error_t cmd_doctor__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case 'j':
		opts->json = true;
		return 0;
	case OPT_JSON_SCHEMA:
		cmd__print_schema(state, schema_doctor);
	case 'v':
		opts->verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\" is too much: doctor takes no arguments", arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_doctor__parse,
	.doc = "Tells what this machine has for lutrace and a live update, and what is missing\v"
	       "It only looks: no BPF program is loaded, nothing is mounted, /dev/liveupdate is "
	       "not opened. It works without root, on any kernel.\n\n"
	       "Exit status: 0 lutrace record would work, with or without BPF, 1 it would not, or error.",
};

void doctor__look_here(struct findings *out)
{
	struct fault fault = { "" };
	struct doctor_from from = { .root = "", .btf_fault = fault.text,
				    .tracepoints = live_tracepoints,
				    .nr_tracepoints = LUTRACE_NR_PROGS };
	struct btf *btf;

	kernel__verbose(false);
	btf = kernel__btf(&fault);
	from.btf = btf;
	doctor__look(&from, out);
	btf__free(btf);
}

static const struct {
	unsigned int need;
	const char *key, *name;
} works[] = {
	{ FOR_RECORD, "record", "lutrace record" },
	{ FOR_TRACEFS, "tracefs", "lutrace record without BPF" },
	{ FOR_WALK, "walk", "lutrace walk" },
	{ FOR_UPDATE, "update", "a live update" },
};

static void doctor__print_works(const struct findings *list, FILE *f, size_t i)
{
	enum finding_state state = findings__state(list, works[i].need);
	char *names = findings__names(list, works[i].need, state);

	if (state == FINDING_OK)
		fprintf(f, "%s: would work\n", works[i].name);
	else
		fprintf(f, "%s: %s: %s\n", works[i].name, state == FINDING_MISSING ?
			"would not work" : "cannot be told", names);
	free(names);
}

void doctor__print(const struct findings *list, bool details, FILE *f)
{
	struct utsname u;
	size_t i;

	uname(&u);
	fprintf(f, "lutrace " LUTRACE_VERSION " on %s %s (%s)\n\n", u.sysname, u.release,
		u.machine);
	findings__print(list, details, f);
	fputc('\n', f);
	for (i = 0; i < ARRAY_SIZE(works); i++)
		doctor__print_works(list, f, i);
}

int doctor__json(const struct findings *list, FILE *f)
{
	json_t *states = json_object(), *root;
	struct utsname u;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(works); i++)
		json_object_set_new(states, works[i].key, json_string(
			finding_state__name(findings__state(list, works[i].need))));
	uname(&u);
	root = json_pack("{s:s,s:s,s:{s:o,s:o,s:o},s:o,s:o}", "schema", DOCTOR_SCHEMA,
			 "tool", "lutrace " LUTRACE_VERSION, "kernel",
			 "release", json__text(u.release), "version", json__text(u.version),
			 "machine", json__text(u.machine), "works", states,
			 "findings", findings__json(list));
	return json__write(root, false, f);
}

static int cmd_doctor__run(int argc, char **argv)
{
	struct findings list = { 0 };
	struct opts opts = { 0 };
	int status, err = 0;

	cmd__parse(&cmd_doctor, &argp, argc, argv, &opts);
	doctor__look_here(&list);
	if (opts.json)
		err = doctor__json(&list, stdout);
	else
		doctor__print(&list, opts.verbose, stdout);
	status = findings__state(&list, FOR_RECORD) == FINDING_OK ||
		findings__state(&list, FOR_TRACEFS) == FINDING_OK ? STATUS_CLEAN : STATUS_ERROR;
	findings__free(&list);
	if (err || fflush(stdout) || ferror(stdout)) {
		complain("cannot write to standard output");
		status = STATUS_ERROR;
	}
	return status;
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.summary = "tell what this machine has for lutrace, and what is missing",
	.run = cmd_doctor__run,
};
