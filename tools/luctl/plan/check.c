// SPDX-License-Identifier: GPL-2.0-only
/* Checks that need the whole plan. Called by plan__parse() at the end of the text. */
#include <inttypes.h>
#include <stdlib.h>

#include "plan/parser.h"

static int check__by_hwpt_and_iova(const void *a, const void *b)
{
	const struct plan_area *x = *(const struct plan_area *const *)a;
	const struct plan_area *y = *(const struct plan_area *const *)b;

	if (x->hwpt != y->hwpt)
		return x->hwpt < y->hwpt ? -1 : 1;
	return (x->iova > y->iova) - (x->iova < y->iova);
}

static int check__fail_overlap(struct parser *p, const struct plan_area *a, const struct plan_area *b)
{
	const struct plan_area *first = a->line < b->line ? a : b, *second = first == a ? b : a;

	return parser__fail_at(p, second->line, "the area at iova 0x%" PRIx64
		       " overlaps the one at iova 0x%" PRIx64 " of line %d; move one",
		       second->iova, first->iova, first->line);
}

/* Areas of one HWPT do not overlap. There may be half a million of them. */
static int check__areas(struct parser *p)
{
	size_t i, nr = p->plan->nr_areas;
	const struct plan_area **sorted = calloc(nr + 1, sizeof(*sorted));
	int err = 0;

	if (!sorted)
		return parser__fail_no_memory(p);
	for (i = 0; i < nr; i++)
		sorted[i] = &p->plan->areas[i];
	qsort(sorted, nr, sizeof(*sorted), check__by_hwpt_and_iova);
	for (i = 1; i < nr && !err; i++)
		if (sorted[i]->hwpt == sorted[i - 1]->hwpt &&
		    sorted[i]->iova < sorted[i - 1]->iova + sorted[i - 1]->length)
			err = check__fail_overlap(p, sorted[i - 1], sorted[i]);
	free(sorted);
	return err;
}

static bool check__overlap(const struct plan_area *a, uint64_t iova_a, const struct plan_area *b,
		    uint64_t iova_b, uint64_t length_a, uint64_t length_b)
{
	uint64_t offset_a = a->offset + (iova_a - a->iova);
	uint64_t offset_b = b->offset + (iova_b - b->iova);

	return a->memfd == b->memfd && offset_a < offset_b + length_b &&
	       offset_b < offset_a + length_a;
}

static int check__probe(struct parser *p, const struct plan_probe *probe)
{
	const struct plan_area *from, *to;

	from = plan__find_area(p->plan, probe->hwpt, probe->from, probe->length);
	to = plan__find_area(p->plan, probe->hwpt, probe->to, probe->length);
	if (!from || !(from->perm & PLAN_READ))
		return parser__fail_at(p, probe->line, "no readable area of the hwpt holds [0x%" PRIx64
			       ", +0x%" PRIx64 "); change 'from=' or the area",
			       probe->from, probe->length);
	if (!to || !(to->perm & PLAN_WRITE))
		return parser__fail_at(p, probe->line, "no writable area of the hwpt holds [0x%" PRIx64
			       ", +0x%" PRIx64 "); change 'to=' or the area",
			       probe->to, probe->length);
	return 0;
}

/*
 * What a probe reads, no probe writes: then probes can be repeated, and what the memory must
 * hold after them is known from the plan alone.
 */
static int check__probe_pair(struct parser *p, const struct plan_probe *a,
			    const struct plan_probe *b)
{
	const struct plan_area *from, *to;

	from = plan__find_area(p->plan, a->hwpt, a->from, a->length);
	to = plan__find_area(p->plan, b->hwpt, b->to, b->length);
	if (check__overlap(from, a->from, to, b->to, a->length, b->length))
		return parser__fail_at(p, a->line, "the probe reads memory that the probe of line %d "
					   "writes; move one",
			       b->line);
	if (a >= b)
		return 0;
	from = plan__find_area(p->plan, a->hwpt, a->to, a->length);
	if (check__overlap(from, a->to, to, b->to, a->length, b->length))
		return parser__fail_at(p, b->line, "the probe writes memory that the probe of line %d "
					   "writes; move one",
			       a->line);
	return 0;
}

static int check__probes(struct parser *p)
{
	const struct plan *plan = p->plan;
	size_t i, j;

	for (i = 0; i < plan->nr_probes; i++)
		if (check__probe(p, &plan->probes[i]))
			return -1;
	for (i = 0; i < plan->nr_probes; i++)
		for (j = 0; j < plan->nr_probes; j++)
			if (check__probe_pair(p, &plan->probes[i], &plan->probes[j]))
				return -1;
	return 0;
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
			return parser__fail_at(p, hole->line, "iova 0x%" PRIx64
						      " is mapped by the area of line %d and would "
						      "not fault; change 'iova=' or 'dir='",
				       hole->iova, area->line);
	}
	return 0;
}

static int check__fail_both_probed(struct parser *p, const struct plan_hwpt *a,
			    const struct plan_hwpt *b)
{
	return parser__fail_at(p, a->line, "hwpt '%s' and hwpt '%s' both have probes or holes on device "
		       "'%s'; probe one per device", a->name, b->name,
		       p->plan->devices[a->device].name);
}

/* A device is attached to one HWPT at a time */
static int check__attached(struct parser *p)
{
	const struct plan *plan = p->plan;
	size_t i, j;

	for (i = 0; i < plan->nr_hwpts; i++)
		for (j = 0; j < i; j++)
			if (plan->hwpts[i].device == plan->hwpts[j].device &&
			    plan__hwpt_is_attached(plan, i) && plan__hwpt_is_attached(plan, j))
				return check__fail_both_probed(p, &plan->hwpts[i], &plan->hwpts[j]);
	return 0;
}

static int check__fail_token_of_iommufd(struct parser *p, const struct plan_memfd *m)
{
	return parser__fail_at(p, m->line, "token 0x%" PRIx64 " of memfd '%s' is also the iommufd's; "
		       "take another, or set it with 'iommufd token=N'", m->token, m->name);
}

int check__plan(struct parser *p)
{
	const struct plan *plan = p->plan;
	size_t i;

	if (!plan->session)
		return parser__fail_at(p, p->line, "the plan names no session; add a line 'session NAME'");
	for (i = 0; i < plan->nr_memfds; i++)
		if (plan->memfds[i].token == plan->iommufd_token)
			return check__fail_token_of_iommufd(p, &plan->memfds[i]);
	if (check__areas(p) || check__probes(p) || check__holes(p))
		return -1;
	return check__attached(p);
}
