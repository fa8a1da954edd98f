/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One metric of many live updates in the order of time: live updates of one build stand together, where the first of
 * them was. Pure. luperf history calls it.
 */
#ifndef LUPERF_SERIES_H
#define LUPERF_SERIES_H

#include "luperf/compare/metric.h"
#include "luperf/stats/changes.h"

/* Live updates of one build: of one commit, or, where none was said, of one label build or release. */
struct build {
	char *name;
	const char *label;		/* of its first live update; NULL: it has none. The samples' own */
	int64_t happened_ns;		/* of the first one */
	size_t begin, nr;		/* its values */
	double median;
};

struct series {
	double *values;
	size_t nr;
	struct build *builds;
	size_t nr_builds;
	bool *may, *must;		/* as in changes.h: between builds; before those of @accepted */
	size_t nr_left_out;		/* samples that are not whole, or have nothing of the metric */
	struct change *changes;
	size_t nr_changes;
};

/* @accepted: builds whose change was accepted, by name or label. @samples must outlive the series. */
void series__make(struct series *s, const struct metric *metric, const struct sample *samples, size_t nr,
		  char *const *accepted, size_t nr_accepted, double alpha);
/* The build that value @at is of. */
size_t series__build_of(const struct series *s, size_t at);
void series__free(struct series *s);

#endif
