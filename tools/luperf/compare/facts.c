// SPDX-License-Identifier: GPL-2.0-only
/* Whether two sets of samples are of machines that may be compared. For compare.c. */
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "luperf/compare/compare.h"

/* What makes a build, and which kernel was there before it: that is what is compared. */
static bool is_of_build(const char *name)
{
	static const char *const names[] = { "release", "version", "build_id", "config", "series",
					     "previous_release" };
	const char *dot = strchr(name, '.');
	size_t i;

	for (i = 0; dot && i < ARRAY_SIZE(names); i++)
		if (!strcmp(dot + 1, names[i]))
			return true;
	return false;
}

/* Words of a command line that name files, which are another one's for each build. */
static bool is_of_build_word(const char *word)
{
	return !strncmp(word, "BOOT_IMAGE=", 11) || !strncmp(word, "initrd=", 7);
}

/* What of a fact is compared; to free. "not known" if it is not. */
static char *fact__compared(const struct sample *s, const char *name)
{
	const char *value = pairs__get(&s->facts, name), *dot = strchr(name, '.');
	char *copy, *word, *save, *text;
	size_t len = 0;

	if (!value)
		return xstrdup("not known");
	if (!dot || strcmp(dot, ".cmdline"))
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

static char *values__text(const struct values *values)
{
	char *text = xstrdup(""), *longer;
	size_t i;

	for (i = 0; i < values->nr; i++) {
		longer = xasprintf("%s%s%s", text, i ? ", " : "", values->items[i]);
		free(text);
		text = longer;
	}
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

static bool is_known_difference(const struct comparison *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->nr_differences; i++)
		if (!strcmp(c->differences[i].name, name))
			return true;
	return false;
}

static bool differ(const struct values *old, const struct values *new)
{
	return old->nr != 1 || new->nr != 1 || strcmp(old->items[0], new->items[0]);
}

void comparison__look_at_facts(struct comparison *c, const struct sample *old, size_t nr_old,
			       const struct sample *new, size_t nr_new,
			       const struct compare_options *options)
{
	const struct sample *s;
	const char *name;
	size_t i, k;

	if (!nr_old || !nr_new)
		return;
	for (i = 0; i < nr_old + nr_new; i++) {
		s = i < nr_old ? &old[i] : &new[i - nr_old];
		for (k = 0; k < s->facts.nr; k++) {
			struct values of_old = { 0 }, of_new = { 0 };

			name = s->facts.items[k].name;
			if (is_of_build(name) || is_known_difference(c, name))
				continue;
			values__of(&of_old, name, old, nr_old);
			values__of(&of_new, name, new, nr_new);
			if (differ(&of_old, &of_new)) {
				c->differences = grow(c->differences, c->nr_differences,
						      &c->differences_room, sizeof(*c->differences));
				c->differences[c->nr_differences++] = (struct difference){
					name, values__text(&of_old), values__text(&of_new),
					is_allowed(options, name),
				};
			}
			values__free(&of_old);
			values__free(&of_new);
		}
	}
}
