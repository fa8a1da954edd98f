// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several recorders may run at once in one boot, as the flight recorder's and one beside it. Each has
 * programs of its own that read the clock by themselves, so that they have one event at two times.
 * Here each event is left once, and both ends of an operation come from one recorder wherever one saw
 * both. Called by boots.c.
 */
#include <stdlib.h>
#include <string.h>
#include "lib/idmap.h"
#include "lib/mem.h"
#include "report/boots.h"

#define NO_RECORDER	UINT32_MAX

static bool event__is(const struct lutrace_event *x, const struct lutrace_event *y)
{
	return x->seq == y->seq && x->op == y->op && x->phase == y->phase &&
	       x->ser_phys == y->ser_phys && x->generation == y->generation && x->ret == y->ret;
}

static bool boot__drop_doubles(struct boot *boot)
{
	struct lutrace_event *ev = boot->events;
	size_t i, out = 0;
	bool any;

	for (i = 0; i < boot->nr_events; i++)
		if (!out || !event__is(&ev[i], &ev[out - 1]))
			ev[out++] = ev[i];
	any = out < boot->nr_events;
	boot->nr_events = out;
	return any;
}

/* All files of a flight recorder are of one recorder: the first of them stands for it. */
static __u32 part__recorder(const struct boot *boot, size_t part)
{
	size_t i;

	for (i = 0; i < part; i++)
		if (recording__continues(boot->parts[i], boot->parts[part]))
			return boot->recorders[i];
	return part;
}

static struct lutrace_event *boot__find(const struct boot *boot, const struct lutrace_event *ev)
{
	size_t from = 0, to = boot->nr_events, mid;

	while (from < to) {
		mid = from + (to - from) / 2;
		if (boot->events[mid].seq < ev->seq)
			from = mid + 1;
		else
			to = mid;
	}
	for (; from < boot->nr_events && boot->events[from].seq == ev->seq; from++)
		if (event__is(&boot->events[from], ev))
			return &boot->events[from];
	return NULL;
}

static void boot__claim(struct boot *boot, __u32 recorder, const struct lutrace_event *begin,
			const struct lutrace_event *end)
{
	struct lutrace_event *a = boot__find(boot, begin), *b = boot__find(boot, end);

	if (!a || !b || boot->recorder_of[a - boot->events] != NO_RECORDER ||
	    boot->recorder_of[b - boot->events] != NO_RECORDER)
		return;
	*a = *begin;
	*b = *end;
	boot->recorder_of[a - boot->events] = boot->recorder_of[b - boot->events] = recorder;
}

/* What one recorder has, in the kernel's order; to free. */
static const struct lutrace_event **recorder__events(const struct boot *boot, __u32 recorder,
						     size_t *nr)
{
	const struct lutrace_event **events = NULL;
	size_t i, k;

	*nr = 0;
	for (k = 0; k < boot->nr_parts; k++) {
		if (boot->recorders[k] != recorder || !boot->parts[k]->nr_events)
			continue;
		events = xrealloc(events, *nr + boot->parts[k]->nr_events, sizeof(*events));
		for (i = 0; i < boot->parts[k]->nr_events; i++)
			events[(*nr)++] = &boot->parts[k]->events[i];
	}
	if (*nr)
		qsort(events, *nr, sizeof(*events), recording__event_by_number);
	return events;
}

static void boot__claim_operations(struct boot *boot, __u32 recorder)
{
	const struct lutrace_event **events, *ev;
	struct idmap *open = idmap__new();
	uint64_t *at, phys, generation;
	size_t i, nr;

	events = recorder__events(boot, recorder, &nr);
	for (i = 0; i < nr; i++) {
		ev = events[i];
		phys = op__is_flb(ev->op) ? 0 : ev->ser_phys;
		generation = op__is_flb(ev->op) ? 0 : ev->generation;
		at = idmap__find(open, ev->op, phys, generation);
		if (ev->phase == LUTRACE_BEGIN) {
			idmap__set(open, ev->op, phys, generation, i);
		} else if (at) {
			boot__claim(boot, recorder, events[*at], ev);
			idmap__remove(open, ev->op, phys, generation);
		}
	}
	idmap__free(open);
	free(events);
}

/* Of an operation that no recorder saw whole. */
static void boot__claim_rest(struct boot *boot)
{
	struct lutrace_event *ev;
	size_t i, k;

	for (k = 0; k < boot->nr_parts; k++)
		for (i = 0; i < boot->parts[k]->nr_events; i++) {
			ev = boot__find(boot, &boot->parts[k]->events[i]);
			if (!ev || boot->recorder_of[ev - boot->events] != NO_RECORDER)
				continue;
			*ev = boot->parts[k]->events[i];
			boot->recorder_of[ev - boot->events] = boot->recorders[k];
		}
}

void boot__merge(struct boot *boot)
{
	size_t i;

	if (boot->nr_parts < 2 || !boot__drop_doubles(boot))
		return;
	boot->recorders = xcalloc(boot->nr_parts, sizeof(*boot->recorders));
	boot->recorder_of = xcalloc(boot->nr_events, sizeof(*boot->recorder_of));
	memset(boot->recorder_of, 0xff, boot->nr_events * sizeof(*boot->recorder_of));
	for (i = 0; i < boot->nr_parts; i++)
		boot->recorders[i] = part__recorder(boot, i);
	for (i = 0; i < boot->nr_parts; i++)
		if (boot->recorders[i] == i)
			boot__claim_operations(boot, i);
	boot__claim_rest(boot);
}

__u32 boot__part_recorder(const struct boot *boot, size_t part)
{
	return boot->recorders ? boot->recorders[part] : 0;
}

__u32 boot__recorder(const struct boot *boot, const struct lutrace_event *ev)
{
	return boot->recorder_of ? boot->recorder_of[ev - boot->events] : 0;
}
