// SPDX-License-Identifier: GPL-2.0-only
/* --require: which checks must be clean. Called by cmd/report.c and cmd/check.c. */
#include <stdlib.h>
#include <string.h>
#include "cmd/require.h"
#include "lib/mem.h"

static const char *check_name(int id)
{
	return id == CHECK_LATENCY ? "latency" : rule__name(id);
}

static char *all_names(int nr)
{
	char *names = xstrdup(check_name(0)), *more;
	int id;

	for (id = 1; id < nr; id++) {
		more = xasprintf("%s, %s", names, check_name(id));
		free(names);
		names = more;
	}
	return names;
}

void require__parse(struct require *r, struct argp_state *state, const char *arg, int nr)
{
	char *words = xstrdup(arg), *save, *word, *end = words;
	int id;

	while ((word = strsep(&end, ","))) {
		for (id = 0; id < nr && strcmp(check_name(id), word); id++)
			;
		if (id == nr) {
			save = all_names(nr);
			argp_error(state, "--require: no check is called \"%s\"; there are: %s", word,
				   save);
			free(save);
		} else {
			r->checks[id] = true;
		}
	}
	free(words);
}
