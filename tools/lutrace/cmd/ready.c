// SPDX-License-Identifier: GPL-2.0-only
/* lutrace ready: go or no-go before the jump, with reasons. It never opens /dev/liveupdate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd/cmd.h"
#include "health/doctor.h"
#include "health/ready_bpf.h"
#include "health/ready.h"
#include "health/reset.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "live/host.h"
#include "next/compat.h"
#include "next/loaded.h"
#include "recording/recording.h"
#include "report/schemas.h"
#include "walk/kernel.h"

#define KHO_BLOCKS "/sys/kernel/debug/kho/out/nr_preserved"

struct opts {
	const char *image, *initrd, *cmdline;
	bool json, verbose;
};

enum { OPT_JSON_SCHEMA = 0x100 };

static const struct argp_option options[] = {
	{ "kernel", 'k', "IMAGE", 0, "Look into IMAGE, the next kernel", 0 },
	{ "cmdline", 'c', "TEXT", 0,
	  "The next kernel's command line; that of the running one "
	  "without it",
	  0 },
	{ "initrd", 'i', "FILE", 0, "Its initrd, which has to fit into KHO's scratch areas with it",
	  0 },
	{ "json", 'j', NULL, 0, "Print JSON instead of text", 0 },
	{ "json-schema", OPT_JSON_SCHEMA, NULL, 0, "Print the schema of the JSON, and do no more",
	  0 },
	{ "verbose", 'v', NULL, 0, "Show what libbpf and the kernel's verifier say", 0 },
	{ 0 }
};

static error_t cmd_ready__parse(int key, char *arg, struct argp_state *state)
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
	.parser = cmd_ready__parse,
	.doc = "Says go or no-go before the jump into the next kernel, and why\v"
	       "Run it when all is preserved and the next kernel is loaded. It looks at the "
	       "machine as doctor does, at what is preserved now, and into the next kernel's image. It "
	       "changes nothing and does not open /dev/liveupdate.\n\n"
	       "Exit status: 0 go, 1 error, 2 no-go, 3 it cannot be told.\n\n"
	       "  lutrace ready --kernel /boot/next --cmdline \"$(cat next.cmdline)\"",
};

/* All that is looked at, which ready__judge() gets as facts that point here. */
struct look {
	const struct opts *opts;
	struct ready_facts facts;
	struct findings machine;
	struct listing list;
	struct ready_kernel kernel;
	struct remarks remarks;
	struct reset_list no_reset;
	struct fault list_fault, loaded_fault, kernel_fault, blocks_fault;
};

static void look__read_blocks(struct look *look)
{
	char *text = read_file(KHO_BLOCKS, NULL, &look->blocks_fault), *end = NULL;
	struct ready_facts *facts = &look->facts;

	facts->blocks_fault = look->blocks_fault.text;
	if (!text)
		return;
	facts->blocks = strtoull(text, &end, 10);
	facts->blocks_known = end != text;
	if (!facts->blocks_known)
		fault__set(&look->blocks_fault, KHO_BLOCKS " has no number");
	free(text);
}

static void look__read_kernel(struct look *look)
{
	look->facts.loaded = loaded__read("", &look->loaded_fault);
	look->facts.loaded_fault = look->loaded_fault.text;
	look->facts.kernel_fault = look->kernel_fault.text;
	if (!ready_kernel__read(&look->kernel, look->opts->verbose, &look->kernel_fault))
		look->facts.kernel = &look->kernel;
}

/* -1 with @fault set if what the user named cannot be looked at. */
static int look__at_next(struct look *look, struct fault *fault)
{
	/* Who knows of no domain does not know that there will be none. */
	struct needs needs = { .memfds = true, .hwpts = true };
	struct next_kernel next = {
		.image = look->opts->image,
		.initrd = look->opts->initrd,
		/* It is loaded, so it has found its place */
		.placed = look->facts.kernel && look->kernel.image.kho,
	};
	char *running;
	int err;

	if (!next.image)
		return 0;
	running = read_file("/proc/cmdline", NULL, fault);
	if (!running)
		return -1;
	running[strcspn(running, "\n")] = '\0';
	next.cmdline = look->opts->cmdline ? look->opts->cmdline : running;
	err = compat__check(&next, running, needs, &look->remarks, fault);
	free(running);
	look->facts.image = next.image;
	look->facts.remarks = &look->remarks;
	return err;
}

static void look__on_name(void *priv, const struct name *name, __u64 root)
{
	struct look *look = priv;

	(void)root;
	if (name->devices)
		reset_list__add(&look->no_reset, "", name->devices);
}

static void look__list(struct look *look)
{
	struct fault *fault = &look->list_fault;
	struct lister *lister =
		lister__open(false, look->opts->verbose, look__on_name, look, fault);

	look->facts.list_fault = fault->text;
	if (lister && !lister__list(lister, &look->list, fault))
		look->facts.list = &look->list;
	if (look->facts.list && !lister__names(lister, fault)) {
		look->facts.no_reset = look->no_reset.devices;
		look->facts.nr_no_reset = look->no_reset.nr;
	}
	lister__free(lister);
}

static int look__print(const struct look *look, struct fault *fault)
{
	struct findings reasons = { 0 };
	struct blackout blackout;
	int status, err = 0;

	ready__judge(&look->facts, &reasons, &blackout);
	if (look->opts->json)
		err = ready__json(&look->facts, &reasons, &blackout, stdout);
	else
		ready__print(&reasons, stdout);
	status = ready_verdict__status(ready__verdict(&reasons));
	findings__free(&reasons);
	if (err || fflush(stdout) || ferror(stdout))
		return fault__set(fault, "cannot write to standard output");
	return status;
}

static int cmd_ready__run(int argc, char **argv)
{
	struct look look = { .facts = { .loaded = -1 } };
	struct opts opts = { 0 };
	struct fault fault;
	int status;

	cmd__parse(&cmd_ready, &argp, argc, argv, &opts);
	look.opts = &opts;
	doctor__look_here(&look.machine);
	look.facts.machine = &look.machine;
	look.facts.emulated = host__emulated();
	look__list(&look);
	look__read_kernel(&look);
	look__read_blocks(&look);
	status = look__at_next(&look, &fault);
	if (!status)
		status = look__print(&look, &fault);
	if (status < 0)
		complain("%s", fault.text);
	listing__free(&look.list);
	ready_kernel__free(&look.kernel);
	reset_list__free(&look.no_reset);
	findings__free(&look.machine);
	return status < 0 ? STATUS_ERROR : status;
}

const struct cmd cmd_ready = {
	.name = "ready",
	.summary = "say go or no-go before the jump into the next kernel",
	.run = cmd_ready__run,
};
