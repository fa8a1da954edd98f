/* SPDX-License-Identifier: GPL-2.0-only */
/* An analysis as a trace for Perfetto: lutrace report --perfetto. Pure. */
#ifndef LUTRACE_PERFETTO_H
#define LUTRACE_PERFETTO_H

#include <stdio.h>
#include "lib/fault.h"
#include "report/analysis.h"

/*
 * What stands for what is in docs/report.md. Times are nanoseconds since the first recording began:
 * MONOTONIC within a kernel, and from one to the next what struct boot says. The same analysis
 * gives the same bytes.
 *
 * Returns -1 with the reason in @why and nothing written if the kernels cannot be put on one line.
 * Errors of writing stay in the stream, for ferror().
 */
int perfetto__write(const struct analysis *a, FILE *f, struct fault *why);

#endif
