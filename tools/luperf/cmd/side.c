// SPDX-License-Identifier: GPL-2.0-only
/* Loads the live updates that are compared. See side.h. */
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "luperf/cmd/side.h"

void side__free(struct side *side)
{
	size_t i;

	for (i = 0; i < side->nr; i++)
		sample__free(&side->samples[i]);
	free(side->samples);
	*side = (struct side){ 0 };
}

/* The next part of @text up to a comma that no backslash stands before, which goes; NULL: there is none. */
static char *next_part(char **text)
{
	char *part = *text, *from, *to;

	if (!part)
		return NULL;
	for (from = to = part; *from && *from != ','; from++) {
		if (*from == '\\' && from[1] == ',')
			from++;
		*to++ = *from;
	}
	*text = *from ? from + 1 : NULL;
	*to = '\0';
	return part;
}

/* "a=b,c=d" or a commit, as conditions of store__find(); they point into @text and *@commit. */
static size_t split(char *text, char **commit, char ***conditions)
{
	size_t nr = 0, room = 0;
	char *part;

	*conditions = NULL;
	*commit = NULL;
	if (!strchr(text, '=')) {
		*commit = xasprintf("commit=%s", text);
		*conditions = xcalloc(1, sizeof(**conditions));
		(*conditions)[0] = *commit;
		return 1;
	}
	while ((part = next_part(&text))) {
		*conditions = grow(*conditions, nr, &room, sizeof(**conditions));
		(*conditions)[nr++] = part;
	}
	return nr;
}

static int find(struct store *store, const char *what, struct ids *ids, struct fault *fault)
{
	char *text = xstrdup(what), *commit, **conditions;
	size_t nr = split(text, &commit, &conditions);
	int err = store__find(store, conditions, nr, ids, fault);

	free(conditions);
	free(commit);
	free(text);
	if (!err && !ids->nr)
		err = fault__set(fault, "there is no live update of \"%s\" in %s: luperf list has what "
				 "there is", what, store__name(store));
	return err;
}

static int load_ids(struct side *side, struct store *store, const struct ids *ids, struct fault *fault)
{
	int err = 0;

	side->samples = xcalloc(ids->nr + 1, sizeof(*side->samples));
	while (!err && side->nr < ids->nr) {
		err = store__load(store, ids->items[side->nr], LOAD_ALL, &side->samples[side->nr],
				  fault);
		side->nr += !err;
	}
	return err;
}

int side__load(struct side *side, struct store *store, char *const *conditions, size_t nr,
	       struct fault *fault)
{
	struct ids ids;
	int err = store__find(store, conditions, nr, &ids, fault);

	*side = (struct side){ 0 };
	if (!err)
		err = load_ids(side, store, &ids, fault);
	ids__free(&ids);
	return err;
}

int side__load_arm(struct side *side, struct store *store, const struct run *run, enum arm arm,
		   struct fault *fault)
{
	struct ids ids = { 0 };
	int err = run__find(run, store, arm, &ids, fault);

	*side = (struct side){ 0 };
	if (!err)
		err = load_ids(side, store, &ids, fault);
	ids__free(&ids);
	return err;
}

/* A live update on both sides would be compared with itself. */
static int check_apart(const struct ids *ids, const char *const names[2], struct fault *fault)
{
	size_t i, k = 0;

	for (i = 0; i < ids[0].nr; i++) {
		while (k < ids[1].nr && ids[1].items[k] < ids[0].items[i])
			k++;
		if (k < ids[1].nr && ids[1].items[k] == ids[0].items[i])
			return fault__set(fault, "live update %lld is in both \"%s\" and \"%s\": name two "
					  "builds that are apart", (long long)ids[0].items[i], names[0],
					  names[1]);
	}
	return 0;
}

int sides__load(struct side sides[2], struct store *store, const char *const names[2], struct fault *fault)
{
	struct ids ids[2] = { 0 };
	int err;

	sides[0] = sides[1] = (struct side){ 0 };
	if (store__begin_read(store, fault))
		return -1;
	err = find(store, names[0], &ids[0], fault) || find(store, names[1], &ids[1], fault) ||
	      check_apart(ids, names, fault) || load_ids(&sides[0], store, &ids[0], fault) ||
	      load_ids(&sides[1], store, &ids[1], fault);
	store__end_read(store);
	ids__free(&ids[0]);
	ids__free(&ids[1]);
	return err ? -1 : 0;
}
