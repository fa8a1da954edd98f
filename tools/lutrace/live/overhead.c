// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the programs of a session cost, as text and JSON. Called by all live commands with --stats. See
 * overhead.h.
 */
#include <stdio.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "live/overhead.h"
#include "report/json.h"

int overhead__read(struct overhead *o, const struct live *live, struct fault *fault)
{
	o->stats_missing = live__stats_missing(live);
	o->memory = live__memory(live);
	return live__progs(live, o->progs, fault) || live__freed(live, &o->freed, fault) ? -1 : 0;
}

static void overhead__print_program(const struct live_prog *p, FILE *f)
{
	if (!p->tracepoint)
		return;
	fprintf(f, "%-34s %8llu", p->tracepoint, p->runs);
	if (p->runs)
		fprintf(f, " %7llu", p->run_ns / p->runs);
	fputc('\n', f);
}

static void overhead__print_memory(const struct overhead *o, FILE *f)
{
	if (o->memory)
		fprintf(f, "Maps and programs on the tracepoints hold %llu KiB.\n",
			(o->memory + 1023) / 1024);
	else
		fputs("Memory of maps and programs: not captured\n", f);
}

void overhead__print(const struct overhead *o, FILE *f)
{
	size_t i;

	if (o->stats_missing) {
		fprintf(f, "\nBPF run time: not captured (%s)\n", o->stats_missing);
		overhead__print_memory(o, f);
		return;
	}
	fprintf(f, "\nBPF program                            runs  ns/run\n");
	for (i = 0; i < ARRAY_SIZE(o->progs); i++)
		overhead__print_program(&o->progs[i], f);
	overhead__print_program(&o->freed, f);
	fprintf(f, "The kernel's figures leave out the call of a program (of an empty one they told "
		"about half),\nand measuring it makes each run longer.\n");
	overhead__print_memory(o, f);
}

static void overhead__add_program(json_t *list, const struct live_prog *p, bool known)
{
	if (p->tracepoint)
		json_array_append_new(list, json_pack("{s:s,s:o,s:o}", "tracepoint", p->tracepoint,
						      "runs", json__count_if(known, p->runs),
						      "run_ns", json__count_if(known, p->run_ns)));
}

json_t *overhead__json(const struct overhead *o)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(o->progs); i++)
		overhead__add_program(list, &o->progs[i], !o->stats_missing);
	overhead__add_program(list, &o->freed, !o->stats_missing);
	return json_pack("{s:o,s:o}", "memory_bytes", json__count_if(o->memory, o->memory),
			 "programs", list);
}
