// SPDX-License-Identifier: GPL-2.0-only
/* Text in columns as wide as what is in them. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/table.h"

/* A row, or a remark, which has one cell alone. */
struct table_row {
	char **cells;
	bool remark;
};

struct table {
	const struct table_column *columns;
	size_t nr_columns;
	struct table_row *rows;
	size_t nr_rows, room;
	size_t filled;			/* cells of the last row; nr_columns: it is whole */
	size_t *widths;			/* of the columns, so far */
};

static size_t table__width_of(const char *text)
{
	size_t width = 0;

	/* All bytes of a character but its first are 10xxxxxx. */
	for (; text && *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

struct table *table__new(const struct table_column *columns, size_t nr)
{
	struct table *t = xcalloc(1, sizeof(*t));
	size_t i, title;

	t->widths = xcalloc(nr, sizeof(*t->widths));
	for (i = 0; i < nr; i++) {
		title = table__width_of(columns[i].title);
		t->widths[i] = title > columns[i].least ? title : columns[i].least;
	}
	t->columns = columns;
	t->nr_columns = t->filled = nr;
	return t;
}

void table__free(struct table *t)
{
	size_t i, k;

	for (i = 0; i < t->nr_rows; i++) {
		for (k = 0; k < (t->rows[i].remark ? 1 : t->nr_columns); k++)
			free(t->rows[i].cells[k]);
		free(t->rows[i].cells);
	}
	free(t->rows);
	free(t->widths);
	free(t);
}

static char *table__text(const char *fmt, va_list args)
{
	char *text;

	/* Only for want of memory, in which case this ends the program. */
	return vasprintf(&text, fmt, args) < 0 ? xstrdup("") : text;
}

static struct table_row *table__add_row(struct table *t, size_t nr_cells)
{
	struct table_row *row;

	t->rows = grow(t->rows, t->nr_rows, &t->room, sizeof(*t->rows));
	row = &t->rows[t->nr_rows++];
	*row = (struct table_row){ .cells = xcalloc(nr_cells, sizeof(*row->cells)) };
	return row;
}

void table__put(struct table *t, const char *fmt, ...)
{
	size_t width;
	va_list args;
	char *text;

	if (t->filled == t->nr_columns) {
		table__add_row(t, t->nr_columns);
		t->filled = 0;
	}
	va_start(args, fmt);
	text = table__text(fmt, args);
	va_end(args);
	width = table__width_of(text);
	if (width > t->widths[t->filled])
		t->widths[t->filled] = width;
	t->rows[t->nr_rows - 1].cells[t->filled++] = text;
}

void table__put_us(struct table *t, bool known, unsigned long long ns)
{
	if (known)
		table__put(t, "%.1f", ns / 1000.0);
	else
		table__put(t, "%s", "");
}

void table__remark(struct table *t, const char *fmt, ...)
{
	struct table_row *row = table__add_row(t, 1);
	va_list args;

	row->remark = true;
	va_start(args, fmt);
	row->cells[0] = table__text(fmt, args);
	va_end(args);
}

/* NULL: the row is not filled so far. */
static const char *table__cell(const struct table *t, size_t line, size_t column)
{
	return line ? t->rows[line - 1].cells[column] : t->columns[column].title;
}

char *table__line(const struct table *t, size_t line)
{
	char *text = NULL;
	const char *cell;
	size_t size, i;
	int blanks;
	FILE *f;

	if (line && t->rows[line - 1].remark)
		return xstrdup(t->rows[line - 1].cells[0]);
	f = open_memstream(&text, &size);
	for (i = 0; i < t->nr_columns; i++) {
		cell = table__cell(t, line, i);
		cell = cell ? cell : "";
		blanks = t->widths[i] - table__width_of(cell);
		fprintf(f, "%s%*s%s%*s", i ? " " : "", t->columns[i].left ? 0 : blanks, "", cell,
			t->columns[i].left ? blanks : 0, "");
	}
	fclose(f);
	while (size && text[size - 1] == ' ')
		text[--size] = '\0';
	return text;
}

size_t table__nr_lines(const struct table *t)
{
	return 1 + t->nr_rows;
}

void table__print(struct table *t, FILE *f)
{
	size_t line;
	char *text;

	for (line = 0; line <= t->nr_rows; line++) {
		text = table__line(t, line);
		fprintf(f, "%s\n", text);
		free(text);
	}
	table__free(t);
}
