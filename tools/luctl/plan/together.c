// SPDX-License-Identifier: GPL-2.0-only
/* Checks that need all plans of one live update. Called by the group of luctl run and resume. */
#include <stdio.h>
#include <string.h>

#include "plan/parser.h"

static int together__check_devices(struct parser *p, const struct plan *a, const struct plan *b)
{
	size_t i, j;

	for (i = 0; i < a->nr_devices; i++)
		for (j = 0; j < b->nr_devices; j++)
			if (!strcmp(a->devices[i].bdf, b->devices[j].bdf))
				return parser__fail_at(p, b->devices[j].line,
					       "device %s is in the plan %s too (line %d); "
					       "take it out of one of the plans",
					       b->devices[j].bdf, a->file, a->devices[i].line);
	return 0;
}

static int together__check_pair(const struct plan *a, const struct plan *b, char *err, size_t err_size)
{
	struct parser p = { .file = b->file, .err = err, .err_size = err_size };

	if (!strcmp(a->session, b->session))
		return parser__fail_at(&p, b->session_line,
			       "session '%s' is in the plan %s too (line %d); "
			       "take another name, or name each plan once",
			       b->session, a->file, a->session_line);
	if (a->kernel.image && b->kernel.image)
		return parser__fail_at(&p, b->kernel.line,
			       "the plan %s names a kernel too (line %d), and there is one kexec "
			       "for all plans; remove one",
			       a->file, a->kernel.line);
	return together__check_devices(&p, a, b);
}

int plan__check_together(struct plan *const *plans, size_t nr, bool need_kernel, char *err,
			 size_t err_size)
{
	bool has_kernel = false;
	size_t i, j;

	for (i = 0; i < nr; i++) {
		for (j = 0; j < i; j++)
			if (together__check_pair(plans[j], plans[i], err, err_size))
				return -1;
		has_kernel |= plans[i]->kernel.image != NULL;
	}
	if (has_kernel || !need_kernel)
		return 0;
	snprintf(err, err_size, "%s: %s a kernel; add a line 'kernel image=FILE', or give "
				"--no-kexec",
		 plans[0]->file, nr == 1 ? "the plan does not name" :
					   "neither this plan nor another one names");
	return -1;
}
