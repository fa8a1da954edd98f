// SPDX-License-Identifier: GPL-2.0-only
/* luctl finish: give up a session of the previous kernel without having its files back. */
#include <argp.h>
#include <stdlib.h>

#include "cmd/commands.h"
#include "drive/say.h"
#include "kernel/session.h"

static int cmd_finish__session(const char *name)
{
	struct session *session = NULL;
	struct luo *luo = luo__open();
	int err = -1;

	if (luo)
		session = luo__retrieve_session(luo, name);
	if (session)
		err = say__expect(session__finish(session), 0,
				  "ioctl LIVEUPDATE_SESSION_FINISH of session %s", name);
	if (session && !err)
		say__step("finish session %s, none of its files was retrieved", name);
	session__close(session);
	luo__close(luo);
	return err;
}

static error_t cmd_finish__parse(int key, char *arg, struct argp_state *state)
{
	const char **session = state->input;

	switch (key) {
	case 's':
		*session = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is not expected; write --session NAME", arg);
		return 0;
	case ARGP_KEY_END:
		if (!*session)
			argp_error(state, "no session; write --session NAME");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_finish(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "session", 's', "NAME", 0, "The session to finish", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = cmd_finish__parse,
		.doc = "Finish a session of the previous kernel without retrieving its files: "
		       "what they preserved is freed.",
	};
	const char *session = NULL;

	argp_parse(&argp, argc, argv, 0, NULL, &session);
	return cmd_finish__session(session) ? EXIT_FAILURE : EXIT_SUCCESS;
}
