// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads and attaches bpf/why.bpf.c, and hands over what it tells of slow operations. Called by
 * `latency` with --why or --stack. See why.h.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "live/why.h"
#include "walk/kernel.h"
#include "why.skel.h"	/* needs the types of bpf/events.h */

struct why {
	struct why_bpf *skel;
	struct ring_buffer *ring;
	bool knows[LUTRACE_NR_WHYS];
	struct bpf_link **links;	/* of the programs of parts */
	size_t nr_links, links_room;
	why_fn fn;			/* of the call that is running */
	void *priv;
};

/* What a program is attached to: the name after the type of its section. */
static const char *why__target(const struct bpf_program *prog)
{
	return strchr(bpf_program__section_name(prog), '/') + 1;
}

/* A program names its part itself: PART_..., and those of operations none. */
static int why__part(const struct bpf_program *prog)
{
	static const char *const prefixes[LUTRACE_NR_WHYS] = {
		[LUTRACE_WHY_LOCK] = "LOCK_", [LUTRACE_WHY_OFF_CPU] = "OFF_CPU_",
		[LUTRACE_WHY_ALLOC] = "ALLOC_", [LUTRACE_WHY_KHO] = "KHO_",
	};
	const char *name = bpf_program__name(prog);
	int i;

	for (i = 0; i < LUTRACE_NR_WHYS; i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return i;
	return -1;
}

static bool why__is_in_kernel(const struct btf *btf, const struct bpf_program *prog)
{
	const char *section = bpf_program__section_name(prog);

	if (!strncmp(section, "tp_btf/", strlen("tp_btf/")))
		return kernel__has_tracepoint(btf, why__target(prog));
	return kernel__has_function(btf, why__target(prog));
}

/* A part of which one program is missing would be told too short: all of it is left out. */
static void why__choose(struct why *why, const struct btf *btf, bool parts)
{
	struct bpf_program *prog;
	int part;

	for (part = 0; part < LUTRACE_NR_WHYS; part++)
		why->knows[part] = parts;
	bpf_object__for_each_program(prog, why->skel->obj) {
		part = why__part(prog);
		if (part >= 0 && !why__is_in_kernel(btf, prog))
			why->knows[part] = false;
	}
	bpf_object__for_each_program(prog, why->skel->obj) {
		part = why__part(prog);
		bpf_program__set_autoload(prog, part < 0 || why->knows[part]);
		bpf_program__set_autoattach(prog, part < 0);
	}
}

/* Functions need not be attachable; what is attached of the part then tells nothing wrong. */
static int why__attach(struct why *why, struct fault *fault)
{
	struct bpf_program *prog;
	struct bpf_link *link;
	int part, err;

	bpf_object__for_each_program(prog, why->skel->obj) {
		part = why__part(prog);
		if (part < 0 || !why->knows[part])
			continue;
		link = bpf_program__attach(prog);
		why->knows[part] = link;
		if (!link)
			continue;
		why->links = grow(why->links, why->nr_links, &why->links_room, sizeof(link));
		why->links[why->nr_links++] = link;
	}
	err = why_bpf__attach(why->skel);
	return err ? kernel__bpf_failed(fault, "attach the programs of --why and --stack", err) : 0;
}

static int why__on_record(void *priv, void *data, size_t size)
{
	struct why *why = priv;

	(void)size;
	why->fn(why->priv, data);
	return 0;
}

static int why__load(struct why *why, struct fault *fault)
{
	int err = why_bpf__load(why->skel);

	if (err)
		return kernel__bpf_failed(fault, "load the programs of --why and --stack", err);
	why->ring = ring_buffer__new(bpf_map__fd(why->skel->maps.whys), why__on_record, why, NULL);
	if (!why->ring)
		return kernel__bpf_failed(fault, "read the ring buffer of --why and --stack", -errno);
	return why__attach(why, fault);
}

struct why *why__open(const struct why_opts *opts, struct fault *fault)
{
	struct why *why;
	struct btf *btf;

	kernel__verbose(opts->verbose);
	btf = kernel__bpf_unwanted(fault) ? NULL : kernel__btf(fault);
	if (!btf)
		return NULL;
	why = xcalloc(1, sizeof(*why));
	why->skel = why_bpf__open();
	if (!why->skel) {
		fault__set(fault, "cannot open the programs of --why and --stack: %s", strerror(errno));
	} else {
		why->skel->rodata->stacks = opts->stacks;
		why__choose(why, btf, opts->parts);
	}
	btf__free(btf);
	if (why->skel && !why__load(why, fault))
		return why;
	why__free(why);
	return NULL;
}

bool why__knows(const struct why *why, enum lutrace_why_part part)
{
	return why->knows[part];
}

int why__consume(struct why *why, why_fn fn, void *priv, struct fault *fault)
{
	int err;

	why->fn = fn;
	why->priv = priv;
	err = ring_buffer__consume(why->ring);
	return err < 0 ? fault__set(fault, "cannot read the ring buffer of --why and --stack: %s",
				    strerror(-err)) : 0;
}

static char *why__symbol(const struct why *why, __u64 address)
{
	struct lutrace_symbol symbol = { .address = address };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &symbol, .ctx_size_in = sizeof(symbol));

	if (bpf_prog_test_run_opts(bpf_program__fd(why->skel->progs.name_address), &opts) ||
	    symbol.len <= 0)
		return xasprintf("0x%llx", address);
	return xstrdup(symbol.text);
}

/* What lies between the tracepoint and the program on it. */
static bool why__is_tracing(const char *symbol)
{
	static const char *const prefixes[] = { "bpf_", "__bpf_", "__traceiter_", "trace_" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(symbol, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

size_t why__stack(const struct why *why, const struct lutrace_why *rec,
		  char *frames[LUTRACE_MAX_FRAMES])
{
	size_t nr = 0;
	__s64 i;

	for (i = 0; i < rec->nr_frames && i < LUTRACE_MAX_FRAMES; i++) {
		frames[nr] = why__symbol(why, rec->frames[i]);
		if (!nr && why__is_tracing(frames[nr]))
			free(frames[nr]);
		else
			nr++;
	}
	return nr;
}

__u64 why__lost(const struct why *why)
{
	return *(const volatile __u64 *)&why->skel->bss->lost;
}

void why__free(struct why *why)
{
	size_t i;

	if (!why)
		return;
	for (i = 0; i < why->nr_links; i++)
		bpf_link__destroy(why->links[i]);
	free(why->links);
	ring_buffer__free(why->ring);
	why_bpf__destroy(why->skel);
	free(why);
}
