// SPDX-License-Identifier: GPL-2.0-only
/* Checks that need all plans of one live update. Called by the group of luctl run and resume. */
#include <stdio.h>
#include <string.h>

#include "plan/taken.h"
#include "plan/parser.h"

/* p->taken has what the plans before @nr have, by the place of their plan in @plans */
static int together__add_devices(struct parser *p, struct plan *const *plans, size_t nr)
{
	const struct plan *b = plans[nr], *a;
	const struct plan_device *dev;
	size_t i, other, j;

	for (i = 0; i < b->nr_devices; i++) {
		dev = &b->devices[i];
		other = taken__find(p->taken, TAKEN_BDF, dev->bdf);
		if (other == TAKEN_NONE) {
			taken__add(p->taken, TAKEN_BDF, dev->bdf, nr);
			continue;
		}
		a = plans[other];
		for (j = 0; strcmp(a->devices[j].bdf, dev->bdf); j++)
			;
		return parser__fail_at(p, dev->line,
				       "device %s is in the plan %s too (line %d); "
				       "take it out of one of the plans",
				       dev->bdf, a->file, a->devices[j].line);
	}
	return 0;
}

static int together__add_session(struct parser *p, struct plan *const *plans, size_t nr)
{
	const struct plan *b = plans[nr];
	size_t other = taken__find(p->taken, TAKEN_SESSION, b->session);

	if (other != TAKEN_NONE)
		return parser__fail_at(p, b->session_line,
				       "session '%s' is in the plan %s too "
				       "(line %d); take another name, or name each plan once",
				       b->session, plans[other]->file, plans[other]->session_line);
	taken__add(p->taken, TAKEN_SESSION, b->session, nr);
	return 0;
}

static int together__check_kernels(struct parser *p, const struct plan *first,
				   const struct plan *plan)
{
	if (!first || !plan->kernel.image)
		return 0;
	return parser__fail_at(p, plan->kernel.line,
			       "the plan %s names a kernel too (line %d), and there is one kexec "
			       "for all plans; remove one",
			       first->file, first->kernel.line);
}

static int together__check(struct parser *p, struct plan *const *plans, size_t nr, bool need_kernel)
{
	const struct plan *with_kernel = NULL;
	size_t i;

	for (i = 0; i < nr; i++) {
		p->file = plans[i]->file;
		if (together__add_session(p, plans, i) ||
		    together__check_kernels(p, with_kernel, plans[i]) ||
		    together__add_devices(p, plans, i))
			return -1;
		if (plans[i]->kernel.image)
			with_kernel = plans[i];
	}
	if (with_kernel || !need_kernel)
		return 0;
	snprintf(p->err, p->err_size,
		 "%s: %s a kernel; add a line 'kernel image=FILE', or give "
		 "--no-kexec",
		 plans[0]->file,
		 nr == 1 ? "the plan does not name" : "neither this plan nor another one names");
	return -1;
}

int plan__check_together(struct plan *const *plans, size_t nr, bool need_kernel, char *err,
			 size_t err_size)
{
	struct parser p = { .err = err, .err_size = err_size, .taken = taken__new() };
	int ret = together__check(&p, plans, nr, need_kernel);

	taken__free(p.taken);
	return ret;
}
