// SPDX-License-Identifier: GPL-2.0-only
/* luperf show: all that the history has of one live update. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/number.h"
#include "lib/table.h"
#include "luperf/cmd/cmd.h"
#include "luperf/cmd/when.h"
#include "luperf/compare/metric.h"

struct opts {
	const char *db;
	uint64_t id;
};

static const struct argp_child children[] = { { &db_argp, 0, NULL, 0 }, { 0 } };

static error_t cmd_show__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->db;
		return 0;
	case ARGP_KEY_ARG:
		if (opts->id)
			argp_error(state, "\"%s\" is too much: one live update is shown", arg);
		if (!number__parse(arg, INT64_MAX, &opts->id) || !opts->id)
			argp_error(state, "\"%s\" is no number of a live update: luperf list has them",
				   arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name a live update by its number, which luperf list has");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.parser = cmd_show__parse,
	.children = children,
	.args_doc = "ID",
	.doc = "Shows what the history has of one live update\v"
	       "Its operations one by one are in luperf export-json id=ID.",
};

static void print_time(const char *what, int64_t seconds)
{
	printf("%-20s %s UTC\n", what, when__of(seconds).s);
}

static void print_head(int64_t id, const struct sample *s)
{
	size_t i;

	printf("live update %lld: %s\n\n", (long long)id, s->verdict);
	print_time("happened", s->happened_ns / 1000000000);
	print_time("added", s->added_s);
	printf("%-20s %s\n%-20s %s\n%-20s %s\n", "commit", *s->commit ? s->commit : "-", "branch",
	       *s->branch ? s->branch : "-", "identity", s->identity);
	for (i = 0; i < s->nr_sources; i++)
		printf("%-3s recording        %s (%llu bytes, CRC-32 %08x)\n",
		       kernel__name(s->sources[i].kernel), s->sources[i].path,
		       (unsigned long long)s->sources[i].size, s->sources[i].crc32);
}

static void print_pairs(const char *title, const struct pairs *pairs)
{
	size_t i;

	if (pairs->nr)
		printf("\n%s\n", title);
	for (i = 0; i < pairs->nr; i++)
		printf("  %-24s %s\n", pairs->items[i].name, pairs->items[i].value);
}

static void print_metrics(const struct sample *s)
{
	struct metrics m;
	char *text;
	double value;
	size_t i;

	metrics__make(&m);
	puts("\nmetrics");
	for (i = 0; i < m.nr; i++) {
		if (!metric__value(&m.items[i], s, &value))
			continue;
		text = metric__text(&m.items[i], value, false);
		printf("  %-24s %s\n", m.items[i].name, text);
		free(text);
	}
	metrics__free(&m);
}

static void print_quantities(const struct sample *s)
{
	size_t i;

	puts("\nquantities");
	for (i = 0; i < s->nr_quantities; i++)
		printf("  %-24s %lld\n", s->quantities[i].name, (long long)s->quantities[i].value);
}

static void print_findings(const struct sample *s)
{
	char *copy, *line, *save;
	size_t i;

	puts("\nchecks");
	for (i = 0; i < s->nr_findings; i++) {
		printf("  %-24s %s\n", s->findings[i].rule, s->findings[i].verdict);
		copy = xstrdup(s->findings[i].details);
		for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
			printf("    - %s\n", line);
		free(copy);
	}
}

static void show(int64_t id, const struct sample *s)
{
	struct fault why;

	print_head(id, s);
	if (!sample__is_whole(s, &why))
		printf("%-20s %s\n", "not compared", why.text);
	print_pairs("labels", &s->labels);
	print_metrics(s);
	print_quantities(s);
	print_findings(s);
	print_pairs("facts", &s->facts);
}

static int cmd_show__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct store *store;
	struct sample s;
	struct fault fault;
	int status = STATUS_ERROR;

	cmd__parse(&cmd_show, &argp, argc, argv, &opts);
	store = cmd__open(opts.db, DB_READ_ONLY);
	if (!store)
		return STATUS_ERROR;
	if (store__begin_read(store, &fault) || store__load(store, opts.id, LOAD_ALL, &s, &fault)) {
		complain("%s", fault.text);
	} else {
		show(opts.id, &s);
		sample__free(&s);
		status = STATUS_CLEAN;
	}
	store__close(store);
	return status;
}

const struct cmd cmd_show = {
	.name = "show",
	.summary = "show what the history has of one live update",
	.run = cmd_show__run,
};
