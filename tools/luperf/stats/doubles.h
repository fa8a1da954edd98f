/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of numbers that are no counts: their order and their median. Pure. For luperf's statistics. */
#ifndef LUPERF_DOUBLES_H
#define LUPERF_DOUBLES_H

#include <stddef.h>

/* For qsort() of doubles, of which none is a NaN. */
int doubles__compare(const void *x, const void *y);
/* Of at least one; between the two in the middle if they are even in number. */
double doubles__median(const double *values, size_t nr);

#endif
