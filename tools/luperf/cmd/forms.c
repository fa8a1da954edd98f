// SPDX-License-Identifier: GPL-2.0-only
/* Limits and outputs of a comparison, from the command line. See forms.h. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "lib/cmd.h"
#include "lib/mem.h"
#include "luperf/cmd/forms.h"
#include "luperf/cmd/schemas.h"

/* Options without a letter */
enum { OPT_ALLOW = 0x300, OPT_JSON_SCHEMA };

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

static double parse_rate(const struct argp_state *state, const char *arg)
{
	char *end;
	double q = strtod(arg, &end);

	if (end == arg || *end || !(q > 0 && q < 1))
		argp_error(state, "--rate takes a number between 0 and 1, not \"%s\"", arg);
	return q;
}

static error_t forms__parse(int key, char *arg, struct argp_state *state)
{
	struct forms *forms = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		forms->q = COMPARE_Q;
		return 0;
	case 'l':
		forms->limits = arg;
		return 0;
	case 'q':
		forms->q = parse_rate(state, arg);
		return 0;
	case OPT_ALLOW:
		forms->allowed = grow(forms->allowed, forms->nr_allowed, &forms->allowed_room,
				      sizeof(*forms->allowed));
		forms->allowed[forms->nr_allowed++] = arg;
		return 0;
	case 'j':
		forms->paths[FORM_JSON] = arg;
		return 0;
	case 'm':
		forms->paths[FORM_MARKDOWN] = arg;
		return 0;
	case 'x':
		forms->paths[FORM_JUNIT] = arg;
		return 0;
	case OPT_JSON_SCHEMA:
		cmd__print_schema(state, schema_compare);
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp forms_argp = { .options = options, .parser = forms__parse };

/* A form on standard output is there alone: nobody could take it from among the text. */
static int open_files(struct forms *forms, struct fault *fault)
{
	bool taken = false;
	enum form form;

	for (form = 0; form < NR_FORMS; form++) {
		if (!forms->paths[form])
			continue;
		if (!strcmp(forms->paths[form], "-") && taken)
			return fault__set(fault, "standard output (-) is wanted for several outputs: give "
					  "files for all but one");
		taken |= !strcmp(forms->paths[form], "-");
		forms->files[form] = outfile__open(forms->paths[form], fault);
		if (!forms->files[form])
			return -1;
	}
	if (taken)
		return 0;
	forms->text = outfile__open(NULL, fault);
	return forms->text ? 0 : -1;
}

int forms__open(struct forms *forms, struct fault *fault)
{
	/* A reader that went away is an error like a full disk. */
	signal(SIGPIPE, SIG_IGN);
	metrics__make(&forms->metrics);
	if (forms->limits && metrics__read(&forms->metrics, forms->limits, fault))
		return -1;
	return open_files(forms, fault);
}

struct compare_options forms__how(const struct forms *forms)
{
	return (struct compare_options){
		.q = forms->q, .metrics = &forms->metrics,
		.allowed = forms->allowed, .nr_allowed = forms->nr_allowed,
	};
}

FILE *forms__text(const struct forms *forms)
{
	return forms->text ? outfile__stream(forms->text) : NULL;
}

static int write_form(enum form form, const struct comparison *c, const struct sides *sides,
		      struct outfile *out, struct fault *fault)
{
	FILE *f = outfile__stream(out);

	if (form == FORM_JSON && comparison__print_json(c, sides, f))
		return outfile__fail(out, "it cannot be made JSON", fault);
	if (form == FORM_MARKDOWN)
		comparison__print_markdown(c, sides, f);
	if (form == FORM_JUNIT)
		comparison__print_junit(c, sides, f);
	return outfile__commit(out, fault);
}

static int commit_text(struct forms *forms, struct fault *fault)
{
	struct outfile *text = forms->text;

	forms->text = NULL;
	return text ? outfile__commit(text, fault) : 0;
}

/* Also what comes after one that cannot be written is written. */
int forms__write(struct forms *forms, const struct comparison *c, const struct sides *sides)
{
	int status = STATUS_CLEAN;
	struct outfile *out;
	struct fault fault;
	enum form form;

	if (commit_text(forms, &fault)) {
		complain("%s", fault.text);
		status = STATUS_ERROR;
	}
	for (form = 0; form < NR_FORMS; form++) {
		out = forms->files[form];
		forms->files[form] = NULL;
		if (out && write_form(form, c, sides, out, &fault)) {
			complain("%s", fault.text);
			status = STATUS_ERROR;
		}
	}
	return status;
}

void forms__free(struct forms *forms)
{
	enum form form;

	outfile__discard(forms->text);
	for (form = 0; form < NR_FORMS; form++)
		outfile__discard(forms->files[form]);
	metrics__free(&forms->metrics);
	free(forms->allowed);
}
