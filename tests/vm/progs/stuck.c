// SPDX-License-Identifier: GPL-2.0-only
/*
 * stuck map SESSION:     a map waits for memory that does not come, and the iommufd is preserved
 * stuck answer SESSION:  a reclaim cannot write its answer, and the session is finished
 *
 * User space decides how long an access to its memory takes (userfaultfd here, a FUSE server or a
 * debugger elsewhere). One VMM must not be able to keep the sessions of all others, and with them
 * kexec and reboot, waiting for that. The first is for the old kernel, the second for the next
 * one, with what tests/vm/stuck.d/stuck.plan preserved. Needs root and an edu device; prints KTAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/iommufd.h>
#include <linux/userfaultfd.h>

#include "kernel/iommufd.h"
#include "kernel/session.h"
#include "kernel/vfio.h"
#include "probe/memfd.h"
#include "tap.h"

/* As the plan has them */
#define BDF		"0000:00:04.0"
#define IOMMUFD_TOKEN	0x200u
#define HWPT_TOKEN	1u

#define MEMFD_TOKEN	0x100u
#define PAGE		4096u
#define IOVA		0x10000000ULL
#define STUCK_IOVA	0x20000000ULL
#define MEMFD_SIZE	(16ULL * PAGE)

/* What does not wait is over long before this, even on a slow machine */
#define PATIENCE_S	20

/* A page whose accesses wait for us */
struct page {
	int uffd;
	uint8_t *at;
};

static bool uffd_open(struct page *p, uint64_t mode)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = mode == UFFDIO_REGISTER_MODE_WP ? UFFD_FEATURE_PAGEFAULT_FLAG_WP : 0,
	};
	struct uffdio_register reg = { .range.len = PAGE, .mode = mode };

	p->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	p->at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)p->at;
	return tap__true(p->uffd >= 0 && p->at != MAP_FAILED && !ioctl(p->uffd, UFFDIO_API, &api) &&
			 !ioctl(p->uffd, UFFDIO_REGISTER, &reg), "no userfaultfd (%m)");
}

static void uffd_close(struct page *p)
{
	/* Wakes up whoever still waits */
	close(p->uffd);
	munmap(p->at, PAGE);
}

/* That somebody waits for the page */
static bool uffd_await(const struct page *p)
{
	struct pollfd pfd = { .fd = p->uffd, .events = POLLIN };
	struct uffd_msg msg;

	return tap__true(poll(&pfd, 1, PATIENCE_S * 1000) == 1 &&
			 read(p->uffd, &msg, sizeof(msg)) == sizeof(msg) &&
			 msg.event == UFFD_EVENT_PAGEFAULT, "nobody waits for the page");
}

static bool thread_ends(pthread_t thread)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	return !pthread_timedjoin_np(thread, NULL, &until);
}

/* A map that waits, and who preserves */

struct map {
	struct iommufd *iommufd;
	uint32_t ioas_id;
	struct page page;
	int result;
};

static void *map_thread(void *arg)
{
	struct map *m = arg;

	m->result = iommufd__map(m->iommufd, m->ioas_id, m->page.at, PAGE, STUCK_IOVA);
	return NULL;
}

/* The letter of /proc/PID/stat: D is that it waits for a lock */
static char state_of(pid_t pid)
{
	char path[64], state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return '?';
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(f);
	return state;
}

static bool comes_to_wait(pid_t pid)
{
	const struct timespec step = { .tv_nsec = 10000000 };
	int i;

	for (i = 0; i < PATIENCE_S * 100; i++) {
		if (state_of(pid) == 'D')
			return true;
		nanosleep(&step, NULL);
	}
	return tap__true(false, "who preserves does not wait for the map");
}

static bool dies(pid_t pid)
{
	const struct timespec step = { .tv_nsec = 10000000 };
	int i;

	kill(pid, SIGKILL);
	for (i = 0; i < PATIENCE_S * 100; i++) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return true;
		nanosleep(&step, NULL);
	}
	return tap__true(false, "who preserves cannot be killed");
}

static bool map_set_up(struct map *m, struct vfio *vfio, struct memfd *memfd)
{
	uint32_t hwpt_id;

	return tap__true(m->iommufd && vfio && memfd && !vfio__bind(vfio, iommufd__fd(m->iommufd)),
			 "no iommufd with a device and a memfd") &&
	       tap__want(iommufd__alloc_ioas(m->iommufd, &m->ioas_id), 0, "an IOAS") &&
	       tap__want(iommufd__alloc_hwpt(m->iommufd, vfio__dev_id(vfio), m->ioas_id, &hwpt_id),
			 0, "a HWPT") &&
	       tap__want(iommufd__map_file(m->iommufd, m->ioas_id, memfd__fd(memfd), 0, MEMFD_SIZE,
					   IOVA, true, true), 0, "mapping the memfd") &&
	       tap__want(iommufd__mark(m->iommufd, hwpt_id, HWPT_TOKEN), 0, "marking the HWPT") &&
	       uffd_open(&m->page, UFFDIO_REGISTER_MODE_MISSING);
}

static void map_preserve(struct map *m, struct session *session)
{
	struct uffdio_zeropage zero = { .range = { (uintptr_t)m->page.at, PAGE } };
	pthread_t thread;
	pid_t pid;
	bool ok;

	if (pthread_create(&thread, NULL, map_thread, m)) {
		tap__point(false, "no thread");
		return;
	}
	ok = uffd_await(&m->page);
	pid = fork();
	if (!pid)
		_exit(!!session__preserve_fd(session, iommufd__fd(m->iommufd), IOMMUFD_TOKEN));
	ok = ok && tap__true(pid > 0, "no process") && comes_to_wait(pid);
	tap__point(ok, "a preserve waits for a map that waits for its memory");
	tap__point(dies(pid), "who preserves can be killed");
	ok = tap__true(!ioctl(m->page.uffd, UFFDIO_ZEROPAGE, &zero), "no page (%m)") &&
	     tap__true(thread_ends(thread), "the map waits still") &&
	     tap__want(m->result, 0, "the map");
	tap__point(ok, "the map goes on when it has the page");
	ok = tap__want(iommufd__unmap(m->iommufd, m->ioas_id, STUCK_IOVA, PAGE), 0, "unmap") &&
	     tap__want(session__preserve_fd(session, iommufd__fd(m->iommufd), IOMMUFD_TOKEN), 0,
		       "preserve");
	tap__point(ok, "and after that the iommufd is preserved as ever");
}

static void run_map(const char *name)
{
	struct luo *luo = luo__open();
	struct map m = { .iommufd = iommufd__open() };
	struct memfd *memfd = memfd__create("ram", MEMFD_SIZE, 0, 1);
	struct vfio *vfio = vfio__open(BDF);
	struct session *session = luo ? luo__create_session(luo, name) : NULL;
	bool ok;

	tap__group("a map without memory");
	ok = tap__true(session, "no session") && map_set_up(&m, vfio, memfd) &&
	     tap__want(session__preserve_fd(session, memfd__fd(memfd), MEMFD_TOKEN), 0,
		       "preserving the memfd");
	tap__point(ok, "all is there");
	if (ok) {
		map_preserve(&m, session);
		uffd_close(&m.page);
	}
	tap__point(session && !session__end(luo, session), "the session ends");
	vfio__close(vfio);
	iommufd__close(m.iommufd);
	memfd__free(memfd);
	luo__close(luo);
}

/* A reclaim that cannot answer, and who finishes */

struct answer {
	struct iommufd *iommufd;
	struct vfio *vfio;
	struct session *session;
	struct page page;
	int reclaimed, finished;
};

static void *reclaim_thread(void *arg)
{
	struct answer *a = arg;

	a->reclaimed = ioctl(iommufd__fd(a->iommufd), IOMMU_HWPT_LIVEUPDATE_RECLAIM, a->page.at) ?
		       -errno : 0;
	return NULL;
}

static void *finish_thread(void *arg)
{
	struct answer *a = arg;

	a->finished = session__finish(a->session);
	return NULL;
}

static bool set_protection(const struct page *p, uint64_t mode)
{
	struct uffdio_writeprotect wp = { .range = { (uintptr_t)p->at, PAGE }, .mode = mode };

	return tap__true(!ioctl(p->uffd, UFFDIO_WRITEPROTECT, &wp), "no protection (%m)");
}

static bool answer_set_up(struct answer *a)
{
	struct iommu_hwpt_liveupdate_reclaim cmd = {
		.size = sizeof(cmd),
		.hwpt_token = HWPT_TOKEN,
	};
	int fd = a->session ? session__retrieve_fd(a->session, IOMMUFD_TOKEN) : -ENOENT;

	if (!tap__want(fd, 0, "retrieving the iommufd"))
		return false;
	a->iommufd = iommufd__adopt(fd);
	if (!tap__true(a->iommufd && a->vfio && !vfio__bind(a->vfio, fd), "no device") ||
	    !uffd_open(&a->page, UFFDIO_REGISTER_MODE_WP))
		return false;
	cmd.dev_id = vfio__dev_id(a->vfio);
	memcpy(a->page.at, &cmd, sizeof(cmd));
	return set_protection(&a->page, UFFDIO_WRITEPROTECT_MODE_WP);
}

static void answer_finish(struct answer *a)
{
	pthread_t reclaim, finish;
	bool ok, ended;

	if (pthread_create(&reclaim, NULL, reclaim_thread, a)) {
		tap__point(false, "no thread");
		return;
	}
	tap__point(uffd_await(&a->page), "a reclaim waits until its answer can be written");
	ended = !pthread_create(&finish, NULL, finish_thread, a) && thread_ends(finish);
	tap__point(tap__true(ended, "finish waits for it") && tap__want(a->finished, 0, "finish"),
		   "the session is finished meanwhile");
	ok = set_protection(&a->page, 0) &&
	     tap__true(thread_ends(reclaim), "the reclaim waits still") &&
	     tap__want(a->reclaimed, -ENOENT, "reclaim");
	tap__point(ok, "the reclaim finds that it came too late");
	if (!ended)
		thread_ends(finish);
}

static void run_answer(const char *name)
{
	struct luo *luo = luo__open();
	struct answer a = {
		.vfio = vfio__open(BDF),
		.session = luo ? luo__retrieve_session(luo, name) : NULL,
	};
	bool ok;

	tap__group("an answer without memory");
	ok = answer_set_up(&a);
	tap__point(ok, "all is there");
	if (ok) {
		answer_finish(&a);
		uffd_close(&a.page);
	}
	session__close(a.session);
	vfio__close(a.vfio);
	iommufd__close(a.iommufd);
	luo__close(luo);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	tap__group("stuck");
	if (argc == 3 && !strcmp(argv[1], "map"))
		run_map(argv[2]);
	else if (argc == 3 && !strcmp(argv[1], "answer"))
		run_answer(argv[2]);
	else
		tap__point(false, "usage: stuck map|answer SESSION");
	return tap__end();
}
