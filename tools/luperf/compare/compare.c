// SPDX-License-Identifier: GPL-2.0-only
/* Comparisons: which samples count, what is tested, and what follows. See compare.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lib/cmd.h"
#include "lib/mem.h"
#include "luperf/compare/compare.h"
#include "luperf/stats/doubles.h"
#include "luperf/stats/fdr.h"

const char *row_verdict__name(enum row_verdict verdict)
{
	static const char *const names[] = {
		[ROW_EQUAL] = "equal", [ROW_NO_DIFFERENCE] = "no difference shown",
		[ROW_SMALL] = "below the limit", [ROW_IMPROVEMENT] = "better",
		[ROW_TOO_FEW] = "cannot tell", [ROW_REGRESSION] = "regression",
		[ROW_CLEARED] = "not confirmed", [ROW_UNCONFIRMED] = "cannot be confirmed",
		[ROW_ONE_SIDE] = "one side only", [ROW_NEITHER] = "not measured",
	};

	return names[verdict];
}

const char *answer__name(enum answer answer)
{
	static const char *const names[] = {
		[ANSWER_NONE] = "no regression", [ANSWER_UNKNOWN] = "cannot tell",
		[ANSWER_REGRESSION] = "regression",
	};

	return names[answer];
}

int answer__status(enum answer answer)
{
	static const int statuses[] = {
		[ANSWER_NONE] = STATUS_CLEAN, [ANSWER_UNKNOWN] = STATUS_INCOMPLETE,
		[ANSWER_REGRESSION] = STATUS_VIOLATION,
	};

	return statuses[answer];
}

static void comparison__answer(struct comparison *c, enum answer answer)
{
	if (c->answer < answer)
		c->answer = answer;
}

/* Samples */

static bool is_violation(const struct sample *s)
{
	return !strcmp(s->verdict, "violation");
}

/* Those that count, as indexes into @s; to free. */
static size_t *comparison__choose(struct comparison *c, const struct sample *s, size_t nr, bool is_new, size_t *chosen)
{
	size_t *indexes = xcalloc(nr + 1, sizeof(*indexes)), i;
	struct fault why;

	*chosen = 0;
	for (i = 0; i < nr; i++) {
		if (sample__is_whole(&s[i], &why)) {
			indexes[(*chosen)++] = i;
			continue;
		}
		c->left_out = grow(c->left_out, c->nr_left_out, &c->left_out_room,
				   sizeof(*c->left_out));
		c->left_out[c->nr_left_out++] = (struct left_out){ is_new, i, xstrdup(why.text) };
	}
	return indexes;
}

static double *values_of(const struct metric *metric, const struct sample *s, const size_t *indexes,
			 size_t nr, size_t *nr_values)
{
	double *values = xcalloc(nr + 1, sizeof(*values));
	size_t i;

	*nr_values = 0;
	for (i = 0; i < nr; i++)
		if (metric__value(metric, &s[indexes[i]], &values[*nr_values]))
			(*nr_values)++;
	return values;
}

/* Rows */

static bool row__is_equal(const struct row *row)
{
	size_t i;

	for (i = 0; i < row->nr_old; i++)
		if (row->old[i] != row->old[0])
			return false;
	for (i = 0; i < row->nr_new; i++)
		if (row->new[i] != row->old[0])
			return false;
	return true;
}

static void row__measure(struct row *row)
{
	if (!row->nr_old || !row->nr_new) {
		row->verdict = row->nr_old || row->nr_new ? ROW_ONE_SIDE : ROW_NEITHER;
		return;
	}
	row->old_median = doubles__median(row->old, row->nr_old);
	row->new_median = doubles__median(row->new, row->nr_new);
	row->test = ranksum__test(row->old, row->nr_old, row->new, row->nr_new);
	row->shift = ranksum__shift(row->old, row->nr_old, row->new, row->nr_new, 0.95);
	row->verdict = row__is_equal(row) ? ROW_EQUAL : ROW_NO_DIFFERENCE;
}

static bool row__is_tested(const struct row *row)
{
	return row->verdict == ROW_NO_DIFFERENCE;
}

/* From nothing any change is infinitely large; then the absolute limit alone is asked. */
static bool row__is_large(const struct row *row)
{
	double size = fabs(row->shift.estimate), from = fabs(row->old_median);

	return size >= row->metric->absolute && (from == 0 || size >= row->metric->relative * from);
}

static void row__judge(struct row *row, const struct fdr_test *test, double next)
{
	row->needed = ranksum__needed(next);
	if (!test->able && (row->nr_old < row->needed || row->nr_new < row->needed)) {
		row->verdict = ROW_TOO_FEW;
	} else if (!test->counts) {
		row->verdict = ROW_NO_DIFFERENCE;
	} else if (!row__is_large(row)) {
		row->verdict = ROW_SMALL;
	} else {
		row->verdict = row->shift.estimate > 0 ? ROW_REGRESSION : ROW_IMPROVEMENT;
	}
}

/* However equal a few values are, they say nothing. */
static void row__need(struct row *row, size_t needed)
{
	if (row->verdict != ROW_EQUAL || (row->nr_old >= needed && row->nr_new >= needed))
		return;
	row->verdict = ROW_TOO_FEW;
	row->needed = needed;
}

static void judge_rows(struct comparison *c)
{
	struct fdr_test *tests = xcalloc(c->nr_rows + 1, sizeof(*tests));
	size_t i, nr = 0;
	double next;

	for (i = 0; i < c->nr_rows; i++)
		row__need(&c->rows[i], ranksum__needed(c->q));
	for (i = 0; i < c->nr_rows; i++)
		if (row__is_tested(&c->rows[i]))
			tests[nr++] = (struct fdr_test){ .p = c->rows[i].test.p,
							 .smallest = c->rows[i].test.smallest };
	next = fdr__judge(tests, nr, c->q);
	for (i = 0, nr = 0; i < c->nr_rows; i++)
		if (row__is_tested(&c->rows[i]))
			row__judge(&c->rows[i], &tests[nr++], next);
	free(tests);
}

static void make_rows(struct comparison *c, const struct sample *old, size_t nr_old,
		      const struct sample *new, size_t nr_new, const struct metrics *metrics)
{
	size_t *of_old = comparison__choose(c, old, nr_old, false, &c->nr_old);
	size_t *of_new = comparison__choose(c, new, nr_new, true, &c->nr_new);
	struct row *row;
	size_t i;

	c->rows = xcalloc(metrics->nr + 1, sizeof(*c->rows));
	for (i = 0; i < metrics->nr; i++) {
		if (metrics->items[i].off)
			continue;
		row = &c->rows[c->nr_rows++];
		row->metric = &metrics->items[i];
		row->old = values_of(row->metric, old, of_old, c->nr_old, &row->nr_old);
		row->new = values_of(row->metric, new, of_new, c->nr_new, &row->nr_new);
		row__measure(row);
	}
	free(of_old);
	free(of_new);
}

/* What follows */

bool comparison__machines_differ(const struct comparison *c)
{
	size_t i;

	for (i = 0; i < c->nr_differences; i++)
		if (!c->differences[i].allowed)
			return true;
	return false;
}

void comparison__conclude(struct comparison *c)
{
	size_t i, nr = 0;

	c->answer = ANSWER_NONE;
	for (i = 0; i < c->nr_rows; i++) {
		if (c->rows[i].verdict == ROW_REGRESSION)
			comparison__answer(c, ANSWER_REGRESSION);
		else if (c->rows[i].verdict == ROW_TOO_FEW || c->rows[i].verdict == ROW_UNCONFIRMED ||
			 (c->rows[i].verdict == ROW_ONE_SIDE && !c->rows[i].nr_new))
			comparison__answer(c, ANSWER_UNKNOWN);
		nr += c->rows[i].verdict < ROW_ONE_SIDE;
	}
	/* What was not seen is no pass */
	if (!nr)
		comparison__answer(c, ANSWER_UNKNOWN);
	/* Of other machines nothing follows, not a regression either */
	if (comparison__machines_differ(c))
		c->answer = ANSWER_UNKNOWN;
	if (c->new_violations)
		comparison__answer(c, ANSWER_REGRESSION);
}

void comparison__make(struct comparison *c, const struct sample *old, size_t nr_old, const struct sample *new,
		      size_t nr_new, const struct compare_options *options)
{
	size_t i;

	*c = (struct comparison){ .q = options->q };
	for (i = 0; i < nr_old; i++)
		c->old_violations += is_violation(&old[i]);
	for (i = 0; i < nr_new; i++)
		c->new_violations += is_violation(&new[i]);
	comparison__look_at_facts(c, old, nr_old, new, nr_new, options);
	make_rows(c, old, nr_old, new, nr_new, options->metrics);
	judge_rows(c);
	comparison__conclude(c);
}

void comparison__free(struct comparison *c)
{
	size_t i;

	for (i = 0; i < c->nr_rows; i++) {
		free(c->rows[i].old);
		free(c->rows[i].new);
	}
	for (i = 0; i < c->nr_left_out; i++)
		free(c->left_out[i].why);
	for (i = 0; i < c->nr_differences; i++) {
		free(c->differences[i].name);
		free(c->differences[i].old);
		free(c->differences[i].new);
	}
	free(c->rows);
	free(c->left_out);
	free(c->differences);
	*c = (struct comparison){ 0 };
}
