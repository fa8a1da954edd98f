// SPDX-License-Identifier: GPL-2.0-only
/* Questions about a plan that is parsed. Called by the parser's checks and by all that works by a plan. */
#include "plan/plan.h"

bool plan__shares_ioas(const struct plan *plan, size_t hwpt)
{
	return plan->hwpts[hwpt].ioas != hwpt;
}

bool plan__ioas_is_marked(const struct plan *plan, size_t hwpt)
{
	size_t i;

	for (i = 0; i < plan->nr_hwpts; i++)
		if (plan->hwpts[i].marked && plan->hwpts[i].ioas == plan->hwpts[hwpt].ioas)
			return true;
	return false;
}

bool plan__maps(const struct plan *plan, size_t hwpt, const struct plan_area *area)
{
	return area->hwpt == plan->hwpts[hwpt].ioas;
}

const struct plan_area *plan__find_area(const struct plan *plan, size_t hwpt, uint64_t iova,
					uint64_t length)
{
	const struct plan_area *a;
	size_t i;

	for (i = 0; i < plan->nr_areas; i++) {
		a = &plan->areas[i];
		if (plan__maps(plan, hwpt, a) && iova >= a->iova && length <= a->length &&
		    iova - a->iova <= a->length - length)
			return a;
	}
	return NULL;
}

bool plan__hwpt_is_attached(const struct plan *plan, size_t hwpt)
{
	size_t i;

	for (i = 0; i < plan->nr_probes; i++)
		if (plan->probes[i].hwpt == hwpt)
			return true;
	for (i = 0; i < plan->nr_holes; i++)
		if (plan->holes[i].hwpt == hwpt)
			return true;
	return false;
}

size_t plan__nr_marked(const struct plan *plan)
{
	size_t i, n = 0;

	for (i = 0; i < plan->nr_hwpts; i++)
		n += plan->hwpts[i].marked;
	return n;
}

static bool plan__is_free(const struct plan *plan, size_t hwpt, uint64_t iova, uint64_t length)
{
	const struct plan_area *a;
	size_t i;

	for (i = 0; i < plan->nr_areas; i++) {
		a = &plan->areas[i];
		if (plan__maps(plan, hwpt, a) && iova + length > a->iova &&
		    iova < a->iova + a->length)
			return false;
	}
	return true;
}

bool plan__scratch_iova(const struct plan *plan, size_t hwpt, uint64_t *iova)
{
	const struct plan_area *a;
	bool found = false;
	uint64_t next;
	size_t i;

	for (i = 0; i < plan->nr_areas; i++) {
		a = &plan->areas[i];
		next = a->iova + a->length;
		if (!plan__maps(plan, hwpt, a) || !plan__is_free(plan, hwpt, next, PLAN_PAGE))
			continue;
		*iova = next;
		found = true;
		/* Inside a table that the area has made anyway */
		if (next % PLAN_HUGE_PAGE)
			break;
	}
	return found;
}

/* Every IOMMU translates so much. */
#define SURELY_MAPPABLE	(1ull << 38)

bool plan__far_iova(const struct plan *plan, size_t hwpt, uint64_t *iova)
{
	const struct plan_area *a;
	uint64_t next;
	size_t i;

	for (i = 0; i < plan->nr_areas; i++) {
		a = &plan->areas[i];
		next = (a->iova + a->length + PLAN_HUGE_PAGE - 1) / PLAN_HUGE_PAGE * PLAN_HUGE_PAGE;
		if (!plan__maps(plan, hwpt, a) || next >= SURELY_MAPPABLE ||
		    !plan__is_free(plan, hwpt, next, PLAN_HUGE_PAGE))
			continue;
		*iova = next;
		return true;
	}
	return false;
}

uint64_t plan__mapped_bytes(const struct plan *plan, size_t hwpt)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < plan->nr_areas; i++)
		if (plan__maps(plan, hwpt, &plan->areas[i]))
			bytes += plan->areas[i].length;
	return bytes;
}

uint64_t plan__unused_token(const struct plan *plan)
{
	uint64_t token = UINT64_MAX;
	size_t i;

	for (i = 0; i < plan->nr_hwpts; i++)
		if (plan->hwpts[i].marked && plan->hwpts[i].token == token) {
			token--;
			i = (size_t)-1;
		}
	return token;
}
