// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a selection selects anything at all: what was looked for and is not there must not be taken
 * for clean. Called by the commands that have a selection, once all names are known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "model/selection.h"

/* So many are named. */
#define MAX_NAMED	10

/* Different words, in their order. */
struct words {
	char **items;
	size_t nr, room;
};

static void words__add(struct words *w, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < w->nr; i++)
		if (strlen(w->items[i]) == len && !memcmp(w->items[i], text, len))
			return;
	w->items = grow(w->items, w->nr, &w->room, sizeof(*w->items));
	w->items[w->nr++] = xasprintf("%.*s", (int)len, text);
}

static void words__add_number(struct words *w, __u64 value)
{
	char text[32];

	words__add(w, text, snprintf(text, sizeof(text), "0x%llx", value));
}

static void words__free(struct words *w)
{
	size_t i;

	for (i = 0; i < w->nr; i++)
		free(w->items[i]);
	free(w->items);
}

static int words__by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "x, y and 3 more" */
static void words__print(const struct words *w, char *text, size_t size)
{
	size_t i, len = 0;

	*text = '\0';
	if (w->nr)
		qsort(w->items, w->nr, sizeof(*w->items), words__by_text);
	for (i = 0; i < w->nr && i < MAX_NAMED && len < size; i++)
		len += snprintf(text + len, size - len, "%s%s", i ? ", " : "", w->items[i]);
	if (w->nr > MAX_NAMED && len < size)
		snprintf(text + len, size - len, " and %zu more", w->nr - MAX_NAMED);
}

/* What there is of one kind: sessions, tokens or devices. */
static void words__add_session(const struct name *name, struct words *w)
{
	if (*name->session)
		words__add(w, name->session, strlen(name->session));
}

static void words__add_tokens(const struct name *name, struct words *w)
{
	if (name->has_hwpt)
		words__add_number(w, name->hwpt_token);
	if (*name->session)
		words__add_number(w, name->iommufd_token);
}

static void words__add_devices(const struct name *name, struct words *w)
{
	const char *at = name->devices ? name->devices : "";
	size_t len;

	for (; *at; at += len + (at[len] == ' ')) {
		len = strcspn(at, " ");
		words__add(w, at, len);
	}
}

struct places {
	const struct names *const *names;
	size_t nr;
	const char *where;
};

static bool places__any(const struct places *p, const struct selection *sel)
{
	size_t i, k;

	for (i = 0; i < p->nr; i++)
		for (k = 0; p->names[i] && k < names__count(p->names[i]); k++)
			if (selection__domain(sel, names__at(p->names[i], k)) == SELECTED_YES)
				return true;
	return false;
}

/* One option alone: @what is what it selects, with its value. */
static int places__check(const struct places *p, const struct selection *one, const char *what,
		     void (*add)(const struct name *name, struct words *w), struct fault *fault)
{
	struct words words = { 0 };
	char text[384];
	size_t i, k;

	if (places__any(p, one))
		return 0;
	for (i = 0; i < p->nr; i++)
		for (k = 0; p->names[i] && k < names__count(p->names[i]); k++)
			add(names__at(p->names[i], k), &words);
	words__print(&words, text, sizeof(text));
	if (words.nr)
		fault__set(fault, "no domain of %s has %s; there are: %s", p->where, what, text);
	else
		fault__set(fault, "no domain of %s has %s: they have no such names, which need root "
			   "and BPF", p->where, what);
	words__free(&words);
	return -1;
}

static int places__check_process(const struct selection *sel, const struct places *p, bool seen,
			 struct fault *fault)
{
	struct words words = { 0 };
	const char *comm;
	bool found = seen;
	char text[384];
	size_t i, k;
	__u32 pid;

	if (!sel->comm && !sel->pid)
		return 0;
	for (i = 0; i < p->nr; i++)
		for (k = 0; p->names[i] && (comm = names__process_at(p->names[i], k, &pid)); k++) {
			found |= sel->comm && !strcmp(comm, sel->comm);
			snprintf(text, sizeof(text), "%s (%u)", comm, pid);
			words__add(&words, text, strlen(text));
		}
	words__print(&words, text, sizeof(text));
	if (!found && sel->comm)
		fault__set(fault, "no process of %s is called %s; %s%s", p->where, sel->comm,
			   words.nr ? "there are: " : "no names of processes are known", text);
	else if (!found)
		fault__set(fault, "no process of %s has the id %u; %s%s", p->where, sel->pid,
			   words.nr ? "there are: " : "no names of processes are known", text);
	words__free(&words);
	return found ? 0 : -1;
}

int selection__check(const struct selection *sel, const struct names *const *names, size_t nr,
		     bool seen, const char *where, struct fault *fault)
{
	struct selection session = { 0 }, token = { 0 }, device = { 0 };
	struct places places = { names, nr, where };
	char what[128];

	if (!selection__any(sel))
		return 0;
	session.session = sel->session;
	token.has_token = sel->has_token;
	token.token = sel->token;
	memcpy(device.device, sel->device, sizeof(device.device));
	snprintf(what, sizeof(what), "session %s", sel->session ? sel->session : "");
	if (sel->session && places__check(&places, &session, what, words__add_session, fault))
		return -1;
	snprintf(what, sizeof(what), "token 0x%llx", sel->token);
	if (sel->has_token && places__check(&places, &token, what, words__add_tokens, fault))
		return -1;
	snprintf(what, sizeof(what), "device %s", sel->device);
	if (*sel->device && places__check(&places, &device, what, words__add_devices, fault))
		return -1;
	if (selection__needs_name(sel) && !places__any(&places, sel))
		return fault__set(fault, "no domain of %s has all that is selected by --session, "
				  "--token and --device", where);
	return places__check_process(sel, &places, seen, fault);
}
