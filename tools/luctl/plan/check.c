// SPDX-License-Identifier: GPL-2.0-only
/* Checks that need the whole plan. Called by plan__parse() at the end of the text. */
#include <inttypes.h>
#include <stdlib.h>

#include "plan/parser.h"

static int check__fail_overlap(struct parser *p, const struct plan_area *a,
			       const struct plan_area *b)
{
	const struct plan_area *first = a->line < b->line ? a : b, *second = first == a ? b : a;

	return parser__fail_at(p, second->line,
			       "the area at iova 0x%" PRIx64 " overlaps the one at iova 0x%" PRIx64
			       " of line %d; move one",
			       second->iova, first->iova, first->line);
}

/* Areas of one HWPT do not overlap. There may be half a million of them. */
static int check__areas(struct parser *p)
{
	const struct plan_area *const *areas;
	size_t hwpt, i, nr;

	for (hwpt = 0; hwpt < p->plan->nr_hwpts; hwpt++) {
		if (plan__shares_ioas(p->plan, hwpt))
			continue;
		areas = query__areas_by_iova(p->plan, hwpt, &nr);
		for (i = 1; i < nr; i++)
			if (areas[i]->iova < areas[i - 1]->iova + areas[i - 1]->length)
				return check__fail_overlap(p, areas[i - 1], areas[i]);
	}
	return 0;
}

static int check__probe(struct parser *p, const struct plan_probe *probe)
{
	const struct plan_area *from, *to;

	from = plan__find_area(p->plan, probe->hwpt, probe->from, probe->length);
	to = plan__find_area(p->plan, probe->hwpt, probe->to, probe->length);
	if (!from || !(from->perm & PLAN_READ))
		return parser__fail_at(p, probe->line,
				       "no readable area of the hwpt holds [0x%" PRIx64
				       ", +0x%" PRIx64 "); change 'from=' or the area",
				       probe->from, probe->length);
	if (!to || !(to->perm & PLAN_WRITE))
		return parser__fail_at(p, probe->line,
				       "no writable area of the hwpt holds [0x%" PRIx64
				       ", +0x%" PRIx64 "); change 'to=' or the area",
				       probe->to, probe->length);
	return 0;
}

/* What a probe does with a range of a memfd */
struct check_range {
	size_t memfd;
	uint64_t start, end;
	bool write;
	const struct plan_probe *probe;
};

static int check__by_place(const void *a, const void *b, void *comparisons)
{
	const struct check_range *x = a, *y = b;

	++*(uint64_t *)comparisons;
	if (x->memfd != y->memfd)
		return x->memfd < y->memfd ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

static struct check_range check__range(const struct plan *plan, const struct plan_probe *probe,
				       bool write)
{
	uint64_t iova = write ? probe->to : probe->from;
	const struct plan_area *a = plan__find_area(plan, probe->hwpt, iova, probe->length);
	uint64_t start = a->offset + (iova - a->iova);

	return (struct check_range){
		.memfd = a->memfd,
		.start = start,
		.end = start + probe->length,
		.write = write,
		.probe = probe,
	};
}

static int check__fail_probes(struct parser *p, const struct check_range *a,
			      const struct check_range *b)
{
	const struct check_range *reader = a->write ? b : a, *writer = reader == a ? b : a;

	if (!reader->write)
		return parser__fail_at(p, reader->probe->line,
				       "the probe reads memory that the probe of line %d writes; "
				       "move one",
				       writer->probe->line);
	/* Both write */
	if (a->probe < b->probe)
		reader = b, writer = a;
	return parser__fail_at(p, reader->probe->line,
			       "the probe writes memory that the probe of "
			       "line %d writes; move one",
			       writer->probe->line);
}

/* In sorted order, what overlaps a range before it overlaps the one of those that ends last */
static int check__ranges(struct parser *p, const struct check_range *ranges, size_t nr)
{
	const struct check_range *any = NULL, *write = NULL, *r, *other;

	for (r = ranges; r < ranges + nr; r++) {
		other = r->write ? any : write;
		if (other && other->memfd == r->memfd && other->end > r->start)
			return check__fail_probes(p, other, r);
		if (!any || any->memfd != r->memfd || any->end < r->end)
			any = r;
		if (r->write && (!write || write->memfd != r->memfd || write->end < r->end))
			write = r;
	}
	return 0;
}

/*
 * What a probe reads, no probe writes, and what one writes, no other does: then probes can be
 * repeated, and what the memory must hold after them is known from the plan alone.
 */
static int check__probes(struct parser *p)
{
	const struct plan *plan = p->plan;
	struct check_range *ranges;
	uint64_t comparisons = 0;
	size_t i;
	int err;

	for (i = 0; i < plan->nr_probes; i++)
		if (check__probe(p, &plan->probes[i]))
			return -1;
	ranges = calloc(2 * plan->nr_probes + 1, sizeof(*ranges));
	if (!ranges)
		return parser__fail_no_memory(p);
	for (i = 0; i < plan->nr_probes; i++) {
		ranges[2 * i] = check__range(plan, &plan->probes[i], false);
		ranges[2 * i + 1] = check__range(plan, &plan->probes[i], true);
	}
	qsort_r(ranges, 2 * plan->nr_probes, sizeof(*ranges), check__by_place, &comparisons);
	query__count(plan, comparisons);
	err = check__ranges(p, ranges, 2 * plan->nr_probes);
	free(ranges);
	return err;
}

static int check__holes(struct parser *p)
{
	const struct plan_area *area;
	const struct plan_hole *hole;
	size_t i;

	for (i = 0; i < p->plan->nr_holes; i++) {
		hole = &p->plan->holes[i];
		area = plan__find_area(p->plan, hole->hwpt, hole->iova, PLAN_HOLE_LENGTH);
		if (area && (area->perm & hole->dir))
			return parser__fail_at(p, hole->line,
					       "iova 0x%" PRIx64
					       " is mapped by the area of line %d and would "
					       "not fault; change 'iova=' or 'dir='",
					       hole->iova, area->line);
	}
	return 0;
}

static int check__fail_both_probed(struct parser *p, const struct plan_hwpt *a,
				   const struct plan_hwpt *b)
{
	return parser__fail_at(p, a->line,
			       "hwpt '%s' and hwpt '%s' both have probes or holes on device "
			       "'%s'; probe one per device",
			       a->name, b->name, p->plan->devices[a->device].name);
}

/* A device is attached to one HWPT at a time */
static int check__attached(struct parser *p)
{
	const struct plan *plan = p->plan;
	const struct plan_hwpt **of_device = calloc(plan->nr_devices + 1, sizeof(*of_device));
	const struct plan_hwpt *h;
	int err = 0;
	size_t i;

	if (!of_device)
		return parser__fail_no_memory(p);
	for (i = 0; i < plan->nr_hwpts && !err; i++) {
		h = &plan->hwpts[i];
		if (!plan__hwpt_is_attached(plan, i))
			continue;
		if (of_device[h->device])
			err = check__fail_both_probed(p, h, of_device[h->device]);
		of_device[h->device] = h;
	}
	free(of_device);
	return err;
}

static int check__fail_token_of_iommufd(struct parser *p, const struct plan_memfd *m)
{
	return parser__fail_at(p, m->line,
			       "token 0x%" PRIx64 " of memfd '%s' is also the iommufd's; "
			       "take another, or set it with 'iommufd token=N'",
			       m->token, m->name);
}

int check__plan(struct parser *p)
{
	const struct plan *plan = p->plan;
	size_t i;

	if (!plan->session)
		return parser__fail_at(p, p->line,
				       "the plan names no session; add a line 'session NAME'");
	for (i = 0; i < plan->nr_memfds; i++)
		if (plan->memfds[i].token == plan->iommufd_token)
			return check__fail_token_of_iommufd(p, &plan->memfds[i]);
	if (query__index(p->plan))
		return parser__fail_no_memory(p);
	if (check__areas(p))
		return -1;
	if (query__answer(p->plan))
		return parser__fail_no_memory(p);
	return check__probes(p) || check__holes(p) || check__attached(p) ? -1 : 0;
}
