/* SPDX-License-Identifier: GPL-2.0-only */
/* What the subcommands of lutrace share: their table in main.c, and what was selected. */
#ifndef LUTRACE_CMD_H
#define LUTRACE_CMD_H

#include "lib/cmd.h"
#include "model/selection.h"

extern const struct cmd cmd_bundle, cmd_check, cmd_doctor, cmd_latency, cmd_ready, cmd_record,
			cmd_report, cmd_top, cmd_walk;

/*
 * STATUS_CLEAN if what @sel asks for was there, by @names and, for a process, @seen; else STATUS_ERROR,
 * after a sentence that names what there is. @where is what was looked at, "what was checked".
 */
int cmd__selected(const struct selection *sel, const struct names *names, bool seen,
		  const char *where);

#endif
