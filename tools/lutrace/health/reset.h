/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which devices of preserved domains the kernel knows no way to reset. VFIO resets a device when it
 * is opened in the next kernel, if it can. Called by cmd/ready.c.
 */
#ifndef LUTRACE_RESET_H
#define LUTRACE_RESET_H

#include <stddef.h>

struct reset_list {
	char **devices; /* each once: "0000:00:04.0" */
	size_t nr, room;
};

/*
 * Adds those of @devices, names with spaces between, that are PCI devices and cannot be reset.
 * @root is in front of /sys, "" for this machine.
 */
void reset_list__add(struct reset_list *list, const char *root, const char *devices);
void reset_list__free(struct reset_list *list);

#endif
