// SPDX-License-Identifier: GPL-2.0-only
/* The schemas of docs/ as strings, for --json-schema of luperf. */
#include "luperf/cmd/schemas.h"

/* generated.mk of lutrace makes a string of each. */
const char schema_compare[] =
#include "compare_schema.h"
	;
const char schema_history[] =
#include "history_schema.h"
	;
