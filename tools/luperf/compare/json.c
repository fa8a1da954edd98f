// SPDX-License-Identifier: GPL-2.0-only
/* A comparison as JSON, by docs/compare.schema.json. See print.h. */
#include <jansson.h>
#include <stdlib.h>
#include "lib/version.h"
#include "luperf/compare/print.h"

static json_t *numbers__json(const double *values, size_t nr)
{
	json_t *json = json_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_array_append_new(json, json_real(values[i]));
	return json;
}

static json_t *number_or_null(bool known, double value)
{
	return known ? json_real(value) : json_null();
}

static json_t *row__json(const struct row *row)
{
	const struct metric *m = row->metric;
	bool tested = row->verdict < ROW_ONE_SIDE, interval = tested && row->shift.confidence >= 0.95;

	return json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:{s:f,s:f}}",
			 "metric", m->name, "unit", m->unit, "verdict",
			 row_verdict__name(row->verdict),
			 "old", numbers__json(row->old, row->nr_old),
			 "new", numbers__json(row->new, row->nr_new),
			 "old_median", number_or_null(tested, row->old_median),
			 "new_median", number_or_null(tested, row->new_median),
			 "shift", number_or_null(tested, row->shift.estimate),
			 "shift_low", number_or_null(interval, row->shift.low),
			 "shift_high", number_or_null(interval, row->shift.high),
			 "p", number_or_null(tested, row->test.p),
			 "smallest_p", number_or_null(tested, row->test.smallest),
			 "exact", tested ? json_boolean(row->test.exact) : json_null(),
			 "needed", row->verdict == ROW_TOO_FEW ? json_integer(row->needed) : json_null(),
			 "limits", "absolute", m->absolute, "relative", m->relative);
}

static json_t *rows__json(const struct comparison *c)
{
	json_t *json = json_array();
	size_t *order = comparison__order(c), i;

	for (i = 0; i < c->nr_rows; i++)
		json_array_append_new(json, row__json(&c->rows[order[i]]));
	free(order);
	return json;
}

static json_t *side__json(const struct comparison *c, const char *what, bool is_new)
{
	json_t *left_out = json_array();
	size_t i;

	for (i = 0; i < c->nr_left_out; i++)
		if (c->left_out[i].is_new == is_new)
			json_array_append_new(left_out, json_string(c->left_out[i].why));
	return json_pack("{s:s,s:I,s:I,s:o}", "what", what, "live_updates",
			 (json_int_t)(is_new ? c->nr_new : c->nr_old), "violations",
			 (json_int_t)(is_new ? c->new_violations : c->old_violations), "left_out",
			 left_out);
}

static json_t *differences__json(const struct comparison *c)
{
	json_t *json = json_array();
	size_t i;

	for (i = 0; i < c->nr_differences; i++)
		json_array_append_new(json, json_pack("{s:s,s:s,s:s,s:b}", "fact",
						      c->differences[i].name, "old",
						      c->differences[i].old, "new",
						      c->differences[i].new, "allowed",
						      c->differences[i].allowed));
	return json;
}

int comparison__print_json(const struct comparison *c, const struct sides *sides, FILE *f)
{
	json_t *json = json_pack("{s:s,s:s,s:s,s:i,s:f,s:o,s:o,s:o,s:o}", "schema", "lutrace-compare/1",
				 "tool", "luperf " LUTRACE_VERSION, "answer", answer__name(c->answer),
				 "status", answer__status(c->answer), "false_discovery_rate", c->q,
				 "old", side__json(c, sides->old, false),
				 "new", side__json(c, sides->new, true),
				 "differences", differences__json(c), "metrics", rows__json(c));
	int err = !json || json_dumpf(json, f, JSON_INDENT(2)) || fputc('\n', f) == EOF;

	json_decref(json);
	return err ? -1 : 0;
}
