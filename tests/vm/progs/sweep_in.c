// SPDX-License-Identifier: GPL-2.0-only
/* The new kernel's side of sweep */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

#define BDF		"0000:00:04.0"

struct in {
	struct luo *luo;
	struct session *session;	/* of the step */
	unsigned int n;			/* of the file, counted from 1 */
	struct counters before;		/* the call */
	int fd;				/* that the call gave */

	/* What is reclaimed */
	struct iommufd *iommufd;
	struct vfio *vfio;
	struct memfd *first, *last;
	uint64_t token;
	bool has_tables;
	struct iommufd_reclaimed ids;
};

static bool is_as_before(struct in *in)
{
	return counters__are(&in->before);
}

/* A session */

static bool session_prepare(void *arg)
{
	struct in *in = arg;

	in->before = counters__read();
	return true;
}

static int session_call(void *arg)
{
	struct in *in = arg;

	/* One that was had in spite of a failure is had for all: there is no second */
	if (!in->session)
		in->session = luo__retrieve_session(in->luo, RIG_SESSION);
	return in->session ? 0 : -errno;
}

static bool session_failed(void *arg)
{
	return is_as_before(arg);
}

static bool session_passed(void *arg)
{
	return is_as_before(arg);
}

static const struct sweep_step session_step = {
	"retrieve a session", session_prepare, session_call, session_failed, session_passed, 1, false,
	{ 0 },
};

/* Files: one more for each call, since a file that could not be had is lost */

static bool next_file(struct in *in)
{
	if (!tap__true(in->n < SWEEP_NR_FILES, "there are no more files"))
		return false;
	in->n++;
	in->before = counters__read();
	return true;
}

/* It is lost for the reason that was given, or the failure was none of the file itself */
static bool is_lost(struct in *in, uint64_t token)
{
	int fd = session__retrieve_fd(in->session, token);

	if (fd >= 0) {
		close(fd);
		return true;
	}
	return tap__want(fd, in->fd, "retrieving it a second time");
}

static bool has_content(int fd, unsigned int n)
{
	struct memfd *memfd = memfd__adopt(fd, "unit", SWEEP_MEMFD_SIZE, SWEEP_TOKEN_MEMFD(n));
	bool ok = tap__true(memfd, "the memfd cannot be mapped") &&
		  tap__true(!memfd__verify(memfd), "the memfd has other bytes");

	memfd__free(memfd);
	return ok;
}

static bool retrieve_memfd(struct in *in, unsigned int n)
{
	int fd = session__retrieve_fd(in->session, SWEEP_TOKEN_MEMFD(n));

	return tap__want(fd, 0, "retrieving memfd %u", n) && has_content(fd, n);
}

static bool memfd_prepare(void *arg)
{
	return next_file(arg);
}

static int memfd_call(void *arg)
{
	struct in *in = arg;

	in->fd = session__retrieve_fd(in->session, SWEEP_TOKEN_MEMFD(in->n - 1));
	return in->fd;
}

static bool memfd_failed(void *arg)
{
	struct in *in = arg;

	return is_as_before(in) && is_lost(in, SWEEP_TOKEN_MEMFD(in->n - 1));
}

static bool memfd_passed(void *arg)
{
	struct in *in = arg;

	return has_content(in->fd, in->n - 1) && is_as_before(in);
}

static bool iommufd_prepare(void *arg)
{
	struct in *in = arg;

	if (!next_file(in) || !retrieve_memfd(in, in->n - 1))
		return false;
	in->before = counters__read();
	return true;
}

static int iommufd_call(void *arg)
{
	struct in *in = arg;

	in->fd = session__retrieve_fd(in->session, SWEEP_TOKEN_IOMMUFD(in->n - 1));
	return in->fd;
}

static bool iommufd_failed(void *arg)
{
	struct in *in = arg;

	/* What the second try gets has its memory pinned */
	return is_as_before(in) && is_lost(in, SWEEP_TOKEN_IOMMUFD(in->n - 1));
}

/* The HWPT of a file can be had back, through a device of its own */
static int reclaim_one(struct iommufd *iommufd)
{
	struct iommufd_reclaimed ids;
	struct mock_device device;
	uint32_t ioas_id;
	int ret;

	ret = iommufd__alloc_ioas(iommufd, &ioas_id);
	if (!ret)
		ret = mock__add_device(iommufd, ioas_id, &device);
	return ret ? ret : iommufd__reclaim(iommufd, device.dev_id, SWEEP_TOKEN_HWPT, &ids);
}

/* A HWPT for which memory was short when its file was retrieved stays lost */
static bool has_hwpt(struct iommufd *iommufd)
{
	int ret = reclaim_one(iommufd);

	return (ret == -ENOTRECOVERABLE && sweep__made_up()) || tap__want(ret, 0, "reclaiming its HWPT");
}

static bool iommufd_passed(void *arg)
{
	struct in *in = arg;
	struct iommufd *iommufd = iommufd__adopt(in->fd);
	bool ok = tap__true(iommufd, "no memory for the iommufd") && has_hwpt(iommufd);

	iommufd__close(iommufd);
	return ok;
}

/* The iommufd before its memfd, which it retrieves itself */
static bool nested_prepare(void *arg)
{
	return next_file(arg);
}

/* A HWPT whose memfd could not be had is lost, whatever the reason was */
static bool nested_passed(void *arg)
{
	struct in *in = arg;
	struct iommufd *iommufd = iommufd__adopt(in->fd);
	int fd = session__retrieve_fd(in->session, SWEEP_TOKEN_MEMFD(in->n - 1));
	bool ok = tap__true(iommufd, "no memory for the iommufd");

	if (fd < 0)
		ok = ok && tap__true(sweep__made_up(), "the memfd is lost for no reason") &&
		     tap__want(reclaim_one(iommufd), -ENOTRECOVERABLE,
			       "reclaiming without a memfd");
	else
		ok = ok && has_content(fd, in->n - 1) && has_hwpt(iommufd);
	iommufd__close(iommufd);
	return ok;
}

/* Reclaim: the same HWPT until it is had */

static bool reclaim_prepare(void *arg)
{
	struct in *in = arg;

	in->before = counters__read();
	return true;
}

static int reclaim_call(void *arg)
{
	struct in *in = arg;

	return iommufd__reclaim(in->iommufd, vfio__dev_id(in->vfio), in->token, &in->ids);
}

/* From the first attempt that gets so far on, the page table is this kernel's */
static bool reclaim_failed(void *arg)
{
	struct in *in = arg;

	if (!in->has_tables && counters__read().iommu_pages != in->before.iommu_pages) {
		in->has_tables = true;
		in->before.iommu_pages += RIG_TABLES;
	}
	return is_as_before(in);
}

static bool moves_data(struct in *in)
{
	uint8_t *from = memfd__at(in->first, 0), *to = memfd__at(in->last, 0);
	struct edu *edu = NULL;
	bool ok;

	ok = tap__true(!vfio__attach(in->vfio, in->ids.hwpt_id), "the device cannot be attached");
	if (ok)
		edu = edu__open(in->vfio);
	memset(to, 0, EDU_MAX_LENGTH);
	ok = ok && tap__true(edu && !edu__load(edu, RIG_IOVA_FIRST, EDU_MAX_LENGTH) &&
			     !edu__store(edu, RIG_IOVA_LAST, EDU_MAX_LENGTH) &&
			     !memcmp(from, to, EDU_MAX_LENGTH), "DMA moved wrong bytes");
	edu__close(edu);
	return tap__true(!vfio__detach(in->vfio), "the device cannot be detached") && ok;
}

/* A HWPT that was had in spite of a failure is gone from the list: the next one is tried */
static bool reclaim_passed(void *arg)
{
	struct in *in = arg;
	struct iommufd_state state;

	in->token++;
	in->has_tables = false;
	return tap__want(iommufd__query(in->iommufd, in->ids.hwpt_id, &state), 0, "query") &&
	       tap__true(state.bits & IOMMU_HWPT_LIVEUPDATE_RECLAIMED, "the state is 0x%x",
			 state.bits) &&
	       moves_data(in) &&
	       tap__want(iommufd__destroy(in->iommufd, in->ids.hwpt_id), 0, "destroying it");
}

/* Finish: a session for each call */

static bool finish_prepare(void *arg)
{
	struct in *in = arg;
	char name[32];

	session__close(in->session);
	in->session = NULL;
	if (!tap__true(in->n < SWEEP_NR_FINISH, "there are no more sessions"))
		return false;
	snprintf(name, sizeof(name), SWEEP_FINISH, in->n++);
	in->session = luo__retrieve_session(in->luo, name);
	return tap__true(in->session, "no session %s", name);
}

static int finish_call(void *arg)
{
	struct in *in = arg;

	return session__finish(in->session);
}

static bool finish_passed(void *arg)
{
	struct in *in = arg;

	return tap__want(session__retrieve_fd(in->session, SWEEP_TOKEN_IOMMUFD(0)), -ENOENT,
			 "retrieving after finish");
}

static const struct {
	const char *session;
	struct sweep_step step;
} file_steps[] = {
	/* Linux has ENOSPC if there is no inode, and EINVAL if the list of pages cannot be mapped */
	{ SWEEP_MEMFDS, { "retrieve a memfd", memfd_prepare, memfd_call, memfd_failed, memfd_passed,
			  4, false, { -EINVAL, -ENOSPC } } },
	{ SWEEP_IOMMUFDS, { "retrieve an iommufd", iommufd_prepare, iommufd_call, iommufd_failed,
			    iommufd_passed, 4, false, { 0 } } },
	{ SWEEP_NESTED, { "retrieve an iommufd and by that its memfd", nested_prepare, iommufd_call,
			  iommufd_failed, nested_passed, 4, false, { 0 } } },
};

static const struct sweep_step reclaim_step = {
	"reclaim", reclaim_prepare, reclaim_call, reclaim_failed, reclaim_passed, 8, false, { 0 },
};

static const struct sweep_step finish_step = {
	"finish", finish_prepare, finish_call, NULL, finish_passed, 0, true, { 0 },
};

#define TITLE	"the next kernel"

static bool end_session(struct in *in)
{
	int ret = session__finish(in->session);

	session__close(in->session);
	in->session = NULL;
	return tap__want(ret, 0, "finishing the session");
}

static void run_files(struct in *in)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(file_steps); i++) {
		in->n = 0;
		in->session = luo__retrieve_session(in->luo, file_steps[i].session);
		if (in->session) {
			sweep__run(TITLE, &file_steps[i].step, in, true);
			ok &= end_session(in);
		} else {
			ok = false;
		}
	}
	tap__group(TITLE);
	tap__point(ok, "the sessions of the lost files are finished");
}

static bool open_rig(struct in *in)
{
	int fds[3], i;

	in->vfio = vfio__open(BDF);
	if (!tap__true(in->session && in->vfio, "no session or no device"))
		return false;
	fds[0] = session__retrieve_fd(in->session, RIG_TOKEN_FIRST);
	fds[1] = session__retrieve_fd(in->session, RIG_TOKEN_LAST);
	fds[2] = session__retrieve_fd(in->session, RIG_TOKEN_IOMMUFD);
	for (i = 0; i < 3; i++)
		if (!tap__want(fds[i], 0, "retrieving file %d of the rig", i))
			return false;
	in->first = memfd__adopt(fds[0], "first", RIG_SMALL_SIZE, RIG_TOKEN_FIRST);
	in->last = memfd__adopt(fds[1], "last", RIG_SMALL_SIZE, RIG_TOKEN_LAST);
	in->iommufd = iommufd__adopt(fds[2]);
	return tap__true(in->first && in->last && in->iommufd &&
			 !vfio__bind(in->vfio, iommufd__fd(in->iommufd)), "the rig is not back");
}

static void close_rig(struct in *in)
{
	vfio__close(in->vfio);
	iommufd__close(in->iommufd);
	memfd__free(in->first);
	memfd__free(in->last);
	session__close(in->session);
	in->session = NULL;
}

/* The first one makes the kernel take back the FLB as well */
static void run_reclaim(struct in *in)
{
	bool ok;

	sweep__run(TITLE, &session_step, in, false);
	tap__group(TITLE);
	ok = open_rig(in);
	tap__point(ok, "the rig is back");
	in->token = RIG_TOKEN;
	if (ok)
		sweep__run(TITLE, &reclaim_step, in, true);
	close_rig(in);
}

static bool finish_rest(struct in *in)
{
	bool ok = true;

	while (ok && in->n < SWEEP_NR_FINISH)
		ok = finish_prepare(in) && tap__want(finish_call(in), 0, "finish");
	session__close(in->session);
	in->session = NULL;
	return ok;
}

void sweep__in(struct luo *luo)
{
	struct counters empty = counters__read();
	struct in in = { .luo = luo };

	run_reclaim(&in);
	run_files(&in);
	in.n = 0;
	sweep__run(TITLE, &finish_step, &in, false);
	tap__group(TITLE);
	tap__point(finish_rest(&in) && counters__are(&empty), "in the end nothing is left");
}
