// SPDX-License-Identifier: GPL-2.0-only
/*
 * luctl abort: a session ends only when its file descriptor is closed, so the process that holds
 * it is asked to do that.
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "cmd/commands.h"
#include "drive/pidfile.h"
#include "drive/say.h"

#define WAIT_TRIES	600
#define WAIT_NS		100000000L

static int wait_gone(const char *session)
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

static int abort_session(const char *session)
{
	pid_t holder = pidfile__holder(session);

	if (!holder)
		return say__error("no process holds session '%s'; 'luctl status' lists sessions",
				     session);
	if (kill(holder, SIGTERM))
		return say__errno(-errno, "kill of process %d, which holds session '%s', failed",
				     (int)holder, session);
	if (wait_gone(session))
		return say__error("process %d still holds session '%s' after %d s; "
				     "see what it waits for",
				     (int)holder, session, WAIT_TRIES / 10);
	say__step("abort session %s, which process %d held", session, (int)holder);
	return 0;
}

enum {
	OPT_SESSION = 0x100,
};

static const struct argp_option option_list[] = {
	{ "session", OPT_SESSION, "NAME", 0, "The session to end", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
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
		.options = option_list,
		.parser = parse_option,
		.doc = "Make the running 'luctl run' of a session close it, which unpreserves "
		       "everything.",
	};
	const char *session = NULL;

	argp_parse(&argp, argc, argv, 0, NULL, &session);
	return abort_session(session) ? EXIT_FAILURE : EXIT_SUCCESS;
}
