// SPDX-License-Identifier: GPL-2.0-only
/* luperf import-json: what export-json wrote, into a history. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "luperf/cmd/cmd.h"
#include "luperf/sample/json.h"

struct opts {
	const char *db, *file;
};

static const struct argp_child children[] = { { &db_argp, 0, NULL, 0 }, { 0 } };

static error_t cmd_import__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->db;
		return 0;
	case ARGP_KEY_ARG:
		if (opts->file)
			argp_error(state, "\"%s\" is too much: one file is read", arg);
		opts->file = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name the file that luperf export-json wrote, or - for standard input");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.parser = cmd_import__parse,
	.children = children,
	.args_doc = "FILE",
	.doc = "Adds the live updates that luperf export-json wrote to the history\v"
	       "All of the file is added, or, if anything in it is wrong, nothing. What is in the history "
	       "already is left as it is.",
};

struct import {
	struct store *store;
	FILE *f;
	const char *name;
	char *line;
	size_t room, nr_lines;
	size_t added, known;
};

static int import__fail(const struct import *im, const char *why, struct fault *fault)
{
	return fault__set(fault, "%s:%zu: %.500s; nothing was added", im->name, im->nr_lines, why);
}

/* 1: *@json is the next line; 0: there is none; -1 with @fault. */
static int import__next(struct import *im, json_t **json, struct fault *fault)
{
	json_error_t error;
	ssize_t len;

	errno = 0;
	len = getline(&im->line, &im->room, im->f);
	if (len < 0 && ferror(im->f))
		return fault__set(fault, "cannot read %s: %s", im->name, strerror(errno));
	if (len < 0)
		return 0;
	im->nr_lines++;
	*json = json_loadb(im->line, len, JSON_REJECT_DUPLICATES, &error);
	return *json ? 1 : import__fail(im, error.text, fault);
}

static int import__header(struct import *im, struct fault *fault)
{
	struct fault why;
	json_t *json;
	int line = import__next(im, &json, fault), err;

	if (line < 0)
		return -1;
	if (!line)
		return fault__set(fault, "%s is empty: luperf export-json writes at least one line",
				  im->name);
	err = history__check_header(json, &why);
	json_decref(json);
	return err ? import__fail(im, why.text, fault) : 0;
}

static int import__add(struct import *im, const json_t *json, struct fault *fault)
{
	struct sample s;
	struct fault why;
	int64_t id;
	int result;

	if (sample__of_json(&s, json, &why))
		return import__fail(im, why.text, fault);
	result = store__add(im->store, &s, &id, fault);
	sample__free(&s);
	im->added += result == 0;
	im->known += result == 1;
	return result < 0 ? -1 : 0;
}

static int import__run(struct import *im, struct fault *fault)
{
	json_t *json;
	int line, err = import__header(im, fault);

	while (!err && (line = import__next(im, &json, fault))) {
		if (line < 0)
			return -1;
		err = import__add(im, json, fault);
		json_decref(json);
	}
	return err;
}

static int import(struct import *im, struct fault *fault)
{
	if (store__begin(im->store, fault))
		return -1;
	if (!import__run(im, fault))
		return store__commit(im->store, fault);
	store__rollback(im->store);
	return -1;
}

static int cmd_import__run(int argc, char **argv)
{
	struct import im = { 0 };
	struct opts opts = { 0 };
	struct fault fault;
	int status = STATUS_ERROR;

	cmd__parse(&cmd_import_json, &argp, argc, argv, &opts);
	im.name = strcmp(opts.file, "-") ? opts.file : "standard input";
	im.f = strcmp(opts.file, "-") ? fopen(opts.file, "re") : stdin;
	if (!im.f) {
		complain("cannot open %s: %s", opts.file, strerror(errno));
		return STATUS_ERROR;
	}
	im.store = cmd__open(opts.db, DB_MAY_CREATE);
	if (im.store && import(&im, &fault)) {
		complain("%s", fault.text);
	} else if (im.store) {
		printf("%zu live updates added, %zu were in the history already\n", im.added, im.known);
		status = STATUS_CLEAN;
	}
	store__close(im.store);
	free(im.line);
	fclose(im.f);
	return status;
}

const struct cmd cmd_import_json = {
	.name = "import-json",
	.summary = "add the live updates that export-json wrote",
	.run = cmd_import__run,
};
