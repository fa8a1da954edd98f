/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two builds against each other: for each metric whether the new one is worse, better, as good, or whether that
 * cannot be told. A sample is one live update, since what is measured within one is not independent. Pure;
 * the commands compare and gate call it.
 */
#ifndef LUPERF_COMPARE_H
#define LUPERF_COMPARE_H

#include "luperf/compare/metric.h"
#include "luperf/stats/ranksum.h"

/* Of two answers the greater one is the answer to both. */
enum answer {
	ANSWER_NONE,		/* no regression */
	ANSWER_UNKNOWN,		/* it cannot be told */
	ANSWER_REGRESSION,
};

/* What is said of one metric. */
enum row_verdict {
	ROW_EQUAL,		/* all values of both sides are the same, and they are not too few */
	ROW_NO_DIFFERENCE,	/* none was shown, though there were enough values */
	ROW_SMALL,		/* there is one, below a limit */
	ROW_IMPROVEMENT,
	ROW_TOO_FEW,		/* so few values that none could be shown */
	ROW_REGRESSION,
	ROW_CLEARED,		/* it was a regression, and measured again it was none */
	ROW_UNCONFIRMED,	/* it was one, and measured again nothing could be told */
	ROW_ONE_SIDE,		/* only one side has it: left out; if it is the old one, nobody knows of the new */
	ROW_NEITHER,		/* no side has it */
};

struct row {
	const struct metric *metric;
	double *old, *new;		/* the values, one of each live update */
	size_t nr_old, nr_new;
	double old_median, new_median;
	struct shift shift;
	struct ranksum test;
	enum row_verdict verdict;
	size_t needed;			/* values on each side that could be enough; of ROW_TOO_FEW */
};

/* A live update that is left out, and why. */
struct left_out {
	bool is_new;
	size_t sample;
	char *why;
};

/* A fact of the machine that is not the same in all samples. */
struct difference {
	char *name;
	char *old, *new;		/* its values, with ", " between */
	bool allowed;
};

struct comparison {
	struct row *rows;
	size_t nr_rows;
	struct left_out *left_out;
	size_t nr_left_out, left_out_room;
	struct difference *differences;
	size_t nr_differences, differences_room;
	size_t nr_old, nr_new;		/* samples that were compared */
	size_t old_violations, new_violations;	/* of all samples */
	double q;			/* the false discovery rate */
	enum answer answer;
};

struct compare_options {
	double q;
	const struct metrics *metrics;
	/* Names of facts that may differ. */
	char *const *allowed;
	size_t nr_allowed;
};

#define COMPARE_Q	0.01

/* All that is given must outlive @c. */
void comparison__make(struct comparison *c, const struct sample *old, size_t nr_old, const struct sample *new,
		      size_t nr_new, const struct compare_options *options);
/* In a fact that nobody has allowed to differ. */
bool comparison__machines_differ(const struct comparison *c);
/* Answers anew, after verdicts of rows were changed. */
void comparison__conclude(struct comparison *c);
void comparison__free(struct comparison *c);

/* "regression" and so on. */
const char *row_verdict__name(enum row_verdict verdict);
const char *answer__name(enum answer answer);
/* The exit status that goes with it. */
int answer__status(enum answer answer);

/*
 * facts.c: adds the facts that differ. Those of the kernels, which are what is compared, may. Nothing else of a
 * machine may, not within a side either.
 */
void comparison__look_at_facts(struct comparison *c, const struct sample *old, size_t nr_old,
			       const struct sample *new, size_t nr_new,
			       const struct compare_options *options);

#endif
