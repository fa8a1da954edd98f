/* SPDX-License-Identifier: GPL-2.0-only */
/* What an operator calls a domain, in JSON: any writer of JSON about domains may call it. Pure. */
#ifndef LUTRACE_NAMES_JSON_H
#define LUTRACE_NAMES_JSON_H

#include <jansson.h>
#include "model/names.h"

/*
 * Adds session, iommufd_token, hwpt_token (hexadecimal strings), hwpt_id and devices to an object:
 * null is what is not known. @name may be NULL.
 */
void name__add_json(const struct name *name, json_t *to);

#endif
