/* SPDX-License-Identifier: GPL-2.0-only */
/* Samples as JSON, by docs/history.schema.json: export-json and import-json call it. */
#ifndef LUPERF_SAMPLE_JSON_H
#define LUPERF_SAMPLE_JSON_H

#include <jansson.h>
#include "luperf/sample/sample.h"

#define HISTORY_SCHEMA	"lutrace-history/1"

/* What the first line of an export is. */
json_t *history__header(void);
/* -1 with @fault if this is no such line, or one of another version. */
int history__check_header(const json_t *header, struct fault *fault);
/* What each other line is. */
json_t *sample__json(const struct sample *s);
/* -1 with @fault if @json is not as the schema says. Nothing is taken on trust. */
int sample__of_json(struct sample *s, const json_t *json, struct fault *fault);

#endif
