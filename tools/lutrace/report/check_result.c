// SPDX-License-Identifier: GPL-2.0-only
/* What lutrace check --json writes, by docs/check.schema.json: cmd/check.c calls it. */
#include "lib/version.h"
#include "report/check_json.h"
#include "report/check_result.h"
#include "report/json.h"
#include "report/names_json.h"

static json_t *violation__events_json(const struct violation *v)
{
	json_t *events = json_array();
	const struct lutrace_event *ev;
	size_t i;

	for (i = 0; i < v->nr_events; i++) {
		ev = &v->events[i];
		json_array_append_new(events, json_pack("{s:o,s:s,s:s,s:o,s:i,s:o,s:o}",
			"seq", json__count(ev->seq), "operation", op__name(ev->op),
			"phase", ev->phase == LUTRACE_BEGIN ? "begin" : "end",
			"time_ns", json__count(ev->time_ns), "ret", ev->ret,
			"cpu", json__count(ev->cpu), "pid", json__count(ev->pid)));
	}
	return events;
}

json_t *violation__json(const struct violation *v, const struct name *name)
{
	json_t *violation = json_pack("{s:s,s:o,s:o,s:o,s:o,s:o}",
		"rule", v->rule, "text", json__text(v->text),
		"record", json__hex(v->ser_phys),
		"generation", json__count(v->generation),
		"root", json__hex(v->top_phys), "events", violation__events_json(v));

	if (violation)
		name__add_json(name, violation);
	return violation;
}

static json_t *check_result__checks_json(const struct check_result *result)
{
	json_t *checks = json_array(), *check;
	int id;

	for (id = 0; id < NR_RULES; id++) {
		check = check__json(oracle__check(result->oracle, id));
		json_object_set_new(check, "unknown",
				    json__count(oracle__tally(result->oracle, id)->unknown));
		json_array_append_new(checks, check);
	}
	return checks;
}

int check_result__write_json(const struct check_result *result, FILE *f)
{
	const struct oracle *o = result->oracle;
	enum verdict verdict = oracle__verdict(o);
	json_t *root;

	root = json_pack("{s:s,s:s,s:i,s:s,s:o,s:o,s:o,s:o,s:O,s:o}", "schema", CHECK_SCHEMA,
			 "verdict", verdict__name(verdict), "status", verdict__status(verdict),
			 "tool", "lutrace " LUTRACE_VERSION, "preserved_before",
			 json__count_if(result->knows_before, result->nr_before),
			 "events", json__count(oracle__nr_events(o)),
			 "checks", check_result__checks_json(result), "overhead",
			 result->overhead ? overhead__json(result->overhead) : json_null(),
			 "violations", result->violations,
			 "left_out", json__count(oracle__left_out(o)));
	return json__write(root, false, f);
}
