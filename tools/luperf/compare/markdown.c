// SPDX-License-Identifier: GPL-2.0-only
/* A comparison as Markdown, for a pull request. See print.h. */
#include <stdlib.h>
#include <string.h>
#include "luperf/compare/print.h"

/* Rows that stand in the table; what is equal or too much is counted below it. */
#define MOST_ROWS 15

/* Text that cannot end a cell, or be markup */
static void markdown__put_text(const char *text, FILE *f)
{
	for (; *text; text++) {
		if (strchr("\\`*_{}[]<>()#+!|~&", *text))
			fputc('\\', f);
		fputc(*text, f);
	}
}

static bool row__stands_in_table(const struct row *row)
{
	return row->verdict == ROW_REGRESSION || row->verdict == ROW_TOO_FEW ||
	       row->verdict == ROW_IMPROVEMENT || row->verdict == ROW_SMALL ||
	       row->verdict == ROW_NO_DIFFERENCE || row->verdict == ROW_CLEARED ||
	       row->verdict == ROW_UNCONFIRMED;
}

static void markdown__put_row(const struct row *row, FILE *f)
{
	char *old = metric__text(row->metric, row->old_median, false);
	char *new = metric__text(row->metric, row->new_median, false);
	char *shift = metric__text(row->metric, row->shift.estimate, true);
	char *percent = percent__text(row->old_median, row->shift.estimate), *remark = row__remark(row);
	bool loud = row->verdict == ROW_REGRESSION;

	fprintf(f, "| `%s` | %s | %s | %s%s%s%s | %.2g | %zu+%zu | %s%s%s%s%s |\n", row->metric->name, old,
		new, shift, *percent ? " (" : "", percent, *percent ? ")" : "", row->test.p, row->nr_old,
		row->nr_new, loud ? "**" : "", row_verdict__name(row->verdict), *remark ? ": " : "",
		remark, loud ? "**" : "");
	free(old);
	free(new);
	free(shift);
	free(percent);
	free(remark);
}

static void put_headline(const struct comparison *c, const struct sides *sides, FILE *f)
{
	fprintf(f, "### Live update: %s\n\n", answer__name(c->answer));
	fputs("Old: ", f);
	markdown__put_text(sides->old, f);
	fprintf(f, ", %zu live updates. New: ", c->nr_old);
	markdown__put_text(sides->new, f);
	fprintf(f, ", %zu. ", c->nr_new);
	fprintf(f, "%zu metrics are worse, %zu better, %zu cannot be told.\n", comparison__count(c, ROW_REGRESSION),
		comparison__count(c, ROW_IMPROVEMENT),
		comparison__count(c, ROW_TOO_FEW) + comparison__count(c, ROW_UNCONFIRMED));
}

static void put_warnings(const struct comparison *c, FILE *f)
{
	size_t i;

	if (c->new_violations)
		fprintf(f, "\n**lutrace found violations in %zu live updates of new, and in %zu of old.**\n",
			c->new_violations, c->old_violations);
	if (c->nr_left_out)
		fprintf(f, "\n%zu live updates were left out: events were lost or not seen.\n",
			c->nr_left_out);
	for (i = 0; i < c->nr_differences; i++) {
		fputs("\nThe machines differ in ", f);
		markdown__put_text(c->differences[i].name, f);
		fputs(": ", f);
		markdown__put_text(c->differences[i].old, f);
		fputs("; ", f);
		markdown__put_text(c->differences[i].new, f);
		fputs(c->differences[i].allowed ? " (allowed).\n" : ".\n", f);
	}
}

static void put_rows(const struct comparison *c, FILE *f)
{
	size_t *order = comparison__order(c), i, nr = 0, cut = 0;

	fputs("\n| metric | old median | new median | shift | p | n | |\n"
	      "|---|---:|---:|---:|---:|---:|---|\n", f);
	for (i = 0; i < c->nr_rows; i++) {
		if (!row__stands_in_table(&c->rows[order[i]]))
			continue;
		if (nr++ < MOST_ROWS)
			markdown__put_row(&c->rows[order[i]], f);
		else
			cut++;
	}
	fputc('\n', f);
	if (cut)
		fprintf(f, "%zu more rows, in which less changed, are left out. ", cut);
	fprintf(f, "%zu metrics are equal, %zu are on one side only, %zu were not measured.\n",
		comparison__count(c, ROW_EQUAL), comparison__count(c, ROW_ONE_SIDE), comparison__count(c, ROW_NEITHER));
	free(order);
}

void comparison__print_markdown(const struct comparison *c, const struct sides *sides, FILE *f)
{
	put_headline(c, sides, f);
	put_warnings(c, f);
	put_rows(c, f);
}
