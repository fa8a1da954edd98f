// SPDX-License-Identifier: GPL-2.0-only
/* The schemas of docs/ as strings, for --json-schema. */
#include "report/schemas.h"

/* generated.mk makes a string of each. */
const char schema_check[] =
#include "check_schema.h"
	;
const char schema_doctor[] =
#include "doctor_schema.h"
	;
const char schema_latency[] =
#include "latency_schema.h"
	;
const char schema_ready[] =
#include "ready_schema.h"
	;
const char schema_report[] =
#include "report_schema.h"
	;
