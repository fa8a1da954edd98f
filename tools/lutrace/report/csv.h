/* SPDX-License-Identifier: GPL-2.0-only */
/* Operations as CSV. Pure. */
#ifndef LUTRACE_CSV_H
#define LUTRACE_CSV_H

#include <stdio.h>
#include "report/analysis.h"

/*
 * One row per operation: a begin and its end, paired by operation and identity. Where one of the
 * two was not seen, its columns are empty. RFC 4180, with a header that names the units; the
 * columns are in docs/report.md. Errors stay in the stream, for ferror().
 */
void csv__print(const struct analysis *a, FILE *f);

#endif
