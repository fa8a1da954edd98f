// SPDX-License-Identifier: GPL-2.0-only
/* Whether two sets of samples are of machines that may be compared. For compare.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "luperf/compare/compare.h"

/* What makes a build, and which kernel was there before it: that is what is compared. */
static bool is_of_build(const char *name)
{
	static const char *const names[] = { "release", "version", "build_id", "config", "series",
					     "previous_release" };
	size_t i;

	if (strncmp(name, "old.", 4) && strncmp(name, "new.", 4))
		return false;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name + 4, names[i]))
			return true;
	return false;
}

/* Words of a command line that name files, which are another one's for each build. */
static bool is_of_build_word(const char *word)
{
	return !strncmp(word, "BOOT_IMAGE=", 11) || !strncmp(word, "initrd=", 7);
}

static bool is_cmdline(const char *name)
{
	return !strcmp(name, "old.cmdline") || !strcmp(name, "new.cmdline");
}

/* What of a fact is compared; to free. "not known" if it is not. */
static char *fact__compared(const struct sample *s, const char *name)
{
	const char *value = pairs__get(&s->facts, name);
	char *copy, *word, *save, *text;
	size_t len = 0;

	if (!value)
		return xstrdup("not known");
	if (!is_cmdline(name))
		return xstrdup(value);
	copy = xstrdup(value);
	text = xcalloc(1, strlen(value) + 2);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (!is_of_build_word(word))
			len += sprintf(text + len, "%s%s", len ? " " : "", word);
	free(copy);
	return text;
}

/* Different values, in the order in which they came. */
struct values {
	char **items;
	size_t nr, room;
};

static void values__add(struct values *values, char *value)
{
	size_t i;

	for (i = 0; i < values->nr; i++)
		if (!strcmp(values->items[i], value)) {
			free(value);
			return;
		}
	values->items = grow(values->items, values->nr, &values->room, sizeof(*values->items));
	values->items[values->nr++] = value;
}

static void values__of(struct values *values, const char *name, const struct sample *s, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		values__add(values, fact__compared(&s[i], name));
}

static bool has_word(const char *line, const char *word)
{
	size_t len = strlen(word);
	const char *at;

	for (at = strstr(line, word); at; at = strstr(at + 1, word))
		if ((at == line || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

static bool all_have_word(const struct values *values, const char *word)
{
	size_t i;

	for (i = 0; i < values->nr; i++)
		if (!has_word(values->items[i], word))
			return false;
	return true;
}

/* The words of a command line that are not in all of both sides: the others are many, and say nothing. */
static char *words_that_differ(const char *line, const struct values *a, const struct values *b)
{
	char *copy = xstrdup(line), *text = xcalloc(1, strlen(line) + 32), *word, *save;
	size_t len = 0;

	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (!all_have_word(a, word) || !all_have_word(b, word))
			len += sprintf(text + len, "%s%s", len ? " " : "", word);
	if (!len)
		strcpy(text, "no other words");
	free(copy);
	return text;
}

static char *values__text(const struct values *values, const char *name, const struct values *other)
{
	bool words = is_cmdline(name);
	char *text = NULL, *value;
	size_t size, i;
	FILE *f = open_memstream(&text, &size);

	for (i = 0; i < values->nr; i++) {
		value = words ? words_that_differ(values->items[i], values, other) :
				xstrdup(values->items[i]);
		fprintf(f, "%s%s", i ? ", " : "", value);
		free(value);
	}
	fclose(f);
	return text;
}

static void values__free(struct values *values)
{
	size_t i;

	for (i = 0; i < values->nr; i++)
		free(values->items[i]);
	free(values->items);
}

static bool is_allowed(const struct compare_options *options, const char *name)
{
	size_t i;

	for (i = 0; i < options->nr_allowed; i++)
		if (!strcmp(options->allowed[i], name))
			return true;
	return false;
}

static bool differ(const struct values *old, const struct values *new)
{
	return old->nr != 1 || new->nr != 1 || strcmp(old->items[0], new->items[0]);
}

/* The names of all facts, each once, but those of builds. */
static void names_of(struct values *names, const struct sample *s, size_t nr)
{
	size_t i, k;

	for (i = 0; i < nr; i++)
		for (k = 0; k < s[i].facts.nr; k++)
			if (!is_of_build(s[i].facts.items[k].name))
				values__add(names, xstrdup(s[i].facts.items[k].name));
}

static void look_at_fact(struct comparison *c, const char *name, const struct values *old,
			 const struct values *new, bool allowed)
{
	if (!differ(old, new))
		return;
	c->differences = grow(c->differences, c->nr_differences, &c->differences_room,
			      sizeof(*c->differences));
	c->differences[c->nr_differences++] = (struct difference){
		xstrdup(name), values__text(old, name, new), values__text(new, name, old), allowed,
	};
}

void comparison__look_at_facts(struct comparison *c, const struct sample *old, size_t nr_old,
			       const struct sample *new, size_t nr_new,
			       const struct compare_options *options)
{
	struct values names = { 0 };
	size_t i;

	if (!nr_old || !nr_new)
		return;
	names_of(&names, old, nr_old);
	names_of(&names, new, nr_new);
	for (i = 0; i < names.nr; i++) {
		struct values of_old = { 0 }, of_new = { 0 };

		values__of(&of_old, names.items[i], old, nr_old);
		values__of(&of_new, names.items[i], new, nr_new);
		look_at_fact(c, names.items[i], &of_old, &of_new,
			     is_allowed(options, names.items[i]));
		values__free(&of_old);
		values__free(&of_new);
	}
	values__free(&names);
}
