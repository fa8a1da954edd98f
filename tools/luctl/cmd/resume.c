// SPDX-License-Identifier: GPL-2.0-only
/* luctl resume: everything after the kexec. All that it needs is in the plan. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/iommufd.h>

#include "lib/mem.h"

#include "cmd/commands.h"
#include "drive/group.h"
#include "drive/hook.h"
#include "kernel/iommufd.h"
#include "kernel/kexec.h"
#include "lib/number.h"
#include "lib/options.h"
#include "probe/memfd.h"
#include "plan/plan.h"
#include "drive/preserve.h"
#include "drive/say.h"
#include "kernel/session.h"
#include "drive/stage.h"
#include "drive/stop.h"
#include "lib/tsc.h"
#include "drive/update.h"
#include "kernel/vfio.h"

/* When `luctl run` jumped, 0 if nobody said, and when this process began */
static uint64_t cmd_resume__jumped_at;
static struct tsc_moment cmd_resume__began;

static int cmd_resume__retrieve_session(struct update *u)
{
	u->session = luo__retrieve_session(u->luo, u->plan->session);
	if (!u->session)
		return -1;
	say__step("retrieve session %s", u->plan->session);
	return 0;
}

static int cmd_resume__retrieve_memfds(struct update *u)
{
	const struct plan_memfd *m;
	size_t i;
	int fd;

	for (i = 0; i < u->plan->nr_memfds; i++) {
		m = &u->plan->memfds[i];
		fd = session__retrieve_fd(u->session, m->token);
		if (say__expect(fd, 0,
				"ioctl LIVEUPDATE_SESSION_RETRIEVE_FD of memfd %s "
				"token=0x%" PRIx64,
				m->name, m->token))
			return -1;
		u->memfds[i] = memfd__adopt(fd, m->name, m->size, m->seed);
		if (!u->memfds[i])
			return -1;
		say__step("retrieve memfd %s token=0x%" PRIx64 ": %" PRIu64 " bytes", m->name,
			  m->token, m->size);
	}
	return 0;
}

static int cmd_resume__retrieve_iommufd(struct update *u)
{
	uint64_t token = u->plan->iommufd_token;
	int fd = session__retrieve_fd(u->session, token);

	if (say__expect(
		    fd, 0,
		    "ioctl LIVEUPDATE_SESSION_RETRIEVE_FD of the iommufd "
		    "token=0x%" PRIx64 "%s",
		    token,
		    fd == -EBADMSG
			    ? " (the kernel refuses what the previous one wrote, its log names the "
			      "field; the memfds can be had, map them in a new iommufd)"
			    : ""))
		return -1;
	u->iommufd = iommufd__adopt(fd);
	if (!u->iommufd)
		return -1;
	say__step("retrieve iommufd token=0x%" PRIx64, token);
	return 0;
}

static int cmd_resume__expect_no_token(struct update *u, uint32_t dev_id, uint64_t token,
				       const char *what)
{
	struct iommufd_reclaimed ids;

	return say__expect(iommufd__reclaim(u->iommufd, dev_id, token, &ids), -ENOENT,
			   "ioctl IOMMU_HWPT_LIVEUPDATE_RECLAIM of %s 0x%" PRIx64, what, token);
}

static const char *cmd_resume__reclaim_hint(int ret)
{
	switch (ret) {
	case -EBADMSG:
		return " (the kernel refuses the record, its log names the field; the memfds can "
		       "be had, map them in a new HWPT)";
	case -ENOTTY:
		return " (the running kernel lacks lutrace's patches)";
	default:
		return "";
	}
}

static int cmd_resume__reclaim(struct update *u, size_t hwpt)
{
	const struct plan_hwpt *h = &u->plan->hwpts[hwpt];
	uint32_t dev_id = vfio__dev_id(u->devices[h->device]);
	struct iommufd_reclaimed ids;
	int ret;

	if (cmd_resume__expect_no_token(u, dev_id, plan__unused_token(u->plan),
					"the unknown token"))
		return -1;
	ret = iommufd__reclaim(u->iommufd, dev_id, h->token, &ids);
	if (say__expect(ret, 0, "ioctl IOMMU_HWPT_LIVEUPDATE_RECLAIM of %s%s",
			update__hwpt_name(u, hwpt), cmd_resume__reclaim_hint(ret)))
		return -1;
	u->hwpts[hwpt].hwpt_id = ids.hwpt_id;
	u->hwpts[hwpt].ioas_id = ids.ioas_id;
	u->hwpts[hwpt].marked = true;
	say__step("reclaim %s, hwpt_id=%u ioas_id=%u", update__hwpt_name(u, hwpt), ids.hwpt_id,
		  ids.ioas_id);
	return cmd_resume__expect_no_token(u, dev_id, h->token,
					   "the token that is reclaimed already,");
}

static int cmd_resume__reclaim_all(struct update *u)
{
	size_t i;

	for (i = 0; i < u->plan->nr_hwpts; i++)
		if (u->plan->hwpts[i].marked && (stop__check() || cmd_resume__reclaim(u, i)))
			return -1;
	say__step("reclaim: unknown tokens and tokens reclaimed already are refused with "
		  "ENOENT");
	return update__expect_state(u, IOMMU_HWPT_LIVEUPDATE_RECLAIMED);
}

/* A reclaimed HWPT has fixed mappings; nothing of it is mapped again. */
static int cmd_resume__expect_fixed(struct update *u)
{
	size_t i;

	for (i = 0; i < u->plan->nr_hwpts; i++)
		if (u->plan->hwpts[i].marked && update__expect_fixed(u, i, false))
			return -1;
	return 0;
}

static int cmd_resume__finish(struct update *u)
{
	if (say__expect(session__finish(u->session), 0,
			"ioctl LIVEUPDATE_SESSION_FINISH of session '%s'", u->plan->session))
		return -1;
	u->finished = true;
	say__step("finish session %s", u->plan->session);
	return 0;
}

static int cmd_resume__destroy_reclaimed(struct update *u, size_t hwpt)
{
	const struct update_hwpt *h = &u->hwpts[hwpt];
	const char *name = update__hwpt_name(u, hwpt);

	if (say__expect(iommufd__destroy(u->iommufd, h->hwpt_id), 0,
			"ioctl IOMMU_DESTROY of the reclaimed %s", name) ||
	    say__expect(iommufd__destroy(u->iommufd, h->ioas_id), 0,
			"ioctl IOMMU_DESTROY of the IOAS of the reclaimed %s", name))
		return -1;
	say__step("destroy reclaimed %s and its IOAS", name);
	return 0;
}

/* The domains and the memory under them outlive the session, and end with their HWPT. */
static int cmd_resume__release_domains(struct update *u)
{
	size_t i;

	if (!plan__nr_marked(u->plan))
		return 0;
	if (update__run_probes(u, 2) || update__verify_memory(u) || update__detach(u))
		return -1;
	for (i = 0; i < u->plan->nr_hwpts; i++)
		if (u->plan->hwpts[i].marked && cmd_resume__destroy_reclaimed(u, i))
			return -1;
	return 0;
}

static int cmd_resume__retrieve_files(struct update *u)
{
	bool marked = plan__nr_marked(u->plan);
	int err = 0;

	if (marked && u->plan->iommufd_first)
		err = cmd_resume__retrieve_iommufd(u);
	/* An iommufd that is refused leaves the memory as it is */
	if (cmd_resume__retrieve_memfds(u) || err)
		return -1;
	return marked && !u->plan->iommufd_first ? cmd_resume__retrieve_iommufd(u) : 0;
}

static int cmd_resume__retrieve(struct update *u)
{
	if (cmd_resume__retrieve_session(u) || cmd_resume__retrieve_files(u) ||
	    hook__run(u->plan, PLAN_RETRIEVED) || update__assume_probes(u))
		return -1;
	return update__verify_memory(u);
}

static int cmd_resume__reclaim_domains(struct update *u)
{
	if (!plan__nr_marked(u->plan))
		return 0;
	return update__bind_devices(u) || cmd_resume__reclaim_all(u) ? -1 : update__attach(u);
}

static int cmd_resume__use_domains(struct update *u)
{
	if (!plan__nr_marked(u->plan))
		return 0;
	if (update__run_holes(u) || update__run_probes(u, 1) || cmd_resume__expect_fixed(u))
		return -1;
	return update__verify_memory(u);
}

/* That it moved the right bytes is known by now */
static int cmd_resume__tell_first_dma(struct update *u)
{
	if (cmd_resume__jumped_at && u->first_dma)
		say__note("%.3f ms from the jump to the end of the first DMA",
			  tsc__ms(&cmd_resume__began, u->first_dma - cmd_resume__jumped_at));
	return 0;
}

static int cmd_resume__conclude(struct update *u)
{
	say__step("resume of session %s: everything came through", u->plan->session);
	return 0;
}

struct options {
	char **plans; /* names of their files */
	size_t nr_plans;
	bool again;
	bool kexec;
	bool strict;
};

/* The memory is for the next kernel what it was for this one */
static int cmd_resume__refill(struct update *u)
{
	int err = session__end(u->luo, u->session);

	u->session = NULL;
	if (err || update__refill_sources(u) || update__run_probes(u, 0))
		return -1;
	return update__verify_memory(u);
}

static const struct stage cmd_resume__again_stages[] = {
	{ "refilled", cmd_resume__refill, STAGE_NO_HOOK, NULL, false },
	{ "opened", preserve__create_session, STAGE_NO_HOOK, NULL, false },
	{ "marked", preserve__mark, PLAN_MARKED, NULL, false },
	{ "loaded", NULL, STAGE_NO_HOOK, preserve__load_kernel, true },
	{ "preserved", preserve__preserve, PLAN_PRESERVED, NULL, false },
	{ "jumped", NULL, PLAN_BEFORE_KEXEC, preserve__jump, true },
};

/* With all that came through, unmarked and marked anew */
static int cmd_resume__preserve_again(struct group *g, bool kexec)
{
	int err = stage__run_all(g, cmd_resume__again_stages, ARRAY_SIZE(cmd_resume__again_stages),
				 kexec, NULL);

	/* Reached only without a jump */
	if (!err)
		err = preserve__end_without_jump(g);
	if (err)
		group__close_sessions(g);
	if (kexec)
		kexec__unload();
	return err;
}

/* After a failure, of which the error was said: what goes with this process, and what does not */
static int cmd_resume__say_lost(struct update *u)
{
	size_t reclaimed = 0, i;

	if (u->finished)
		return 0;
	if (!u->session) {
		/* Without the device there is none, which was said */
		if (!access(LUO_DEVICE, F_OK))
			say__note("session %s was not retrieved: if the previous kernel left it, it "
				  "stays as it is and can still be resumed", u->plan->session);
		return 0;
	}
	for (i = 0; i < u->plan->nr_hwpts; i++)
		reclaimed += u->hwpts[i].marked;
	say__warning("session %s is given up with the end of luctl: its %zu memfds and %zu marked "
		     "hwpts, %zu of them reclaimed, are freed",
		     u->plan->session, u->plan->nr_memfds, plan__nr_marked(u->plan), reclaimed);
	return 0;
}

static int cmd_resume__all(struct group *g, const struct options *options)
{
	/* A session can be had only once: what can fail without it comes first */
	if (group__each(g, update__open_devices) || group__open_luo(g) ||
	    group__each(g, cmd_resume__retrieve) || group__each(g, cmd_resume__reclaim_domains) ||
	    group__run_hooks(g, PLAN_RECLAIMED) || group__each(g, cmd_resume__use_domains) ||
	    group__each(g, cmd_resume__tell_first_dma) || group__each(g, cmd_resume__finish) ||
	    group__run_hooks(g, PLAN_FINISHED) ||
	    (options->again && cmd_resume__preserve_again(g, options->kexec)) ||
	    group__each(g, cmd_resume__release_domains))
		return -1;
	return group__each(g, cmd_resume__conclude);
}

/* Options */

enum {
	OPT_AGAIN = 0x100,
	OPT_NO_KEXEC,
	OPT_STRICT,
	OPT_SINCE,
};

static const struct argp_option cmd_resume__options[] = {
	{ "again", OPT_AGAIN, NULL, 0,
	  "Preserve all that came through once more, and jump into the next kernel", 0 },
	{ "no-kexec", OPT_NO_KEXEC, NULL, 0,
	  "With --again: load no kernel; after preserving, close all sessions and check that all "
	  "is as before",
	  0 },
	{ "strict", OPT_STRICT, NULL, 0,
	  "With --again: stop at the start if the next kernel would lose something, as far as that "
	  "can be known",
	  0 },
	{ "since", OPT_SINCE, "TSC", 0,
	  "Say how long it was from the jump, which 'luctl run' said was at TSC, to the first DMA",
	  0 },
	{ 0 },
};

static uint64_t cmd_resume__parse_tsc(struct argp_state *state, const char *text)
{
	uint64_t value = 0;

	if (!number__parse(text, UINT64_MAX, &value) || !value)
		argp_error(state, "--since: '%s' is no TSC; 'luctl run' says it last", text);
	if (value >= cmd_resume__began.tsc)
		argp_error(state,
			   "--since: %s is not in the past, the TSC is at %" PRIu64
			   "; give what 'luctl run' said on this machine",
			   text, cmd_resume__began.tsc);
	return value;
}

static error_t cmd_resume__parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case OPT_SINCE:
		cmd_resume__jumped_at = cmd_resume__parse_tsc(state, arg);
		return 0;
	case OPT_AGAIN:
		options->again = true;
		return 0;
	case OPT_NO_KEXEC:
		options->kexec = false;
		return 0;
	case OPT_STRICT:
		options->strict = true;
		return 0;
	case ARGP_KEY_ARGS:
		options->plans = &state->argv[state->next];
		options->nr_plans = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no plan; name the plans that 'luctl run' had");
		return 0;
	case ARGP_KEY_END:
		if (!options->kexec && !options->again)
			argp_error(state, "--no-kexec says nothing without --again");
		if (options->strict && !(options->again && options->kexec))
			argp_error(state,
				   "--strict is about the next kernel, and without --again, or "
				   "with --no-kexec, there is none");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_resume(int argc, char **argv)
{
	static const struct argp argp = {
		.options = cmd_resume__options,
		.parser = cmd_resume__parse,
		.args_doc = "PLAN [PLAN...]",
		.doc = "After the kexec, take back what each PLAN preserved, check it, and finish "
		       "the sessions.",
	};
	struct options options = { .kexec = true };
	struct group *g;
	int err;

	cmd_resume__began = tsc__moment();
	options__parse(&argp, argc, argv, 0, &options);
	stop__init(STOP_NEVER_ON_HANGUP);
	g = group__load(options.plans, options.nr_plans, true, options.again && options.kexec);
	if (!g)
		return EXIT_FAILURE;
	/* Before a session is retrieved, which can be done once */
	err = options.again && options.kexec ? preserve__check_next(g, options.strict) : 0;
	if (!err)
		err = cmd_resume__all(g, &options);
	if (err)
		group__tell_each(g, cmd_resume__say_lost);
	group__free(g);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
