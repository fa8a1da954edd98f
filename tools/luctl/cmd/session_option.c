// SPDX-License-Identifier: GPL-2.0-only
/* See session_option.h. Called by cmd/abort.c, cmd/finish.c and cmd/reclaim.c. */
#include "cmd/session_option.h"
#include "lib/options.h"
#include "plan/plan.h"

static const struct argp_option session_option__options[] = {
	{ "session", 's', "NAME", 0, "The session to end", 0 },
	{ 0 },
};

void session_option__take(struct argp_state *state, const char **session, const char *arg)
{
	const char *refusal = plan__refuse_session(arg);

	if (*session)
		argp_error(state, "--session is given twice, '%s' and '%s'; remove one", *session,
			   arg);
	if (refusal)
		argp_error(state, "--session: '%s' %s", arg, refusal);
	*session = arg;
}

static error_t session_option__parse_one(int key, char *arg, struct argp_state *state)
{
	const char **session = state->input;

	switch (key) {
	case 's':
		session_option__take(state, session, arg);
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

const char *session_option__parse(int argc, char **argv, const char *doc)
{
	const struct argp argp = {
		.options = session_option__options,
		.parser = session_option__parse_one,
		.doc = doc,
	};
	const char *session = NULL;

	options__parse(&argp, argc, argv, 0, &session);
	return session;
}
