// SPDX-License-Identifier: GPL-2.0-only
/*
 * lutrace walk: prints every mapping of the HWPTs that are marked for a live
 * update or came through one, read from the page tables that the hardware uses.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd/cmd.h"
#include "lib/fault.h"
#include "lib/number.h"
#include "lib/outfile.h"
#include "lib/text.h"
#include "walk/kcore.h"
#include "walk/mappings.h"
#include "walk/walk_bpf.h"

struct opts {
	const char *output, *dump;
	char **compare;
	uint64_t token;
	bool has_token, all, verbose, comparing;
	int nr;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write to FILE instead of standard output", 0 },
	{ "token", 't', "TOKEN", 0, "Only the HWPT with this token", 0 },
	{ "all", 'a', NULL, 0, "HWPTs without a token too, on any kernel", 0 },
	{ "dump", 'D', "FILE", 0,
	  "Compare the HWPT of --token with FILE, the VT-d driver's domain_translation_struct", 0 },
	{ "compare", 'c', NULL, 0, "Compare two files that walk wrote, without looking at the "
				   "kernel", 0 },
	{ "verbose", 'v', NULL, 0, "Show what libbpf and the kernel's verifier say", 0 },
	{ 0 }
};

/* --compare reads two files and nothing else: what would be ignored is refused. */
static void cmd_walk__check_compare(const struct opts *opts, struct argp_state *state)
{
	const char *other = opts->output ? "--output" : opts->has_token ? "--token" :
			    opts->all ? "--all" : opts->dump ? "--dump" : NULL;

	if (other)
		argp_error(state, "--compare takes no %s: it compares all of two files, and says so "
			   "on standard output", other);
	if (opts->nr != 2)
		argp_error(state, "--compare takes two files");
}

static void cmd_walk__check(const struct opts *opts, struct argp_state *state)
{
	if (opts->comparing)
		cmd_walk__check_compare(opts, state);
	if (!opts->comparing && opts->nr)
		argp_error(state, "\"%s\" is too much: walk takes no files", opts->compare[0]);
	if (opts->dump && !opts->has_token)
		argp_error(state, "--dump needs --token: a dump shows one domain");
}

static error_t cmd_walk__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case 'o':
		opts->output = arg;
		return 0;
	case 't':
		opts->has_token = true;
		if (!number__parse(arg, UINT64_MAX, &opts->token))
			argp_error(state, "--token: \"%s\" is no number", arg);
		return 0;
	case 'a':
		opts->all = true;
		return 0;
	case 'D':
		opts->dump = arg;
		return 0;
	case 'c':
		opts->comparing = true;
		return 0;
	case 'v':
		opts->verbose = true;
		return 0;
	case ARGP_KEY_ARGS:
		opts->compare = state->argv + state->next;
		opts->nr = state->argc - state->next;
		return 0;
	case ARGP_KEY_END:
		cmd_walk__check(opts, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_walk__parse,
	.args_doc = "\n--compare FILE1 FILE2",
	.doc = "Prints the mappings of HWPTs that are marked for a live update or were reclaimed "
	       "after one\v"
	       "Reads the page tables of the running kernel, entry by entry, and prints one line "
	       "per mapping, by token and then by IOVA. Exit status: 0 clean, 1 error, 2 a "
	       "comparison found a difference, 3 there was no HWPT to walk.\n\n"
	       "  lutrace walk -o before.txt\n"
	       "  lutrace walk --token 1 --dump /sys/kernel/debug/iommu/intel/DEVICE/"
	       "domain_translation_struct\n"
	       "  lutrace walk --compare before.txt after.txt",
};

/* Comparing two files */

static int cmd_walk__read(const char *path, struct mappings *list, struct fault *fault)
{
	size_t size;
	char *text = read_file(path, &size, fault);
	int err;

	if (!text)
		return -1;
	err = mappings__parse(list, text, size, path, fault);
	free(text);
	mappings__sort(list);
	return err;
}

static size_t cmd_walk__count(const struct mappings *list)
{
	size_t nr = 0, i;

	for (i = 0; i < list->nr; i++)
		nr += list->items[i].walk.nr_leaves;
	return nr;
}

static int cmd_walk__compare(const char *one, const char *two)
{
	struct mappings a = { 0 }, b = { 0 };
	int status = STATUS_CLEAN;
	struct fault fault;

	if (cmd_walk__read(one, &a, &fault) || cmd_walk__read(two, &b, &fault)) {
		status = STATUS_ERROR;
	} else if (!a.nr && !b.nr) {
		fault__set(&fault, "%s and %s have no HWPT to compare", one, two);
		status = STATUS_INCOMPLETE;
	} else if (!mappings__same(&a, one, &b, two, &fault)) {
		status = STATUS_VIOLATION;
	}
	if (status)
		complain("%s", fault.text);
	else
		printf("all %zu HWPT%s and %zu mapping%s are the same in both files\n", a.nr,
		       a.nr == 1 ? "" : "s", cmd_walk__count(&a), cmd_walk__count(&a) == 1 ? "" : "s");
	mappings__free(&a);
	mappings__free(&b);
	return status;
}

/* Walking the kernel */

struct walk {
	const struct opts *opts;
	struct ksyms *ksyms;
	struct direct_map *map;
	struct kreader *kr;
	struct mappings found;
	struct outfile *out;		/* for what is found; NULL: not wanted, or written */
};

static int walk__read_tables(void *priv, const uint64_t *phys, unsigned int nr, void *pages,
		       struct fault *fault)
{
	struct walk *w = priv;
	uint64_t virt[LUTRACE_PAGE_BATCH];
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!direct_map__to_virt(w->map, phys[i], &virt[i]))
			return fault__set(fault, "the table at 0x%" PRIx64 " is not in the "
					  "machine's memory",
					  phys[i]);
	return kreader__pages(w->kr, virt, nr, pages, fault);
}

static int walk__locate(struct walk *w, const struct found_hwpt *f, struct mapping *m,
		  struct fault *fault)
{
	const uint64_t level_bits = 7;
	const char *symbol;

	if (!f->hwpt.generic_pt)
		return fault__set(fault,
				  "its driver does not use the kernel's generic page tables");
	m->format = hwpt__format(&f->hwpt, w->ksyms, &symbol);
	if (m->format == PT_UNKNOWN)
		return fault__set(fault, "its page table format is unknown to walk (%s)",
				  symbol ? symbol : "no function of the kernel");
	m->levels = (f->hwpt.top_of_table & level_bits) + 1;
	if (!direct_map__to_phys(w->map, f->hwpt.top_of_table & ~level_bits, &m->root))
		return fault__set(fault, "its root 0x%llx is not in the kernel's direct map",
				  f->hwpt.top_of_table);
	return 0;
}

static int walk__one(struct walk *w, const struct found_hwpt *f, struct fault *fault)
{
	struct pt_reader reader = { walk__read_tables, w, LUTRACE_PAGE_BATCH };
	struct mapping *m = mappings__add(&w->found);
	struct fault why;

	m->marked = f->hwpt.marked;
	m->token = f->hwpt.token;
	m->pid = f->pid;
	m->fd = f->fd;
	m->id = f->hwpt.id;
	if (!walk__locate(w, f, m, &why) &&
	    !pt__walk(m->format, m->root, m->levels - 1, &reader, &m->walk, &why))
		return 0;
	return fault__set(fault, "HWPT %u of the iommufd that is file %u of process %u (token "
			  "0x%llx): %.500s",
			  f->hwpt.id, f->fd, f->pid, f->hwpt.token, why.text);
}

static bool walk__wants(const struct opts *opts, const struct lutrace_hwpt *hwpt)
{
	if (!hwpt->hwpt)
		return false;
	if (opts->has_token)
		return hwpt->marked && hwpt->token == opts->token;
	return hwpt->marked || opts->all;
}

static int walk__look(struct walk *w, struct fault *fault)
{
	struct kreader_opts opts = { .any_kernel = w->opts->all, .verbose = w->opts->verbose };
	struct found_hwpts hwpts;
	int err = 0;
	size_t i;

	w->ksyms = ksyms__load(w->opts->verbose, fault);
	if (!w->ksyms)
		return -1;
	w->kr = kreader__new(w->ksyms, &opts, fault);
	if (!w->kr)
		return -1;
	w->map = direct_map__load("/proc/kcore", fault);
	if (!w->map || kreader__hwpts(w->kr, &hwpts, fault))
		return -1;
	for (i = 0; i < hwpts.nr && !err; i++)
		if (walk__wants(w->opts, &hwpts.items[i].hwpt))
			err = walk__one(w, &hwpts.items[i], fault);
	found_hwpts__free(&hwpts);
	mappings__sort(&w->found);
	return err;
}

static void walk__free(struct walk *w)
{
	outfile__discard(w->out);
	mappings__free(&w->found);
	direct_map__free(w->map);
	kreader__free(w->kr);
	ksyms__free(w->ksyms);
}

static int walk__write(struct walk *w, struct fault *fault)
{
	struct outfile *out = w->out;

	w->out = NULL;
	mappings__print(&w->found, outfile__stream(out));
	return outfile__commit(out, fault) ? STATUS_ERROR : STATUS_CLEAN;
}

static int walk__compare_dump(struct walk *w, struct fault *fault)
{
	struct mapping *m = &w->found.items[0], dump;
	size_t size;
	char *text = read_file(w->opts->dump, &size, fault);
	bool same;

	if (!text)
		return STATUS_ERROR;
	if (mapping__parse_dump(&dump, text, size, w->opts->dump, m->format, m->root, fault)) {
		free(text);
		return STATUS_ERROR;
	}
	free(text);
	same = mapping__same(m, "the walk", &dump, "the driver's dump", fault);
	if (same)
		printf("token 0x%" PRIx64 ": root 0x%" PRIx64 " and all %zu mappings are the same "
		       "in the walk and in the driver's dump\n",
		       m->token, m->root, m->walk.nr_leaves);
	pt__walk_free(&dump.walk);
	return same ? STATUS_CLEAN : STATUS_VIOLATION;
}

static int walk__say_nothing(const struct opts *opts, struct fault *fault)
{
	if (opts->has_token)
		fault__set(fault, "no open iommufd has a HWPT with token 0x%" PRIx64, opts->token);
	else
		fault__set(fault, "no open iommufd has a HWPT to walk");
	return STATUS_INCOMPLETE;
}

/* What was found, once it is written. */
static int walk__judge(struct walk *w, struct fault *fault)
{
	if (!w->found.nr)
		return walk__say_nothing(w->opts, fault);
	if (!w->opts->dump)
		return STATUS_CLEAN;
	if (w->found.nr > 1) {
		fault__set(fault, "%zu HWPTs of several iommufds have the token 0x%" PRIx64 ": a "
			   "dump shows one",
			   w->found.nr, w->opts->token);
		return STATUS_ERROR;
	}
	return walk__compare_dump(w, fault);
}

static int walk__run(struct walk *w, struct fault *fault)
{
	struct fault unwritten;
	int written = STATUS_CLEAN, status;

	/* Also if nothing is found: an older file must not pass for this walk's. */
	if (!w->opts->dump || w->opts->output) {
		w->out = outfile__open(w->opts->output, fault);
		if (!w->out)
			return STATUS_ERROR;
	}
	if (walk__look(w, fault))
		return STATUS_ERROR;
	if (w->out)
		written = walk__write(w, &unwritten);
	status = walk__judge(w, fault);
	if (written && status)
		complain("%s", unwritten.text);
	else if (written)
		*fault = unwritten;
	return cmd__worse(written, status);
}

static int cmd_walk__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct walk w = { .opts = &opts };
	struct fault fault;
	int status;

	cmd__parse(&cmd_walk, &argp, argc, argv, &opts);
	if (opts.comparing)
		return cmd_walk__compare(opts.compare[0], opts.compare[1]);
	status = walk__run(&w, &fault);
	if (status)
		complain("%s", fault.text);
	walk__free(&w);
	return status;
}

const struct cmd cmd_walk = {
	.name = "walk",
	.summary = "print the mappings of HWPTs of a live update, or compare them",
	.run = cmd_walk__run,
};
