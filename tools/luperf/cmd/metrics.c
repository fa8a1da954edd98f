// SPDX-License-Identifier: GPL-2.0-only
/* luperf metrics: what is compared, and what counts as a change. */
#include <stdio.h>
#include "luperf/cmd/cmd.h"
#include "luperf/compare/metric.h"

static error_t cmd_metrics__parse(int key, char *arg, struct argp_state *state)
{
	if (key == ARGP_KEY_ARG)
		argp_error(state, "\"%s\" is too much: this prints all metrics", arg);
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.parser = cmd_metrics__parse,
	.doc = "Prints all metrics with their limits, as a file for luperf compare --limits\v"
	       "Change what should be different, leave out the rest: what a file does not name is as it is "
	       "here. \"NAME off\" leaves a metric out of all comparisons.",
};

static int cmd_metrics__run(int argc, char **argv)
{
	struct metrics m;

	cmd__parse(&cmd_metrics, &argp, argc, argv, NULL);
	metrics__make(&m);
	metrics__print(&m, stdout);
	metrics__free(&m);
	return STATUS_CLEAN;
}

const struct cmd cmd_metrics = {
	.name = "metrics",
	.summary = "print what is compared, and what counts as a change",
	.run = cmd_metrics__run,
};
