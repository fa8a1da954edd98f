// SPDX-License-Identifier: GPL-2.0-only
/* The limits of metrics as a file: see metric.h. `luperf metrics` writes it, compare and gate read it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/text.h"
#include "luperf/compare/metric.h"

void metrics__print(const struct metrics *m, FILE *f)
{
	const struct metric *metric;
	size_t i;

	fputs("# A change counts if it is significant and at least as large as both limits. Less is better.\n"
	      "# metric              absolute  relative   # unit, what\n", f);
	for (i = 0; i < m->nr; i++) {
		metric = &m->items[i];
		if (metric->off)
			fprintf(f, "%-20s %9s %9s", metric->name, "off", "");
		else
			fprintf(f, "%-20s %9.15g %8.4g%%", metric->name, metric->absolute,
				100 * metric->relative);
		fprintf(f, "   # %s, %s\n", metric->unit, metric->what);
	}
}

struct metric *metrics__find(const struct metrics *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->nr; i++)
		if (!strcmp(m->items[i].name, name))
			return &m->items[i];
	return NULL;
}

/* A number that is not negative, with @unit behind it and nothing else. */
static bool parse_limit(const char *text, const char *unit, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return end != text && !strcmp(end, unit) && isfinite(*value) && *value >= 0;
}

struct place {
	const char *path;
	unsigned int line;
};

static int parse_line(struct metrics *m, char *line, const struct place *at, struct fault *fault)
{
	char *save, *name, *absolute, *relative, *more;
	struct metric *metric;

	line[strcspn(line, "#")] = '\0';
	name = strtok_r(line, " \t\r", &save);
	if (!name)
		return 0;
	absolute = strtok_r(NULL, " \t\r", &save);
	relative = strtok_r(NULL, " \t\r", &save);
	more = strtok_r(NULL, " \t\r", &save);
	metric = metrics__find(m, name);
	if (!metric)
		return fault__set(fault, "%s:%u: there is no metric \"%s\": luperf metrics prints all",
				  at->path, at->line, name);
	if (absolute && !strcmp(absolute, "off") && !relative) {
		metric->off = true;
		return 0;
	}
	if (!absolute || !relative || more || !parse_limit(absolute, "", &metric->absolute) ||
	    !parse_limit(relative, "%", &metric->relative))
		return fault__set(fault, "%s:%u: write \"%s ABSOLUTE RELATIVE%%\", as \"%s 500 3%%\", or "
				  "\"%s off\"", at->path, at->line, name, name, name);
	metric->relative /= 100;
	metric->off = false;
	return 0;
}

int metrics__read(struct metrics *m, const char *path, struct fault *fault)
{
	char *text = read_file(path, NULL, fault), *line, *save;
	struct place at = { path, 0 };
	int err = 0;

	if (!text)
		return -1;
	for (line = text; line && !err; line = save) {
		save = strchr(line, '\n');
		if (save)
			*save++ = '\0';
		at.line++;
		err = parse_line(m, line, &at, fault);
	}
	free(text);
	return err;
}
