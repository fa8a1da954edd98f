/* SPDX-License-Identifier: GPL-2.0-only */
/* The schemas of all JSON that lutrace writes, docs/NAME.schema.json, for --json-schema to print. */
#ifndef LUTRACE_SCHEMAS_H
#define LUTRACE_SCHEMAS_H

extern const char schema_check[], schema_doctor[], schema_latency[], schema_ready[],
		  schema_report[];

#endif
