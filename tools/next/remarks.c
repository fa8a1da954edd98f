// SPDX-License-Identifier: GPL-2.0-only
/* The list of what is said of a next kernel; compat.c, parameters.c and scratch.c add to it. */
#include <stdarg.h>
#include <stdio.h>

#include "next/remarks.h"

void remarks__add(struct remarks *remarks, enum remark_severity severity, const char *fmt, ...)
{
	struct remark *remark = &remarks->list[remarks->nr];
	va_list args;

	if (remarks->nr == REMARKS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(remark->text, sizeof(remark->text), fmt, args);
	va_end(args);
	remark->severity = severity;
	remarks->nr++;
}

bool remark__is_warning(const struct remark *remark)
{
	return remark->severity == REMARK_LOST || remark->severity == REMARK_RISK;
}

size_t remarks__nr_warnings(const struct remarks *remarks)
{
	size_t i, nr = 0;

	for (i = 0; i < remarks->nr; i++)
		nr += remark__is_warning(&remarks->list[i]);
	return nr;
}
