// SPDX-License-Identifier: GPL-2.0-only
/* What the subcommands of lutrace have in common. */
#include "cmd/cmd.h"
#include "lib/fault.h"
#include "lib/version.h"

const char *argp_program_version = "lutrace " LUTRACE_VERSION;

int cmd__selected(const struct selection *sel, const struct names *names, bool seen,
		  const char *where)
{
	struct fault fault;

	if (!selection__check(sel, &names, 1, seen, where, &fault))
		return STATUS_CLEAN;
	complain("%s", fault.text);
	return STATUS_ERROR;
}
