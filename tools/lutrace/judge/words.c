// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events, objects and their states in words, for findings.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "judge/rule.h"

/* The kernel returns errors as the negative of a number up to this one. */
#define MAX_ERRNO 4095

struct words words__event(const struct lutrace_event *ev)
{
	const char *phase = ev->phase == LUTRACE_BEGIN ? "begin" : "end";
	struct words w;

	if (op__is_flb(ev->op))
		snprintf(w.s, sizeof(w.s), "%s %s (seq %llu)", op__name(ev->op), phase, ev->seq);
	else
		snprintf(w.s, sizeof(w.s), "%s %s of record 0x%llx generation %llu (seq %llu)",
			 op__name(ev->op), phase, ev->ser_phys, ev->generation, ev->seq);
	return w;
}

struct words words__object(const struct object *obj)
{
	struct words w;

	if (obj->kind == OBJECT_RECORD)
		snprintf(w.s, sizeof(w.s), "record 0x%llx generation %llu", obj->a, obj->b);
	else if (obj->kind == OBJECT_FLB)
		snprintf(w.s, sizeof(w.s), "the FLB");
	else
		snprintf(w.s, sizeof(w.s), "%s 0x%llx", obj->kind == OBJECT_ROOT ? "root" : "slot",
			 obj->a);
	return w;
}

/* A recording may have any number there; that it is none of the kernel's is said. */
static const char *words__error(int ret)
{
	return ret < 0 && ret >= -MAX_ERRNO ? strerror(-ret) : "this is no error number";
}

/* Where it is in an automaton, since when, and why if its last operation failed. */
struct words words__state(const struct object *obj, const struct spec *spec,
			  const struct track *track)
{
	struct words w;
	int n = snprintf(w.s, sizeof(w.s), "%s", spec->states[track->believed]);

	if (track->since)
		n += snprintf(w.s + n, sizeof(w.s) - n, " since seq %" PRIu64, track->since);
	if (obj->error && (obj->kind == OBJECT_RECORD || obj->kind == OBJECT_FLB))
		snprintf(w.s + n, sizeof(w.s) - n, ": %s (%d)", words__error(obj->error),
			 obj->error);
	return w;
}
