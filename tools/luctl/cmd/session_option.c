// SPDX-License-Identifier: GPL-2.0-only
/* See session_option.h. Called by cmd/abort.c and cmd/finish.c. */
#include <argp.h>

#include "cmd/session_option.h"

static const struct argp_option session_option__options[] = {
	{ "session", 's', "NAME", 0, "The session to end", 0 },
	{ 0 },
};

static error_t session_option__parse_one(int key, char *arg, struct argp_state *state)
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

const char *session_option__parse(int argc, char **argv, const char *doc)
{
	const struct argp argp = {
		.options = session_option__options,
		.parser = session_option__parse_one,
		.doc = doc,
	};
	const char *session = NULL;

	argp_parse(&argp, argc, argv, 0, NULL, &session);
	return session;
}
