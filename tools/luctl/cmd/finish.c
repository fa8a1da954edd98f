// SPDX-License-Identifier: GPL-2.0-only
/* luctl finish: give up a session of the previous kernel without having its files back. */
#include <stdlib.h>

#include "cmd/commands.h"
#include "cmd/session_option.h"
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

int cmd_finish(int argc, char **argv)
{
	const char *session = session_option__parse(argc, argv,
			"Finish a session of the previous kernel without retrieving its files: "
			"what they preserved is freed.");

	return cmd_finish__session(session) ? EXIT_FAILURE : EXIT_SUCCESS;
}
