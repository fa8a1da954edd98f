// SPDX-License-Identifier: GPL-2.0-only
/* The list of findings, as text and as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "health/findings.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "report/json.h"

#define NAME_WIDTH 20

static const struct {
	unsigned int bit;
	const char *name;
} needs_names[] = {
	{ FOR_RECORD, "record" },
	{ FOR_TRACEFS, "tracefs" },
	{ FOR_WALK, "walk" },
	{ FOR_UPDATE, "update" },
};

struct finding *findings__add(struct findings *list, const char *name, unsigned int needs,
			      enum finding_state state, char *text, char *advice)
{
	/* They may hold what a command line, a kernel's image or its log says. */
	if (text)
		make_printable(text);
	if (advice)
		make_printable(advice);
	list->items = grow(list->items, list->nr, &list->room, sizeof(*list->items));
	list->items[list->nr] = (struct finding){ name, state, needs, text, advice, NULL };
	return &list->items[list->nr++];
}

void findings__free(struct findings *list)
{
	size_t i;

	for (i = 0; i < list->nr; i++) {
		free(list->items[i].text);
		free(list->items[i].advice);
		free(list->items[i].detail);
	}
	free(list->items);
	*list = (struct findings){ 0 };
}

const struct finding *findings__by_name(const struct findings *list, const char *name)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		if (!strcmp(list->items[i].name, name))
			return &list->items[i];
	return NULL;
}

enum finding_state findings__state(const struct findings *list, unsigned int needs)
{
	enum finding_state state = FINDING_OK;
	size_t i;

	for (i = 0; i < list->nr; i++) {
		if (!(list->items[i].needs & needs) || list->items[i].state == FINDING_OK)
			continue;
		if (list->items[i].state == FINDING_MISSING)
			return FINDING_MISSING;
		state = FINDING_UNKNOWN;
	}
	return state;
}

char *findings__names(const struct findings *list, unsigned int needs, enum finding_state state)
{
	char *names = xstrdup(""), *longer;
	size_t i;

	for (i = 0; i < list->nr; i++) {
		if (!(list->items[i].needs & needs) || list->items[i].state != state)
			continue;
		longer = xasprintf("%s%s%s", names, *names ? ", " : "", list->items[i].name);
		free(names);
		names = longer;
	}
	return names;
}

const char *finding_state__name(enum finding_state state)
{
	static const char *const names[] = {
		[FINDING_OK] = "ok",
		[FINDING_MISSING] = "missing",
		[FINDING_UNKNOWN] = "unknown",
	};

	return names[state];
}

void findings__print(const struct findings *list, bool details, FILE *f)
{
	const struct finding *item;
	size_t i;

	for (i = 0; i < list->nr; i++) {
		item = &list->items[i];
		fprintf(f, "%-8s %-*s %s\n", finding_state__name(item->state), NAME_WIDTH,
			item->name, item->text);
		if (item->advice)
			fprintf(f, "%-8s %-*s -> %s\n", "", NAME_WIDTH, "", item->advice);
		if (details && item->detail)
			fprintf(f, "%-8s %-*s %s\n", "", NAME_WIDTH, "", item->detail);
	}
}

static json_t *finding__json_needs(unsigned int needs)
{
	json_t *names = json_array();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(needs_names); i++)
		if (needs & needs_names[i].bit)
			json_array_append_new(names, json_string(needs_names[i].name));
	return names;
}

json_t *findings__json(const struct findings *list)
{
	const struct finding *item;
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < list->nr; i++) {
		item = &list->items[i];
		json_array_append_new(
			array,
			json_pack("{s:s,s:s,s:o,s:o,s:o,s:o}", "name", item->name, "state",
				  finding_state__name(item->state), "needed_for",
				  finding__json_needs(item->needs), "text",
				  json__text(item->text), "advice",
				  item->advice ? json__text(item->advice) : json_null(),
				  "detail",
				  item->detail ? json__text(item->detail) : json_null()));
	}
	return array;
}
