/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LUTRACE_VERSION_H
#define LUTRACE_VERSION_H

#define LUTRACE_VERSION "0.1"

#endif
