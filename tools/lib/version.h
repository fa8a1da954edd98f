/* SPDX-License-Identifier: GPL-2.0-only */
/* The version of all tools, which scripts/lib.sh reads from here too. */
#ifndef LUTRACE_VERSION_H
#define LUTRACE_VERSION_H

#define LUTRACE_VERSION "0.1"

#endif
