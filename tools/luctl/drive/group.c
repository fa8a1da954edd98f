// SPDX-License-Identifier: GPL-2.0-only
/* The updates of all plans of one command: see group.h. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "lib/pidlock.h"

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
	struct update **updates; /* parallel to the plans */
	size_t nr;
	struct pidlock **locks; /* parallel to them; NULL: not taken */
};

static int group__load_plans(struct group *g, char *const *files, bool need_kernel)
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

static int group__make_updates(struct group *g, bool resuming)
{
	size_t i;

	for (i = 0; i < g->nr; i++) {
		g->updates[i] = update__new(g->plans[i], resuming);
		if (!g->updates[i])
			return -1;
	}
	return 0;
}

/* What a step or a hook has open for a moment: images, sysfs, a session that is asked for its end
 */
#define GROUP_SPARE_FILES 16

static size_t group__nr_open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* Descriptors that are open at the same time, at most */
static size_t group__nr_files(const struct group *g)
{
	size_t i, n = group__nr_open_files() + 1 + GROUP_SPARE_FILES;

	/* The lock, the session, the iommufd and the kernel's log */
	for (i = 0; i < g->nr; i++)
		n += 4 + g->plans[i]->nr_memfds + g->plans[i]->nr_devices;
	return n;
}

/* Before anything is made: raises the soft limit of open files if it has to and can be */
static int group__check_files(const struct group *g)
{
	size_t need = group__nr_files(g);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || need <= limit.rlim_cur)
		return 0;
	if (need > limit.rlim_max)
		return say__error("%s up to %zu open files, and the limit is %llu; raise it with "
				  "'ulimit -n %zu'",
				  g->nr == 1 ? "the plan needs" : "the plans together need", need,
				  (unsigned long long)limit.rlim_max, need);
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return say__errno(-errno, "raising the limit of open files to %llu failed",
				  (unsigned long long)limit.rlim_max);
	return 0;
}

static int group__take_sessions(struct group *g)
{
	size_t i;

	for (i = 0; i < g->nr; i++) {
		g->locks[i] = pidfile__take(g->plans[i]->session);
		if (!g->locks[i])
			return -1;
	}
	return 0;
}

struct group *group__load(char *const *files, size_t nr, bool resuming, bool need_kernel)
{
	struct group *g = calloc(1, sizeof(*g));

	if (!g)
		goto err;
	g->plans = calloc(nr, sizeof(*g->plans));
	g->updates = calloc(nr, sizeof(*g->updates));
	g->locks = calloc(nr, sizeof(*g->locks));
	if (!g->plans || !g->updates || !g->locks)
		goto err;
	g->nr = nr;
	if (!group__load_plans(g, files, need_kernel) && !group__check_files(g) &&
	    !group__make_updates(g, resuming) && !group__take_sessions(g))
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
	for (i = 0; i < g->nr; i++)
		pidlock__remove(g->locks[i]);
	for (i = 0; i < g->nr; i++)
		plan__free(g->plans[i]);
	free(g->locks);
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

static void group__set_subject(const struct group *g, size_t i)
{
	if (g->nr > 1)
		say__set_subject(g->plans[i]->session);
}

int group__each(struct group *g, int (*step)(struct update *u))
{
	int err = 0;
	size_t i;

	for (i = 0; i < g->nr && !err; i++) {
		group__set_subject(g, i);
		err = stop__check() ? -1 : step(g->updates[i]);
	}
	say__set_subject(NULL);
	return err;
}

void group__tell_each(struct group *g, int (*tell)(struct update *u))
{
	size_t i;

	for (i = 0; i < g->nr; i++) {
		group__set_subject(g, i);
		tell(g->updates[i]);
	}
	say__set_subject(NULL);
}

int group__run_hooks(struct group *g, enum plan_stage stage)
{
	int err = 0;
	size_t i;

	for (i = 0; i < g->nr && !err; i++) {
		group__set_subject(g, i);
		err = hook__run(g->plans[i], stage);
	}
	say__set_subject(NULL);
	return err;
}

void group__close_sessions(struct group *g)
{
	struct update *u;
	size_t i;
	int err;

	for (i = 0; i < g->nr; i++) {
		u = g->updates[i];
		if (!u->session)
			continue;
		err = session__end(g->luo, u->session);
		u->session = NULL;
		if (!err)
			say__note("session %s closed, nothing is preserved", g->plans[i]->session);
	}
}
