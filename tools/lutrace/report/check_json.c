// SPDX-License-Identifier: GPL-2.0-only
/* A rule and its verdict in JSON. */
#include "report/check_json.h"
#include "report/json.h"

json_t *check__json(const struct check *check)
{
	json_t *detail = json_array();
	size_t i;

	for (i = 0; i < check->nr_details && i < CHECK_MAX_DETAILS; i++)
		json_array_append_new(detail, json__text(check->details[i]));
	return json_pack("{s:o,s:o,s:s,s:o,s:o,s:o}", "name", json__text(check->name),
			 "title", json__text(check->title),
			 "verdict", verdict__name(check->verdict),
			 "summary", json__text(check->summary),
			 "details", json__count(check->nr_details), "detail", detail);
}
