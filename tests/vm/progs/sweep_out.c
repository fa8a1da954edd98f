// SPDX-License-Identifier: GPL-2.0-only
/* The old kernel's side of sweep */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/iommufd.h>

#include "counters.h"
#include "probe/edu.h"
#include "kernel/iommufd.h"
#include "probe/memfd.h"
#include "mock.h"
#include "rig.h"
#include "kernel/session.h"
#include "sweep.h"
#include "tap.h"
#include "kernel/vfio.h"

#define NR_HWPTS	8u		/* on the IOAS of the rig */
#define NR_AREAS	110u		/* of the second IOAS, more than a page of records has */
#define STRIDE		(2u << 20)	/* a table for each of them */
#define SPARE_TOKEN	99u
/* A DMA takes 100 ms, so not each failure has one */
#define DMA_EVERY	16u
/* Between two HWPTs, so that their tables are far apart: KHO has a node for each 128 MiB */
#define GAP_SIZE	(128ul << 20)
#define GAP_TABLES	600u

struct out {
	struct luo *luo;
	struct rig *rig;
	struct edu *edu;		/* NULL with a mock device */
	uint32_t sparse_ioas_id;
	uint32_t spare_id;		/* a HWPT that is not marked yet */
	struct counters idle;		/* without a session */
	struct counters before;		/* the call */
	unsigned int nr_checks;
};

/* Setting up */

struct gap {
	void *memory[NR_HWPTS];
	struct iommufd *tables;
	uint32_t ioas_id;
};

static bool open_gap(struct gap *gap)
{
	uint32_t hwpt_id;
	struct vfio *vfio;
	bool ok;

	/* The device only makes the HWPT; the rig takes it afterwards */
	gap->tables = iommufd__open();
	vfio = vfio__open("0000:00:06.0");
	ok = tap__true(gap->tables && vfio && !vfio__bind(vfio, iommufd__fd(gap->tables)),
		       "no second device") &&
	     tap__want(iommufd__alloc_ioas(gap->tables, &gap->ioas_id), 0, "an IOAS") &&
	     tap__want(iommufd__alloc_hwpt(gap->tables, vfio__dev_id(vfio), gap->ioas_id, &hwpt_id),
		       0, "a HWPT");
	vfio__close(vfio);
	return ok;
}

/* Memory of both kinds that the kernel keeps apart: what can be moved, and page tables */
static bool widen_gap(struct gap *gap, unsigned int n)
{
	static uint8_t page[RIG_PAGE] __attribute__((aligned(RIG_PAGE)));
	uint64_t iova = (uint64_t)n * GAP_TABLES * STRIDE;
	unsigned int i;
	void *p;

	p = mmap(NULL, GAP_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!tap__true(p != MAP_FAILED, "no memory for a gap"))
		return false;
	gap->memory[n] = p;
	for (i = 0; i < GAP_TABLES; i++, iova += STRIDE)
		if (!tap__want(iommufd__map(gap->tables, gap->ioas_id, page, RIG_PAGE, iova), 0,
			       "mapping for the sake of a table"))
			return false;
	return true;
}

static void close_gap(struct gap *gap)
{
	unsigned int i;

	for (i = 0; i < NR_HWPTS; i++)
		if (gap->memory[i])
			munmap(gap->memory[i], GAP_SIZE);
	iommufd__close(gap->tables);
}

static bool add_hwpts(struct rig *rig, struct gap *gap)
{
	unsigned int i;
	uint32_t id;

	for (i = 0; i < NR_HWPTS; i++)
		if ((gap && !widen_gap(gap, i)) ||
		    !rig__add_hwpt(rig, rig->ioas_id, RIG_TOKEN_2 + i, &id))
			return false;
	return true;
}

static bool add_sparse(struct out *o)
{
	struct rig *rig = o->rig;
	uint32_t id;
	uint64_t i;

	if (!tap__want(iommufd__alloc_ioas(rig->iommufd, &o->sparse_ioas_id), 0, "a second IOAS"))
		return false;
	for (i = 0; i < NR_AREAS; i++)
		if (!tap__want(iommufd__map_file(rig->iommufd, o->sparse_ioas_id,
						 memfd__fd(rig->first), i % 16 * RIG_PAGE, RIG_PAGE,
						 RIG_IOVA_FIRST + i * STRIDE, true, true), 0,
			       "mapping the sparse areas"))
			return false;
	return rig__add_hwpt(rig, o->sparse_ioas_id, RIG_TOKEN_2 + NR_HWPTS, &id);
}

static bool start_edu(struct out *o)
{
	if (!o->rig->vfio)
		return true;
	o->edu = edu__open(o->rig->vfio);
	return tap__true(o->edu, "the edu device does not start");
}

static bool set_up(struct out *o, enum rig_device device, bool spread)
{
	struct gap gap = { 0 };
	bool ok;

	o->rig = rig__open(o->luo, device, false);
	ok = o->rig && (!spread || open_gap(&gap)) && add_hwpts(o->rig, spread ? &gap : NULL) &&
	     add_sparse(o) && start_edu(o);
	close_gap(&gap);
	/* Mapping a page for a moment leaves a table the first time */
	ok = ok && rig__end_session(o->rig);
	if (ok)
		o->idle = counters__read();
	return ok;
}

/* What every step looks at */

/* The device, or the kernel's own test, finds the memory through the HWPT it has */
static bool translates(struct out *o)
{
	struct rig *rig = o->rig;
	uint8_t *from = memfd__at(rig->first, 0), *to = memfd__at(rig->last, 0);

	if (!o->edu)
		return tap__want(mock__check_map(rig->iommufd, rig->hwpt_id, RIG_IOVA_FIRST,
						 rig->size, from), 0, "looking up the first memfd") &&
		       tap__want(mock__check_map(rig->iommufd, rig->hwpt_id, RIG_IOVA_LAST,
						 rig->size, to), 0, "looking up the last memfd");
	if (o->nr_checks++ % DMA_EVERY)
		return true;
	memset(to, 0, RIG_PAGE);
	return tap__true(!edu__load(o->edu, RIG_IOVA_FIRST, EDU_MAX_LENGTH) &&
			 !edu__store(o->edu, RIG_IOVA_LAST, EDU_MAX_LENGTH) &&
			 !memcmp(from, to, EDU_MAX_LENGTH), "DMA moved wrong bytes");
}

static bool is_as_before(struct out *o)
{
	return counters__are(&o->before) && rig__is_unchanged(o->rig) && translates(o);
}

/* While a memfd is preserved nothing can be allocated in it */
static bool memfd_is_free(struct memfd *memfd)
{
	return tap__true(!fallocate(memfd__fd(memfd), 0, 0, RIG_PAGE), "the memfd is still frozen");
}

static bool open_session(struct out *o)
{
	if (o->rig->session)
		return true;
	o->rig->session = luo__create_session(o->luo, RIG_SESSION);
	return tap__true(o->rig->session, "no session");
}

static bool ends_session(struct out *o)
{
	return rig__end_session(o->rig) && counters__are(&o->idle) && translates(o) &&
	       memfd_is_free(o->rig->first);
}

/* Mark */

static bool mark_prepare(void *arg)
{
	struct out *o = arg;

	if (!o->spare_id && !rig__add_hwpt(o->rig, o->rig->ioas_id, 0, &o->spare_id))
		return false;
	o->before = counters__read();
	return true;
}

static int mark_call(void *arg)
{
	struct out *o = arg;

	return iommufd__mark(o->rig->iommufd, o->spare_id, SPARE_TOKEN);
}

static bool spare_is(struct out *o, uint32_t bits)
{
	struct iommufd_state state;

	return tap__want(iommufd__query(o->rig->iommufd, o->spare_id, &state), 0, "query") &&
	       tap__true(state.bits == bits, "the state is 0x%x instead of 0x%x", state.bits, bits);
}

static bool mark_passed(void *arg)
{
	struct out *o = arg;
	bool ok = spare_is(o, IOMMU_HWPT_LIVEUPDATE_MARKED) && is_as_before(o) &&
		  tap__want(iommufd__destroy(o->rig->iommufd, o->spare_id), 0, "destroying it");

	o->spare_id = 0;
	return ok;
}

/* Preserve a memfd */

static bool memfd_prepare(void *arg)
{
	struct out *o = arg;

	if (!open_session(o))
		return false;
	o->before = counters__read();
	return true;
}

static int memfd_call(void *arg)
{
	struct out *o = arg;

	return session__preserve_fd(o->rig->session, memfd__fd(o->rig->first), RIG_TOKEN_FIRST);
}

static bool memfd_failed(void *arg)
{
	struct out *o = arg;

	return is_as_before(o) && memfd_is_free(o->rig->first);
}

static bool memfd_passed(void *arg)
{
	return ends_session(arg);
}

/* Preserve the iommufd */

static bool iommufd_prepare(void *arg)
{
	struct out *o = arg;

	if (!o->rig->session &&
	    (!open_session(o) || !rig__preserve_memfds(o->rig, o->rig->session)))
		return false;
	o->before = counters__read();
	return true;
}

static int iommufd_call(void *arg)
{
	struct out *o = arg;

	return rig__preserve(o->rig, o->rig->session);
}

static bool iommufd_failed(void *arg)
{
	return is_as_before(arg);
}

static bool iommufd_passed(void *arg)
{
	struct out *o = arg;

	return rig__is_preserved(o->rig) && translates(o) && ends_session(o);
}

/* Unpreserve all */

static bool unpreserve_prepare(void *arg)
{
	struct out *o = arg;

	return iommufd_prepare(o) &&
	       tap__want(rig__preserve(o->rig, o->rig->session), 0, "preserving the iommufd");
}

static int unpreserve_call(void *arg)
{
	struct out *o = arg;

	session__close(o->rig->session);
	o->rig->session = NULL;
	return 0;
}

static bool unpreserve_passed(void *arg)
{
	struct out *o = arg;

	o->before = o->idle;
	return is_as_before(o) && memfd_is_free(o->rig->first) && memfd_is_free(o->rig->last);
}

static const struct sweep_step steps[] = {
	{ "preserve a memfd", memfd_prepare, memfd_call, memfd_failed, memfd_passed, 8, false,
	  { 0 } },
	{ "preserve the iommufd", iommufd_prepare, iommufd_call, iommufd_failed, iommufd_passed, 8,
	  false, { 0 } },
	{ "unpreserve", unpreserve_prepare, unpreserve_call, NULL, unpreserve_passed, 0, true, { 0 } },
	{ "mark", mark_prepare, mark_call, NULL, mark_passed, 0, true, { 0 } },
};

static void run(struct luo *luo, const char *title, enum rig_device device, bool cold)
{
	struct counters empty = counters__read();
	struct out o = { .luo = luo };
	size_t i;
	bool ok;

	tap__group("%s", title);
	ok = set_up(&o, device, cold);
	for (i = 0; ok && i < ARRAY_SIZE(steps); i++)
		sweep__run(title, &steps[i], &o, cold);
	if (ok)
		tap__group("%s", title);
	edu__close(o.edu);
	rig__close(o.rig);
	tap__point(ok && counters__are(&empty), "in the end nothing is left");
}

void sweep__out(struct luo *luo)
{
	run(luo, "VT-d, at first", RIG_VTD, true);
	run(luo, "VT-d", RIG_VTD, false);
	run(luo, "mock", RIG_MOCK, false);
}
