// SPDX-License-Identifier: GPL-2.0-only
/* luctl run: everything before the kexec, in one process from the session to the reboot. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <linux/iommufd.h>

#include "commands.h"
#include "group.h"
#include "hook.h"
#include "iommufd.h"
#include "kexec.h"
#include "memfd.h"
#include "neighbour.h"
#include "plan.h"
#include "report.h"
#include "session.h"
#include "stop.h"
#include "update.h"
#include "vfio.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NO_PATCHES	" (the running kernel lacks lutrace's patches)"
#define NO_HOOK		PLAN_NR_STAGES

struct options {
	char **plans;		/* names of their files */
	size_t nr_plans;
	const char *stop_after;	/* name of a stage, or NULL */
	bool kexec;
	bool strict;
};

/* Stages */

static int create_session(struct update *u)
{
	u->session = luo__create_session(u->luo, u->plan->session);
	if (!u->session)
		return -1;
	report__step("create session %s", u->plan->session);
	return 0;
}

static int make_memfds(struct update *u)
{
	const struct plan_memfd *m;
	size_t i;

	for (i = 0; i < u->plan->nr_memfds; i++) {
		m = &u->plan->memfds[i];
		u->memfds[i] = memfd__create(m->name, m->size, m->huge, m->seed);
		if (!u->memfds[i])
			return -1;
		report__step("create memfd %s: %" PRIu64 " bytes, huge=%s, seed=%" PRIu64
			     ", filled and sealed", m->name, m->size, m->huge ? "yes" : "no",
			     m->seed);
	}
	return 0;
}

static int map_area(struct update *u, const struct plan_area *a)
{
	int ret;

	ret = iommufd__map_file(u->iommufd, u->hwpts[a->hwpt].ioas_id,
				memfd__fd(u->memfds[a->memfd]), a->offset, a->length, a->iova,
				a->perm & PLAN_READ, a->perm & PLAN_WRITE);
	return report__expect(ret, 0, "ioctl IOMMU_IOAS_MAP_FILE in %s of memfd %s offset "
				      "0x%" PRIx64 " length 0x%" PRIx64 " at iova 0x%" PRIx64
				      " (line %d of the plan)",
			      update__hwpt_name(u, a->hwpt), u->plan->memfds[a->memfd].name,
			      a->offset, a->length, a->iova, a->line);
}

static int map_areas(struct update *u, size_t hwpt)
{
	const struct plan_area *a;
	uint64_t bytes = 0;
	size_t i, n = 0;

	for (i = 0; i < u->plan->nr_areas; i++) {
		a = &u->plan->areas[i];
		if (a->hwpt != hwpt)
			continue;
		if (map_area(u, a))
			return -1;
		n++;
		bytes += a->length;
	}
	report__step("map %s: %zu areas, %" PRIu64 " bytes, hwpt_id=%u ioas_id=%u",
		     update__hwpt_name(u, hwpt), n, bytes, u->hwpts[hwpt].hwpt_id,
		     u->hwpts[hwpt].ioas_id);
	return 0;
}

static int alloc_ioas(struct update *u, size_t hwpt, uint32_t *ioas_id)
{
	return report__expect(iommufd__alloc_ioas(u->iommufd, ioas_id), 0,
			      "ioctl IOMMU_IOAS_ALLOC for %s", update__hwpt_name(u, hwpt));
}

static int alloc_hwpt(struct update *u, size_t hwpt, uint32_t ioas_id, uint32_t *hwpt_id)
{
	uint32_t dev_id = vfio__dev_id(u->devices[u->plan->hwpts[hwpt].device]);

	return report__expect(iommufd__alloc_hwpt(u->iommufd, dev_id, ioas_id, hwpt_id), 0,
			      "ioctl IOMMU_HWPT_ALLOC for %s", update__hwpt_name(u, hwpt));
}

/* The kernel maps in it what the IOAS has already */
static int share_ioas(struct update *u, size_t hwpt)
{
	size_t other = u->plan->hwpts[hwpt].ioas;
	struct update_hwpt *h = &u->hwpts[hwpt];

	h->ioas_id = u->hwpts[other].ioas_id;
	if (alloc_hwpt(u, hwpt, h->ioas_id, &h->hwpt_id))
		return -1;
	report__step("share %s: the IOAS of hwpt %s, hwpt_id=%u ioas_id=%u",
		     update__hwpt_name(u, hwpt), u->plan->hwpts[other].name, h->hwpt_id,
		     h->ioas_id);
	return 0;
}

static int make_hwpt(struct update *u, size_t hwpt)
{
	struct update_hwpt *h = &u->hwpts[hwpt];

	if (plan__shares_ioas(u->plan, hwpt))
		return share_ioas(u, hwpt);
	if (alloc_ioas(u, hwpt, &h->ioas_id) || alloc_hwpt(u, hwpt, h->ioas_id, &h->hwpt_id))
		return -1;
	return map_areas(u, hwpt);
}

static int make_hwpts(struct update *u)
{
	size_t i;

	if (!u->plan->nr_hwpts)
		return 0;
	u->iommufd = iommufd__open();
	if (!u->iommufd || update__open_devices(u) || update__bind_devices(u))
		return -1;
	for (i = 0; i < u->plan->nr_hwpts; i++)
		if (stop__check() || make_hwpt(u, i))
			return -1;
	return update__attach(u);
}

/* Holes first: they use memory that a probe then sets right */
static int probe(struct update *u)
{
	if (update__run_holes(u) || update__run_probes(u, 0))
		return -1;
	return update__verify_memory(u);
}

/* A second HWPT with the token of the first, made for this question only */
static int expect_token_used(struct update *u, size_t hwpt)
{
	uint64_t token = u->plan->hwpts[hwpt].token;
	uint32_t ioas_id, hwpt_id;

	if (alloc_ioas(u, hwpt, &ioas_id) || alloc_hwpt(u, hwpt, ioas_id, &hwpt_id) ||
	    report__expect(iommufd__mark(u->iommufd, hwpt_id, token), -EADDRINUSE,
			   "ioctl IOMMU_HWPT_LIVEUPDATE_MARK_PRESERVE of a second hwpt with token "
			   "0x%" PRIx64,
			   token) ||
	    report__expect(iommufd__destroy(u->iommufd, hwpt_id), 0,
			   "ioctl IOMMU_DESTROY of a hwpt that is not marked") ||
	    report__expect(iommufd__destroy(u->iommufd, ioas_id), 0,
			   "ioctl IOMMU_DESTROY of an IOAS without a hwpt"))
		return -1;
	report__step("mark: token 0x%" PRIx64 " for a second hwpt is refused with EADDRINUSE",
		     token);
	return 0;
}

static int expect_marked(struct update *u, size_t hwpt)
{
	uint32_t hwpt_id = u->hwpts[hwpt].hwpt_id;
	const char *name = update__hwpt_name(u, hwpt);

	if (report__expect(iommufd__mark(u->iommufd, hwpt_id, plan__unused_token(u->plan)), -EEXIST,
			   "a second ioctl IOMMU_HWPT_LIVEUPDATE_MARK_PRESERVE of %s", name))
		return -1;
	report__step("mark: a second mark of %s is refused with EEXIST", name);
	return expect_token_used(u, hwpt);
}

static int mark(struct update *u)
{
	size_t i;
	int ret;

	for (i = 0; i < u->plan->nr_hwpts; i++) {
		if (!u->plan->hwpts[i].marked)
			continue;
		ret = iommufd__mark(u->iommufd, u->hwpts[i].hwpt_id, u->plan->hwpts[i].token);
		if (report__expect(ret, 0, "ioctl IOMMU_HWPT_LIVEUPDATE_MARK_PRESERVE of %s%s",
				   update__hwpt_name(u, i), ret == -ENOTTY ? NO_PATCHES : ""))
			return -1;
		u->hwpts[i].marked = true;
		report__step("mark %s", update__hwpt_name(u, i));
		if (u->plan->assert_marks && expect_marked(u, i))
			return -1;
	}
	return 0;
}

/* Caller frees. Reports and returns NULL when it fails. */
static char *next_cmdline(const struct group *g, const char *running)
{
	char *cmdline = plan__expand_cmdline(group__kernel(g)->cmdline, running);

	if (!cmdline)
		report__errno(-ENOMEM, "no memory for the command line");
	return cmdline;
}

static int load_kernel(struct group *g)
{
	const struct plan_kernel *kernel = group__kernel(g);
	char *running, *cmdline;
	int err;

	running = kexec__running_cmdline();
	if (!running)
		return -1;
	cmdline = next_cmdline(g, running);
	free(running);
	if (!cmdline)
		return -1;
	err = kexec__load(kernel->image, kernel->initrd, cmdline);
	if (!err)
		report__step("load kernel %s initrd=%s cmdline=\"%s\"", kernel->image,
			     kernel->initrd ? kernel->initrd : "none", cmdline);
	free(cmdline);
	return err;
}

static int expect_order(struct update *u)
{
	int ret = session__preserve_fd(u->session, iommufd__fd(u->iommufd),
				       u->plan->iommufd_token);

	if (report__expect(ret, -ENOENT, "ioctl LIVEUPDATE_SESSION_PRESERVE_FD of the iommufd "
					 "before its memfds"))
		return -1;
	report__step("preserve: the iommufd before its memfds is refused with ENOENT");
	return 0;
}

static int preserve_memfds(struct update *u)
{
	const struct plan_memfd *m;
	size_t i;
	int ret;

	for (i = 0; i < u->plan->nr_memfds; i++) {
		m = &u->plan->memfds[i];
		ret = session__preserve_fd(u->session, memfd__fd(u->memfds[i]), m->token);
		if (report__expect(ret, 0, "ioctl LIVEUPDATE_SESSION_PRESERVE_FD of memfd %s "
					   "token=0x%" PRIx64,
				   m->name, m->token))
			return -1;
		report__step("preserve memfd %s token=0x%" PRIx64, m->name, m->token);
	}
	return 0;
}

static const char *preserve_hint(int ret)
{
	return ret == -ENOENT ? " (a mapped memfd is not preserved in this session, or the kernel "
				"cannot preserve an iommufd)" : "";
}

static int preserve_iommufd(struct update *u)
{
	uint64_t token = u->plan->iommufd_token;
	int ret = session__preserve_fd(u->session, iommufd__fd(u->iommufd), token);

	if (report__expect(ret, 0, "ioctl LIVEUPDATE_SESSION_PRESERVE_FD of the iommufd "
				   "token=0x%" PRIx64 "%s", token, preserve_hint(ret)))
		return -1;
	report__step("preserve iommufd token=0x%" PRIx64 " with %zu hwpts", token,
		     plan__nr_marked(u->plan));
	return 0;
}

/* A marked HWPT refuses every change, its IOAS does for others too; what is left allows it */
static int expect_fixed(struct update *u)
{
	bool marked;
	size_t i;

	for (i = 0; i < u->plan->nr_hwpts; i++) {
		marked = u->plan->hwpts[i].marked;
		if (plan__ioas_is_marked(u->plan, i) ? update__expect_fixed(u, i, marked) :
						       update__expect_changeable(u, i))
			return -1;
	}
	return 0;
}

static int expect_preserved(struct update *u)
{
	if (expect_fixed(u) || (u->plan->assert_attach && update__reattach(u)))
		return -1;
	return update__expect_state(u, IOMMU_HWPT_LIVEUPDATE_MARKED |
					      IOMMU_HWPT_LIVEUPDATE_PRESERVED);
}

static int preserve_once(struct update *u)
{
	bool marked = plan__nr_marked(u->plan);

	if (stop__check())
		return -1;
	if (marked && u->plan->nr_areas && u->plan->assert_order && expect_order(u))
		return -1;
	if (preserve_memfds(u) || (marked && preserve_iommufd(u)))
		return -1;
	return expect_preserved(u);
}

/* After a session was closed, everything that was made is as before it */
static int expect_unpreserved(struct update *u)
{
	size_t i;

	for (i = 0; u->iommufd && i < u->plan->nr_hwpts; i++)
		if (update__expect_changeable(u, i))
			return -1;
	if (update__expect_state(u, IOMMU_HWPT_LIVEUPDATE_MARKED))
		return -1;
	return update__run_probes(u, 0) ? -1 : update__verify_memory(u);
}

static int abort_session(struct update *u)
{
	session__close(u->session);
	u->session = NULL;
	report__step("close session %s", u->plan->session);
	return expect_unpreserved(u);
}

static int preserve(struct update *u)
{
	unsigned int i;

	for (i = 0; i < u->plan->aborts; i++) {
		if (preserve_once(u) || abort_session(u))
			return -1;
		report__step("abort %u of %u", i + 1, u->plan->aborts);
		if (hook__run(u->plan, PLAN_ABORTED))
			return -1;
		u->session = luo__create_session(u->luo, u->plan->session);
		if (!u->session)
			return -1;
		report__step("create session %s again", u->plan->session);
	}
	return preserve_once(u);
}

static int jump(struct group *g)
{
	int err;

	if (stop__check())
		return -1;
	report__note("step jump into %s", group__kernel(g)->image);
	err = kexec__reboot();
	return report__errno(err, "reboot(LINUX_REBOOT_CMD_KEXEC) returned, so that nothing was "
				  "handed over; see the kernel log");
}

/* All plans do the step, then all hooks run, then what is done once for all */
static const struct stage {
	const char *name;
	int (*each)(struct update *u);
	enum plan_stage hook;
	int (*once)(struct group *g);
	bool for_kexec;		/* left out with --no-kexec */
} stages[] = {
	{ "opened", create_session, NO_HOOK, NULL, false },
	{ "filled", make_memfds, NO_HOOK, NULL, false },
	{ "mapped", make_hwpts, PLAN_MAPPED, NULL, false },
	{ "probed", probe, NO_HOOK, NULL, false },
	{ "marked", mark, PLAN_MARKED, NULL, false },
	/* Before anything is preserved: what is wrong with the image shows early */
	{ "loaded", NULL, NO_HOOK, load_kernel, true },
	{ "preserved", preserve, PLAN_PRESERVED, NULL, false },
	{ "jumped", NULL, PLAN_BEFORE_KEXEC, jump, true },
};

static const struct stage *find_stage(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stages); i++)
		if (!strcmp(stages[i].name, name))
			return &stages[i];
	return NULL;
}

static int run_stage(struct group *g, const struct stage *stage)
{
	if (stop__check() || (stage->each && group__each(g, stage->each)))
		return -1;
	if (stage->hook != NO_HOOK && group__run_hooks(g, stage->hook))
		return -1;
	return stage->once ? stage->once(g) : 0;
}

static int run_stages(struct group *g, const struct options *options)
{
	size_t i;

	if (stop__check() || group__open_luo(g))
		return -1;
	for (i = 0; i < ARRAY_SIZE(stages); i++) {
		if (stages[i].for_kexec && !options->kexec)
			continue;
		if (run_stage(g, &stages[i]))
			return -1;
		if (options->stop_after && !strcmp(options->stop_after, stages[i].name))
			break;
	}
	return stop__check();
}

/* Reached only without a jump */
static int end_without_jump(struct group *g)
{
	if (group__each(g, abort_session))
		return -1;
	report__step("end without kexec: nothing is preserved");
	return 0;
}

static int run_plans(struct group *g, const struct options *options)
{
	int err = run_stages(g, options);

	if (!err)
		err = end_without_jump(g);
	if (err)
		group__close_sessions(g);
	if (options->kexec)
		kexec__unload();
	return err;
}

/* The next kernel, before anything is made for it */

static int report_remarks(const struct neighbour_remarks *remarks, bool strict)
{
	size_t i;

	for (i = 0; i < remarks->nr; i++) {
		if (remarks->list[i].warning)
			report__warning("%s", remarks->list[i].text);
		else
			report__note("note: %s", remarks->list[i].text);
	}
	if (strict && remarks->nr_warnings)
		return report__error("the next kernel does not fit, see the warnings; mend that, or "
				     "leave out --strict");
	return 0;
}

static int check_next_kernel(const struct group *g, bool strict)
{
	struct neighbour_needs needs = {
		.memfds = group__nr_memfds(g),
		.hwpts = group__nr_marked(g),
	};
	char *running = kexec__running_cmdline();
	char *next = running ? next_cmdline(g, running) : NULL;
	struct neighbour_remarks remarks = { 0 };
	int err = -1;

	if (next)
		err = neighbour__check(group__kernel(g)->image, next, running, needs, &remarks);
	free(next);
	free(running);
	return err ? -1 : report_remarks(&remarks, strict);
}

/* Options */

enum {
	OPT_NO_KEXEC = 0x100,
	OPT_STOP_AFTER,
	OPT_STRICT,
};

static const struct argp_option option_list[] = {
	{ "no-kexec", OPT_NO_KEXEC, NULL, 0,
	  "Load no kernel; after preserving, close all sessions and check that all is as before",
	  0 },
	{ "stop-after", OPT_STOP_AFTER, "STAGE", 0,
	  "Stop likewise after STAGE: opened, filled, mapped, probed, marked, loaded or preserved",
	  0 },
	{ "strict", OPT_STRICT, NULL, 0,
	  "Stop at the start if the next kernel would lose something, as far as that can be known",
	  0 },
	{ 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case OPT_NO_KEXEC:
		options->kexec = false;
		return 0;
	case OPT_STOP_AFTER:
		if (!find_stage(arg))
			argp_error(state, "there is no stage '%s'; write opened, filled, mapped, "
					  "probed, marked, loaded or preserved",
				   arg);
		options->stop_after = arg;
		return 0;
	case OPT_STRICT:
		options->strict = true;
		return 0;
	case ARGP_KEY_ARGS:
		options->plans = &state->argv[state->next];
		options->nr_plans = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no plan; name a plan's file, see luctl(8)");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_list,
		.parser = parse_option,
		.args_doc = "PLAN [PLAN...]",
		.doc = "Do what each PLAN says before the kexec, stage by stage for all of them, "
		       "and jump into the next kernel, which one of them names.",
	};
	struct options options = { .kexec = true };
	struct group *g;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	stop__init();
	g = group__load(options.plans, options.nr_plans, false, options.kexec);
	if (!g)
		return EXIT_FAILURE;
	err = options.kexec ? check_next_kernel(g, options.strict) : 0;
	if (!err)
		err = run_plans(g, &options);
	group__free(g);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
