/* SPDX-License-Identifier: GPL-2.0-only */
/* Where KHO's map of preserved memory is. Pure: live/deep.c reads the file. */
#ifndef LUTRACE_KHO_H
#define LUTRACE_KHO_H

#include <linux/types.h>
#include <stddef.h>
#include "lib/fault.h"

/*
 * The root of KHO's map of what is preserved, from its device tree (@fdt, of
 * @size bytes). -1 with @fault set if that is none, or of a version that the
 * walk does not know.
 */
int kho__root(const void *fdt, size_t size, __u64 *root, struct fault *fault);

#endif
