// SPDX-License-Identifier: GPL-2.0-only
/* Samples as data: see sample.h. */
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/text.h"
#include "luperf/sample/sample.h"
#include "model/op.h"

const char *kernel__name(enum kernel kernel)
{
	return kernel == KERNEL_OLD ? "old" : "new";
}

/* Pairs */

/* Where @name is, or has to be. */
static size_t pairs__place(const struct pairs *pairs, const char *name)
{
	size_t low = 0, high = pairs->nr, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (strcmp(pairs->items[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool pairs__has_at(const struct pairs *pairs, size_t at, const char *name)
{
	return at < pairs->nr && !strcmp(pairs->items[at].name, name);
}

static char *printable(const char *text)
{
	char *copy = xstrdup(text);

	make_printable(copy);
	return copy;
}

/* The same of several lines, which stay lines. */
static char *printable_lines(const char *text)
{
	char *copy = xstrdup(text), *line, *end;

	for (line = copy; *line; line = end + 1) {
		end = strchrnul(line, '\n');
		if (!*end) {
			make_printable(line);
			break;
		}
		/* It never gets longer; what it gets shorter by is closed up */
		*end = '\0';
		make_printable(line);
		memmove(line + strlen(line) + 1, end + 1, strlen(end + 1) + 1);
		end = line + strlen(line);
		*end = '\n';
	}
	return copy;
}

void pairs__set(struct pairs *pairs, const char *name, const char *value)
{
	size_t at = pairs__place(pairs, name);

	if (pairs__has_at(pairs, at, name)) {
		free(pairs->items[at].value);
		pairs->items[at].value = printable(value);
		return;
	}
	pairs->items = grow(pairs->items, pairs->nr, &pairs->room, sizeof(*pairs->items));
	memmove(&pairs->items[at + 1], &pairs->items[at], (pairs->nr - at) * sizeof(*pairs->items));
	pairs->items[at] = (struct pair){ printable(name), printable(value) };
	pairs->nr++;
}

const char *pairs__get(const struct pairs *pairs, const char *name)
{
	size_t at = pairs__place(pairs, name);

	return pairs__has_at(pairs, at, name) ? pairs->items[at].value : NULL;
}

void pairs__free(struct pairs *pairs)
{
	size_t i;

	for (i = 0; i < pairs->nr; i++) {
		free(pairs->items[i].name);
		free(pairs->items[i].value);
	}
	free(pairs->items);
	*pairs = (struct pairs){ 0 };
}

bool label__is_reserved(const char *name)
{
	return !strcmp(name, "commit") || !strcmp(name, "branch") || !strcmp(name, "verdict") ||
	       !strcmp(name, "id");
}

/* Samples */

struct value *sample__add_value(struct sample *s, const struct value *v)
{
	struct value *to;

	s->values = grow(s->values, s->nr_values, &s->values_room, sizeof(*s->values));
	to = &s->values[s->nr_values++];
	*to = *v;
	to->domain = v->domain ? printable(v->domain) : NULL;
	return to;
}

void sample__add_quantity(struct sample *s, const char *name, int64_t value)
{
	s->quantities = grow(s->quantities, s->nr_quantities, &s->quantities_room,
			     sizeof(*s->quantities));
	s->quantities[s->nr_quantities++] = (struct quantity){ printable(name), value };
}

void sample__add_finding(struct sample *s, const char *rule, const char *verdict, const char *details)
{
	s->findings = grow(s->findings, s->nr_findings, &s->findings_room, sizeof(*s->findings));
	s->findings[s->nr_findings++] = (struct finding){
		printable(rule), printable(verdict), printable_lines(details),
	};
}

void sample__add_source(struct sample *s, enum kernel kernel, const char *path, uint64_t size,
			uint32_t crc32)
{
	s->sources = grow(s->sources, s->nr_sources, &s->sources_room, sizeof(*s->sources));
	s->sources[s->nr_sources++] = (struct source){ kernel, printable(path), size, crc32 };
}

const int64_t *sample__quantity(const struct sample *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nr_quantities; i++)
		if (!strcmp(s->quantities[i].name, name))
			return &s->quantities[i].value;
	return NULL;
}

static bool sample__has_loss(const struct sample *s)
{
	size_t i;

	for (i = 0; i < s->nr_findings; i++)
		if (!strcmp(s->findings[i].rule, "loss"))
			return strcmp(s->findings[i].verdict, "clean");
	return true;
}

bool sample__is_whole(const struct sample *s, struct fault *why)
{
	struct fault unused;
	size_t i;

	if (!why)
		why = &unused;
	if (sample__has_loss(s)) {
		fault__set(why, "events were lost or not seen (check loss)");
		return false;
	}
	for (i = 0; i < s->nr_values; i++)
		if (!s->values[i].has_latency) {
			fault__set(why, "only one end of a %s was seen", op__name(s->values[i].op));
			return false;
		}
	return true;
}

void sample__free(struct sample *s)
{
	size_t i;

	for (i = 0; i < s->nr_values; i++)
		free(s->values[i].domain);
	for (i = 0; i < s->nr_quantities; i++)
		free(s->quantities[i].name);
	for (i = 0; i < s->nr_findings; i++) {
		free(s->findings[i].rule);
		free(s->findings[i].verdict);
		free(s->findings[i].details);
	}
	for (i = 0; i < s->nr_sources; i++)
		free(s->sources[i].path);
	free(s->values);
	free(s->quantities);
	free(s->findings);
	free(s->sources);
	free(s->identity);
	free(s->commit);
	free(s->branch);
	free(s->verdict);
	pairs__free(&s->facts);
	pairs__free(&s->labels);
	*s = (struct sample){ 0 };
}
