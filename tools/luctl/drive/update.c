// SPDX-License-Identifier: GPL-2.0-only
/* What one plan holds open, and the steps that run and resume share: see update.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <linux/iommufd.h>

#include "lib/fault.h"
#include "lib/kmsg.h"
#include "probe/edu.h"
#include "kernel/iommufd.h"
#include "probe/memfd.h"
#include "drive/say.h"
#include "kernel/session.h"
#include "drive/update.h"
#include "kernel/vfio.h"

struct update *update__new(const struct plan *plan, bool resuming)
{
	struct update *u = calloc(1, sizeof(*u));

	if (!u)
		goto err;
	u->plan = plan;
	u->resuming = resuming;
	/* One more: calloc(0) may return NULL */
	u->memfds = calloc(plan->nr_memfds + 1, sizeof(*u->memfds));
	u->devices = calloc(plan->nr_devices + 1, sizeof(*u->devices));
	u->engines = calloc(plan->nr_devices + 1, sizeof(*u->engines));
	u->hwpts = calloc(plan->nr_hwpts + 1, sizeof(*u->hwpts));
	u->scratch =
		mmap(NULL, PLAN_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (u->memfds && u->devices && u->engines && u->hwpts && u->scratch != MAP_FAILED)
		return u;
	update__free(u);
err:
	say__errno(-ENOMEM, "no memory for the plan");
	return NULL;
}

void update__free(struct update *u)
{
	size_t i;

	if (!u)
		return;
	session__close(u->session);
	for (i = 0; u->engines && i < u->plan->nr_devices; i++)
		edu__close(u->engines[i]);
	for (i = 0; u->devices && i < u->plan->nr_devices; i++)
		vfio__close(u->devices[i]);
	iommufd__close(u->iommufd);
	for (i = 0; u->memfds && i < u->plan->nr_memfds; i++)
		memfd__free(u->memfds[i]);
	kmsg__free(u->kmsg);
	if (u->scratch && u->scratch != MAP_FAILED)
		munmap(u->scratch, PLAN_PAGE);
	free(u->memfds);
	free(u->devices);
	free(u->engines);
	free(u->hwpts);
	free(u);
}

bool update__has_hwpt(const struct update *u, size_t hwpt)
{
	return !u->resuming || u->plan->hwpts[hwpt].marked;
}

const char *update__hwpt_name(const struct update *u, size_t hwpt)
{
	const struct plan_hwpt *h = &u->plan->hwpts[hwpt];
	static char text[160];

	if (h->marked)
		snprintf(text, sizeof(text), "hwpt %s token=0x%" PRIx64, h->name, h->token);
	else
		snprintf(text, sizeof(text), "hwpt %s (not marked)", h->name);
	return text;
}

int update__open_devices(struct update *u)
{
	size_t i, device;

	for (i = 0; i < u->plan->nr_hwpts; i++) {
		device = u->plan->hwpts[i].device;
		if (!update__has_hwpt(u, i) || u->devices[device])
			continue;
		u->devices[device] = vfio__open(u->plan->devices[device].bdf);
		if (!u->devices[device])
			return -1;
	}
	return 0;
}

int update__bind_devices(struct update *u)
{
	struct vfio *device;
	size_t i;

	for (i = 0; i < u->plan->nr_devices; i++) {
		device = u->devices[i];
		if (!device)
			continue;
		if (vfio__bind(device, iommufd__fd(u->iommufd)))
			return -1;
		say__step("bind device %s %s to the iommufd, dev_id=%u", u->plan->devices[i].name,
			  vfio__bdf(device), vfio__dev_id(device));
	}
	return 0;
}

int update__alloc_ioas(struct update *u, size_t hwpt, uint32_t *ioas_id)
{
	return say__expect(iommufd__alloc_ioas(u->iommufd, ioas_id), 0,
			   "ioctl IOMMU_IOAS_ALLOC for %s", update__hwpt_name(u, hwpt));
}

int update__alloc_hwpt(struct update *u, size_t hwpt, uint32_t ioas_id, uint32_t *hwpt_id)
{
	uint32_t dev_id = vfio__dev_id(u->devices[u->plan->hwpts[hwpt].device]);

	return say__expect(iommufd__alloc_hwpt(u->iommufd, dev_id, ioas_id, hwpt_id), 0,
			   "ioctl IOMMU_HWPT_ALLOC for %s", update__hwpt_name(u, hwpt));
}

static int update__attach_one(struct update *u, size_t hwpt)
{
	size_t device = u->plan->hwpts[hwpt].device;

	if (vfio__attach(u->devices[device], u->hwpts[hwpt].hwpt_id))
		return -1;
	u->hwpts[hwpt].attached = true;
	u->engines[device] = edu__open(u->devices[device]);
	if (!u->engines[device])
		return -1;
	say__step("attach device %s to %s, hwpt_id=%u", u->plan->devices[device].name,
		  update__hwpt_name(u, hwpt), u->hwpts[hwpt].hwpt_id);
	return 0;
}

int update__attach(struct update *u)
{
	struct fault fault;
	size_t i;

	if (!u->kmsg && (u->plan->nr_probes || u->plan->nr_holes)) {
		u->kmsg = kmsg__open(KMSG_DEVICE, &fault);
		if (!u->kmsg)
			return say__error("%s; probes look there for the IOMMU's faults, which "
					  "needs CONFIG_PRINTK and root", fault.text);
	}
	for (i = 0; i < u->plan->nr_hwpts; i++)
		if (update__has_hwpt(u, i) && plan__hwpt_is_attached(u->plan, i) &&
		    update__attach_one(u, i))
			return -1;
	return 0;
}

int update__detach(struct update *u)
{
	size_t i, device;

	for (i = 0; i < u->plan->nr_hwpts; i++) {
		if (!u->hwpts[i].attached)
			continue;
		device = u->plan->hwpts[i].device;
		edu__close(u->engines[device]);
		u->engines[device] = NULL;
		if (vfio__detach(u->devices[device]))
			return -1;
		u->hwpts[i].attached = false;
		say__step("detach device %s from %s", u->plan->devices[device].name,
			  update__hwpt_name(u, i));
	}
	return 0;
}

int update__reattach(struct update *u)
{
	return update__detach(u) ? -1 : update__attach(u);
}

/*
 * Every area is still there: a second mapping at its start is refused. It is asked once for each
 * IOAS, not again for each HWPT on it.
 */
static int update__expect_areas(struct update *u, size_t hwpt)
{
	const struct plan_area *const *areas, *a;
	size_t i, nr;
	int ret;

	areas = plan__areas(u->plan, hwpt, &nr);
	for (i = 0; i < nr && !plan__shares_ioas(u->plan, hwpt); i++) {
		a = areas[i];
		ret = iommufd__map(u->iommufd, u->hwpts[hwpt].ioas_id, u->scratch, PLAN_PAGE,
				   a->iova);
		if (say__expect(ret, -EEXIST,
				"ioctl IOMMU_IOAS_MAP in %s over the area at iova "
				"0x%" PRIx64,
				update__hwpt_name(u, hwpt), a->iova))
			return -1;
	}
	return 0;
}

int update__expect_changeable(struct update *u, size_t hwpt)
{
	uint32_t ioas_id = u->hwpts[hwpt].ioas_id;
	const char *name = update__hwpt_name(u, hwpt);
	uint64_t iova;

	if (!plan__scratch_iova(u->plan, hwpt, &iova))
		return 0;
	if (say__expect(iommufd__map(u->iommufd, ioas_id, u->scratch, PLAN_PAGE, iova), 0,
			"ioctl IOMMU_IOAS_MAP in %s at iova 0x%" PRIx64, name, iova) ||
	    say__expect(iommufd__unmap(u->iommufd, ioas_id, iova, PLAN_PAGE), 0,
			"ioctl IOMMU_IOAS_UNMAP in %s at iova 0x%" PRIx64, name, iova) ||
	    update__expect_areas(u, hwpt))
		return -1;
	say__step("%s: map and unmap of a page at iova 0x%" PRIx64 " work, all areas are in place",
		  name, iova);
	return 0;
}

int update__expect_fixed(struct update *u, size_t hwpt, bool destroy)
{
	size_t nr_areas;
	const struct plan_area *const *areas = plan__areas(u->plan, hwpt, &nr_areas);
	const struct plan_area *a = nr_areas ? areas[0] : NULL;
	const char *name = update__hwpt_name(u, hwpt);
	uint32_t ioas_id = u->hwpts[hwpt].ioas_id;
	uint64_t iova;

	/* Where devices cannot reach, which no plan says, it is refused for that */
	if (plan__far_iova(u->plan, hwpt, &iova) &&
	    iommufd__map(u->iommufd, ioas_id, u->scratch, PLAN_PAGE, iova) >= 0)
		return say__error("ioctl IOMMU_IOAS_MAP in the fixed %s at iova 0x%" PRIx64
				  " succeeded, but the kernel must refuse it",
				  name, iova);
	if (plan__scratch_iova(u->plan, hwpt, &iova) &&
	    say__expect(iommufd__map(u->iommufd, ioas_id, u->scratch, PLAN_PAGE, iova), -EBUSY,
			"ioctl IOMMU_IOAS_MAP in the fixed %s at iova 0x%" PRIx64, name, iova))
		return -1;
	if (a &&
	    say__expect(iommufd__unmap(u->iommufd, ioas_id, a->iova, a->length), -EBUSY,
			"ioctl IOMMU_IOAS_UNMAP in the fixed %s at iova 0x%" PRIx64, name, a->iova))
		return -1;
	if (destroy && say__expect(iommufd__destroy(u->iommufd, u->hwpts[hwpt].hwpt_id), -EBUSY,
				   "ioctl IOMMU_DESTROY of the fixed %s", name))
		return -1;
	say__step("%s: map%s unmap%s are refused with EBUSY", name, destroy ? "," : " and",
		  destroy ? " and destroy" : "");
	return 0;
}

static const char *update__state_name(uint32_t bits)
{
	switch (bits) {
	case 0:
		return "not marked";
	case IOMMU_HWPT_LIVEUPDATE_MARKED:
		return "marked";
	case IOMMU_HWPT_LIVEUPDATE_MARKED | IOMMU_HWPT_LIVEUPDATE_PRESERVED:
		return "preserved";
	case IOMMU_HWPT_LIVEUPDATE_RECLAIMED:
		return "reclaimed";
	case IOMMU_HWPT_LIVEUPDATE_MARKED | IOMMU_HWPT_LIVEUPDATE_RECLAIMED:
		return "reclaimed and marked";
	case IOMMU_HWPT_LIVEUPDATE_MARKED | IOMMU_HWPT_LIVEUPDATE_PRESERVED |
		IOMMU_HWPT_LIVEUPDATE_RECLAIMED:
		return "reclaimed and preserved";
	default:
		return "in a state that cannot be";
	}
}

static int update__check_state(struct update *u, size_t hwpt, uint32_t bits,
			       const struct iommufd_state *state)
{
	uint64_t pages = plan__mapped_bytes(u->plan, hwpt) / PLAN_PAGE;
	const char *name = update__hwpt_name(u, hwpt);

	if (state->bits != bits || state->token != u->plan->hwpts[hwpt].token)
		return say__error("%s is %s with token 0x%" PRIx64 " and must be %s", name,
				  update__state_name(state->bits), state->token,
				  update__state_name(bits));
	if (bits != IOMMU_HWPT_LIVEUPDATE_MARKED && pages && !state->nr_leaves)
		return say__error("no entry of %s was compared with its memory", name);
	if (state->nr_pinned != pages)
		return say__error("%" PRIu64 " pages are pinned under %s, and it maps %" PRIu64,
				  state->nr_pinned, name, pages);
	return 0;
}

static int update__query(struct update *u, size_t hwpt, uint32_t bits, struct iommufd_state *state)
{
	const char *name = update__hwpt_name(u, hwpt);

	if (say__expect(iommufd__query(u->iommufd, u->hwpts[hwpt].hwpt_id, state), 0,
			"ioctl IOMMU_HWPT_LIVEUPDATE_QUERY of %s", name) ||
	    update__check_state(u, hwpt, bits, state))
		return -1;
	say__step("query %s: %s, %" PRIu64 " leaves compared, %" PRIu64 " pages pinned", name,
		  update__state_name(bits), state->nr_leaves, state->nr_pinned);
	return 0;
}

int update__expect_state(struct update *u, uint32_t bits)
{
	uint64_t leaves = 0, pages = 0;
	struct iommufd_state state;
	size_t i, n = 0;

	for (i = 0; i < u->plan->nr_hwpts; i++) {
		if (!u->hwpts[i].marked)
			continue;
		if (update__query(u, i, bits, &state))
			return -1;
		leaves += state.nr_leaves;
		pages += state.nr_pinned;
		n++;
	}
	/* What is only marked was compared earlier, if at all */
	if (n &&
	    ((bits & IOMMU_HWPT_LIVEUPDATE_PRESERVED) || bits == IOMMU_HWPT_LIVEUPDATE_RECLAIMED))
		say__step("%s %zu hwpts of session %s: compared %" PRIu64 " leaves, pinned %" PRIu64
			  " pages",
			  update__state_name(bits), n, u->plan->session, leaves, pages);
	return 0;
}

int update__verify_memory(struct update *u)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < u->plan->nr_memfds; i++) {
		/* A run that stops early has made none */
		if (!u->memfds[i])
			return 0;
		if (memfd__verify(u->memfds[i]))
			return -1;
		bytes += u->plan->memfds[i].size;
	}
	if (u->plan->nr_memfds)
		say__step("verify memory: %zu memfds, %" PRIu64 " bytes as they must be",
			  u->plan->nr_memfds, bytes);
	return 0;
}
