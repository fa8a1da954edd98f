/* SPDX-License-Identifier: GPL-2.0-only */
/* What is masked in the files of a support bundle. Touches no kernel. */
#ifndef LUTRACE_MASK_H
#define LUTRACE_MASK_H

#include <stddef.h>
#include "lib/fault.h"

/*
 * Masks a kernel's command line in place: "*" for each character of the value of a key that looks
 * like a secret's, and of user and password in an address. docs/lutrace-bundle.1 lists the keys.
 */
void mask__cmdline(char *text);
/* The same for the command line in a recording, and its checksum. -1: it is no recording. */
int mask__recording(const char *path, char *data, size_t size, struct fault *fault);
/* Only the lines of the kernel's log that are about a live update, to free. */
char *mask__log(const char *text);

#endif
