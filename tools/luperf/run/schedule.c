// SPDX-License-Identifier: GPL-2.0-only
/* The order of the live updates of a run. For run.c. See schedule.h. */
#include "lib/mem.h"
#include "luperf/run/schedule.h"

const char *arm__name(enum arm arm)
{
	static const char *const names[] = {
		[ARM_BASE] = "base", [ARM_NEW] = "new", [ARM_CONTROL] = "control",
	};

	return names[arm];
}

enum arm schedule__arm(size_t i, bool control)
{
	static const enum arm two[] = { ARM_BASE, ARM_NEW, ARM_NEW, ARM_BASE };
	static const enum arm three[] = {
		ARM_BASE, ARM_NEW, ARM_CONTROL, ARM_CONTROL, ARM_NEW, ARM_BASE,
	};

	return control ? three[i % ARRAY_SIZE(three)] : two[i % ARRAY_SIZE(two)];
}

size_t schedule__length(size_t n, bool control)
{
	return n * (control ? 3 : 2);
}
