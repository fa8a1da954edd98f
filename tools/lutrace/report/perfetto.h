/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LUTRACE_PERFETTO_H
#define LUTRACE_PERFETTO_H

#include <stdio.h>
#include "lib/fault.h"
#include "report/analysis.h"

/*
 * The operations and violations as a trace for Perfetto, TrackEvents of perfetto.proto; what
 * stands for what is in docs/report.md. Times are nanoseconds since the first event of all
 * kernels: MONOTONIC within one, and from one to the next what the TSC says.
 *
 * Returns -1 with the reason in @why and nothing written if the kernels cannot be put on one line.
 * Errors of writing stay in the stream, for ferror().
 */
int perfetto__write(const struct analysis *a, FILE *f, struct fault *why);

#endif
