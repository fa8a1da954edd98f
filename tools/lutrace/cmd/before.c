// SPDX-License-Identifier: GPL-2.0-only
/* What `lutrace check --before` is given. Called by cmd/check.c alone. */
#include <string.h>
#include <sys/utsname.h>
#include "cmd/before.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "live/handover.h"
#include "live/host.h"
#include "recording/format.h"

struct recording before__running(void)
{
	struct handover handover = handover__read("");
	struct utsname host;
	struct recording r = {
		.path = xstrdup("the running kernel"), .boot_id = host__boot_id(),
		.host_id = host__id(""), .names = names__new(),
		.has_kexec_count = handover.has_kexec_count, .kexec_count = handover.kexec_count,
	};

	uname(&host);
	r.release = xstrdup(host.release);
	if (*handover.previous_release)
		r.previous_release = xstrdup(handover.previous_release);
	clock__read(&r.start);
	return r;
}

static int before__refuse(const struct recording *r, const struct recording *running,
			  struct fault *fault)
{
	/* What is restored now cannot have been preserved by the kernel that restores it. */
	if (!strcmp(r->boot_id, running->boot_id))
		return fault__set(fault, "%s was recorded in the running kernel: give --before a "
				  "recording of the kernel before it", r->path);
	if (recording__hosts(r, running) == HOSTS_DIFFER)
		return fault__set(fault, "%s is of another host than this one", r->path);
	return 0;
}

/* What was given is taken for the kernel before unless something is known that speaks against it. */
static void before__link(struct before *b, const struct recording *running)
{
	struct boot *last = &b->analysis.boots[b->analysis.nr_boots - 1];
	struct boot now = { .parts = &running, .nr_parts = 1 };

	boot__link(last, &now);
	if (last->link == LINK_COLD)
		complain("%s is not of the kernel that jumped into the running one, a cold boot "
			 "lies between: restores are not compared", boot__name(last));
	else if (last->link == LINK_MISSING)
		complain("%s is not of the kernel that jumped into the running one, another kernel "
			 "came between: restores are not compared", boot__name(last));
	else
		b->boot = last;
	/* What such a file held may be what came last */
	if (b->recordings.nr_empty)
		last->ended = last->whole = false;
}

int before__read(struct before *b, char *const *paths, size_t nr, const struct recording *running,
		 struct fault *fault)
{
	struct collection *c = &b->recordings;
	size_t i;

	for (i = 0; i < nr; i++)
		if (collection__add(c, paths[i], fault))
			return -1;
	for (i = 0; i < c->nr; i++)
		if (before__refuse(&c->items[i], running, fault))
			return -1;
	for (i = 0; i < c->nr_empty; i++)
		complain("%s", c->empty[i]);
	if (collection__one_host(c, fault) || collection__agree(c, fault))
		return -1;
	if (!c->nr) {
		complain("nothing is known of the kernel before: restores are not compared");
		return 0;
	}
	analysis__run_all(&b->analysis, c, NULL);
	before__link(b, running);
	return 0;
}

void before__free(struct before *b)
{
	analysis__free(&b->analysis);
	collection__free(&b->recordings);
}
