// SPDX-License-Identifier: GPL-2.0-only
/* What a listing of preserved domains comes to. Called by ready and the tests. */
#include <stdlib.h>
#include "objects/lister.h"

size_t listing__nr_preserved(const struct listing *list)
{
	size_t i, nr = 0;

	for (i = 0; i < list->nr; i++)
		nr += list->items[i].preserved;
	return nr;
}

void listing__free(struct listing *list)
{
	free(list->items);
	*list = (struct listing){ 0 };
}
