// SPDX-License-Identifier: GPL-2.0-only
/* From the marks to the jump: see preserve.h. Called as stages by luctl run and resume --again. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include <linux/iommufd.h>

#include "next/compat.h"
#include "next/loaded.h"

#include "next/cmdline_expand.h"

#include "drive/group.h"
#include "drive/hook.h"
#include "kernel/iommufd.h"
#include "kernel/kexec.h"
#include "probe/memfd.h"
#include "plan/plan.h"
#include "drive/preserve.h"
#include "drive/say.h"
#include "kernel/session.h"
#include "drive/stop.h"
#include "lib/recorders.h"
#include "lib/tsc.h"
#include "drive/update.h"

/* A recorder that gets no CPU for so long is not waited for: guests stand still meanwhile. */
#define PRESERVE_RECORDERS_MS 1000

#define NO_PATCHES " (the running kernel lacks lutrace's patches)"

int preserve__create_session(struct update *u)
{
	u->session = luo__create_session(u->luo, u->plan->session);
	if (!u->session)
		return -1;
	say__step("create session %s", u->plan->session);
	return 0;
}

/* A second HWPT with the token of the first, made for this question only */
static int preserve__expect_token_used(struct update *u, size_t hwpt)
{
	uint64_t token = u->plan->hwpts[hwpt].token;
	uint32_t ioas_id, hwpt_id;

	if (update__alloc_ioas(u, hwpt, &ioas_id) ||
	    update__alloc_hwpt(u, hwpt, ioas_id, &hwpt_id) ||
	    say__expect(iommufd__mark(u->iommufd, hwpt_id, token), -EADDRINUSE,
			"ioctl IOMMU_HWPT_LIVEUPDATE_MARK_PRESERVE of a second hwpt with token "
			"0x%" PRIx64,
			token) ||
	    say__expect(iommufd__destroy(u->iommufd, hwpt_id), 0,
			"ioctl IOMMU_DESTROY of a hwpt that is not marked") ||
	    say__expect(iommufd__destroy(u->iommufd, ioas_id), 0,
			"ioctl IOMMU_DESTROY of an IOAS without a hwpt"))
		return -1;
	say__step("mark: token 0x%" PRIx64 " for a second hwpt is refused with EADDRINUSE", token);
	return 0;
}

static int preserve__expect_marked(struct update *u, size_t hwpt)
{
	uint32_t hwpt_id = u->hwpts[hwpt].hwpt_id;
	const char *name = update__hwpt_name(u, hwpt);

	if (say__expect(iommufd__mark(u->iommufd, hwpt_id, plan__unused_token(u->plan)), -EEXIST,
			"a second ioctl IOMMU_HWPT_LIVEUPDATE_MARK_PRESERVE of %s", name))
		return -1;
	say__step("mark: another token for %s is refused with EEXIST", name);
	if (say__expect(iommufd__mark(u->iommufd, hwpt_id, u->plan->hwpts[hwpt].token), 0,
			"ioctl IOMMU_HWPT_LIVEUPDATE_MARK_PRESERVE of %s with the token it has",
			name))
		return -1;
	say__step("mark: the same token for %s again is a success", name);
	return preserve__expect_token_used(u, hwpt);
}

int preserve__mark(struct update *u)
{
	size_t i;
	int ret;

	for (i = 0; i < u->plan->nr_hwpts; i++) {
		if (!u->plan->hwpts[i].marked)
			continue;
		ret = iommufd__mark(u->iommufd, u->hwpts[i].hwpt_id, u->plan->hwpts[i].token);
		if (say__expect(ret, 0, "ioctl IOMMU_HWPT_LIVEUPDATE_MARK_PRESERVE of %s%s",
				update__hwpt_name(u, i), ret == -ENOTTY ? NO_PATCHES : ""))
			return -1;
		u->hwpts[i].marked = true;
		say__step("mark %s", update__hwpt_name(u, i));
		if (u->plan->assert_marks && preserve__expect_marked(u, i))
			return -1;
	}
	return 0;
}

char *preserve__next_cmdline(const struct group *g, const char *running)
{
	char *cmdline = cmdline__expand(group__kernel(g)->cmdline, running);

	if (!cmdline)
		say__errno(-ENOMEM, "no memory for the command line");
	return cmdline;
}

static int preserve__report_remarks(const struct remarks *remarks, bool strict)
{
	size_t i;

	for (i = 0; i < remarks->nr; i++) {
		if (remark__is_warning(&remarks->list[i]))
			say__warning("%s", remarks->list[i].text);
		else
			say__note("note: %s", remarks->list[i].text);
	}
	if (strict && remarks__nr_warnings(remarks))
		return say__error("the next kernel does not fit, see the warnings; mend that, or "
				  "leave out --strict");
	return 0;
}

/* luctl has loaded nothing yet when this is asked; what cannot be read is not said. */
static void preserve__note_loaded(const char *image)
{
	struct fault fault;

	if (loaded__read("", &fault) == 1)
		say__note("note: somebody else has loaded a next kernel already; %s will take its "
			  "place",
			  image);
}

int preserve__check_next(const struct group *g, bool strict)
{
	struct needs needs = {
		.memfds = group__nr_memfds(g),
		.hwpts = group__nr_marked(g),
	};
	char *running = kexec__running_cmdline();
	char *cmdline = running ? preserve__next_cmdline(g, running) : NULL;
	struct next_kernel next = { .image = group__kernel(g)->image,
				    .initrd = group__kernel(g)->initrd,
				    .cmdline = cmdline };
	struct remarks remarks = { .nr = 0 };
	struct fault fault;
	int err = -1;

	preserve__note_loaded(next.image);
	if (cmdline) {
		err = compat__check(&next, running, needs, &remarks, &fault);
		if (err)
			say__error("%s", fault.text);
	}
	free(cmdline);
	free(running);
	return err ? -1 : preserve__report_remarks(&remarks, strict);
}

int preserve__load_kernel(struct group *g)
{
	const struct plan_kernel *kernel = group__kernel(g);
	char *running, *cmdline;
	int err;

	running = kexec__running_cmdline();
	if (!running)
		return -1;
	cmdline = preserve__next_cmdline(g, running);
	free(running);
	if (!cmdline)
		return -1;
	err = kexec__load(kernel->image, kernel->initrd, cmdline);
	if (!err)
		say__step("load kernel %s initrd=%s cmdline=\"%s\"", kernel->image,
			  kernel->initrd ? kernel->initrd : "none", cmdline);
	free(cmdline);
	return err;
}

static int preserve__expect_order(struct update *u)
{
	int ret = session__preserve_fd(u->session, iommufd__fd(u->iommufd), u->plan->iommufd_token);

	if (say__expect(ret, -ENOENT,
			"ioctl LIVEUPDATE_SESSION_PRESERVE_FD of the iommufd "
			"before its memfds"))
		return -1;
	say__step("preserve: the iommufd before its memfds is refused with ENOENT");
	return 0;
}

static int preserve__memfds(struct update *u)
{
	const struct plan_memfd *m;
	size_t i;
	int ret;

	for (i = 0; i < u->plan->nr_memfds; i++) {
		m = &u->plan->memfds[i];
		ret = session__preserve_fd(u->session, memfd__fd(u->memfds[i]), m->token);
		if (say__expect(ret, 0,
				"ioctl LIVEUPDATE_SESSION_PRESERVE_FD of memfd %s "
				"token=0x%" PRIx64,
				m->name, m->token))
			return -1;
		say__step("preserve memfd %s token=0x%" PRIx64, m->name, m->token);
	}
	return 0;
}

static const char *preserve__hint(int ret)
{
	return ret == -ENOENT ? " (a mapped memfd is not preserved in this session, or the kernel "
				"cannot preserve an iommufd)"
			      : "";
}

static int preserve__iommufd(struct update *u)
{
	uint64_t token = u->plan->iommufd_token;
	int ret = session__preserve_fd(u->session, iommufd__fd(u->iommufd), token);

	if (say__expect(ret, 0,
			"ioctl LIVEUPDATE_SESSION_PRESERVE_FD of the iommufd "
			"token=0x%" PRIx64 "%s",
			token, preserve__hint(ret)))
		return -1;
	say__step("preserve iommufd token=0x%" PRIx64 " with %zu hwpts", token,
		  plan__nr_marked(u->plan));
	return 0;
}

/* A marked HWPT refuses every change, its IOAS does for others too; what is left allows it */
static int preserve__expect_fixed(struct update *u)
{
	bool marked;
	size_t i;

	for (i = 0; i < u->plan->nr_hwpts; i++) {
		marked = u->plan->hwpts[i].marked;
		if (!update__has_hwpt(u, i))
			continue;
		if (plan__ioas_is_marked(u->plan, i) ? update__expect_fixed(u, i, marked)
						     : update__expect_changeable(u, i))
			return -1;
	}
	return 0;
}

/* What was reclaimed has fixed mappings for all of its life, and is there no less than before */
static int preserve__expect_as_before(struct update *u, size_t hwpt)
{
	return u->resuming ? update__expect_fixed(u, hwpt, false)
			   : update__expect_changeable(u, hwpt);
}

static uint32_t preserve__marked_state(const struct update *u)
{
	return IOMMU_HWPT_LIVEUPDATE_MARKED | (u->resuming ? IOMMU_HWPT_LIVEUPDATE_RECLAIMED : 0);
}

static int preserve__expect_preserved(struct update *u)
{
	if (preserve__expect_fixed(u) || (u->plan->assert_attach && update__reattach(u)))
		return -1;
	return update__expect_state(u, preserve__marked_state(u) | IOMMU_HWPT_LIVEUPDATE_PRESERVED);
}

static int preserve__once(struct update *u)
{
	bool marked = plan__nr_marked(u->plan);

	if (stop__check())
		return -1;
	if (marked && u->plan->nr_areas && u->plan->assert_order && preserve__expect_order(u))
		return -1;
	if (preserve__memfds(u) || (marked && preserve__iommufd(u)))
		return -1;
	return preserve__expect_preserved(u);
}

/* After a session was closed, everything that was made is as before it */
static int preserve__expect_unpreserved(struct update *u)
{
	size_t i;

	for (i = 0; u->iommufd && i < u->plan->nr_hwpts; i++)
		if (update__has_hwpt(u, i) && preserve__expect_as_before(u, i))
			return -1;
	if (update__expect_state(u, preserve__marked_state(u)))
		return -1;
	return update__run_probes(u, 0) ? -1 : update__verify_memory(u);
}

static int preserve__abort_session(struct update *u)
{
	int err = session__end(u->luo, u->session);

	u->session = NULL;
	if (err)
		return -1;
	say__step("close session %s", u->plan->session);
	return preserve__expect_unpreserved(u);
}

int preserve__preserve(struct update *u)
{
	unsigned int i;

	for (i = 0; i < u->plan->aborts; i++) {
		if (preserve__once(u) || preserve__abort_session(u))
			return -1;
		say__step("abort %u of %u", i + 1, u->plan->aborts);
		if (hook__run(u->plan, PLAN_ABORTED))
			return -1;
		u->session = luo__create_session(u->luo, u->plan->session);
		if (!u->session)
			return -1;
		say__step("create session %s again", u->plan->session);
	}
	return preserve__once(u);
}

static void preserve__recorder_is_late(pid_t pid)
{
	say__warning("process %d records, and has not written all that it saw within %d ms: a report "
		     "of this jump may be incomplete",
		     (int)pid, PRESERVE_RECORDERS_MS);
}

/* What a recorder has seen and not written goes with this kernel. */
static void preserve__wait_for_recorders(void)
{
	unsigned int nr = recorders__ask(PRESERVE_RECORDERS_MS, preserve__recorder_is_late);

	if (nr)
		say__note("%u recorder%s asked to write what was seen", nr,
			  nr == 1 ? " was" : "s were");
}

int preserve__jump(struct group *g)
{
	int err;

	preserve__wait_for_recorders();
	if (stop__check())
		return -1;
	say__note("step jump into %s", group__kernel(g)->image);
	if (tsc__read())
		say__note("the jump is at TSC %" PRIu64, tsc__read());
	err = kexec__reboot();
	return say__errno(err, "reboot(LINUX_REBOOT_CMD_KEXEC) returned, so that nothing was "
			       "handed over; see the kernel log");
}

int preserve__end_without_jump(struct group *g)
{
	if (group__each(g, preserve__abort_session))
		return -1;
	say__step("end without kexec: nothing is preserved");
	return 0;
}
