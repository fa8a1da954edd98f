/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LUTRACE_NAMES_JSON_H
#define LUTRACE_NAMES_JSON_H

#include <jansson.h>
#include "model/names.h"

/*
 * Adds session, iommufd_token, hwpt_token, hwpt_id and devices to an object: null is what is not
 * known. @name may be NULL.
 */
void name__add_json(const struct name *name, json_t *to);

#endif
