// SPDX-License-Identifier: GPL-2.0-only
/* The options of run and gate: see options.h. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/folder.h"
#include "lib/mem.h"
#include "lib/number.h"
#include "lib/text.h"
#include "luperf/run/options.h"
#include "luperf/run/shell.h"

#define N_DEFAULT	10
#define N_MOST		10000

/* Options without a letter */
enum { OPT_BASE = 0x200, OPT_NEW, OPT_COMMAND, OPT_VM, OPT_ICOUNT, OPT_NAME, OPT_NO_CONTROL, OPT_FOLDER,
       OPT_LABEL, OPT_FACT };

static const struct argp_option options[] = {
	{ "base", OPT_BASE, "BUILD", 0, "The old build", 0 },
	{ "new", OPT_NEW, "BUILD", 0, "The build that may be worse", 0 },
	{ "number", 'n', "N", 0, "Live updates of each build; else 10", 0 },
	{ "command", OPT_COMMAND, "CMD", 0, "Runs by sh for each live update: performs it with $LUPERF_BUILD, "
	  "and leaves old.rec and new.rec in $LUPERF_DIR", 0 },
	{ "vm", OPT_VM, "DIR", 0, "In place of a command: the VM of the lutrace checkout DIR; builds are "
	  "kernel images, trees, or commits of the tree that it has laid out", 0 },
	{ "icount", OPT_ICOUNT, NULL, 0, "The clocks of the VM count instructions", 0 },
	{ "name", OPT_NAME, "NAME", 0, "Of this run, which goes on if there is one of it; else the builds", 0 },
	{ "no-control", OPT_NO_CONTROL, NULL, 0, "Do not measure the base once more as a control", 0 },
	{ "folder", OPT_FOLDER, "DIR", 0, "Where recordings and logs are kept; else "
	  "$XDG_DATA_HOME/lutrace/runs", 0 },
	{ "label", OPT_LABEL, "NAME=VALUE", 0, "Of each live update; may be repeated", 0 },
	{ "fact", OPT_FACT, "NAME=VALUE", 0, "Of the machine; may be repeated", 0 },
	{ 0 }
};

void option__pair(struct pairs *pairs, const struct argp_state *state, const char *option, char *arg)
{
	char *equals = strchr(arg, '=');

	if (!equals || equals == arg || !equals[1])
		argp_error(state, "--%s takes NAME=VALUE, not \"%s\"", option, arg);
	*equals = '\0';
	if (pairs__get(pairs, arg))
		argp_error(state, "--%s %s is there twice", option, arg);
	pairs__set(pairs, arg, equals + 1);
	*equals = '=';
}

void option__label(struct pairs *labels, const struct argp_state *state, char *arg)
{
	size_t len = strcspn(arg, "=");
	char *name = strndup(arg, len);

	if (name && label__is_reserved(name))
		argp_error(state, "--label: \"%s\" is not free to be a label: %s", name,
			   "commit, branch, verdict and id are what they are");
	free(name);
	option__pair(labels, state, "label", arg);
}

/* It becomes a folder. */
static const char *parse_name(const struct argp_state *state, const char *arg)
{
	if (!*arg || *arg == '.' || strchr(arg, '/'))
		argp_error(state, "--name: \"%s\" cannot be the name of a run: no /, and no dot in front", arg);
	return arg;
}

static void check(const struct run_options *o, const struct argp_state *state)
{
	if (!o->base || !o->new)
		argp_error(state, "name both builds with --base and --new");
	if (!o->command == !o->vm)
		argp_error(state, "say how to measure: either --command, or --vm with a checkout of lutrace");
	if (o->icount && !o->vm)
		argp_error(state, "--icount is of --vm");
}

static error_t run_options__parse(int key, char *arg, struct argp_state *state)
{
	struct run_options *o = state->input;

	switch (key) {
	case OPT_BASE:
		o->base = arg;
		return 0;
	case OPT_NEW:
		o->new = arg;
		return 0;
	case 'n':
		if (!number__parse(arg, N_MOST, &o->n) || !o->n)
			argp_error(state, "--number: \"%s\" is no number from 1 to %d", arg, N_MOST);
		return 0;
	case OPT_COMMAND:
		o->command = arg;
		return 0;
	case OPT_VM:
		o->vm = arg;
		return 0;
	case OPT_ICOUNT:
		o->icount = true;
		return 0;
	case OPT_NAME:
		o->name = parse_name(state, arg);
		return 0;
	case OPT_NO_CONTROL:
		o->no_control = true;
		return 0;
	case OPT_FOLDER:
		o->folder = arg;
		return 0;
	case OPT_LABEL:
		option__label(&o->labels, state, arg);
		return 0;
	case OPT_FACT:
		option__pair(&o->facts, state, "fact", arg);
		return 0;
	case ARGP_KEY_END:
		check(o, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp run_argp = { .options = options, .parser = run_options__parse };

/* Takes over @text. */
static char *own(struct run_options *o, char *text)
{
	o->owned[o->nr_owned++] = text;
	return text;
}

/* The last path of a build, without what a name cannot have */
static char *short_name(const char *build)
{
	const char *slash = strrchr(build, '/');
	char *name = xstrdup(slash && slash[1] ? slash + 1 : build), *at;

	make_printable(name);
	for (at = name; *at; at++)
		if (*at == '/' || *at == ' ' || (at == name && *at == '.'))
			*at = '_';
	return name;
}

static const char *default_name(struct run_options *o)
{
	char *base = short_name(o->base), *new = short_name(o->new);
	const char *name = own(o, xasprintf("%s..%s", base, new));

	free(base);
	free(new);
	return name;
}

static const char *default_folder(struct run_options *o, struct fault *fault)
{
	char *folder = folder__data("lutrace/runs", "--folder", fault);

	return folder ? own(o, folder) : NULL;
}

/* Builds it if it must be built, and sets image and commit of an arm from what the script says last. */
static int prepare(struct run_options *o, enum arm arm, const char *build, struct fault *fault)
{
	char *command = own(o, xasprintf("'%s/scripts/measure' prepare", o->vm)), *line, *commit;
	char *log = own(o, xasprintf("%s/%s/prepare-%s.log", o->run.folder, o->run.name, arm__name(arm)));
	struct fault why;

	complain("building %s, if it must be", build);
	if (shell__run(command, (struct shell_variable[]){ { "LUPERF_BUILD", build }, { 0 } }, log, &why))
		return fault__set(fault, "%s cannot be built: %s", build, why.text);
	line = own(o, shell__last_line(log));
	commit = strchr(line, ' ');
	if (!commit)
		return fault__set(fault, "%s said no image and commit, but \"%s\"", command, line);
	*commit++ = '\0';
	o->run.builds[arm] = line;
	o->run.commits[arm] = strcmp(commit, "-") ? commit : NULL;
	return 0;
}

static int prepare_vm(struct run_options *o, struct fault *fault)
{
	char *script = own(o, xasprintf("%s/scripts/measure", o->vm));
	char *folder = own(o, xasprintf("%s/%s", o->run.folder, o->run.name));

	if (access(script, X_OK))
		return fault__set(fault, "%s is no checkout of lutrace: it has no scripts/measure", o->vm);
	if (folder__make(folder, fault))
		return -1;
	shell__catch();
	o->run.command = own(o, xasprintf("'%s' run", script));
	if (o->icount)
		setenv("MEASURE_ICOUNT", "1", 1);
	return prepare(o, ARM_BASE, o->base, fault) || prepare(o, ARM_NEW, o->new, fault) ? -1 : 0;
}

int run_options__prepare(struct run_options *o, struct fault *fault)
{
	o->run.name = o->name ? o->name : default_name(o);
	o->run.folder = o->folder ? o->folder : default_folder(o, fault);
	return o->run.folder ? folder__make(o->run.folder, fault) : -1;
}

int run_options__start(struct run_options *o, struct fault *fault)
{
	o->run = (struct run){
		.name = o->name ? o->name : default_name(o),
		.folder = o->folder ? o->folder : default_folder(o, fault),
		.command = o->command, .builds = { [ARM_BASE] = o->base, [ARM_NEW] = o->new },
		.facts = &o->facts, .labels = &o->labels, .n = o->n ? o->n : N_DEFAULT,
		.control = !o->no_control, .stage = 1,
	};
	if (!o->run.folder || (o->vm && prepare_vm(o, fault)))
		return -1;
	o->run.builds[ARM_CONTROL] = o->run.builds[ARM_BASE];
	o->run.commits[ARM_CONTROL] = o->run.commits[ARM_BASE];
	return 0;
}

void run_options__free(struct run_options *o)
{
	while (o->nr_owned)
		free(o->owned[--o->nr_owned]);
	pairs__free(&o->facts);
	pairs__free(&o->labels);
}
