// SPDX-License-Identifier: GPL-2.0-only
/* luctl run: everything before the kexec, in one process from the session to the reboot. */
#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/options.h"

#include "cmd/commands.h"
#include "drive/group.h"
#include "kernel/iommufd.h"
#include "kernel/kexec.h"
#include "probe/memfd.h"
#include "plan/plan.h"
#include "drive/preserve.h"
#include "drive/say.h"
#include "drive/stage.h"
#include "drive/stop.h"
#include "drive/update.h"
#include "kernel/vfio.h"

struct options {
	char **plans; /* names of their files */
	size_t nr_plans;
	const char *stop_after; /* name of a stage, or NULL */
	bool kexec;
	bool strict;
};

/* Stages */

static int cmd_run__make_memfds(struct update *u)
{
	const struct plan_memfd *m;
	unsigned int kind;
	size_t i;

	for (i = 0; i < u->plan->nr_memfds; i++) {
		m = &u->plan->memfds[i];
		kind = (m->huge ? MEMFD_HUGE : 0) | (m->noexec ? MEMFD_NOEXEC : 0);
		u->memfds[i] = memfd__create(m->name, m->size, kind, m->seed);
		if (!u->memfds[i])
			return -1;
		say__step("create memfd %s: %" PRIu64 " bytes, huge=%s, seed=%" PRIu64
			  ", filled and sealed",
			  m->name, m->size, m->huge ? "yes" : "no", m->seed);
	}
	return 0;
}

static int cmd_run__map_area(struct update *u, const struct plan_area *a)
{
	int ret;

	ret = iommufd__map_file(u->iommufd, u->hwpts[a->hwpt].ioas_id,
				memfd__fd(u->memfds[a->memfd]), a->offset, a->length, a->iova,
				a->perm & PLAN_READ, a->perm & PLAN_WRITE);
	return say__expect(ret, 0,
			   "ioctl IOMMU_IOAS_MAP_FILE in %s of memfd %s offset "
			   "0x%" PRIx64 " length 0x%" PRIx64 " at iova 0x%" PRIx64
			   " (line %d of the plan)",
			   update__hwpt_name(u, a->hwpt), u->plan->memfds[a->memfd].name, a->offset,
			   a->length, a->iova, a->line);
}

static int cmd_run__map_areas(struct update *u, size_t hwpt)
{
	const struct plan_area *const *areas;
	size_t i, n;

	areas = plan__areas(u->plan, hwpt, &n);
	for (i = 0; i < n; i++)
		if (cmd_run__map_area(u, areas[i]))
			return -1;
	say__step("map %s: %zu areas, %" PRIu64 " bytes, hwpt_id=%u ioas_id=%u",
		  update__hwpt_name(u, hwpt), n, plan__mapped_bytes(u->plan, hwpt),
		  u->hwpts[hwpt].hwpt_id, u->hwpts[hwpt].ioas_id);
	return 0;
}

/* The kernel maps in it what the IOAS has already */
static int cmd_run__share_ioas(struct update *u, size_t hwpt)
{
	size_t other = u->plan->hwpts[hwpt].ioas;
	struct update_hwpt *h = &u->hwpts[hwpt];

	h->ioas_id = u->hwpts[other].ioas_id;
	if (update__alloc_hwpt(u, hwpt, h->ioas_id, &h->hwpt_id))
		return -1;
	say__step("share %s: the IOAS of hwpt %s, hwpt_id=%u ioas_id=%u",
		  update__hwpt_name(u, hwpt), u->plan->hwpts[other].name, h->hwpt_id, h->ioas_id);
	return 0;
}

static int cmd_run__make_hwpt(struct update *u, size_t hwpt)
{
	struct update_hwpt *h = &u->hwpts[hwpt];

	if (plan__shares_ioas(u->plan, hwpt))
		return cmd_run__share_ioas(u, hwpt);
	if (update__alloc_ioas(u, hwpt, &h->ioas_id) ||
	    update__alloc_hwpt(u, hwpt, h->ioas_id, &h->hwpt_id))
		return -1;
	return cmd_run__map_areas(u, hwpt);
}

static int cmd_run__make_hwpts(struct update *u)
{
	size_t i;

	if (!u->plan->nr_hwpts)
		return 0;
	u->iommufd = iommufd__open();
	if (!u->iommufd || update__open_devices(u) || update__bind_devices(u))
		return -1;
	for (i = 0; i < u->plan->nr_hwpts; i++)
		if (stop__check() || cmd_run__make_hwpt(u, i))
			return -1;
	return update__attach(u);
}

/* Holes first: they use memory that a probe then sets right */
static int cmd_run__probe(struct update *u)
{
	if (update__run_holes(u) || update__run_probes(u, 0))
		return -1;
	return update__verify_memory(u);
}

static const struct stage cmd_run__stages[] = {
	{ "opened", preserve__create_session, STAGE_NO_HOOK, NULL, false },
	{ "filled", cmd_run__make_memfds, PLAN_FILLED, NULL, false },
	{ "mapped", cmd_run__make_hwpts, PLAN_MAPPED, NULL, false },
	{ "probed", cmd_run__probe, STAGE_NO_HOOK, NULL, false },
	{ "marked", preserve__mark, PLAN_MARKED, NULL, false },
	{ "loaded", NULL, STAGE_NO_HOOK, preserve__load_kernel, true },
	{ "preserved", preserve__preserve, PLAN_PRESERVED, NULL, false },
	{ "jumped", NULL, PLAN_BEFORE_KEXEC, preserve__jump, true },
};

static bool cmd_run__is_stage(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cmd_run__stages); i++)
		if (!strcmp(cmd_run__stages[i].name, name))
			return true;
	return false;
}

static int cmd_run__plans(struct group *g, const struct options *options)
{
	int err = stop__check() || group__open_luo(g);

	if (!err)
		err = stage__run_all(g, cmd_run__stages, ARRAY_SIZE(cmd_run__stages),
				     options->kexec, options->stop_after);
	/* Reached only without a jump */
	if (!err)
		err = preserve__end_without_jump(g);
	if (err)
		group__close_sessions(g);
	if (options->kexec)
		kexec__unload();
	return err;
}

/* Options */

enum {
	OPT_NO_KEXEC = 0x100,
	OPT_STOP_AFTER,
	OPT_STRICT,
};

static const struct argp_option cmd_run__options[] = {
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

static error_t cmd_run__parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case OPT_NO_KEXEC:
		options->kexec = false;
		return 0;
	case OPT_STOP_AFTER:
		if (!cmd_run__is_stage(arg))
			argp_error(state,
				   "there is no stage '%s'; write opened, filled, mapped, "
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
		.options = cmd_run__options,
		.parser = cmd_run__parse,
		.args_doc = "PLAN [PLAN...]",
		.doc = "Do what each PLAN says before the kexec, stage by stage for all of them, "
		       "and jump into the next kernel, which one of them names.",
	};
	struct options options = { .kexec = true };
	struct group *g;
	int err;

	options__parse(&argp, argc, argv, 0, &options);
	stop__init(STOP_ON_HANGUP);
	g = group__load(options.plans, options.nr_plans, false, options.kexec);
	if (!g)
		return EXIT_FAILURE;
	err = options.kexec ? preserve__check_next(g, options.strict) : 0;
	if (!err)
		err = cmd_run__plans(g, &options);
	group__free(g);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
