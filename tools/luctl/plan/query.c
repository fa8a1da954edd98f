// SPDX-License-Identifier: GPL-2.0-only
/*
 * Questions about a plan, called by the parser's checks and by all that works by a plan. Between
 * preserve and jump they are asked for each HWPT, of plans with half a million areas: what needs
 * all areas is answered once, when the plan is loaded, and every other answer is a binary search.
 */
#include <stdlib.h>

#include "plan/parser.h"

/* Every IOMMU translates so much. */
#define SURELY_MAPPABLE (1ull << 38)

/* What is asked of an IOAS, by the index of the HWPT that made it */
struct query_ioas {
	size_t first, nr; /* its areas in both arrays of the index */
	uint64_t bytes;
	uint64_t scratch, far;
	bool has_scratch, has_far;
	bool marked; /* a HWPT on it is */
};

struct plan_index {
	/* The areas of each IOAS, one IOAS after the other: by IOVA, and as the plan has them */
	const struct plan_area **by_iova, **in_order;
	struct query_ioas *ioas;	  /* by HWPT */
	const struct plan_probe **probes; /* by HWPT: its first one, or NULL */
	bool *attached;			  /* by HWPT */
	size_t nr_marked;
	uint64_t unused_token;
	uint64_t comparisons;
};

static const struct query_ioas *query__ioas(const struct plan *plan, size_t hwpt)
{
	return &plan->index->ioas[plan->hwpts[hwpt].ioas];
}

/* Making the index */

static int query__by_iova(const void *a, const void *b, void *comparisons)
{
	const struct plan_area *x = *(const struct plan_area *const *)a;
	const struct plan_area *y = *(const struct plan_area *const *)b;

	++*(uint64_t *)comparisons;
	return (x->iova > y->iova) - (x->iova < y->iova);
}

void query__free(struct plan *plan)
{
	if (!plan->index)
		return;
	free(plan->index->by_iova);
	free(plan->index->in_order);
	free(plan->index->ioas);
	free(plan->index->probes);
	free(plan->index->attached);
	free(plan->index);
	plan->index = NULL;
}

/* Lays the areas out by IOAS, in the order of the plan, and sorts a copy of each IOAS's */
static void query__sort(struct plan *plan, struct plan_index *index)
{
	struct query_ioas *ioas;
	size_t i, at = 0;

	for (i = 0; i < plan->nr_areas; i++)
		index->ioas[plan->areas[i].hwpt].nr++;
	for (i = 0; i < plan->nr_hwpts; i++) {
		ioas = &index->ioas[i];
		ioas->first = at;
		at += ioas->nr;
		ioas->nr = 0;
	}
	for (i = 0; i < plan->nr_areas; i++) {
		ioas = &index->ioas[plan->areas[i].hwpt];
		index->in_order[ioas->first + ioas->nr] = &plan->areas[i];
		index->by_iova[ioas->first + ioas->nr++] = &plan->areas[i];
		ioas->bytes += plan->areas[i].length;
	}
	for (i = 0; i < plan->nr_hwpts; i++)
		qsort_r(index->by_iova + index->ioas[i].first, index->ioas[i].nr,
			sizeof(*index->by_iova), query__by_iova, &index->comparisons);
}

int query__index(struct plan *plan)
{
	size_t nr_hwpts = plan->nr_hwpts + 1, nr_areas = plan->nr_areas + 1;
	struct plan_index *index = calloc(1, sizeof(*index));

	plan->index = index;
	if (!index)
		return -1;
	index->by_iova = calloc(nr_areas, sizeof(*index->by_iova));
	index->in_order = calloc(nr_areas, sizeof(*index->in_order));
	index->ioas = calloc(nr_hwpts, sizeof(*index->ioas));
	index->probes = calloc(nr_hwpts, sizeof(*index->probes));
	index->attached = calloc(nr_hwpts, sizeof(*index->attached));
	if (!index->by_iova || !index->in_order || !index->ioas || !index->probes ||
	    !index->attached)
		return -1;
	query__sort(plan, index);
	return 0;
}

/* The first area of the IOAS that ends behind @iova, as an index in by_iova */
static size_t query__first_behind(const struct plan *plan, size_t hwpt, uint64_t iova)
{
	const struct query_ioas *ioas = query__ioas(plan, hwpt);
	size_t low = ioas->first, high = ioas->first + ioas->nr, middle;
	const struct plan_area *a;

	while (low < high) {
		middle = low + (high - low) / 2;
		a = plan->index->by_iova[middle];
		plan->index->comparisons++;
		if (a->iova + (a->length - 1) < iova)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Is [@iova, @iova + @length) outside all areas, and below the end of 64 bits? */
static bool query__is_free(const struct plan *plan, size_t hwpt, uint64_t iova, uint64_t length)
{
	const struct query_ioas *ioas = query__ioas(plan, hwpt);
	size_t i = query__first_behind(plan, hwpt, iova);

	if (iova + (length - 1) < iova)
		return false;
	return i == ioas->first + ioas->nr || plan->index->by_iova[i]->iova > iova + (length - 1);
}

static void query__find_scratch(const struct plan *plan, size_t hwpt, struct query_ioas *ioas)
{
	const struct plan_area *a;
	uint64_t next;
	size_t i;

	for (i = ioas->first; i < ioas->first + ioas->nr; i++) {
		a = plan->index->in_order[i];
		next = a->iova + a->length;
		if (!query__is_free(plan, hwpt, next, PLAN_PAGE))
			continue;
		ioas->scratch = next;
		ioas->has_scratch = true;
		/* Inside a table that the area has made anyway */
		if (next % PLAN_HUGE_PAGE)
			break;
	}
}

static void query__find_far(const struct plan *plan, size_t hwpt, struct query_ioas *ioas)
{
	const struct plan_area *a;
	uint64_t next;
	size_t i;

	for (i = ioas->first; i < ioas->first + ioas->nr && !ioas->has_far; i++) {
		a = plan->index->in_order[i];
		if (a->iova >= SURELY_MAPPABLE || a->length >= SURELY_MAPPABLE)
			continue;
		next = (a->iova + a->length + PLAN_HUGE_PAGE - 1) / PLAN_HUGE_PAGE * PLAN_HUGE_PAGE;
		if (next >= SURELY_MAPPABLE || !query__is_free(plan, hwpt, next, PLAN_HUGE_PAGE))
			continue;
		ioas->far = next;
		ioas->has_far = true;
	}
}

/* The largest token that no marked HWPT has: of the last nr_hwpts + 1, one is not used */
static int query__find_token(const struct plan *plan, struct plan_index *index)
{
	bool *used = calloc(plan->nr_hwpts + 1, sizeof(*used));
	uint64_t below;
	size_t i;

	if (!used)
		return -1;
	for (i = 0; i < plan->nr_hwpts; i++) {
		below = UINT64_MAX - plan->hwpts[i].token;
		if (plan->hwpts[i].marked && below <= plan->nr_hwpts)
			used[below] = true;
	}
	for (i = 0; used[i]; i++)
		;
	index->unused_token = UINT64_MAX - i;
	free(used);
	return 0;
}

int query__answer(struct plan *plan)
{
	struct plan_index *index = plan->index;
	const struct plan_probe *probe;
	size_t i;

	for (i = 0; i < plan->nr_hwpts; i++) {
		query__find_scratch(plan, i, &index->ioas[i]);
		query__find_far(plan, i, &index->ioas[i]);
		index->nr_marked += plan->hwpts[i].marked;
		if (plan->hwpts[i].marked)
			index->ioas[plan->hwpts[i].ioas].marked = true;
	}
	for (i = plan->nr_probes; i-- > 0;) {
		probe = &plan->probes[i];
		index->probes[probe->hwpt] = probe;
		index->attached[probe->hwpt] = true;
	}
	for (i = 0; i < plan->nr_holes; i++)
		index->attached[plan->holes[i].hwpt] = true;
	return query__find_token(plan, index);
}

void query__count(const struct plan *plan, uint64_t comparisons)
{
	plan->index->comparisons += comparisons;
}

/* Asking it */

uint64_t plan__nr_comparisons(const struct plan *plan)
{
	return plan->index->comparisons;
}

bool plan__shares_ioas(const struct plan *plan, size_t hwpt)
{
	return plan->hwpts[hwpt].ioas != hwpt;
}

bool plan__ioas_is_marked(const struct plan *plan, size_t hwpt)
{
	return query__ioas(plan, hwpt)->marked;
}

const struct plan_area *const *plan__areas(const struct plan *plan, size_t hwpt, size_t *nr)
{
	*nr = query__ioas(plan, hwpt)->nr;
	return plan->index->in_order + query__ioas(plan, hwpt)->first;
}

const struct plan_area *const *query__areas_by_iova(const struct plan *plan, size_t hwpt,
						    size_t *nr)
{
	*nr = query__ioas(plan, hwpt)->nr;
	return plan->index->by_iova + query__ioas(plan, hwpt)->first;
}

const struct plan_area *plan__find_area(const struct plan *plan, size_t hwpt, uint64_t iova,
					uint64_t length)
{
	const struct query_ioas *ioas = query__ioas(plan, hwpt);
	size_t i = query__first_behind(plan, hwpt, iova);
	const struct plan_area *a;

	if (i == ioas->first + ioas->nr)
		return NULL;
	a = plan->index->by_iova[i];
	return iova >= a->iova && length <= a->length && iova - a->iova <= a->length - length
		       ? a
		       : NULL;
}

bool plan__hwpt_is_attached(const struct plan *plan, size_t hwpt)
{
	return plan->index->attached[hwpt];
}

const struct plan_probe *plan__first_probe(const struct plan *plan, size_t hwpt)
{
	return plan->index->probes[hwpt];
}

size_t plan__nr_marked(const struct plan *plan)
{
	return plan->index->nr_marked;
}

bool plan__scratch_iova(const struct plan *plan, size_t hwpt, uint64_t *iova)
{
	*iova = query__ioas(plan, hwpt)->scratch;
	return query__ioas(plan, hwpt)->has_scratch;
}

bool plan__far_iova(const struct plan *plan, size_t hwpt, uint64_t *iova)
{
	*iova = query__ioas(plan, hwpt)->far;
	return query__ioas(plan, hwpt)->has_far;
}

uint64_t plan__mapped_bytes(const struct plan *plan, size_t hwpt)
{
	return query__ioas(plan, hwpt)->bytes;
}

uint64_t plan__unused_token(const struct plan *plan)
{
	return plan->index->unused_token;
}
