// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "drive/group.h"
#include "drive/hook.h"
#include "drive/pidfile.h"
#include "drive/say.h"
#include "kernel/session.h"
#include "drive/stop.h"
#include "drive/update.h"

struct group {
	struct luo *luo;
	struct plan **plans;
	struct update **updates;	/* parallel to the plans */
	size_t nr;
	size_t nr_pidfiles;		/* of the first plans */
};

static int load_plans(struct group *g, char *const *files, bool need_kernel)
{
	char text[1024];
	size_t i;

	for (i = 0; i < g->nr; i++) {
		g->plans[i] = plan__load(files[i], text, sizeof(text));
		if (!g->plans[i])
			return say__error("%s", text);
	}
	if (plan__check_together(g->plans, g->nr, need_kernel, text, sizeof(text)))
		return say__error("%s", text);
	return 0;
}

static int make_updates(struct group *g, bool resuming)
{
	size_t i;

	for (i = 0; i < g->nr; i++) {
		g->updates[i] = update__new(g->plans[i], resuming);
		if (!g->updates[i])
			return -1;
	}
	return 0;
}

static int write_pidfiles(struct group *g)
{
	for (; g->nr_pidfiles < g->nr; g->nr_pidfiles++)
		if (pidfile__create(g->plans[g->nr_pidfiles]->session))
			return -1;
	return 0;
}

struct group *group__load(char *const *files, size_t nr, bool resuming, bool need_kernel)
{
	struct group *g = calloc(1, sizeof(*g));

	if (!g)
		goto err;
	g->plans = calloc(nr, sizeof(*g->plans));
	g->updates = calloc(nr, sizeof(*g->updates));
	if (!g->plans || !g->updates)
		goto err;
	g->nr = nr;
	if (!load_plans(g, files, need_kernel) && !make_updates(g, resuming) && !write_pidfiles(g))
		return g;
	group__free(g);
	return NULL;
err:
	group__free(g);
	say__errno(-ENOMEM, "no memory for %zu plans", nr);
	return NULL;
}

void group__free(struct group *g)
{
	size_t i;

	if (!g)
		return;
	for (i = 0; i < g->nr; i++)
		update__free(g->updates[i]);
	luo__close(g->luo);
	for (i = 0; i < g->nr_pidfiles; i++)
		pidfile__remove(g->plans[i]->session);
	for (i = 0; i < g->nr; i++)
		plan__free(g->plans[i]);
	free(g->plans);
	free(g->updates);
	free(g);
}

size_t group__nr_memfds(const struct group *g)
{
	size_t i, n = 0;

	for (i = 0; i < g->nr; i++)
		n += g->plans[i]->nr_memfds;
	return n;
}

size_t group__nr_marked(const struct group *g)
{
	size_t i, n = 0;

	for (i = 0; i < g->nr; i++)
		n += plan__nr_marked(g->plans[i]);
	return n;
}

const struct plan_kernel *group__kernel(const struct group *g)
{
	size_t i = 0;

	while (!g->plans[i]->kernel.image)
		i++;
	return &g->plans[i]->kernel;
}

int group__open_luo(struct group *g)
{
	size_t i;

	g->luo = luo__open();
	if (!g->luo)
		return -1;
	for (i = 0; i < g->nr; i++)
		g->updates[i]->luo = g->luo;
	return 0;
}

static void set_subject(const struct group *g, size_t i)
{
	if (g->nr > 1)
		say__set_subject(g->plans[i]->session);
}

int group__each(struct group *g, int (*step)(struct update *u))
{
	int err = 0;
	size_t i;

	for (i = 0; i < g->nr && !err; i++) {
		set_subject(g, i);
		err = stop__check() ? -1 : step(g->updates[i]);
	}
	say__set_subject(NULL);
	return err;
}

int group__run_hooks(struct group *g, enum plan_stage stage)
{
	int err = 0;
	size_t i;

	for (i = 0; i < g->nr && !err; i++) {
		set_subject(g, i);
		err = hook__run(g->plans[i], stage);
	}
	say__set_subject(NULL);
	return err;
}

void group__close_sessions(struct group *g)
{
	struct update *u;
	size_t i;

	for (i = 0; i < g->nr; i++) {
		u = g->updates[i];
		if (!u->session)
			continue;
		session__close(u->session);
		u->session = NULL;
		say__note("session %s closed, nothing is preserved", g->plans[i]->session);
	}
}
