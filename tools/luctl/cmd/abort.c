// SPDX-License-Identifier: GPL-2.0-only
/*
 * luctl abort: a session ends only when its file descriptor is closed, so the process that holds
 * it is asked to do that.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cmd/commands.h"
#include "cmd/session_option.h"
#include "drive/pidfile.h"
#include "drive/say.h"

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
	pid_t holder = pidfile__stop_holder(session);

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

int cmd_abort(int argc, char **argv)
{
	const char *session = session_option__parse(argc, argv,
			"Make the running 'luctl run' of a session close it, which unpreserves "
			"everything.");

	return cmd_abort__run(session) ? EXIT_FAILURE : EXIT_SUCCESS;
}
