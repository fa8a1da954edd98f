// SPDX-License-Identifier: GPL-2.0-only
/* lutrace ready: go or no-go before the jump, with reasons. It never opens /dev/liveupdate. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd/cmd.h"
#include "health/doctor.h"
#include "health/ready.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "live/host.h"
#include "next/compat.h"
#include "recording/recording.h"
#include "report/schemas.h"
#include "walk/kernel.h"

#define KHO_BLOCKS	"/sys/kernel/debug/kho/out/nr_preserved"

struct opts {
	const char *image, *initrd, *cmdline;
	bool json, verbose;
};

enum { OPT_JSON_SCHEMA = 0x100 };

static const struct argp_option options[] = {
	{ "kernel", 'k', "IMAGE", 0, "Look into IMAGE, the next kernel", 0 },
	{ "cmdline", 'c', "TEXT", 0, "The next kernel's command line; that of the running one "
				     "without it", 0 },
	{ "initrd", 'i', "FILE", 0, "Its initrd, which has to fit into KHO's scratch areas with it", 0 },
	{ "json", 'j', NULL, 0, "Print JSON instead of text", 0 },
	{ "json-schema", OPT_JSON_SCHEMA, NULL, 0, "Print the schema of the JSON, and do no more",
	  0 },
	{ "verbose", 'v', NULL, 0, "Show what libbpf and the kernel's verifier say", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case 'k':
		opts->image = arg;
		return 0;
	case 'c':
		opts->cmdline = arg;
		return 0;
	case 'i':
		opts->initrd = arg;
		return 0;
	case 'j':
		opts->json = true;
		return 0;
	case OPT_JSON_SCHEMA:
		cmd__print_schema(state, schema_ready);
	case 'v':
		opts->verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\" is too much: ready takes no arguments", arg);
		return 0;
	case ARGP_KEY_END:
		if (opts->cmdline && !opts->image)
			argp_error(state, "--cmdline needs --kernel, whose command line it is");
		if (opts->initrd && !opts->image)
			argp_error(state, "--initrd needs --kernel, with which it is loaded");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Says go or no-go before the jump into the next kernel, and why\v"
	       "Run it when all is preserved and the next kernel is loaded. It looks at the machine "
	       "as doctor does, at what is preserved now, and into the next kernel's image. It "
	       "changes nothing and does not open /dev/liveupdate.\n\n"
	       "Exit status: 0 go, 1 error, 2 no-go, 3 it cannot be told.\n\n"
	       "  lutrace ready --kernel /boot/next --cmdline \"$(cat next.cmdline)\"",
};

/* 1, 0, or -1 if the kernel does not say. */
static int kernel_loaded(void)
{
	static const char *const paths[] = {
		"/sys/kernel/kexec_loaded", "/sys/kernel/kexec/loaded",
	};
	struct fault fault;
	char *text = NULL;
	int loaded = -1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths) && !text; i++)
		text = read_file(paths[i], NULL, &fault);
	if (text)
		loaded = *text == '1' ? 1 : *text == '0' ? 0 : -1;
	free(text);
	return loaded;
}

static void read_blocks(struct ready_facts *facts, struct fault *fault)
{
	char *text = read_file(KHO_BLOCKS, NULL, fault), *end = NULL;

	facts->blocks_fault = fault->text;
	if (!text)
		return;
	facts->blocks = strtoull(text, &end, 10);
	facts->blocks_known = end != text;
	if (!facts->blocks_known)
		fault__set(fault, KHO_BLOCKS " has no number");
	free(text);
}

static int look_at_next(const struct opts *opts, struct ready_facts *facts,
			struct remarks *remarks, struct fault *fault)
{
	/* Who knows of no domain does not know that there will be none. */
	struct needs needs = { .memfds = true, .hwpts = true };
	struct next_kernel next = { .image = opts->image, .initrd = opts->initrd };
	char *running;
	int err;

	if (!opts->image)
		return 0;
	running = read_file("/proc/cmdline", NULL, fault);
	if (!running)
		return -1;
	running[strcspn(running, "\n")] = '\0';
	next.cmdline = opts->cmdline ? opts->cmdline : running;
	err = compat__check(&next, running, needs, remarks, fault);
	free(running);
	facts->image = opts->image;
	facts->remarks = remarks;
	return err;
}

static void list_hwpts(const struct opts *opts, struct ready_facts *facts, struct listing *list,
		       struct fault *fault)
{
	struct lister *lister = lister__open(false, opts->verbose, NULL, NULL, fault);

	facts->list_fault = fault->text;
	if (lister && !lister__list(lister, list, fault))
		facts->list = list;
	lister__free(lister);
}

static int say(const struct opts *opts, const struct ready_facts *facts, struct fault *fault)
{
	struct findings reasons = { 0 };
	struct blackout blackout;
	int status, err = 0;

	ready__judge(facts, &reasons, &blackout);
	if (opts->json)
		err = ready__json(facts, &reasons, &blackout, stdout);
	else
		ready__print(&reasons, stdout);
	status = ready_verdict__status(ready__verdict(&reasons));
	findings__free(&reasons);
	if (err || fflush(stdout) || ferror(stdout))
		return fault__set(fault, "cannot write to standard output");
	return status;
}

static int run(int argc, char **argv)
{
	struct ready_facts facts = { .loaded = kernel_loaded() };
	struct fault fault, list_fault, blocks_fault;
	struct remarks remarks = { 0 };
	struct findings machine = { 0 };
	struct listing list = { 0 };
	struct opts opts = { 0 };
	int status;

	cmd__parse(&cmd_ready, &argp, argc, argv, &opts);
	doctor__look_here(&machine);
	facts.machine = &machine;
	facts.emulated = host__emulated();
	list_hwpts(&opts, &facts, &list, &list_fault);
	read_blocks(&facts, &blocks_fault);
	status = look_at_next(&opts, &facts, &remarks, &fault);
	if (!status)
		status = say(&opts, &facts, &fault);
	if (status < 0)
		complain("%s", fault.text);
	listing__free(&list);
	findings__free(&machine);
	return status < 0 ? STATUS_ERROR : status;
}

const struct cmd cmd_ready = {
	.name = "ready",
	.summary = "say go or no-go before the jump into the next kernel",
	.run = run,
};
