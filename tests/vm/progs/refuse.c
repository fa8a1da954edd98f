// SPDX-License-Identifier: GPL-2.0-only
/*
 * refuse: all that cannot be preserved is refused with its errno, and a refusal changes nothing.
 * Prints KTAP; the status is 0 if all points are ok.
 *
 * Needs root, a kernel with CONFIG_IOMMUFD_TEST and the series, and QEMU's edu device behind VT-d.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/iommufd.h>

#include "counters.h"
#include "kernel/iommufd.h"
#include "probe/memfd.h"
#include "mock.h"
#include "rig.h"
#include "kernel/session.h"
#include "tap.h"
#include "kernel/vfio.h"

#define SIZE_SEALS	(F_SEAL_GROW | F_SEAL_SHRINK)
#define ALL_SEALS	(SIZE_SEALS | F_SEAL_SEAL)
#define EXTRA_SIZE	(64u << 10)
#define UNKNOWN_ID	0x7fffffffu
#define MAX_ID		64u
#define NR_CYCLES	3

struct env {
	struct luo *luo;
	/* What the kernel holds when there is no rig */
	struct counters idle;
};

static const char *device_name(enum rig_device device)
{
	return device == RIG_VTD ? "VT-d" : "mock";
}

/* The end of every case: what it had is closed, whether it went well or not */
static bool leaves_nothing(const struct env *env, struct rig *rig, bool ok)
{
	rig__close(rig);
	return ok && counters__are(&env->idle);
}

static bool preserves(struct rig *rig, struct session *session)
{
	return tap__want(rig__preserve(rig, session), 0, "preserving the iommufd") &&
	       rig__is_preserved(rig);
}

static bool preserves_all(struct rig *rig, struct session *session)
{
	return rig__preserve_memfds(rig, session) && preserves(rig, session);
}

static bool is_preserved_until_closed(struct rig *rig)
{
	return preserves(rig, rig->session) && rig__end_session(rig);
}

/* HWPTs that cannot be marked */

struct mark {
	const char *name;
	enum rig_device device;
	int want;
	/* Puts the id to mark into @id */
	bool (*make)(struct rig *rig, const struct mark *mark, uint32_t *id);
	uint32_t flags;
};

static bool alloc_hwpt(struct rig *rig, struct iommu_hwpt_alloc *cmd, uint32_t *id)
{
	cmd->size = sizeof(*cmd);
	cmd->dev_id = rig->dev_id;
	if (!tap__want(rig__call(rig, IOMMU_HWPT_ALLOC, cmd), 0, "allocating this kind of HWPT"))
		return false;
	*id = cmd->out_hwpt_id;
	return true;
}

static bool make_flagged(struct rig *rig, const struct mark *mark, uint32_t *id)
{
	struct iommu_hwpt_alloc cmd = { .pt_id = rig->ioas_id, .flags = mark->flags };

	return alloc_hwpt(rig, &cmd, id);
}

static bool make_huge(struct rig *rig, const struct mark *mark, uint32_t *id)
{
	struct mock_hwpt_data data = { .pagetable_type = MOCK_PAGETABLE_HUGE };
	struct iommu_hwpt_alloc cmd = {
		.pt_id = rig->ioas_id,
		.flags = mark->flags,
		.data_type = MOCK_HWPT_DATA,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
	};

	return alloc_hwpt(rig, &cmd, id);
}

static bool make_nested(struct rig *rig, const struct mark *mark, uint32_t *id)
{
	struct iommu_hwpt_alloc parent = {
		.pt_id = rig->ioas_id,
		.flags = IOMMU_HWPT_ALLOC_NEST_PARENT,
	};
	struct mock_hwpt_data data = { 0 };
	struct iommu_hwpt_alloc nested = {
		.flags = mark->flags,
		.data_type = MOCK_HWPT_DATA,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
	};

	return alloc_hwpt(rig, &parent, &nested.pt_id) && alloc_hwpt(rig, &nested, id);
}

static bool make_with_fault(struct rig *rig, const struct mark *mark, uint32_t *id)
{
	struct iommu_fault_alloc fault = { .size = sizeof(fault) };
	struct iommu_hwpt_alloc cmd = { .pt_id = rig->ioas_id, .flags = mark->flags };

	if (!tap__want(rig__call(rig, IOMMU_FAULT_QUEUE_ALLOC, &fault), 0, "a fault queue"))
		return false;
	/* The queue stays; its file would keep the iommufd open */
	close(fault.out_fault_fd);
	cmd.fault_id = fault.out_fault_id;
	return alloc_hwpt(rig, &cmd, id);
}

/* VFIO does not say which domain it made: it is the other of the two HWPTs that there are */
static bool find_other_hwpt(struct rig *rig, uint32_t *id)
{
	struct iommufd_state state;

	for (*id = 1; *id < MAX_ID; ++*id)
		if (*id != rig->hwpt_id && !iommufd__query(rig->iommufd, *id, &state))
			return true;
	return tap__true(false, "the automatic domain has no id below %u", MAX_ID);
}

static bool make_automatic(struct rig *rig, const struct mark *mark, uint32_t *id)
{
	if (mark->device == RIG_MOCK) {
		*id = rig->auto_hwpt_id;
		return true;
	}
	return tap__true(!vfio__attach(rig->vfio, rig->ioas_id), "attaching to the IOAS") &&
	       find_other_hwpt(rig, id);
}

static bool make_marked(struct rig *rig, const struct mark *mark, uint32_t *id)
{
	(void)mark;
	*id = rig->hwpt_id;
	return true;
}

static bool make_unknown(struct rig *rig, const struct mark *mark, uint32_t *id)
{
	(void)rig;
	(void)mark;
	*id = UNKNOWN_ID;
	return true;
}

static bool make_ioas(struct rig *rig, const struct mark *mark, uint32_t *id)
{
	(void)mark;
	*id = rig->ioas_id;
	return true;
}

static const struct mark marks[] = {
	{ "an automatic domain", RIG_VTD, -EOPNOTSUPP, make_automatic, 0 },
	{ "an automatic domain", RIG_MOCK, -EOPNOTSUPP, make_automatic, 0 },
	{ "a nested HWPT", RIG_MOCK, -ENOENT, make_nested, 0 },
	{ "a HWPT with faults", RIG_MOCK, -EOPNOTSUPP, make_with_fault, IOMMU_HWPT_FAULT_ID_VALID },
	{ "a HWPT with PASIDs", RIG_MOCK, -EOPNOTSUPP, make_flagged, IOMMU_HWPT_ALLOC_PASID },
	{ "a HWPT without support by its driver", RIG_MOCK, -EOPNOTSUPP, make_huge, 0 },
	{ "a HWPT that is marked", RIG_VTD, -EEXIST, make_marked, 0 },
	{ "an id that nothing has", RIG_VTD, -ENOENT, make_unknown, 0 },
	{ "the id of an IOAS", RIG_VTD, -ENOENT, make_ioas, 0 },
	/* Its token is the one that is in use */
	{ "a HWPT with a token that is used", RIG_VTD, -EADDRINUSE, make_flagged, 0 },
};

static uint32_t token_of(const struct mark *mark)
{
	return mark->want == -EADDRINUSE ? RIG_TOKEN : RIG_TOKEN_2;
}

static bool has_state(struct rig *rig, uint32_t id, int err, const struct iommufd_state *before)
{
	struct iommufd_state now;

	return tap__want(iommufd__query(rig->iommufd, id, &now), err,
			 "query of what was not marked") &&
	       tap__true(now.bits == before->bits && now.token == before->token,
			 "state 0x%x and token %" PRIu64 " became 0x%x and %" PRIu64, before->bits,
			 before->token, now.bits, now.token);
}

static void run_mark(const struct env *env, const struct mark *mark)
{
	struct iommufd_state before;
	struct rig *rig;
	uint32_t id = 0;
	bool ok;
	int err;

	tap__group("mark %s (%s)", mark->name, device_name(mark->device));
	rig = rig__open(env->luo, mark->device, false);
	ok = rig && mark->make(rig, mark, &id);
	err = ok ? iommufd__query(rig->iommufd, id, &before) : 0;
	ok = ok && tap__want(iommufd__mark(rig->iommufd, id, token_of(mark)), mark->want,
			     "marking it");
	tap__point(ok, "refused with %s", strerrorname_np(-mark->want));

	ok = ok && has_state(rig, id, err, &before) && rig__is_unchanged(rig);
	tap__point(ok, "nothing has changed");

	ok = ok && rig__add_hwpt(rig, rig->ioas_id, RIG_TOKEN_2, &id) &&
	     rig__preserve_memfds(rig, rig->session) && is_preserved_until_closed(rig);
	ok = leaves_nothing(env, rig, ok);
	tap__point(ok, "an ordinary HWPT can have the token, and is preserved until closed");
}

/* What keeps an iommufd from being preserved */

struct refusal {
	const char *name;
	int want;
	enum rig_device device;
	bool huge;
	bool (*spoil)(const struct env *env, struct rig *rig, const struct refusal *refusal);
	bool (*remedy)(struct rig *rig, const struct refusal *refusal);
	/* Of the memfd that is mapped besides: when it is mapped, and added afterwards */
	int seals, late_seals;
	/* Where the hole is, or what part of the memfd is mapped where */
	bool in_last;
	uint64_t offset, length, iova;
};

static int new_memfd(int flags, uint64_t size, int seals)
{
	int fd = memfd_create("extra", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, size) || fcntl(fd, F_ADD_SEALS, seals)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool map_new_memfd(struct rig *rig, int seals)
{
	int fd = new_memfd(0, EXTRA_SIZE, seals);

	return tap__true(fd >= 0, "no memfd with these seals") &&
	       rig__map_extra(rig, fd, 0, EXTRA_SIZE, RIG_IOVA_EXTRA);
}

static bool map_user(const struct env *env, struct rig *rig, const struct refusal *refusal)
{
	(void)env;
	(void)refusal;
	if (!tap__want(rig__map_page(rig, rig->ioas_id, RIG_IOVA_EXTRA), 0, "mapping user memory"))
		return false;
	rig->extra_iova = RIG_IOVA_EXTRA;
	rig->extra_length = RIG_PAGE;
	return true;
}

static bool reserve_hugetlb(void)
{
	int fd = open("/proc/sys/vm/nr_hugepages", O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, "2", 1) == 1;

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool populate_hugetlb(int fd)
{
	void *p = mmap(NULL, RIG_HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
		       0);

	return p != MAP_FAILED && !munmap(p, RIG_HUGE_PAGE);
}

static bool map_hugetlb(const struct env *env, struct rig *rig, const struct refusal *refusal)
{
	int fd = -1;

	(void)env;
	(void)refusal;
	if (reserve_hugetlb())
		fd = new_memfd(MFD_HUGETLB, RIG_HUGE_PAGE, ALL_SEALS);
	return tap__true(fd >= 0 && populate_hugetlb(fd), "no memfd of hugetlb's pages") &&
	       rig__map_extra(rig, fd, 0, RIG_HUGE_PAGE, RIG_IOVA_EXTRA);
}

static bool map_dmabuf(const struct env *env, struct rig *rig, const struct refusal *refusal)
{
	int fd = mock__get_dmabuf(rig->iommufd, EXTRA_SIZE);

	(void)env;
	(void)refusal;
	return tap__want(fd, 0, "making a dma-buf") &&
	       rig__map_extra(rig, fd, 0, EXTRA_SIZE, RIG_IOVA_EXTRA);
}

static bool map_unpreserved(const struct env *env, struct rig *rig, const struct refusal *refusal)
{
	(void)env;
	(void)refusal;
	return map_new_memfd(rig, ALL_SEALS);
}

static bool map_preserved_elsewhere(const struct env *env, struct rig *rig,
				    const struct refusal *refusal)
{
	(void)refusal;
	return map_new_memfd(rig, ALL_SEALS) && rig__open_other(rig, env->luo) &&
	       rig__preserve_extra(rig, rig->other);
}

static bool map_badly_sealed(const struct env *env, struct rig *rig, const struct refusal *refusal)
{
	(void)env;
	return map_new_memfd(rig, refusal->seals) &&
	       tap__true(!refusal->late_seals ||
			 !fcntl(rig->extra_fd, F_ADD_SEALS, refusal->late_seals),
			 "the seals cannot be added") &&
	       rig__preserve_extra(rig, rig->session);
}

static bool map_unaligned(const struct env *env, struct rig *rig, const struct refusal *refusal)
{
	int fd = new_memfd(0, EXTRA_SIZE, ALL_SEALS);

	(void)env;
	return tap__true(fd >= 0, "no sealed memfd") &&
	       rig__map_extra(rig, fd, refusal->offset, refusal->length, refusal->iova) &&
	       rig__preserve_extra(rig, rig->session);
}

static int punch(struct memfd *memfd, uint64_t offset, uint64_t length)
{
	return fallocate(memfd__fd(memfd), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
			 length) ? -errno : 0;
}

static bool punch_hole(const struct env *env, struct rig *rig, const struct refusal *refusal)
{
	(void)env;
	return tap__want(punch(refusal->in_last ? rig->last : rig->first, refusal->offset,
			       refusal->length), 0, "punching the hole");
}

static bool unmap(struct rig *rig, const struct refusal *refusal)
{
	(void)refusal;
	return rig__unmap_extra(rig);
}

static bool preserve_here(struct rig *rig, const struct refusal *refusal)
{
	(void)refusal;
	session__close(rig->other);
	rig->other = NULL;
	return rig__preserve_extra(rig, rig->session);
}

static bool map_again(struct rig *rig, const struct refusal *refusal)
{
	(void)refusal;
	return rig__unmap_extra(rig) &&
	       rig__map_extra(rig, rig->extra_fd, 0, EXTRA_SIZE, RIG_IOVA_EXTRA);
}

static bool map_area_again(struct rig *rig, const struct refusal *refusal)
{
	uint64_t iova = refusal->in_last ? RIG_IOVA_LAST : RIG_IOVA_FIRST;
	struct memfd *memfd = refusal->in_last ? rig->last : rig->first;

	return tap__want(iommufd__unmap(rig->iommufd, rig->ioas_id, iova, rig->size), 0,
			 "unmapping the area with the hole") &&
	       tap__want(iommufd__map_file(rig->iommufd, rig->ioas_id, memfd__fd(memfd), 0,
					   rig->size, iova, true, true), 0,
			 "mapping the area with the hole again");
}

static const struct refusal refusals[] = {
	{ .name = "user memory", .want = -EOPNOTSUPP, .spoil = map_user, .remedy = unmap },
	{ .name = "hugetlb's memory", .want = -EOPNOTSUPP, .spoil = map_hugetlb, .remedy = unmap },
	{ .name = "a dma-buf", .want = -EOPNOTSUPP, .device = RIG_MOCK, .spoil = map_dmabuf,
	  .remedy = unmap },
	{ .name = "a memfd that is not preserved", .want = -ENOENT, .spoil = map_unpreserved,
	  .remedy = preserve_here },
	{ .name = "a memfd of another session", .want = -ENOENT, .spoil = map_preserved_elsewhere,
	  .remedy = preserve_here },

	{ .name = "a memfd without F_SEAL_GROW", .want = -EINVAL, .spoil = map_badly_sealed,
	  .remedy = unmap, .seals = F_SEAL_SHRINK | F_SEAL_SEAL },
	{ .name = "a memfd without F_SEAL_SHRINK", .want = -EINVAL, .spoil = map_badly_sealed,
	  .remedy = unmap, .seals = F_SEAL_GROW | F_SEAL_SEAL },
	{ .name = "a memfd without F_SEAL_SEAL", .want = -EINVAL, .spoil = map_badly_sealed,
	  .remedy = unmap, .seals = SIZE_SEALS },
	/* F_SEAL_SEAL is always late: nothing can be added after it */
	{ .name = "a memfd with a late F_SEAL_GROW", .want = -EINVAL, .spoil = map_badly_sealed,
	  .remedy = map_again, .seals = F_SEAL_SHRINK, .late_seals = F_SEAL_GROW | F_SEAL_SEAL },
	{ .name = "a memfd with a late F_SEAL_SHRINK", .want = -EINVAL, .spoil = map_badly_sealed,
	  .remedy = map_again, .seals = F_SEAL_GROW, .late_seals = F_SEAL_SHRINK | F_SEAL_SEAL },
	{ .name = "a memfd with a late F_SEAL_SEAL", .want = -EINVAL, .spoil = map_badly_sealed,
	  .remedy = map_again, .seals = SIZE_SEALS, .late_seals = F_SEAL_SEAL },

	{ .name = "a hole of 4 KiB in the first area", .want = -EINVAL, .spoil = punch_hole,
	  .remedy = map_area_again, .offset = 3 * RIG_PAGE, .length = RIG_PAGE },
	{ .name = "a hole of 4 KiB at the end of the last area", .want = -EINVAL,
	  .spoil = punch_hole, .remedy = map_area_again, .in_last = true,
	  .offset = 15 * RIG_PAGE, .length = RIG_PAGE },
	{ .name = "a hole of 2 MiB in the first area", .want = -EINVAL, .huge = true,
	  .spoil = punch_hole, .remedy = map_area_again, .length = RIG_HUGE_PAGE },
	{ .name = "a hole of 2 MiB at the end of the last area", .want = -EINVAL, .huge = true,
	  .spoil = punch_hole, .remedy = map_area_again, .in_last = true,
	  .offset = RIG_HUGE_PAGE, .length = RIG_HUGE_PAGE },

	{ .name = "an area from the middle of a page", .want = -EOPNOTSUPP, .device = RIG_MOCK,
	  .spoil = map_unaligned, .remedy = unmap,
	  .offset = MOCK_GRANULE, .length = RIG_PAGE, .iova = RIG_IOVA_EXTRA },
	{ .name = "an area at half a page", .want = -EOPNOTSUPP, .device = RIG_MOCK,
	  .spoil = map_unaligned, .remedy = unmap,
	  .length = RIG_PAGE, .iova = RIG_IOVA_EXTRA + MOCK_GRANULE },
	{ .name = "an area of half a page", .want = -EOPNOTSUPP, .device = RIG_MOCK,
	  .spoil = map_unaligned, .remedy = unmap,
	  .length = MOCK_GRANULE, .iova = RIG_IOVA_EXTRA },
};

static void run_refusal(const struct env *env, const struct refusal *refusal)
{
	struct rig *rig;
	bool ok;

	tap__group("preserve %s (%s)", refusal->name, device_name(refusal->device));
	rig = rig__open(env->luo, refusal->device, refusal->huge);
	ok = rig && refusal->spoil(env, rig, refusal) && rig__preserve_memfds(rig, rig->session) &&
	     tap__want(rig__preserve(rig, rig->session), refusal->want, "preserving the iommufd");
	tap__point(ok, "refused with %s", strerrorname_np(-refusal->want));

	ok = ok && rig__is_unchanged(rig);
	tap__point(ok, "nothing has changed");

	ok = ok && refusal->remedy(rig, refusal) && is_preserved_until_closed(rig);
	ok = leaves_nothing(env, rig, ok);
	tap__point(ok, "remedied, it is preserved until closed");
}

static void run_second_session(const struct env *env)
{
	struct rig *rig;
	bool ok;

	tap__group("preserve in a second session");
	rig = rig__open(env->luo, RIG_VTD, false);
	ok = rig && rig__open_other(rig, env->luo) && preserves_all(rig, rig->session) &&
	     tap__want(rig__preserve(rig, rig->other), -EBUSY, "preserving the iommufd again");
	tap__point(ok, "refused with EBUSY");

	ok = ok && rig__is_preserved(rig);
	tap__point(ok, "it stays preserved in the first");

	ok = ok && rig__end_session(rig) && preserves_all(rig, rig->other);
	ok = leaves_nothing(env, rig, ok);
	tap__point(ok, "after the first is closed it is preserved in the second");
}

/* The last HWPT of three is on an IOAS of its own, with memory that cannot be preserved */
static bool add_bad_last(struct rig *rig, uint32_t *bad_ioas_id)
{
	uint32_t id;

	return rig__add_hwpt(rig, rig->ioas_id, RIG_TOKEN_2, &id) &&
	       tap__want(iommufd__alloc_ioas(rig->iommufd, bad_ioas_id), 0, "a second IOAS") &&
	       rig__add_hwpt(rig, *bad_ioas_id, RIG_TOKEN_3, &id) &&
	       tap__want(rig__map_page(rig, *bad_ioas_id, RIG_IOVA_FREE), 0, "mapping user memory");
}

static bool replace_bad(struct rig *rig, uint32_t ioas_id)
{
	return tap__want(iommufd__unmap(rig->iommufd, ioas_id, RIG_IOVA_FREE, RIG_PAGE), 0,
			 "unmapping the user memory") &&
	       tap__want(iommufd__map_file(rig->iommufd, ioas_id, memfd__fd(rig->first), 0,
					   rig->size, RIG_IOVA_FREE, true, true), 0,
			 "mapping a memfd instead");
}

static void run_last_refused(const struct env *env)
{
	uint32_t bad_ioas_id = 0;
	struct rig *rig;
	bool ok;

	tap__group("preserve three HWPTs of which the last cannot be");
	rig = rig__open(env->luo, RIG_VTD, false);
	ok = rig && add_bad_last(rig, &bad_ioas_id) && rig__preserve_memfds(rig, rig->session) &&
	     tap__want(rig__preserve(rig, rig->session), -EOPNOTSUPP, "preserving the iommufd");
	tap__point(ok, "refused with EOPNOTSUPP");

	ok = ok && rig__is_unchanged(rig);
	tap__point(ok, "none of them is preserved");

	ok = ok && replace_bad(rig, bad_ioas_id) && is_preserved_until_closed(rig);
	ok = leaves_nothing(env, rig, ok);
	tap__point(ok, "remedied, all of them are preserved until closed");
}

/* What is refused while the iommufd is preserved */

struct frozen {
	struct rig *rig;
	/* Marked, on the same IOAS, and not attached to a device */
	uint32_t hwpt_id;
	/* Not preserved, maps the first memfd */
	uint32_t other_ioas_id;
};

static int map_memory(struct frozen *frozen)
{
	return rig__map_page(frozen->rig, frozen->rig->ioas_id, RIG_IOVA_FREE);
}

static int map_memfd(struct frozen *frozen)
{
	struct rig *rig = frozen->rig;

	return iommufd__map_file(rig->iommufd, rig->ioas_id, memfd__fd(rig->first), 0, RIG_PAGE,
				 RIG_IOVA_FREE, true, true);
}

static int copy_into(struct frozen *frozen)
{
	struct iommu_ioas_copy cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.dst_ioas_id = frozen->rig->ioas_id,
		.src_ioas_id = frozen->other_ioas_id,
		.length = RIG_PAGE,
		.dst_iova = RIG_IOVA_FREE,
		.src_iova = RIG_IOVA_FIRST,
	};

	return rig__call(frozen->rig, IOMMU_IOAS_COPY, &cmd);
}

static int unmap_area(struct frozen *frozen)
{
	struct rig *rig = frozen->rig;

	return iommufd__unmap(rig->iommufd, rig->ioas_id, RIG_IOVA_FIRST, rig->size);
}

static int unmap_all(struct frozen *frozen)
{
	return iommufd__unmap(frozen->rig->iommufd, frozen->rig->ioas_id, 0, UINT64_MAX);
}

static int destroy_hwpt(struct frozen *frozen)
{
	return iommufd__destroy(frozen->rig->iommufd, frozen->hwpt_id);
}

static int destroy_ioas(struct frozen *frozen)
{
	return iommufd__destroy(frozen->rig->iommufd, frozen->rig->ioas_id);
}

static int mark_marked(struct frozen *frozen)
{
	return iommufd__mark(frozen->rig->iommufd, frozen->hwpt_id, RIG_TOKEN_3);
}

static int mark_another(struct frozen *frozen)
{
	struct rig *rig = frozen->rig;
	uint32_t id;
	int ret, err;

	err = iommufd__alloc_hwpt(rig->iommufd, rig->dev_id, frozen->other_ioas_id, &id);
	if (err)
		return err;
	ret = iommufd__mark(rig->iommufd, id, RIG_TOKEN_3);
	err = iommufd__destroy(rig->iommufd, id);
	return err ? err : ret;
}

static int preserve_again(struct frozen *frozen)
{
	return session__preserve_fd(frozen->rig->session, iommufd__fd(frozen->rig->iommufd), 0x300);
}

static int punch_first(struct frozen *frozen)
{
	return punch(frozen->rig->first, 0, RIG_PAGE);
}

static int allocate(struct frozen *frozen)
{
	return fallocate(memfd__fd(frozen->rig->first), 0, 0, RIG_PAGE) ? -errno : 0;
}

static int shrink(struct frozen *frozen)
{
	return ftruncate(memfd__fd(frozen->rig->first), RIG_PAGE) ? -errno : 0;
}

static int grow(struct frozen *frozen)
{
	return ftruncate(memfd__fd(frozen->rig->first), 2 * frozen->rig->size) ? -errno : 0;
}

static int seal_write(struct frozen *frozen)
{
	return fcntl(memfd__fd(frozen->rig->first), F_ADD_SEALS, F_SEAL_WRITE) ? -errno : 0;
}

static const struct attempt {
	const char *name;
	int want;
	int (*try)(struct frozen *frozen);
} attempts[] = {
	{ "mapping user memory", -EBUSY, map_memory },
	{ "mapping a memfd", -EBUSY, map_memfd },
	{ "copying into the IOAS", -EBUSY, copy_into },
	{ "unmapping an area", -EBUSY, unmap_area },
	{ "unmapping all", -EBUSY, unmap_all },
	{ "destroying a HWPT", -EBUSY, destroy_hwpt },
	{ "destroying the IOAS", -EBUSY, destroy_ioas },
	{ "marking a HWPT that is marked with another token", -EEXIST, mark_marked },
	{ "marking another HWPT", -EBUSY, mark_another },
	{ "preserving the iommufd again", -EBUSY, preserve_again },
	{ "a hole in a memfd", -EPERM, punch_first },
	{ "allocating memory of a memfd", -EPERM, allocate },
	{ "shrinking a memfd", -EPERM, shrink },
	{ "growing a memfd", -EPERM, grow },
	{ "sealing a memfd against writes", -EPERM, seal_write },
};

static bool freeze(const struct env *env, struct frozen *frozen)
{
	struct rig *rig = rig__open(env->luo, RIG_VTD, false);

	frozen->rig = rig;
	return rig && rig__add_hwpt(rig, rig->ioas_id, RIG_TOKEN_2, &frozen->hwpt_id) &&
	       tap__want(iommufd__alloc_ioas(rig->iommufd, &frozen->other_ioas_id), 0,
			 "a second IOAS") &&
	       tap__want(iommufd__map_file(rig->iommufd, frozen->other_ioas_id,
					   memfd__fd(rig->first), 0, rig->size, RIG_IOVA_FIRST,
					   true, true), 0, "mapping a memfd in the second IOAS") &&
	       preserves_all(rig, rig->session);
}

/* Allocated on the frozen IOAS, not marked, and destroyed */
static bool has_guest(struct rig *rig)
{
	uint32_t id;

	return rig__add_hwpt(rig, rig->ioas_id, 0, &id) &&
	       tap__want(iommufd__destroy(rig->iommufd, id), 0, "destroying it");
}

static bool reattaches(struct rig *rig)
{
	return tap__true(!vfio__detach(rig->vfio), "detaching the device failed") &&
	       tap__true(!vfio__attach(rig->vfio, rig->hwpt_id), "attaching the device failed");
}

static bool replaces(struct rig *rig, uint32_t other)
{
	return tap__true(!vfio__attach(rig->vfio, other), "changing to the other HWPT failed") &&
	       tap__true(!vfio__attach(rig->vfio, rig->hwpt_id), "changing back failed");
}

static void run_frozen(const struct env *env)
{
	struct frozen frozen = { 0 };
	const struct attempt *a;
	bool ok;

	tap__group("while preserved");
	ok = freeze(env, &frozen);
	for (a = attempts; a != attempts + ARRAY_SIZE(attempts); a++) {
		/* Each has a reason of its own, unless there is one for all of them */
		if (ok)
			tap__group("while preserved");
		tap__point(ok && tap__want(a->try(&frozen), a->want, "%s", a->name),
			   "%s is refused with %s", a->name, strerrorname_np(-a->want));
	}

	tap__point(ok && rig__is_preserved(frozen.rig), "none of that has changed anything");
	tap__point(ok && has_guest(frozen.rig), "a HWPT that is not marked comes and goes");
	tap__point(ok && reattaches(frozen.rig) && rig__is_preserved(frozen.rig),
		   "the device is detached and attached again");
	tap__point(ok && replaces(frozen.rig, frozen.hwpt_id) && rig__is_preserved(frozen.rig),
		   "the device changes to the other HWPT and back");

	ok = ok && rig__end_session(frozen.rig) &&
	     tap__want(punch_first(&frozen), 0, "a hole after the session");
	ok = leaves_nothing(env, frozen.rig, ok);
	tap__point(ok, "after the session all can be changed");
}

/* That mappings are frozen is counted per HWPT */
static void run_cycles(const struct env *env)
{
	struct rig *rig;
	uint32_t id;
	bool ok;
	int i;

	tap__group("two HWPTs of an IOAS");
	rig = rig__open(env->luo, RIG_VTD, false);
	ok = rig && rig__add_hwpt(rig, rig->ioas_id, RIG_TOKEN_2, &id);
	for (i = 1; i <= NR_CYCLES; i++) {
		if (ok && !rig->session) {
			rig->session = luo__create_session(env->luo, RIG_SESSION);
			ok = tap__true(rig->session, "no session");
		}
		ok = ok && rig__preserve_memfds(rig, rig->session) &&
		     is_preserved_until_closed(rig);
		tap__point(ok, "preserved and not any more, time %d", i);
	}
	tap__point(leaves_nothing(env, rig, ok), "nothing is left");
}

/* In what order things end */

static void run_session_first(const struct env *env, enum rig_device device)
{
	struct rig *rig;
	bool ok;

	tap__group("closing (%s)", device_name(device));
	rig = rig__open(env->luo, device, true);
	ok = rig && preserves_all(rig, rig->session) && rig__end_session(rig);
	ok = leaves_nothing(env, rig, ok);
	tap__point(ok, "the session before the iommufd");
}

static bool is_kept(const struct env *env)
{
	struct counters now = counters__read();

	return tap__true(now.iommu_pages > env->idle.iommu_pages && now.pins > env->idle.pins,
			 "there are only %ld page tables and %ld pins", now.iommu_pages, now.pins);
}

static void run_iommufd_first(const struct env *env, enum rig_device device)
{
	struct rig *rig;
	bool ok;

	tap__group("closing (%s)", device_name(device));
	rig = rig__open(env->luo, device, true);
	ok = rig && preserves_all(rig, rig->session);
	if (ok) {
		rig__close_iommufd(rig);
		ok = is_kept(env);
	}
	tap__point(ok, "the session keeps an iommufd that is closed");
	ok = leaves_nothing(env, rig, ok);
	tap__point(ok, "the iommufd before the session");
}

enum step {
	STEP_MARK,
	STEP_MEMFDS,
	STEP_IOMMUFD,
};

static const char *const step_names[] = {
	[STEP_MARK] = "with a HWPT that is marked",
	[STEP_MEMFDS] = "with memfds that are preserved",
	[STEP_IOMMUFD] = "with an iommufd that is preserved",
};

/* Does not return, and closes nothing: that is left to the kernel */
static void exit_at(const struct env *env, enum rig_device device, enum step step)
{
	struct rig *rig = rig__open(env->luo, device, true);
	bool ok = rig;

	if (step >= STEP_MEMFDS)
		ok = ok && rig__preserve_memfds(rig, rig->session);
	if (step >= STEP_IOMMUFD)
		ok = ok && preserves(rig, rig->session);
	if (!ok)
		tap__reason();
	_exit(ok ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void run_exit(const struct env *env, enum rig_device device, enum step step)
{
	int status = -1;
	pid_t pid;
	bool ok;

	tap__group("closing (%s)", device_name(device));
	fflush(stdout);
	pid = fork();
	if (!pid)
		exit_at(env, device, step);
	ok = tap__true(pid > 0 && waitpid(pid, &status, 0) == pid && !status,
		       "the process failed, see the lines above");
	tap__point(ok && counters__are(&env->idle), "the end of a process %s", step_names[step]);
}

static void run_closing(const struct env *env, enum rig_device device)
{
	enum step step;

	run_session_first(env, device);
	run_iommufd_first(env, device);
	for (step = STEP_MARK; step <= STEP_IOMMUFD; step++)
		run_exit(env, device, step);
}

/*
 * Nothing is wrong with a rig that a case did not spoil. This comes before the counts are taken:
 * what the first use of a device allocates for good is none of the cases' business.
 */
static void run_control(const struct env *env, enum rig_device device)
{
	struct rig *rig;
	bool ok;

	tap__group("control (%s)", device_name(device));
	rig = rig__open(env->luo, device, true);
	ok = rig && rig__preserve_memfds(rig, rig->session) && is_preserved_until_closed(rig);
	tap__point(ok, "preserved until closed");
	rig__close(rig);
}

static void run_all(struct env *env)
{
	size_t i;

	run_control(env, RIG_VTD);
	run_control(env, RIG_MOCK);
	env->idle = counters__read();
	for (i = 0; i != ARRAY_SIZE(marks); i++)
		run_mark(env, &marks[i]);
	for (i = 0; i != ARRAY_SIZE(refusals); i++)
		run_refusal(env, &refusals[i]);
	run_second_session(env);
	run_last_refused(env);
	run_frozen(env);
	run_cycles(env);
	run_closing(env, RIG_VTD);
	run_closing(env, RIG_MOCK);
}

int main(void)
{
	struct env env = { .luo = luo__open() };

	if (!env.luo)
		return EXIT_FAILURE;
	run_all(&env);
	luo__close(env.luo);
	return tap__end();
}
