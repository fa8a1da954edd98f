// SPDX-License-Identifier: GPL-2.0-only
/* luctl reclaim: one step of resume by hand. Ending it finishes the session. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cmd/commands.h"
#include "cmd/session_option.h"
#include "kernel/iommufd.h"
#include "lib/number.h"
#include "lib/options.h"
#include "plan/plan.h"
#include "drive/say.h"
#include "kernel/session.h"
#include "drive/stop.h"
#include "kernel/vfio.h"

struct options {
	const char *session;
	char device[BDF_SIZE]; /* "" if not given */
	uint64_t iommufd_token;
	uint64_t hwpt_token;
	bool has_iommufd_token, has_hwpt_token;
	bool hold;
};

/* What the steps hold open */
struct context {
	struct luo *luo;
	struct session *session;
	struct iommufd *iommufd;
	struct vfio *device;
};

static int cmd_reclaim__retrieve(struct context *c, const struct options *o)
{
	int fd;

	c->luo = luo__open();
	if (!c->luo)
		return -1;
	c->session = luo__retrieve_session(c->luo, o->session);
	if (!c->session)
		return -1;
	fd = session__retrieve_fd(c->session, o->iommufd_token);
	if (say__expect(fd, 0,
			"ioctl LIVEUPDATE_SESSION_RETRIEVE_FD of the iommufd "
			"token=0x%" PRIx64,
			o->iommufd_token))
		return -1;
	c->iommufd = iommufd__adopt(fd);
	if (!c->iommufd)
		return -1;
	say__step("retrieve iommufd token=0x%" PRIx64 " of session %s", o->iommufd_token,
		  o->session);
	return 0;
}

static int cmd_reclaim__reclaim(struct context *c, const struct options *o)
{
	struct iommufd_reclaimed ids;
	int ret;

	if (vfio__bind(c->device, iommufd__fd(c->iommufd)))
		return -1;
	ret = iommufd__reclaim(c->iommufd, vfio__dev_id(c->device), o->hwpt_token, &ids);
	if (say__expect(ret, 0, "ioctl IOMMU_HWPT_LIVEUPDATE_RECLAIM of hwpt token=0x%" PRIx64,
			o->hwpt_token))
		return -1;
	say__step("reclaim hwpt token=0x%" PRIx64 ", hwpt_id=%u ioas_id=%u", o->hwpt_token,
		  ids.hwpt_id, ids.ioas_id);
	if (vfio__attach(c->device, ids.hwpt_id))
		return -1;
	say__step("attach device %s to hwpt_id=%u", o->device, ids.hwpt_id);
	return 0;
}

static int cmd_reclaim__all(const struct options *o)
{
	struct context c = { 0 };
	int err;

	/* A session can be had only once: what can fail without it comes first */
	c.device = vfio__open(o->device);
	err = !c.device || cmd_reclaim__retrieve(&c, o) || cmd_reclaim__reclaim(&c, o);
	if (!err && o->hold) {
		say__note("holding until SIGINT or SIGTERM");
		stop__wait();
	}
	session__close(c.session);
	vfio__close(c.device);
	iommufd__close(c.iommufd);
	luo__close(c.luo);
	return err;
}

/* Options */

enum {
	OPT_SESSION = 0x100,
	OPT_IOMMUFD_TOKEN,
	OPT_DEVICE,
	OPT_HOLD,
};

static const struct argp_option cmd_reclaim__options[] = {
	{ "session", OPT_SESSION, "NAME", 0, "The session that holds the iommufd", 0 },
	{ "iommufd-token", OPT_IOMMUFD_TOKEN, "N", 0, "The iommufd's token in the session", 0 },
	{ "device", OPT_DEVICE, "BDF", 0, "The PCI device to bind and attach", 0 },
	{ "hold", OPT_HOLD, NULL, 0, "Keep everything until SIGINT or SIGTERM", 0 },
	{ 0 },
};

static uint64_t cmd_reclaim__parse_token(struct argp_state *state, const char *text)
{
	uint64_t value = 0;

	if (!number__parse(text, UINT64_MAX, &value))
		argp_error(state, "'%s' is no token; write a number, e.g. 0x200", text);
	return value;
}

static void cmd_reclaim__check(struct argp_state *state, const struct options *o)
{
	if (!o->session || !*o->device || !o->has_iommufd_token || !o->has_hwpt_token)
		argp_error(state, "--session, --iommufd-token, --device and the hwpt's token are "
				  "all needed");
}

static error_t cmd_reclaim__parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_SESSION:
		session_option__take(state, &o->session, arg);
		return 0;
	case OPT_IOMMUFD_TOKEN:
		o->iommufd_token = cmd_reclaim__parse_token(state, arg);
		o->has_iommufd_token = true;
		return 0;
	case OPT_DEVICE:
		if (!bdf__parse(arg, o->device))
			argp_error(state, "'%s' is no PCI address; write it like 0000:00:04.0",
				   arg);
		return 0;
	case OPT_HOLD:
		o->hold = true;
		return 0;
	case ARGP_KEY_ARG:
		if (o->has_hwpt_token)
			argp_error(state, "more than one hwpt token; name one");
		o->hwpt_token = cmd_reclaim__parse_token(state, arg);
		o->has_hwpt_token = true;
		return 0;
	case ARGP_KEY_END:
		cmd_reclaim__check(state, o);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_reclaim(int argc, char **argv)
{
	static const struct argp argp = {
		.options = cmd_reclaim__options,
		.parser = cmd_reclaim__parse,
		.args_doc = "HWPT_TOKEN",
		.doc = "Retrieve an iommufd, reclaim the HWPT with HWPT_TOKEN and attach the "
		       "device to it.",
	};
	struct options options = { 0 };

	options__parse(&argp, argc, argv, 0, &options);
	stop__init(STOP_NEVER_ON_HANGUP);
	return cmd_reclaim__all(&options) ? EXIT_FAILURE : EXIT_SUCCESS;
}
