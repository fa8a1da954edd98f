/* SPDX-License-Identifier: GPL-2.0-only */
/* The schemas of all JSON that luperf writes, docs/NAME.schema.json, for --json-schema to print. */
#ifndef LUPERF_SCHEMAS_H
#define LUPERF_SCHEMAS_H

extern const char schema_compare[], schema_history[];

#endif
