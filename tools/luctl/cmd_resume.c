// SPDX-License-Identifier: GPL-2.0-only
/* luctl resume: everything after the kexec. All that it needs is in the plan. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include <linux/iommufd.h>

#include "commands.h"
#include "hook.h"
#include "iommufd.h"
#include "memfd.h"
#include "pidfile.h"
#include "plan.h"
#include "report.h"
#include "session.h"
#include "stop.h"
#include "update.h"
#include "vfio.h"

static int retrieve_session(struct update *u)
{
	u->luo = luo__open();
	if (!u->luo)
		return -1;
	u->session = luo__retrieve_session(u->luo, u->plan->session);
	if (!u->session)
		return -1;
	report__step("retrieve session %s", u->plan->session);
	return 0;
}

static int retrieve_memfds(struct update *u)
{
	const struct plan_memfd *m;
	size_t i;
	int fd;

	for (i = 0; i < u->plan->nr_memfds; i++) {
		m = &u->plan->memfds[i];
		fd = session__retrieve_fd(u->session, m->token);
		if (report__expect(fd, 0, "ioctl LIVEUPDATE_SESSION_RETRIEVE_FD of memfd %s "
					  "token=0x%" PRIx64,
				   m->name, m->token))
			return -1;
		u->memfds[i] = memfd__adopt(fd, m->name, m->size, m->seed);
		if (!u->memfds[i])
			return -1;
		report__step("retrieve memfd %s token=0x%" PRIx64 ": %" PRIu64 " bytes", m->name,
			     m->token, m->size);
	}
	return 0;
}

static int retrieve_iommufd(struct update *u)
{
	uint64_t token = u->plan->iommufd_token;
	int fd = session__retrieve_fd(u->session, token);

	if (report__expect(fd, 0, "ioctl LIVEUPDATE_SESSION_RETRIEVE_FD of the iommufd "
				  "token=0x%" PRIx64,
			   token))
		return -1;
	u->iommufd = iommufd__adopt(fd);
	if (!u->iommufd)
		return -1;
	report__step("retrieve iommufd token=0x%" PRIx64, token);
	return 0;
}

static int expect_no_token(struct update *u, uint32_t dev_id, uint64_t token, const char *what)
{
	struct iommufd_reclaimed ids;

	return report__expect(iommufd__reclaim(u->iommufd, dev_id, token, &ids), -ENOENT,
			      "ioctl IOMMU_HWPT_LIVEUPDATE_RECLAIM of %s 0x%" PRIx64, what, token);
}

static const char *reclaim_hint(int ret)
{
	switch (ret) {
	case -EBADMSG:
		return " (the kernel refuses the record; its log names the field)";
	case -ENOTTY:
		return " (the running kernel lacks lutrace's patches)";
	default:
		return "";
	}
}

static int reclaim(struct update *u, size_t hwpt)
{
	const struct plan_hwpt *h = &u->plan->hwpts[hwpt];
	uint32_t dev_id = vfio__dev_id(u->devices[h->device]);
	struct iommufd_reclaimed ids;
	int ret;

	if (expect_no_token(u, dev_id, plan__unused_token(u->plan), "the unknown token"))
		return -1;
	ret = iommufd__reclaim(u->iommufd, dev_id, h->token, &ids);
	if (report__expect(ret, 0, "ioctl IOMMU_HWPT_LIVEUPDATE_RECLAIM of %s%s",
			   update__hwpt_name(u, hwpt), reclaim_hint(ret)))
		return -1;
	u->hwpts[hwpt].hwpt_id = ids.hwpt_id;
	u->hwpts[hwpt].ioas_id = ids.ioas_id;
	report__step("reclaim %s, hwpt_id=%u ioas_id=%u", update__hwpt_name(u, hwpt), ids.hwpt_id,
		     ids.ioas_id);
	return expect_no_token(u, dev_id, h->token, "the token that is reclaimed already,");
}

static int reclaim_all(struct update *u)
{
	size_t i;

	for (i = 0; i < u->plan->nr_hwpts; i++)
		if (u->plan->hwpts[i].marked && (stop__check() || reclaim(u, i)))
			return -1;
	report__step("reclaim: unknown tokens and tokens reclaimed already are refused with "
		     "ENOENT");
	return update__expect_state(u, IOMMU_HWPT_LIVEUPDATE_RECLAIMED);
}

/* A reclaimed HWPT has fixed mappings; nothing of it is mapped again. */
static int expect_fixed(struct update *u)
{
	size_t i;

	for (i = 0; i < u->plan->nr_hwpts; i++)
		if (u->plan->hwpts[i].marked && update__expect_fixed(u, i, false))
			return -1;
	return 0;
}

static int resume_domains(struct update *u)
{
	if (update__bind_devices(u) || reclaim_all(u) || update__attach(u) ||
	    hook__run(u->plan, PLAN_RECLAIMED) || update__run_holes(u) ||
	    update__run_probes(u, 1) || expect_fixed(u))
		return -1;
	return update__verify_memory(u);
}

static int finish(struct update *u)
{
	if (report__expect(session__finish(u->session), 0,
			   "ioctl LIVEUPDATE_SESSION_FINISH of session '%s'", u->plan->session))
		return -1;
	report__step("finish session %s", u->plan->session);
	return hook__run(u->plan, PLAN_FINISHED);
}

static int destroy_reclaimed(struct update *u, size_t hwpt)
{
	const struct update_hwpt *h = &u->hwpts[hwpt];
	const char *name = update__hwpt_name(u, hwpt);

	if (report__expect(iommufd__destroy(u->iommufd, h->hwpt_id), 0,
			   "ioctl IOMMU_DESTROY of the reclaimed %s", name) ||
	    report__expect(iommufd__destroy(u->iommufd, h->ioas_id), 0,
			   "ioctl IOMMU_DESTROY of the IOAS of the reclaimed %s", name))
		return -1;
	report__step("destroy reclaimed %s and its IOAS", name);
	return 0;
}

/* The domains and the memory under them outlive the session, and end with their HWPT. */
static int release_domains(struct update *u)
{
	size_t i;

	if (update__run_probes(u, 2) || update__verify_memory(u) || update__detach(u))
		return -1;
	for (i = 0; i < u->plan->nr_hwpts; i++)
		if (u->plan->hwpts[i].marked && destroy_reclaimed(u, i))
			return -1;
	return 0;
}

static int retrieve(struct update *u)
{
	bool marked = plan__nr_marked(u->plan);

	if (retrieve_session(u) ||
	    (marked && u->plan->iommufd_first && retrieve_iommufd(u)) || retrieve_memfds(u) ||
	    (marked && !u->plan->iommufd_first && retrieve_iommufd(u)))
		return -1;
	return hook__run(u->plan, PLAN_RETRIEVED);
}

static int resume(struct update *u)
{
	bool marked = plan__nr_marked(u->plan);

	/* A session can be had only once: what can fail without it comes first */
	if (update__open_devices(u) || retrieve(u) || update__assume_probes(u) ||
	    update__verify_memory(u) || stop__check())
		return -1;
	if (marked && resume_domains(u))
		return -1;
	if (stop__check() || finish(u))
		return -1;
	return marked ? release_domains(u) : 0;
}

static int resume_plan(const struct plan *plan)
{
	struct update *u = update__new(plan, true);
	int err;

	if (!u)
		return -1;
	err = resume(u);
	update__free(u);
	if (!err)
		report__step("resume of session %s: everything came through", plan->session);
	return err;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	const char **plan = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*plan)
			argp_error(state, "more than one plan; name one");
		*plan = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no plan; name the plan that 'luctl run' had");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_resume(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "PLAN",
		.doc = "After the kexec, take back what PLAN preserved, check it, and finish the "
		       "session.",
	};
	const char *file = NULL;
	struct plan *plan;
	char text[1024];
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &file);
	plan = plan__load(file, text, sizeof(text));
	if (!plan) {
		report__error("%s", text);
		return EXIT_FAILURE;
	}
	stop__init();
	err = pidfile__create(plan->session);
	if (!err) {
		err = resume_plan(plan);
		pidfile__remove(plan->session);
	}
	plan__free(plan);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
