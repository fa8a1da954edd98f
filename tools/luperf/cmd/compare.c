// SPDX-License-Identifier: GPL-2.0-only
/* luperf compare: whether the live update of one build is worse than that of another. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/outfile.h"
#include "lib/text.h"
#include "luperf/cmd/cmd.h"
#include "luperf/cmd/schemas.h"
#include "luperf/compare/print.h"

/* Beside the text */
enum form { FORM_JSON, FORM_MARKDOWN, FORM_JUNIT, NR_FORMS };

struct opts {
	const char *db, *limits;
	const char *outputs[NR_FORMS];
	double q;
	char **allowed;
	size_t nr_allowed, allowed_room;
	char *sides[2];
	int nr;
};

/* Options without a letter */
enum { OPT_ALLOW = 0x100, OPT_JSON_SCHEMA };

static const struct argp_option options[] = {
	{ "limits", 'l', "FILE", 0, "What counts as a change, for each metric: as luperf metrics prints it",
	  0 },
	{ "rate", 'q', "RATE", 0, "The false discovery rate over all metrics; else 0.01", 0 },
	{ "allow", OPT_ALLOW, "FACT", 0, "Compare although this fact of the machines differs; may be "
	  "repeated", 0 },
	{ "json", 'j', "FILE", 0, "Write the comparison as JSON to FILE too", 0 },
	{ "markdown", 'm', "FILE", 0, "Write it as Markdown, for a pull request, to FILE too", 0 },
	{ "junit", 'x', "FILE", 0, "Write it as JUnit XML to FILE too", 0 },
	{ "json-schema", OPT_JSON_SCHEMA, NULL, 0, "Print the schema of the JSON, and do no more", 0 },
	{ 0 }
};

static const struct argp_child children[] = { { &db_argp, 0, NULL, 0 }, { 0 } };

static double parse_rate(const struct argp_state *state, const char *arg)
{
	char *end;
	double q = strtod(arg, &end);

	if (end == arg || *end || !(q > 0 && q < 1))
		argp_error(state, "--rate takes a number between 0 and 1, not \"%s\"", arg);
	return q;
}

static error_t cmd_compare__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->db;
		return 0;
	case 'l':
		opts->limits = arg;
		return 0;
	case 'q':
		opts->q = parse_rate(state, arg);
		return 0;
	case 'j':
		opts->outputs[FORM_JSON] = arg;
		return 0;
	case 'm':
		opts->outputs[FORM_MARKDOWN] = arg;
		return 0;
	case 'x':
		opts->outputs[FORM_JUNIT] = arg;
		return 0;
	case OPT_JSON_SCHEMA:
		cmd__print_schema(state, schema_compare);
	case OPT_ALLOW:
		opts->allowed = grow(opts->allowed, opts->nr_allowed, &opts->allowed_room,
				     sizeof(*opts->allowed));
		opts->allowed[opts->nr_allowed++] = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (opts->nr == 2)
			argp_error(state, "\"%s\" is too much: two builds are compared", arg);
		opts->sides[opts->nr++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (opts->nr < 2)
			argp_error(state, "name two builds, the old one first");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_compare__parse,
	.children = children,
	.args_doc = "OLD NEW\n--json-schema",
	.doc = "Tells whether the live updates of build NEW are worse than those of OLD\v"
	       "OLD and NEW are commits, of which the beginning is enough, or conditions as luperf list "
	       "takes them, with commas between.\n\n"
	       "Exit status: 0 no regression, 1 error, 2 regression, 3 cannot tell.\n\n"
	       "  luperf compare 6d1f3a2 9c0b1e7\n"
	       "  luperf compare branch=main,config=big branch=new,config=big",
};

/* Samples of one side */
struct side {
	struct sample *samples;
	size_t nr;
};

static void side__free(struct side *side)
{
	size_t i;

	for (i = 0; i < side->nr; i++)
		sample__free(&side->samples[i]);
	free(side->samples);
}

/* "a=b,c=d" or a commit, as conditions of store__find(); they point into @text and *@commit. */
static size_t split(char *text, char **commit, char ***conditions)
{
	size_t nr = 0, room = 0;
	char *part, *save;

	*conditions = NULL;
	*commit = NULL;
	if (!strchr(text, '=')) {
		*commit = xasprintf("commit=%s", text);
		*conditions = xcalloc(1, sizeof(**conditions));
		(*conditions)[0] = *commit;
		return 1;
	}
	for (part = strtok_r(text, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		*conditions = grow(*conditions, nr, &room, sizeof(**conditions));
		(*conditions)[nr++] = part;
	}
	return nr;
}

static int find(struct store *store, const char *what, struct ids *ids, struct fault *fault)
{
	char *text = xstrdup(what), *commit, **conditions;
	size_t nr = split(text, &commit, &conditions);
	int err = store__find(store, conditions, nr, ids, fault);

	free(conditions);
	free(commit);
	free(text);
	if (!err && !ids->nr)
		err = fault__set(fault, "there is no live update of \"%s\" in %s: luperf list has what "
				 "there is", what, store__name(store));
	return err;
}

static int side__load(struct side *side, struct store *store, const struct ids *ids, struct fault *fault)
{
	int err = 0;

	side->samples = xcalloc(ids->nr + 1, sizeof(*side->samples));
	while (!err && side->nr < ids->nr) {
		err = store__load(store, ids->items[side->nr], LOAD_ALL, &side->samples[side->nr],
				  fault);
		side->nr += !err;
	}
	return err;
}

/* A live update on both sides would be compared with itself. */
static int check_apart(const struct ids *ids, const struct opts *opts, struct fault *fault)
{
	size_t i, k = 0;

	for (i = 0; i < ids[0].nr; i++) {
		while (k < ids[1].nr && ids[1].items[k] < ids[0].items[i])
			k++;
		if (k < ids[1].nr && ids[1].items[k] == ids[0].items[i])
			return fault__set(fault, "live update %lld is in both \"%s\" and \"%s\": name two "
					  "builds that are apart", (long long)ids[0].items[i],
					  opts->sides[0], opts->sides[1]);
	}
	return 0;
}

/* What is to be written, open before anything is compared: the text, and each form that is wanted. */
struct outputs {
	struct outfile *text, *forms[NR_FORMS];
};

/* A form on standard output is there alone: nobody could take it from among the text. */
static int outputs__open(struct outputs *outputs, const struct opts *opts, struct fault *fault)
{
	bool taken = false;
	enum form form;

	*outputs = (struct outputs){ 0 };
	for (form = 0; form < NR_FORMS; form++) {
		if (!opts->outputs[form])
			continue;
		if (!strcmp(opts->outputs[form], "-") && taken)
			return fault__set(fault, "standard output (-) is wanted for several outputs: give "
					  "files for all but one");
		taken |= !strcmp(opts->outputs[form], "-");
		outputs->forms[form] = outfile__open(opts->outputs[form], fault);
		if (!outputs->forms[form])
			return -1;
	}
	if (taken)
		return 0;
	outputs->text = outfile__open(NULL, fault);
	return outputs->text ? 0 : -1;
}

static void outputs__discard(struct outputs *outputs)
{
	enum form form;

	outfile__discard(outputs->text);
	for (form = 0; form < NR_FORMS; form++)
		outfile__discard(outputs->forms[form]);
}

static int write_form(enum form form, const struct comparison *c, const struct sides *names,
		      struct outfile *out, struct fault *fault)
{
	FILE *f = outfile__stream(out);

	if (form == FORM_JSON && comparison__print_json(c, names, f))
		return outfile__fail(out, "it cannot be made JSON", fault);
	if (form == FORM_MARKDOWN)
		comparison__print_markdown(c, names, f);
	if (form == FORM_JUNIT)
		comparison__print_junit(c, names, f);
	return outfile__commit(out, fault);
}

/* Also what comes after one that cannot be written is written. Returns a status. */
static int outputs__write(struct outputs *outputs, const struct comparison *c, const struct sides *names)
{
	struct outputs all = *outputs;
	int status = STATUS_CLEAN;
	struct fault fault;
	enum form form;

	*outputs = (struct outputs){ 0 };
	if (all.text) {
		comparison__print(c, names, outfile__stream(all.text));
		if (outfile__commit(all.text, &fault)) {
			complain("%s", fault.text);
			status = STATUS_ERROR;
		}
	}
	for (form = 0; form < NR_FORMS; form++) {
		if (all.forms[form] && write_form(form, c, names, all.forms[form], &fault)) {
			complain("%s", fault.text);
			status = STATUS_ERROR;
		}
	}
	return status;
}

static int compare(const struct side *sides, const struct opts *opts, const struct metrics *metrics,
		   struct outputs *outputs)
{
	struct compare_options how = { opts->q, metrics, opts->allowed, opts->nr_allowed };
	struct sides names = { opts->sides[0], opts->sides[1] };
	struct comparison c;
	int status;

	make_printable(opts->sides[0]);
	make_printable(opts->sides[1]);
	comparison__make(&c, sides[0].samples, sides[0].nr, sides[1].samples, sides[1].nr, &how);
	status = cmd__worse(answer__status(c.answer), outputs__write(outputs, &c, &names));
	comparison__free(&c);
	return status;
}

static int load(struct store *store, struct side *sides, const struct opts *opts, struct fault *fault)
{
	struct ids ids[2] = { 0 };
	int err = store__begin_read(store, fault);

	if (err)
		return err;
	err = find(store, opts->sides[0], &ids[0], fault) || find(store, opts->sides[1], &ids[1], fault) ||
	      check_apart(ids, opts, fault) || side__load(&sides[0], store, &ids[0], fault) ||
	      side__load(&sides[1], store, &ids[1], fault);
	store__end_read(store);
	ids__free(&ids[0]);
	ids__free(&ids[1]);
	return err ? -1 : 0;
}

static int run(const struct opts *opts, const struct metrics *metrics)
{
	struct store *store = cmd__open(opts->db, DB_READ_ONLY);
	struct outputs outputs = { 0 };
	struct side sides[2] = { 0 };
	int status = STATUS_ERROR;
	struct fault fault;

	if (!store)
		return STATUS_ERROR;
	if (outputs__open(&outputs, opts, &fault) || load(store, sides, opts, &fault))
		complain("%s", fault.text);
	else
		status = compare(sides, opts, metrics, &outputs);
	outputs__discard(&outputs);
	side__free(&sides[0]);
	side__free(&sides[1]);
	store__close(store);
	return status;
}

static int cmd_compare__run(int argc, char **argv)
{
	struct opts opts = { .q = COMPARE_Q };
	struct metrics metrics;
	struct fault fault;
	int status = STATUS_ERROR;

	cmd__parse(&cmd_compare, &argp, argc, argv, &opts);
	/* A reader that went away is an error like a full disk. */
	signal(SIGPIPE, SIG_IGN);
	metrics__make(&metrics);
	if (opts.limits && metrics__read(&metrics, opts.limits, &fault))
		complain("%s", fault.text);
	else
		status = run(&opts, &metrics);
	metrics__free(&metrics);
	free(opts.allowed);
	return status;
}

const struct cmd cmd_compare = {
	.name = "compare",
	.summary = "tell whether one build is worse than another",
	.run = cmd_compare__run,
};
