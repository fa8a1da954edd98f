// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser of plans. It reports the first error only, always with file and line, and checks
 * all that can be known without the machine, so that a run does not stop half way.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/taken.h"
#include "plan/parser.h"

#define DEFAULT_IOMMUFD_TOKEN 0x200

static const char *const plan__stage_names[PLAN_NR_STAGES] = {
	[PLAN_FILLED] = "filled",
	[PLAN_MAPPED] = "mapped",
	[PLAN_MARKED] = "marked",
	[PLAN_PRESERVED] = "preserved",
	[PLAN_ABORTED] = "aborted",
	[PLAN_BEFORE_KEXEC] = "before-kexec",
	[PLAN_RETRIEVED] = "retrieved",
	[PLAN_RECLAIMED] = "reclaimed",
	[PLAN_FINISHED] = "finished",
};

const char *plan__stage_name(enum plan_stage stage)
{
	return plan__stage_names[stage];
}

int parser__fail_at(struct parser *p, int line, const char *fmt, ...)
{
	va_list args;
	int n;

	n = snprintf(p->err, p->err_size, "%s:%d: ", p->file, line);
	if (n < 0 || (size_t)n >= p->err_size)
		return -1;
	va_start(args, fmt);
	vsnprintf(p->err + n, p->err_size - n, fmt, args);
	va_end(args);
	return -1;
}

int parser__fail_no_memory(struct parser *p)
{
	return parser__fail(p, "no memory for the plan; free some and try again");
}

/* Room doubles: whenever @nr is a power of two, all of it is used */
void *plan__grow(void *array, size_t nr, size_t size)
{
	char *p = array;

	if (!(nr & (nr - 1)))
		p = reallocarray(array, nr ? 2 * nr : 1, size);
	if (p)
		memset(p + nr * size, 0, size);
	return p;
}

static int parser__line(struct parser *p, char *text)
{
	char *name;

	text += strspn(text, " \t\r");
	if (!*text || *text == '#')
		return 0;
	text[strcspn(text, "\r")] = '\0';
	name = text;
	text += strcspn(text, " \t");
	if (*text)
		*text++ = '\0';
	p->rest = text + strspn(text, " \t");
	p->keyword = keyword__find(name);
	if (!p->keyword)
		return parser__fail(
			p,
			"'%s' is no keyword; write session, kernel, iommufd, device, memfd, "
			"hwpt, area, probe, hole, abort, retrieve, assert or hook",
			name);
	if (!p->keyword->raw && (parser__split_words(p, p->rest) || parser__check_words(p)))
		return -1;
	return p->keyword->parse(p);
}

static int parser__text(struct parser *p, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		p->line++;
		if (parser__line(p, line))
			return -1;
	}
	return check__plan(p);
}

/* @text has @size bytes and a NUL behind them */
static struct plan *plan__parse_bytes(const char *file, const char *text, size_t size, char *err,
				      size_t err_size)
{
	struct parser p = { .file = file, .err = err, .err_size = err_size };
	char *copy = strdup(text);

	p.plan = calloc(1, sizeof(*p.plan));
	if (p.plan)
		p.plan->file = strdup(file);
	if (!p.plan || !p.plan->file || !copy) {
		parser__fail_no_memory(&p);
		goto err;
	}
	p.plan->iommufd_token = DEFAULT_IOMMUFD_TOKEN;
	p.plan->iommufd_first = true;
	p.taken = taken__new();
	if (parser__check_bytes(&p, text, size) || parser__text(&p, copy))
		goto err;
	query__count(p.plan, taken__nr_comparisons(p.taken));
	taken__free(p.taken);
	free(copy);
	return p.plan;
err:
	taken__free(p.taken);
	free(copy);
	plan__free(p.plan);
	return NULL;
}

struct plan *plan__parse(const char *file, const char *text, char *err, size_t err_size)
{
	return plan__parse_bytes(file, text, strlen(text), err, err_size);
}

/* More is no plan: half a million areas are some lines with count= */
#define MAX_SIZE (64u << 20)

/* All of the file, with a NUL behind its *@out_size bytes */
static char *plan__read(FILE *f, size_t *out_size)
{
	size_t size = 0, room = 0;
	char *text = NULL, *more;

	do {
		if (room - size < 2) {
			room = room ? 2 * room : 4096;
			more = realloc(text, room);
			if (!more)
				goto err;
			text = more;
		}
		size += fread(text + size, 1, room - size - 1, f);
		if (size > MAX_SIZE) {
			errno = EFBIG;
			goto err;
		}
	} while (!feof(f) && !ferror(f));
	if (ferror(f))
		goto err;
	text[size] = '\0';
	*out_size = size;
	return text;
err:
	free(text);
	return NULL;
}

struct plan *plan__load(const char *file, char *err, size_t err_size)
{
	struct plan *plan = NULL;
	FILE *f = fopen(file, "re");
	size_t size = 0;
	char *text;

	if (!f) {
		snprintf(err, err_size, "%s: cannot open the plan: %s; name a readable file", file,
			 strerror(errno));
		return NULL;
	}
	text = plan__read(f, &size);
	if (text)
		plan = plan__parse_bytes(file, text, size, err, err_size);
	else
		snprintf(err, err_size, "%s: cannot read the plan: %s; name a readable file", file,
			 strerror(errno));
	free(text);
	fclose(f);
	return plan;
}

void plan__free(struct plan *plan)
{
	size_t i;

	if (!plan)
		return;
	for (i = 0; i < plan->nr_devices; i++)
		free(plan->devices[i].name);
	for (i = 0; i < plan->nr_memfds; i++)
		free(plan->memfds[i].name);
	for (i = 0; i < plan->nr_hwpts; i++)
		free(plan->hwpts[i].name);
	for (i = 0; i < plan->nr_hooks; i++)
		free(plan->hooks[i].command);
	free(plan->kernel.image);
	free(plan->kernel.initrd);
	free(plan->kernel.cmdline);
	free(plan->devices);
	free(plan->memfds);
	free(plan->hwpts);
	free(plan->areas);
	free(plan->probes);
	free(plan->holes);
	free(plan->hooks);
	query__free(plan);
	free(plan->session);
	free(plan->file);
	free(plan);
}
