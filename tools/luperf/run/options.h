/* SPDX-License-Identifier: GPL-2.0-only */
/* What run and gate are told of the live updates that they measure. */
#ifndef LUPERF_RUN_OPTIONS_H
#define LUPERF_RUN_OPTIONS_H

#include <argp.h>
#include "luperf/run/run.h"

struct run_options {
	const char *base, *new, *command, *vm, *name, *folder;
	uint64_t n;
	bool no_control, icount;
	struct pairs facts, labels;
	/* Made from these by run_options__start() */
	struct run run;
	char *owned[16];
	size_t nr_owned;
};

/* A child of a command's argp, whose input is a struct run_options. */
extern const struct argp run_argp;

/*
 * Makes @o->run of what was given; the builds of the VM are built first, which takes its time. -1 with @fault.
 * Afterwards run_options__free().
 */
int run_options__start(struct run_options *o, struct fault *fault);
/* Name and folder of @o->run alone; the folder is made. -1 with @fault. */
int run_options__prepare(struct run_options *o, struct fault *fault);
void run_options__free(struct run_options *o);

/*
 * NAME=VALUE of an option that may be repeated, into @pairs; argp_error() if it is none, or is there twice. A label cannot
 * be called as what luperf list knows already.
 */
void option__label(struct pairs *labels, const struct argp_state *state, char *arg);
void option__pair(struct pairs *pairs, const struct argp_state *state, const char *option, char *arg);

#endif
