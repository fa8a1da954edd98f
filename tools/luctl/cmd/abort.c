// SPDX-License-Identifier: GPL-2.0-only
/*
 * luctl abort: a session ends only when its file descriptor is closed, so the process that holds
 * it is asked to do that.
 */
#include <argp.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cmd/commands.h"
#include "drive/pidfile.h"
#include "drive/say.h"
#include "plan/plan.h"

#define WAIT_TRIES 600
#define WAIT_NS 100000000L

static int cmd_abort__wait(const char *session)
{
	static const struct timespec wait = { .tv_nsec = WAIT_NS };
	int i;

	for (i = 0; i < WAIT_TRIES; i++) {
		if (!pidfile__holder(session))
			return 0;
		nanosleep(&wait, NULL);
	}
	return -1;
}

static int cmd_abort__run(const char *session)
{
	const char *refusal = plan__refuse_session(session);
	pid_t holder;

	if (refusal)
		return say__error("--session: '%s' %s", session, refusal);
	holder = pidfile__stop_holder(session);
	if (!holder)
		return say__error("no process holds session '%s'; 'luctl status' lists sessions",
				  session);
	if (holder < 0)
		return say__errno((int)holder,
				  "sending SIGTERM to the luctl that holds session '%s' "
				  "failed%s",
				  session, geteuid() ? " (run luctl as root)" : "");
	if (cmd_abort__wait(session))
		return say__error("process %d still holds session '%s' after %d s; "
				  "see what it waits for",
				  (int)holder, session, WAIT_TRIES / 10);
	say__step("abort session %s, which process %d held", session, (int)holder);
	return 0;
}

enum {
	OPT_SESSION = 0x100,
};

static const struct argp_option cmd_abort__options[] = {
	{ "session", OPT_SESSION, "NAME", 0, "The session to end", 0 },
	{ 0 },
};

static error_t cmd_abort__parse(int key, char *arg, struct argp_state *state)
{
	const char **session = state->input;

	switch (key) {
	case OPT_SESSION:
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

int cmd_abort(int argc, char **argv)
{
	static const struct argp argp = {
		.options = cmd_abort__options,
		.parser = cmd_abort__parse,
		.doc = "Make the running 'luctl run' of a session close it, which unpreserves "
		       "everything.",
	};
	const char *session = NULL;

	argp_parse(&argp, argc, argv, 0, NULL, &session);
	return cmd_abort__run(session) ? EXIT_FAILURE : EXIT_SUCCESS;
}
