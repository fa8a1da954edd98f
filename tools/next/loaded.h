/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a next kernel is loaded, which sysfs tells. Called by luctl run and lutrace ready. */
#ifndef NEXT_LOADED_H
#define NEXT_LOADED_H

#include "lib/fault.h"

/*
 * 1: one is, 0: none is, or this kernel cannot kexec at all; -1 with @fault set, which says what to
 * do: it cannot be told. @root is in front of all paths, "" for this machine.
 */
int loaded__read(const char *root, struct fault *fault);

#endif
