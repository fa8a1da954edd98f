/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run: live updates of two builds that take turns, and of the base once more as a control, each measured by a
 * command and put into the history. The commands run and gate call it.
 *
 * All that it remembers is in the history: the live updates of a run have the labels run, arm, build and stage. So one
 * that was interrupted goes on when it is asked for again.
 */
#ifndef LUPERF_RUN_H
#define LUPERF_RUN_H

#include "luperf/run/schedule.h"
#include "luperf/store/store.h"

struct run {
	const char *name;
	/*
	 * What to run for each live update, by sh. It finds in its environment LUPERF_BUILD, LUPERF_ARM,
	 * LUPERF_NUMBER (from 1) and LUPERF_DIR, an empty folder in which it leaves the recordings old.rec and new.rec,
	 * and, if it knows facts that these do not have, a file facts with lines of NAME=VALUE.
	 */
	const char *command;
	const char *builds[NR_ARMS];	/* that of the control is the base's */
	/* The names to compare by; NULL: the builds. */
	const char *commits[NR_ARMS];
	const struct pairs *facts, *labels;	/* of each live update; may be NULL */
	size_t n;			/* of each arm */
	bool control;
	unsigned int stage;		/* from 1: each has n of its own */
	const char *folder;		/* recordings and logs are kept below it */
};

/* How often a live update that fails is tried. */
#define RUN_TRIES	3

/*
 * Measures what is missing, and says on standard error how far it is. *@measured: how many that were. -1 with @fault: a live update failed
 * RUN_TRIES times, the history cannot be written, somebody interrupted it, or a run of this name is of other builds.
 * What was measured is in the history.
 */
int run__measure(const struct run *run, struct store *store, size_t *measured, struct fault *fault);

/* The live updates of one arm of the stage. -1 with @fault. */
int run__find(const struct run *run, struct store *store, enum arm arm, struct ids *ids, struct fault *fault);

#endif
