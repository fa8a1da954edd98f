/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A rule and its verdict in JSON, alike in that of `lutrace report` and of `lutrace check`. Pure.
 */
#ifndef LUTRACE_CHECK_JSON_H
#define LUTRACE_CHECK_JSON_H

#include <jansson.h>
#include "judge/oracle.h"

/* With the number of its details, of which the first 20 are there as sentences. */
json_t *check__json(const struct check *check);

#endif
