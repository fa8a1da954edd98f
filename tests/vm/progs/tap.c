// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static char group[128];
static char reason[512];
static unsigned int nr_points, nr_failed;

void tap__group(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(group, sizeof(group), fmt, args);
	va_end(args);
	reason[0] = '\0';
}

static const char *result_name(int ret)
{
	const char *name = ret < 0 ? strerrorname_np(-ret) : "success";

	return name ? name : "an unknown errno";
}

bool tap__true(bool cond, const char *fmt, ...)
{
	va_list args;

	if (cond || reason[0])
		return cond;
	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	return false;
}

bool tap__want(int ret, int want, const char *fmt, ...)
{
	char what[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return tap__true(ret == want || (ret > 0 && !want), "%s gave %s instead of %s", what,
			 result_name(ret), result_name(want));
}

void tap__reason(void)
{
	printf("# %s\n", reason[0] ? reason : "no reason is known");
	fflush(stdout);
}

void tap__point(bool ok, const char *fmt, ...)
{
	va_list args;

	nr_points++;
	nr_failed += !ok;
	printf("%sok %u - %s: ", ok ? "" : "not ", nr_points, group);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	if (!ok)
		tap__reason();
	/* Nothing is left in the buffer for a child to print again */
	fflush(stdout);
}

int tap__end(void)
{
	printf("1..%u\n", nr_points);
	return nr_failed || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
