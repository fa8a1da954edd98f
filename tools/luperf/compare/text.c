// SPDX-License-Identifier: GPL-2.0-only
/* A comparison as a table for a terminal, and what its other forms share. See print.h. */
#include <math.h>
#include <stdlib.h>
#include "lib/mem.h"
#include "lib/table.h"
#include "luperf/compare/print.h"

static bool row__has_test(const struct row *row)
{
	return row->verdict < ROW_ONE_SIDE;
}

static double row__size(const struct row *row)
{
	if (!row__has_test(row))
		return 0;
	return row->old_median ? fabs(row->shift.estimate / row->old_median) : fabs(row->shift.estimate);
}

/* Regressions first, then what cannot be told, then what is better, then the rest */
static int row__rank(const struct row *row)
{
	static const int ranks[] = {
		[ROW_REGRESSION] = 0, [ROW_UNCONFIRMED] = 1, [ROW_TOO_FEW] = 2, [ROW_CLEARED] = 3,
		[ROW_IMPROVEMENT] = 4, [ROW_SMALL] = 5, [ROW_NO_DIFFERENCE] = 6, [ROW_EQUAL] = 7,
		[ROW_ONE_SIDE] = 8, [ROW_NEITHER] = 9,
	};

	return ranks[row->verdict];
}

static int compare_rows(const void *x, const void *y, void *priv)
{
	const struct row *rows = priv;
	size_t i = *(const size_t *)x, k = *(const size_t *)y;
	int rank = row__rank(&rows[i]) - row__rank(&rows[k]);
	double a = row__size(&rows[i]), b = row__size(&rows[k]);

	if (rank)
		return rank;
	if (a != b)
		return a > b ? -1 : 1;
	return i < k ? -1 : 1;
}

size_t *comparison__order(const struct comparison *c)
{
	size_t *order = xcalloc(c->nr_rows + 1, sizeof(*order)), i;

	for (i = 0; i < c->nr_rows; i++)
		order[i] = i;
	qsort_r(order, c->nr_rows, sizeof(*order), compare_rows, c->rows);
	return order;
}

char *row__remark(const struct row *row)
{
	if (row->verdict == ROW_TOO_FEW)
		return xasprintf("needs %zu (or more) on each side", row->needed);
	if (row->verdict == ROW_ONE_SIDE)
		return xasprintf("only in %s", row->nr_old ? "old" : "new");
	return xstrdup("");
}

char *row__figures(const struct row *row)
{
	char *old = metric__text(row->metric, row->old_median, false);
	char *new = metric__text(row->metric, row->new_median, false);
	char *shift = metric__text(row->metric, row->shift.estimate, true);
	char *low = metric__text(row->metric, row->shift.low, true);
	char *high = metric__text(row->metric, row->shift.high, true);
	char *percent = percent__text(row->old_median, row->shift.estimate), *interval, *text;

	interval = row->shift.confidence >= 0.95 ? xasprintf("95%% interval %s to %s", low, high) :
						   xstrdup("too few values for a 95% interval");
	text = xasprintf("the median went from %s to %s%s%s; shift %s (%s), p = %.2g, n = %zu+%zu", old, new,
			 *percent ? ", " : "", percent, shift, interval, row->test.p, row->nr_old,
			 row->nr_new);
	free(old);
	free(new);
	free(shift);
	free(low);
	free(high);
	free(percent);
	free(interval);
	return text;
}

size_t comparison__count(const struct comparison *c, enum row_verdict verdict)
{
	size_t i, nr = 0;

	for (i = 0; i < c->nr_rows; i++)
		nr += c->rows[i].verdict == verdict;
	return nr;
}

/* The cells of a row */

static void put_value(struct table *t, const struct row *row, bool known, double value)
{
	char *text = known ? metric__text(row->metric, value, false) : xstrdup("");

	table__put(t, "%s", text);
	free(text);
}

static void put_shift(struct table *t, const struct row *row)
{
	char *shift, *low, *high, *percent;

	if (!row__has_test(row) || row->verdict == ROW_EQUAL) {
		table__put(t, "%s", "");
		table__put(t, "%s", "");
		table__put(t, "%s", "");
		table__put(t, "%s", "");
		return;
	}
	shift = metric__text(row->metric, row->shift.estimate, true);
	low = metric__text(row->metric, row->shift.low, true);
	high = metric__text(row->metric, row->shift.high, true);
	percent = percent__text(row->old_median, row->shift.estimate);
	table__put(t, "%s", shift);
	table__put(t, "%s", percent);
	if (row->shift.confidence >= 0.95)
		table__put(t, "%s to %s", low, high);
	else
		table__put(t, "%s", "not known");
	table__put(t, row->test.p < 0.0001 ? "%.1e" : "%.4f", row->test.p);
	free(shift);
	free(low);
	free(high);
	free(percent);
}

static void put_row(struct table *t, const struct row *row)
{
	char *remark = row__remark(row);

	table__put(t, "%s", row->metric->name);
	put_value(t, row, row->nr_old, row->old_median);
	put_value(t, row, row->nr_new, row->new_median);
	put_shift(t, row);
	table__put(t, "%zu+%zu", row->nr_old, row->nr_new);
	table__put(t, "%s%s%s", row_verdict__name(row->verdict), *remark ? ": " : "", remark);
	free(remark);
}

static void print_rows(const struct comparison *c, FILE *f)
{
	static const struct table_column columns[] = {
		{ "metric", 20, true }, { "old median", 10, false }, { "new median", 10, false },
		{ "shift", 10, false }, { "", 7, false }, { "95% interval", 20, true },
		{ "p", 7, false }, { "n", 5, false }, { "verdict", 10, true },
	};
	struct table *t = table__new(columns, ARRAY_SIZE(columns));
	size_t *order = comparison__order(c), i, nr = 0;

	for (i = 0; i < c->nr_rows; i++) {
		if (c->rows[order[i]].verdict == ROW_NEITHER)
			nr++;
		else
			put_row(t, &c->rows[order[i]]);
	}
	table__print(t, f);
	if (nr)
		fprintf(f, "%zu metrics were not measured on either side.\n", nr);
	free(order);
}

static void print_what_was_compared(const struct comparison *c, const struct sides *sides, FILE *f)
{
	const struct left_out *out;
	size_t i;

	fprintf(f, "old: %s, %zu live updates\nnew: %s, %zu live updates\n", sides->old, c->nr_old,
		sides->new, c->nr_new);
	for (i = 0; i < c->nr_left_out; i++) {
		out = &c->left_out[i];
		fprintf(f, "left out: one of %s: %s\n", out->is_new ? "new" : "old", out->why);
	}
	if (c->old_violations || c->new_violations)
		fprintf(f, "VIOLATIONS: lutrace found some in %zu live updates of old and %zu of new\n",
			c->old_violations, c->new_violations);
}

static void print_differences(const struct comparison *c, FILE *f)
{
	const struct difference *d;
	size_t i;

	for (i = 0; i < c->nr_differences; i++) {
		d = &c->differences[i];
		fprintf(f, "%s differs: old %s; new %s%s%s%s\n", d->name, d->old, d->new,
			d->allowed ? " (allowed)" : ": they are not compared, unless --allow ",
			d->allowed ? "" : d->name, d->allowed ? "" : " says that it does not matter");
	}
}

static bool comparison__is_exact(const struct comparison *c)
{
	size_t i;

	for (i = 0; i < c->nr_rows; i++)
		if (row__has_test(&c->rows[i]) && !c->rows[i].test.exact)
			return false;
	return true;
}

void comparison__print(const struct comparison *c, const struct sides *sides, FILE *f)
{
	print_what_was_compared(c, sides, f);
	print_differences(c, f);
	fputc('\n', f);
	print_rows(c, f);
	fprintf(f, "\nShift: Hodges-Lehmann. p: rank sum test, %s. False discovery rate over all "
		"metrics: %g.\n\nanswer: %s\n", comparison__is_exact(c) ? "exact" : "by the normal distribution, for so "
		"many values", c->q, answer__name(c->answer));
}
