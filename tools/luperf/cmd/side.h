/* SPDX-License-Identifier: GPL-2.0-only */
/* The live updates of one side of a comparison, out of the history. compare and gate call it. */
#ifndef LUPERF_SIDE_H
#define LUPERF_SIDE_H

#include "luperf/run/run.h"

struct side {
	struct sample *samples;
	size_t nr;
};

/*
 * Two sides, named as a user does: a commit, of which the beginning is enough, or conditions with commas between. -1
 * with @fault: a side has none, or one live update is on both. Both are to be freed.
 */
int sides__load(struct side sides[2], struct store *store, const char *const names[2], struct fault *fault);
/* One side; that it has none is no error. */
int side__load(struct side *side, struct store *store, char *const *conditions, size_t nr,
	       struct fault *fault);
/* That of an arm of a run. */
int side__load_arm(struct side *side, struct store *store, const struct run *run, enum arm arm,
		   struct fault *fault);
void side__free(struct side *side);

#endif
