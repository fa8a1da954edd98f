// SPDX-License-Identifier: GPL-2.0-only
/* Recordings sorted into the boots they were made in, and what joins one boot to the next. */
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "report/boots.h"

static int by_start(const void *a, const void *b)
{
	const struct recording *x = *(const struct recording *const *)a;
	const struct recording *y = *(const struct recording *const *)b;

	if (x->start.tsc != y->start.tsc)
		return x->start.tsc < y->start.tsc ? -1 : 1;
	return (x->start.realtime_ns > y->start.realtime_ns) -
	       (x->start.realtime_ns < y->start.realtime_ns);
}

static int by_seq(const void *a, const void *b)
{
	const struct lutrace_event *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static int by_time(const void *a, const void *b)
{
	const struct lutrace_freed *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static int by_walk_time(const void *a, const void *b)
{
	const struct lutrace_deep *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static int by_complaint_time(const void *a, const void *b)
{
	const struct lutrace_complaint *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static void boot__add(struct boot *boot, const struct recording *r)
{
	size_t i;

	boot->parts = xrealloc(boot->parts, boot->nr_parts + 1, sizeof(*boot->parts));
	boot->events = xrealloc(boot->events, boot->nr_events + r->nr_events,
				sizeof(*boot->events));
	boot->freed = xrealloc(boot->freed, boot->nr_freed + r->nr_freed, sizeof(*boot->freed));
	boot->deep = xrealloc(boot->deep, boot->nr_deep + r->nr_deep, sizeof(*boot->deep));
	boot->complaints = xrealloc(boot->complaints, boot->nr_complaints + r->nr_complaints,
				    sizeof(*boot->complaints));
	boot->parts[boot->nr_parts++] = r;
	for (i = 0; i < r->nr_events; i++)
		boot->events[boot->nr_events++] = r->events[i];
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

/* A restored domain is the one that had its record, whatever else the new kernel counts anew. */
static void inherit_names(struct boot *boot, const struct boot *before)
{
	const struct lutrace_event *ev;
	size_t i;

	for (i = 0; i < boot->nr_events; i++) {
		ev = &boot->events[i];
		if (ev->op == LUTRACE_OP_RESTORE)
			names__inherit(boot->names, before->names, ev->ser_phys, ev->generation);
	}
}

static struct boot *boot_of(struct boot *boots, size_t *nr, const char *boot_id)
{
	size_t k;

	for (k = 0; k < *nr; k++)
		if (!strcmp(boots[k].parts[0]->boot_id, boot_id))
			return &boots[k];
	boots[k].names = names__new();
	++*nr;
	return &boots[k];
}

size_t boots__sort(struct boot **boots, const struct recording *recordings, size_t nr)
{
	const struct recording **order = xcalloc(nr, sizeof(*order));
	struct boot *boot;
	size_t i, k, nr_boots = 0;

	for (i = 0; i < nr; i++)
		order[i] = &recordings[i];
	qsort(order, nr, sizeof(*order), by_start);
	*boots = xcalloc(nr, sizeof(**boots));
	for (i = 0; i < nr; i++)
		boot__add(boot_of(*boots, &nr_boots, order[i]->boot_id), order[i]);
	for (k = 0; k < nr_boots; k++) {
		boot = &(*boots)[k];
		qsort(boot->events, boot->nr_events, sizeof(*boot->events), by_seq);
		qsort(boot->freed, boot->nr_freed, sizeof(*boot->freed), by_time);
		qsort(boot->deep, boot->nr_deep, sizeof(*boot->deep), by_walk_time);
		qsort(boot->complaints, boot->nr_complaints, sizeof(*boot->complaints),
		      by_complaint_time);
		if (k)
			inherit_names(boot, &(*boots)[k - 1]);
	}
	free(order);
	return nr_boots;
}

void boots__free(struct boot *boots, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		free(boots[i].parts);
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

/* TSC ticks per ns, 0 if the recording is too short to tell. */
static double tsc_rate(const struct recording *r)
{
	const struct lutrace_clock *start = &r->start, *end = &r->end;

	if (!start->tsc || end->tsc <= start->tsc ||
	    end->monotonic_ns < start->monotonic_ns + 100000000)
		return 0;
	return (double)(end->tsc - start->tsc) / (end->monotonic_ns - start->monotonic_ns);
}

void boot__link(struct boot *before, const struct boot *after)
{
	const struct recording *x = before->parts[before->nr_parts - 1];
	const struct recording *y = after->parts[0];
	double rate = tsc_rate(x) > 0 ? tsc_rate(x) : tsc_rate(y), between;

	if (rate <= 0 || !x->start.tsc || !y->start.tsc)
		return;
	between = (double)(__s64)(y->start.tsc - x->start.tsc) / rate;
	if (between < -1e18 || between > 1e18)
		return;
	before->linked = true;
	before->to_next_ns = (__u64)(__s64)between + x->start.monotonic_ns - y->start.monotonic_ns;
}

void boot__measure_gap(struct boot *before, const struct boot *after)
{
	__s64 gap;

	if (!before->linked || !before->nr_events || !after->nr_events)
		return;
	gap = after->events[0].time_ns + before->to_next_ns -
	      before->events[before->nr_events - 1].time_ns;
	if (gap > 0)
		before->gap_ns = gap;
}
