// SPDX-License-Identifier: GPL-2.0-only
/* Recordings sorted into the boots they were made in, and what joins one boot to the next. */
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "report/boots.h"

/* Of one boot: its MONOTONIC clock never goes back. */
static int recording__by_start(const void *a, const void *b)
{
	const struct recording *x = *(const struct recording *const *)a;
	const struct recording *y = *(const struct recording *const *)b;
	int order = strcmp(x->boot_id, y->boot_id);

	if (order)
		return order;
	return (x->start.monotonic_ns > y->start.monotonic_ns) -
	       (x->start.monotonic_ns < y->start.monotonic_ns);
}

static bool recording__same_folder(const char *a, const char *b)
{
	const char *x = strrchr(a, '/'), *y = strrchr(b, '/');
	size_t len = x ? x - a : 0;

	return len == (size_t)(y ? y - b : 0) && !strncmp(a, b, len);
}

bool recording__continues(const struct recording *x, const struct recording *y)
{
	return x->flight_file && y->flight_file && recording__same_folder(x->path, y->path);
}

/* The numbers of one flight recorder go on through all boots. */
static int recording__by_flight(const struct recording *x, const struct recording *y)
{
	if (!recording__continues(x, y))
		return 0;
	return (x->flight_file > y->flight_file) - (x->flight_file < y->flight_file);
}

/* REALTIME tells the order; the TSC restarts at a cold boot, and counts where there is no REALTIME. */
static int boot__by_age(const void *a, const void *b)
{
	const struct recording *x = ((const struct boot *)a)->parts[0];
	const struct recording *y = ((const struct boot *)b)->parts[0];

	if (recording__by_flight(x, y))
		return recording__by_flight(x, y);
	if (x->start.realtime_ns != y->start.realtime_ns && x->start.realtime_ns &&
	    y->start.realtime_ns)
		return x->start.realtime_ns < y->start.realtime_ns ? -1 : 1;
	return (x->start.tsc > y->start.tsc) - (x->start.tsc < y->start.tsc);
}

static int event__by_seq(const void *a, const void *b)
{
	const struct lutrace_event *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static int freed__by_time(const void *a, const void *b)
{
	const struct lutrace_freed *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static int deep__by_time(const void *a, const void *b)
{
	const struct lutrace_deep *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static int complaint__by_time(const void *a, const void *b)
{
	const struct lutrace_complaint *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static void boot__add(struct boot *boot, const struct recording *r)
{
	size_t i;

	boot->freed = xrealloc(boot->freed, boot->nr_freed + r->nr_freed, sizeof(*boot->freed));
	boot->deep = xrealloc(boot->deep, boot->nr_deep + r->nr_deep, sizeof(*boot->deep));
	boot->complaints = xrealloc(boot->complaints, boot->nr_complaints + r->nr_complaints,
				    sizeof(*boot->complaints));
	for (i = 0; i < r->nr_freed; i++)
		boot->freed[boot->nr_freed++] = r->freed[i];
	for (i = 0; i < r->nr_deep; i++)
		boot->deep[boot->nr_deep++] = r->deep[i];
	for (i = 0; i < r->nr_complaints; i++)
		boot->complaints[boot->nr_complaints++] = r->complaints[i];
	boot->watches_freed |= r->watches_freed;
	boot->computed |= r->computed;
	boot->is_deep |= r->is_deep;
	boot->has_klog |= r->has_klog;
	names__merge(boot->names, r->names);
}

const struct name *boot__domain_name(const struct boot *boot,
				     const struct lutrace_event *ev)
{
	return op__is_flb(ev->op) ? NULL :
		names__find(boot->names, ev->ser_phys, ev->generation);
}

void boot__inherit_names(struct boot *boot, const struct boot *before)
{
	const struct lutrace_event *ev;
	size_t i;

	for (i = 0; i < boot->nr_events; i++) {
		ev = &boot->events[i];
		if (ev->op == LUTRACE_OP_RESTORE)
			names__inherit(boot->names, before->names, ev->ser_phys, ev->generation);
	}
}

/* A file that is given twice, or a copy of it: a recorder reads its clocks once. */
static bool recording__is(const struct recording *x, const struct recording *y)
{
	return x->start.monotonic_ns == y->start.monotonic_ns && x->start.tsc == y->start.tsc &&
	       x->start.realtime_ns == y->start.realtime_ns && x->start.rec.type &&
	       x->flight_file == y->flight_file;
}

/* Of two copies, of which one may be cut, the longer one counts. */
static void boot__take(struct boot *boot, const struct recording *r)
{
	const struct recording **last, *twice;

	last = boot->nr_parts ? &boot->parts[boot->nr_parts - 1] : NULL;
	if (!last || !recording__is(*last, r)) {
		boot->parts = xrealloc(boot->parts, boot->nr_parts + 1, sizeof(*boot->parts));
		boot->parts[boot->nr_parts++] = r;
		return;
	}
	twice = r->nr_records > (*last)->nr_records ? *last : r;
	if (twice == *last)
		*last = r;
	boot->twice = xrealloc(boot->twice, boot->nr_twice + 1, sizeof(*boot->twice));
	boot->twice[boot->nr_twice++] = twice;
}

/* Whether a recording has its events in the kernel's order, as all have but for what was damaged. */
static bool recording__is_sorted(const struct recording *r)
{
	size_t i;

	for (i = 1; i < r->nr_events; i++)
		if (event__by_seq(&r->events[i - 1], &r->events[i]) > 0)
			return false;
	return true;
}

/* Those of one recording are not copied: they are most of what a report needs memory for. */
static void boot__take_events(struct boot *boot)
{
	const struct recording *r = boot->parts[0];
	size_t i;

	if (boot->nr_parts == 1 && recording__is_sorted(r)) {
		boot->events = r->events;
		boot->nr_events = r->nr_events;
		return;
	}
	boot->owns_events = true;
	for (i = 0; i < boot->nr_parts; i++) {
		r = boot->parts[i];
		boot->events = xrealloc(boot->events, boot->nr_events + r->nr_events,
					sizeof(*boot->events));
		if (r->nr_events)
			memcpy(boot->events + boot->nr_events, r->events,
			       r->nr_events * sizeof(*r->events));
		boot->nr_events += r->nr_events;
	}
	if (boot->nr_events)
		qsort(boot->events, boot->nr_events, sizeof(*boot->events), event__by_seq);
}

static void boot__fill(struct boot *boot)
{
	size_t i;

	boot->names = names__new();
	for (i = 0; i < boot->nr_parts; i++)
		boot__add(boot, boot->parts[i]);
	boot__take_events(boot);
	qsort(boot->freed, boot->nr_freed, sizeof(*boot->freed), freed__by_time);
	qsort(boot->deep, boot->nr_deep, sizeof(*boot->deep), deep__by_time);
	qsort(boot->complaints, boot->nr_complaints, sizeof(*boot->complaints), complaint__by_time);
	boot__merge(boot);
}

size_t boots__sort(struct boot **boots, const struct recording *recordings, size_t nr)
{
	const struct recording **order = xcalloc(nr, sizeof(*order));
	size_t i, nr_boots = 0;

	for (i = 0; i < nr; i++)
		order[i] = &recordings[i];
	qsort(order, nr, sizeof(*order), recording__by_start);
	*boots = xcalloc(nr, sizeof(**boots));
	for (i = 0; i < nr; i++) {
		nr_boots += !i || strcmp(order[i]->boot_id, order[i - 1]->boot_id);
		boot__take(&(*boots)[nr_boots - 1], order[i]);
	}
	free(order);
	qsort(*boots, nr_boots, sizeof(**boots), boot__by_age);
	for (i = 0; i < nr_boots; i++)
		boot__fill(&(*boots)[i]);
	return nr_boots;
}

void boots__free(struct boot *boots, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		free(boots[i].parts);
		free(boots[i].twice);
		free(boots[i].recorders);
		free(boots[i].recorder_of);
		if (boots[i].owns_events)
			free(boots[i].events);
		free(boots[i].freed);
		free(boots[i].complaints);
		free(boots[i].left);
		free(boots[i].deep);
		free(boots[i].walks);
		names__free(boots[i].names);
	}
	free(boots);
}

const char *boot__name(const struct boot *boot)
{
	return boot->parts[0]->path;
}

__u64 boot__end_ns(const struct boot *boot)
{
	__u64 end = 0;
	size_t i;

	for (i = 0; i < boot->nr_parts; i++)
		if (boot->parts[i]->end.monotonic_ns > end)
			end = boot->parts[i]->end.monotonic_ns;
	return end;
}
