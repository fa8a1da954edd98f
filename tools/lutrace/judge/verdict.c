// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verdicts, and how a finding gets into its check and to whoever asked to hear of violations.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "judge/rule.h"

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

/* Tells whoever asked for violations at once. */
static void oracle__emit(struct oracle *o, enum rule_id id, struct object *obj,
			 const struct lutrace_event *ev, const char *text)
{
	struct lutrace_event events[ORACLE_HISTORY + 1];
	struct violation v = { .rule = rule__name(id), .text = text, .events = events };

	if (!o->on_violation)
		return;
	if (obj && (obj->kind == OBJECT_RECORD || obj->kind == OBJECT_FLB)) {
		v.seq = obj->last_seq;
		v.nr_events = obj->nr_history;
		if (obj->history)
			memcpy(events, obj->history, v.nr_events * sizeof(*events));
		v.top_phys = obj->top_phys;
		v.ser_phys = obj->a;
		v.generation = obj->b;
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
	if (o->about(o->about_priv, obj->a, obj->b, obj->pid, name) != SELECTED_NO)
		return true;
	o->left_out++;
	return false;
}

void oracle__count_domain(struct oracle *o, enum rule_id id, __u64 ser_phys, __u64 generation)
{
	const struct object *obj = object__find(o, OBJECT_RECORD, ser_phys, generation);
	__u32 pid = obj ? obj->pid : 0;

	if (!o->about || o->about(o->about_priv, ser_phys, generation, pid, NULL) == SELECTED_YES)
		o->tallies[id].subjects++;
}

bool oracle__count(struct oracle *o, enum rule_id id, const struct object *obj)
{
	if (o->about && obj->kind == OBJECT_RECORD &&
	    o->about(o->about_priv, obj->a, obj->b, obj->pid, NULL) != SELECTED_YES)
		return false;
	o->tallies[id].subjects++;
	return true;
}

/* Whether a finding of that cause has a line already; then it is counted there. */
static bool oracle__is_alike(struct oracle *o, enum rule_id id, const char *cause)
{
	size_t i;

	for (i = 0; i < o->checks[id].nr_details && i < CHECK_MAX_DETAILS; i++)
		if (o->causes[id][i] == cause) {
			o->alike[id][i]++;
			return true;
		}
	return false;
}

static void oracle__add_detail(struct oracle *o, enum rule_id id, const char *cause,
			       const char *text)
{
	struct check *check = &o->checks[id];

	if (cause && oracle__is_alike(o, id, cause))
		return;
	if (check->nr_details < CHECK_MAX_DETAILS) {
		check->details[check->nr_details] = xstrdup(text);
		o->causes[id][check->nr_details] = cause;
	}
	check->nr_details++;
}

void oracle__count_alike(struct oracle *o)
{
	char *text;
	size_t i;
	int id;

	for (id = 0; id < NR_RULES; id++)
		for (i = 0; i < CHECK_MAX_DETAILS; i++) {
			if (!o->alike[id][i])
				continue;
			text = xasprintf("%s; %zu more like this", o->checks[id].details[i],
					 o->alike[id][i]);
			free(o->checks[id].details[i]);
			o->checks[id].details[i] = text;
			o->alike[id][i] = 0;
		}
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
		o->tallies[id].unknown++;
	}
	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (*name.s && len >= 0 && len < (int)sizeof(text))
		snprintf(text + len, sizeof(text) - len, " (%s)", name.s);
	oracle__add_detail(o, id, obj && verdict != VERDICT_VIOLATION ? fmt : NULL, text);
	if (verdict == VERDICT_VIOLATION)
		oracle__emit(o, id, obj, ev, text);
}

/* Not seen because it was lost, or because it was before. */
enum verdict oracle__unseen_verdict(const struct oracle *o)
{
	return o->missing ? VERDICT_INCOMPLETE : VERDICT_UNKNOWN;
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
