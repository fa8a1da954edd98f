/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the machine and its clocks are: the header of a recording, and what tells one boot and one
 * host from another. The functions with @root read the files below it, "" for those of this machine.
 */
#ifndef LUTRACE_HOST_H
#define LUTRACE_HOST_H

#include <stdbool.h>
#include "recording/recording.h"

/* What the kernel is told apart by, as text for recorder__host(), to free. */
char *host__describe(void);
/* Whether the machine is QEMU TCG, whose time is no hardware's. */
bool host__emulated(void);
/* The id of the running boot, to free; "" if the kernel does not tell. */
char *host__boot_id(void);
/*
 * What outlives a reboot: the product UUID of the DMI, which only root may read, else
 * /etc/machine-id, as "KIND-HASH"; to free. NULL if neither is there.
 */
char *host__id(const char *root);
/*
 * A hash of the text of the kernel's configuration, from /proc/config.gz or else /boot/config-@release; to free.
 * NULL: there is neither.
 */
char *host__config(const char *root, const char *release);
/* What the first CPU calls itself in /proc/cpuinfo; to free. NULL: it does not say. */
char *host__cpu_model(const char *root);
/* The best of some readings of all clocks: the one with the least spread. */
void clock__read(struct lutrace_clock *clock);

#endif
