// SPDX-License-Identifier: GPL-2.0-only
/* A comparison as JUnit XML, for a CI that shows tests. See print.h. */
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "luperf/compare/print.h"

/* All text is printable: control characters, which XML cannot have, are gone already. */
static void junit__put_text(const char *text, FILE *f)
{
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", f);
		else if (*text == '<')
			fputs("&lt;", f);
		else if (*text == '>')
			fputs("&gt;", f);
		else if (*text == '"')
			fputs("&quot;", f);
		else
			fputc(*text, f);
	}
}

/* @element: "failure", "error" or "skipped", or NULL for a case that passed. */
static void put_case(const char *name, const char *element, const char *message, FILE *f)
{
	fputs("    <testcase classname=\"live update\" name=\"", f);
	junit__put_text(name, f);
	if (!element) {
		fputs("\"/>\n", f);
		return;
	}
	fprintf(f, "\">\n      <%s message=\"", element);
	junit__put_text(message, f);
	fputs("\">", f);
	junit__put_text(message, f);
	fprintf(f, "</%s>\n    </testcase>\n", element);
}

static const char *row__element(const struct row *row)
{
	switch (row->verdict) {
	case ROW_REGRESSION:
		return "failure";
	case ROW_TOO_FEW:
	case ROW_UNCONFIRMED:
		return "error";
	case ROW_ONE_SIDE:
	case ROW_NEITHER:
		return "skipped";
	default:
		return NULL;
	}
}

static void junit__put_row(const struct row *row, FILE *f)
{
	char *figures, *remark = row__remark(row), *message;

	if (row->verdict >= ROW_ONE_SIDE) {
		put_case(row->metric->name, row__element(row), row_verdict__name(row->verdict), f);
	} else {
		figures = row__figures(row);
		message = xasprintf("%s: %s%s%s", row_verdict__name(row->verdict), remark,
				    *remark ? "; " : "", figures);
		put_case(row->metric->name, row__element(row), message, f);
		free(figures);
		free(message);
	}
	free(remark);
}

static char *differences_of(const struct comparison *c)
{
	char *text = NULL;
	size_t size, i;
	FILE *f = open_memstream(&text, &size);

	for (i = 0; i < c->nr_differences; i++) {
		if (c->differences[i].allowed)
			continue;
		fprintf(f, "%s differs: old %s; new %s. ", c->differences[i].name, c->differences[i].old,
			c->differences[i].new);
	}
	fclose(f);
	return text;
}

static void put_machines(const struct comparison *c, FILE *f)
{
	char *text = differences_of(c);

	put_case("machines are the same", comparison__machines_differ(c) ? "error" : NULL, text, f);
	free(text);
}

static void put_violations(const struct comparison *c, FILE *f)
{
	char *text = xasprintf("lutrace found violations in %zu live updates of new, and in %zu of old",
			       c->new_violations, c->old_violations);

	put_case("no violation", c->new_violations ? "failure" : NULL, text, f);
	free(text);
}

static size_t count_element(const struct comparison *c, const char *element)
{
	size_t i, nr = 0;

	for (i = 0; i < c->nr_rows; i++)
		nr += row__element(&c->rows[i]) && !strcmp(row__element(&c->rows[i]), element);
	return nr;
}

void comparison__print_junit(const struct comparison *c, const struct sides *sides, FILE *f)
{
	size_t *order = comparison__order(c), i;

	fprintf(f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		"  <testsuite tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" name=\"luperf: ",
		c->nr_rows + 2, count_element(c, "failure") + !!c->new_violations,
		count_element(c, "error") + comparison__machines_differ(c), count_element(c, "skipped"));
	junit__put_text(sides->old, f);
	fputs(" against ", f);
	junit__put_text(sides->new, f);
	fputs("\">\n", f);
	put_machines(c, f);
	put_violations(c, f);
	for (i = 0; i < c->nr_rows; i++)
		junit__put_row(&c->rows[order[i]], f);
	fputs("  </testsuite>\n</testsuites>\n", f);
	free(order);
}
