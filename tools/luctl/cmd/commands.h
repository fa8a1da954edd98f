/* SPDX-License-Identifier: GPL-2.0-only */
/* The subcommands of luctl, one file each. Called by main.c only. */
#ifndef LUCTL_COMMANDS_H
#define LUCTL_COMMANDS_H

#include <stdint.h>

/* One per subcommand; argv[0] is "luctl NAME". They return the exit status. */
int cmd_run(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_reclaim(int argc, char **argv);
int cmd_finish(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_abort(int argc, char **argv);

#endif
