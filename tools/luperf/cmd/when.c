// SPDX-License-Identifier: GPL-2.0-only
/* Times as text. See when.h. */
#include <time.h>
#include "luperf/cmd/when.h"

struct when when__of(int64_t seconds)
{
	struct when when = { "?" };
	time_t at = seconds;
	struct tm tm;

	if (gmtime_r(&at, &tm) && !strftime(when.s, sizeof(when.s), "%Y-%m-%d %H:%M:%S", &tm))
		when = (struct when){ "?" };
	return when;
}
