// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verdicts, and how a finding gets into its check and to whoever asked to hear of violations.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "judge/rule.h"
#include "lib/mem.h"

const char *verdict__name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_PASS] = "clean",	   [VERDICT_NOT_CHECKED] = "not checked",
		[VERDICT_UNKNOWN] = "unknown",	   [VERDICT_INCOMPLETE] = "incomplete",
		[VERDICT_VIOLATION] = "violation",
	};

	return names[verdict];
}

int verdict__status(enum verdict verdict)
{
	if (verdict == VERDICT_VIOLATION)
		return 2;
	return verdict >= VERDICT_UNKNOWN ? 3 : 0;
}

static void oracle__emit(struct oracle *o, enum rule_id id, struct object *obj,
			 const struct lutrace_event *ev, const char *text)
{
	struct lutrace_event events[ORACLE_HISTORY + 1];
	struct violation v = { .rule = rule__name(id), .text = text, .events = events };

	if (!o->on_violation)
		return;
	if (obj) {
		v.nr_events = obj->nr_history;
		if (obj->history)
			memcpy(events, obj->history, v.nr_events * sizeof(*events));
		v.top_phys = obj->top_phys;
		if (obj->kind == OBJECT_RECORD) {
			v.ser_phys = obj->a;
			v.generation = obj->b;
		}
	}
	if (ev && (!v.nr_events || events[v.nr_events - 1].seq != ev->seq))
		events[v.nr_events++] = *ev;
	o->on_violation(o->priv, &v);
}

/* What concerns no domain concerns all. */
static bool oracle__wants(struct oracle *o, const struct object *obj, struct name_text *name)
{
	*name = (struct name_text){ .s = "" };
	if (!o->about || !obj || obj->kind != OBJECT_RECORD)
		return true;
	if (o->about(o->about_priv, obj->a, obj->b, obj->pid, name))
		return true;
	o->left_out++;
	return false;
}

void oracle__report(struct oracle *o, enum rule_id id, enum verdict verdict, struct object *obj,
		    const struct lutrace_event *ev, const char *fmt, ...)
{
	struct check *check = &o->checks[id];
	struct name_text name;
	char text[512];
	va_list args;
	int len;

	if (!oracle__wants(o, obj, &name))
		return;
	if (check->verdict < verdict)
		check->verdict = verdict;
	if (obj && verdict != VERDICT_VIOLATION && !(obj->undecided & 1u << id)) {
		obj->undecided |= 1u << id;
		o->unknown[id]++;
	}
	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (*name.s && len >= 0 && len < (int)sizeof(text))
		snprintf(text + len, sizeof(text) - len, " (%s)", name.s);
	if (check->nr_details++ < CHECK_MAX_DETAILS)
		check->details[check->nr_details - 1] = xstrdup(text);
	if (verdict == VERDICT_VIOLATION)
		oracle__emit(o, id, obj, ev, text);
}

/* Not seen because it was lost, or because it was before. */
enum verdict oracle__unseen_verdict(const struct oracle *o)
{
	return o->missing ? VERDICT_INCOMPLETE : VERDICT_UNKNOWN;
}

void oracle__about(struct oracle *o, about_fn about, void *priv)
{
	o->about = about;
	o->about_priv = priv;
}

size_t oracle__left_out(const struct oracle *o)
{
	return o->left_out;
}

enum verdict oracle__verdict(const struct oracle *o)
{
	enum verdict verdict = VERDICT_PASS;
	int id;

	for (id = 0; id < NR_RULES; id++)
		if (o->checks[id].verdict != VERDICT_NOT_CHECKED && o->checks[id].verdict > verdict)
			verdict = o->checks[id].verdict;
	return verdict;
}
