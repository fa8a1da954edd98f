// SPDX-License-Identifier: GPL-2.0-only
/* Measures two builds in turns: see run.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "lib/folder.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "luperf/run/run.h"
#include "luperf/run/shell.h"
#include "luperf/sample/recorded.h"

/* Where a run is. */
struct progress {
	size_t done, total;		/* of the whole run */
	size_t measured;		/* now, and how long that took */
	double seconds;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int run__find(const struct run *run, struct store *store, enum arm arm, struct ids *ids, struct fault *fault)
{
	char *conditions[] = {
		xasprintf("run=%s", run->name), xasprintf("arm=%s", arm__name(arm)),
		xasprintf("stage=%u", run->stage),
	};
	int err = store__find(store, conditions, ARRAY_SIZE(conditions), ids, fault);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(conditions); i++)
		free(conditions[i]);
	return err;
}

/* What is there of a run */

static int check_build(const struct run *run, enum arm arm, const struct sample *s, struct fault *fault)
{
	const char *build = pairs__get(&s->labels, "build");
	char *wanted = xstrdup(run->builds[arm]);
	bool same;

	make_printable(wanted);
	same = build && !strcmp(build, wanted);
	free(wanted);
	if (same)
		return 0;
	return fault__set(fault, "there is a run \"%s\" already, of another build (%s: %s): give this one "
			  "another name", run->name, arm__name(arm), build ? build : "not known");
}

static int count_arm(const struct run *run, struct store *store, enum arm arm, size_t *nr,
		     struct fault *fault)
{
	struct ids ids;
	struct sample s;
	int err = run__find(run, store, arm, &ids, fault);

	if (!err && ids.nr) {
		err = store__load(store, ids.items[0], LOAD_HEAD, &s, fault);
		if (!err) {
			err = check_build(run, arm, &s, fault);
			sample__free(&s);
		}
	}
	*nr = ids.nr;
	ids__free(&ids);
	return err;
}

/* One live update */

/* One that no try had yet; to free. NULL with @fault. */
static char *new_folder(const struct run *run, enum arm arm, size_t number, struct fault *fault)
{
	struct stat st;
	char *path = NULL;
	int try;

	for (try = 1; !path || !stat(path, &st); try++) {
		free(path);
		path = xasprintf("%s/%s/%u-%03zu-%s.%d", run->folder, run->name, run->stage, number,
				 arm__name(arm), try);
	}
	if (!folder__make(path, fault))
		return path;
	free(path);
	return NULL;
}

/* Facts that the command left: lines of NAME=VALUE. There need be none. */
static int take_left_facts(struct sample *s, const char *folder, struct fault *fault)
{
	char *path = xasprintf("%s/facts", folder), *text, *line, *save, *equals;
	int err = 0;

	if (access(path, F_OK)) {
		free(path);
		return 0;
	}
	text = read_file(path, NULL, fault);
	for (line = text ? strtok_r(text, "\n", &save) : NULL; line && !err;
	     line = strtok_r(NULL, "\n", &save)) {
		equals = strchr(line, '=');
		if (!equals || equals == line) {
			err = fault__set(fault, "%s: \"%s\" is not NAME=VALUE", path, line);
			break;
		}
		*equals = '\0';
		pairs__set(&s->facts, line, equals + 1);
	}
	free(path);
	if (!text)
		return -1;
	free(text);
	return err;
}

static void label(struct sample *s, const struct run *run, enum arm arm)
{
	char *stage = xasprintf("%u", run->stage);
	size_t i;

	for (i = 0; run->labels && i < run->labels->nr; i++)
		pairs__set(&s->labels, run->labels->items[i].name, run->labels->items[i].value);
	for (i = 0; run->facts && i < run->facts->nr; i++)
		pairs__set(&s->facts, run->facts->items[i].name, run->facts->items[i].value);
	pairs__set(&s->labels, "run", run->name);
	pairs__set(&s->labels, "arm", arm__name(arm));
	pairs__set(&s->labels, "build", run->builds[arm]);
	pairs__set(&s->labels, "stage", stage);
	if (run->commits[arm]) {
		free(s->commit);
		s->commit = xstrdup(run->commits[arm]);
	}
	free(stage);
}

static int take(const struct run *run, struct store *store, enum arm arm, const char *folder,
		struct fault *fault)
{
	char *paths[] = { xasprintf("%s/old.rec", folder), xasprintf("%s/new.rec", folder) };
	struct sample s;
	int64_t id;
	int err = sample__of_recordings(&s, paths, ARRAY_SIZE(paths), NULL, fault);

	if (!err) {
		label(&s, run, arm);
		err = take_left_facts(&s, folder, fault) ? -1 : store__add(store, &s, &id, fault);
		sample__free(&s);
	}
	/* What was measured before, and left where it was, is no measurement */
	if (err > 0)
		fault__set(fault, "the recordings in %s are of live update %lld, which is in the history "
			   "already", folder, (long long)id);
	free(paths[0]);
	free(paths[1]);
	return err ? -1 : 0;
}

static int try_once(const struct run *run, struct store *store, enum arm arm, size_t number,
		    struct fault *fault)
{
	char *folder = new_folder(run, arm, number, fault), *log, *text;
	int err;

	if (!folder)
		return -1;
	text = xasprintf("%zu", number);
	log = xasprintf("%s/log", folder);
	err = shell__run(run->command, (struct shell_variable[]){
		{ "LUPERF_BUILD", run->builds[arm] }, { "LUPERF_ARM", arm__name(arm) },
		{ "LUPERF_NUMBER", text }, { "LUPERF_DIR", folder }, { 0 },
	}, log, fault) || take(run, store, arm, folder, fault);
	free(folder);
	free(log);
	free(text);
	return err ? -1 : 0;
}

static int interrupt(const struct run *run, const struct progress *p, struct fault *fault)
{
	return fault__set(fault, "run \"%s\" was interrupted after %zu of %zu live updates, which are in "
			  "the history: the same command goes on", run->name, p->done, p->total);
}

static int try_it(const struct run *run, struct store *store, enum arm arm, size_t number,
		  const struct progress *p, struct fault *fault)
{
	struct fault why;
	int try;

	for (try = 1; try <= RUN_TRIES; try++) {
		if (!try_once(run, store, arm, number, &why))
			return 0;
		if (shell__interrupted())
			return interrupt(run, p, fault);
		complain("live update %zu (%s) failed: %s", number, arm__name(arm), why.text);
	}
	return fault__set(fault, "live update %zu (%s) of run \"%s\" failed %d times; %zu are in the "
			  "history, and the same command goes on", number, arm__name(arm), run->name,
			  RUN_TRIES, p->done);
}

/* All of them */

static void tell(const struct progress *p, enum arm arm, double took)
{
	unsigned long left = p->seconds / p->measured * (p->total - p->done);

	complain("%zu of %zu (%s): %.1f s; %lu:%02lu:%02lu left", p->done, p->total, arm__name(arm), took,
		 left / 3600, left / 60 % 60, left % 60);
}

static int measure_next(const struct run *run, struct store *store, enum arm arm, size_t number,
			struct progress *p, struct fault *fault)
{
	double start = now();

	if (shell__interrupted())
		return interrupt(run, p, fault);
	if (try_it(run, store, arm, number, p, fault))
		return -1;
	p->done++;
	p->measured++;
	p->seconds += now() - start;
	tell(p, arm, now() - start);
	return 0;
}

/* Two processes that measure one run would measure each live update twice. To be closed. */
static int lock_run(const struct run *run, struct fault *fault)
{
	char *folder = xasprintf("%s/%s", run->folder, run->name);
	char *path = xasprintf("%s/lock", folder);
	int fd = -1;

	if (!folder__make(folder, fault)) {
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0)
			fault__set(fault, "cannot write %s: %s", path, strerror(errno));
	}
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		fault__set(fault, "run \"%s\" is being measured by another process", run->name);
		close(fd);
		fd = -1;
	}
	free(folder);
	free(path);
	return fd;
}

static int measure_all_that_is_missing(const struct run *run, struct store *store, size_t *measured,
				       struct fault *fault)
{
	struct progress p = { .total = schedule__length(run->n, run->control) };
	size_t there[NR_ARMS] = { 0 }, seen[NR_ARMS] = { 0 }, i;
	enum arm arm;

	for (arm = ARM_BASE; arm < NR_ARMS; arm++) {
		if (count_arm(run, store, arm, &there[arm], fault))
			return -1;
		if (arm != ARM_CONTROL || run->control)
			p.done += there[arm] < run->n ? there[arm] : run->n;
	}
	shell__catch();
	for (i = 0; i < p.total; i++) {
		arm = schedule__arm(i, run->control);
		if (seen[arm]++ >= there[arm] &&
		    measure_next(run, store, arm, i + 1, &p, fault))
			return -1;
	}
	*measured = p.measured;
	return 0;
}

int run__measure(const struct run *run, struct store *store, size_t *measured, struct fault *fault)
{
	int lock = lock_run(run, fault), err;

	if (lock < 0)
		return -1;
	err = measure_all_that_is_missing(run, store, measured, fault);
	close(lock);
	return err;
}
