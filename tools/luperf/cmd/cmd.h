/* SPDX-License-Identifier: GPL-2.0-only */
/* What the subcommands of luperf share: their table in main.c, and the option --db. */
#ifndef LUPERF_CMD_H
#define LUPERF_CMD_H

#include "lib/cmd.h"
#include "luperf/store/store.h"

extern const struct cmd cmd_add, cmd_alarms, cmd_annotate, cmd_bisect, cmd_compare, cmd_export_json, cmd_gate,
			cmd_history, cmd_import_json, cmd_list, cmd_metrics,
			cmd_prune, cmd_remove, cmd_run, cmd_show;

/* The option --db, as a child of a command's argp whose input is a const char **. */
extern const struct argp db_argp;

/* The history, after a sentence if it cannot be opened; then NULL. */
struct store *cmd__open(const char *where, enum db_open how);

#endif
