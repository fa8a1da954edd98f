// SPDX-License-Identifier: GPL-2.0-only
/* Samples as JSON and back: see json.h. */
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>
#include "bpf/events.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "lib/version.h"
#include "luperf/sample/json.h"
#include "model/op.h"

/* An operation is an array of these, since there are many. */
static const char *const columns[] = {
	"kernel", "operation", "domain", "at_ns", "latency_ns", "tables", "bytes", "result",
};

json_t *history__header(void)
{
	json_t *names = json_array();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(columns); i++)
		json_array_append_new(names, json_string(columns[i]));
	return json_pack("{s:s,s:s,s:o}", "schema", HISTORY_SCHEMA, "tool", "luperf " LUTRACE_VERSION,
			 "operation_columns", names);
}

int history__check_header(const json_t *header, struct fault *fault)
{
	const char *schema = json_string_value(json_object_get(header, "schema"));

	if (!schema)
		return fault__set(fault, "this is no export of a history: its first line has no schema");
	if (strcmp(schema, HISTORY_SCHEMA))
		return fault__set(fault, "the schema is \"%s\", this luperf knows %s", schema,
				  HISTORY_SCHEMA);
	return 0;
}

/* Writing */

static json_t *pairs__json(const struct pairs *pairs)
{
	json_t *json = json_object();
	size_t i;

	for (i = 0; i < pairs->nr; i++)
		json_object_set_new(json, pairs->items[i].name, json_string(pairs->items[i].value));
	return json;
}

static json_t *value__json(const struct value *v)
{
	return json_pack("[s,s,s?,I,o,I,I,i]", kernel__name(v->kernel), op__name(v->op), v->domain,
			 (json_int_t)v->at_ns,
			 v->has_latency ? json_integer(v->latency_ns) : json_null(),
			 (json_int_t)v->tables, (json_int_t)v->bytes, v->result);
}

static json_t *values__json(const struct sample *s)
{
	json_t *json = json_array();
	size_t i;

	for (i = 0; i < s->nr_values; i++)
		json_array_append_new(json, value__json(&s->values[i]));
	return json;
}

static json_t *quantities__json(const struct sample *s)
{
	json_t *json = json_object();
	size_t i;

	for (i = 0; i < s->nr_quantities; i++)
		json_object_set_new(json, s->quantities[i].name, json_integer(s->quantities[i].value));
	return json;
}

static json_t *findings__json(const struct sample *s)
{
	json_t *json = json_array();
	size_t i;

	for (i = 0; i < s->nr_findings; i++)
		json_array_append_new(json, json_pack("{s:s,s:s,s:s}", "rule", s->findings[i].rule,
						      "verdict", s->findings[i].verdict, "details",
						      s->findings[i].details));
	return json;
}

static json_t *sources__json(const struct sample *s)
{
	json_t *json = json_array();
	size_t i;

	for (i = 0; i < s->nr_sources; i++)
		json_array_append_new(json, json_pack("{s:s,s:s,s:I,s:I}", "kernel",
						      kernel__name(s->sources[i].kernel), "path",
						      s->sources[i].path, "bytes",
						      (json_int_t)s->sources[i].size, "crc32",
						      (json_int_t)s->sources[i].crc32));
	return json;
}

json_t *sample__json(const struct sample *s)
{
	return json_pack("{s:s,s:I,s:I,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o}",
			 "identity", s->identity, "happened_ns", (json_int_t)s->happened_ns,
			 "added_s", (json_int_t)s->added_s, "commit", s->commit, "branch", s->branch,
			 "verdict", s->verdict, "facts", pairs__json(&s->facts), "labels",
			 pairs__json(&s->labels), "operations", values__json(s), "quantities",
			 quantities__json(s), "findings", findings__json(s), "sources",
			 sources__json(s));
}

/* Reading: each returns -1 with @fault */

static int take_text(const json_t *json, const char *name, char **text, struct fault *fault)
{
	const char *value = json_string_value(json_object_get(json, name));

	if (!value)
		return fault__set(fault, "\"%s\" is missing, or no text", name);
	*text = xstrdup(value);
	make_printable(*text);
	return 0;
}

/* Seconds until the year 9999 */
#define MOST_SECONDS	253402300799

static int take_integer(const json_t *json, const char *name, int64_t least, int64_t most, int64_t *value,
			struct fault *fault)
{
	const json_t *number = json_object_get(json, name);

	if (!json_is_integer(number) || json_integer_value(number) < least ||
	    json_integer_value(number) > most)
		return fault__set(fault, "\"%s\" is missing, or no whole number from %lld to %lld", name,
				  (long long)least, (long long)most);
	*value = json_integer_value(number);
	return 0;
}

static int take_pairs(const json_t *json, const char *name, struct pairs *pairs, struct fault *fault)
{
	json_t *object = json_object_get(json, name), *value;
	const char *key;

	if (!json_is_object(object))
		return fault__set(fault, "\"%s\" is missing, or no object", name);
	json_object_foreach(object, key, value) {
		if (!json_is_string(value))
			return fault__set(fault, "\"%s\" of \"%s\" is no text", key, name);
		pairs__set(pairs, key, json_string_value(value));
	}
	return 0;
}

static bool kernel__of_name(const char *name, enum kernel *kernel)
{
	for (*kernel = KERNEL_OLD; *kernel < NR_KERNELS; (*kernel)++)
		if (name && !strcmp(name, kernel__name(*kernel)))
			return true;
	return false;
}

static bool op__of_name(const char *name, unsigned int *op)
{
	for (*op = 0; *op < LUTRACE_NR_OPS; (*op)++)
		if (name && !strcmp(name, op__name(*op)))
			return true;
	return false;
}

static bool is_count(const json_t *json)
{
	return json_is_integer(json) && json_integer_value(json) >= 0;
}

/* Whether the operation is as the schema says, but for names that it takes from a list. */
static bool is_operation(const json_t *json)
{
	const json_t *domain = json_array_get(json, 2), *latency = json_array_get(json, 4);
	const json_t *result = json_array_get(json, 7);

	return json_array_size(json) == ARRAY_SIZE(columns) &&
	       (json_is_string(domain) || json_is_null(domain)) && is_count(json_array_get(json, 3)) &&
	       (is_count(latency) || json_is_null(latency)) && is_count(json_array_get(json, 5)) &&
	       is_count(json_array_get(json, 6)) && json_is_integer(result) &&
	       json_integer_value(result) >= INT32_MIN && json_integer_value(result) <= INT32_MAX;
}

static int take_operation(struct sample *s, const json_t *json, struct fault *fault)
{
	struct value v = { 0 };

	if (!is_operation(json) || !kernel__of_name(json_string_value(json_array_get(json, 0)), &v.kernel) ||
	    !op__of_name(json_string_value(json_array_get(json, 1)), &v.op))
		return fault__set(fault, "operation %zu is not as the columns of the first line say",
				  s->nr_values + 1);
	v.domain = (char *)json_string_value(json_array_get(json, 2));
	v.at_ns = json_integer_value(json_array_get(json, 3));
	v.has_latency = json_is_integer(json_array_get(json, 4));
	v.latency_ns = json_integer_value(json_array_get(json, 4));
	v.tables = json_integer_value(json_array_get(json, 5));
	v.bytes = json_integer_value(json_array_get(json, 6));
	v.result = json_integer_value(json_array_get(json, 7));
	sample__add_value(s, &v);
	return 0;
}

static int take_finding(struct sample *s, const json_t *json, struct fault *fault)
{
	const char *rule = json_string_value(json_object_get(json, "rule"));
	const char *verdict = json_string_value(json_object_get(json, "verdict"));
	const char *details = json_string_value(json_object_get(json, "details"));

	if (!rule || !verdict || !details)
		return fault__set(fault, "finding %zu has not rule, verdict and details, as text",
				  s->nr_findings + 1);
	sample__add_finding(s, rule, verdict, details);
	return 0;
}

static int take_source(struct sample *s, const json_t *json, struct fault *fault)
{
	const char *path = json_string_value(json_object_get(json, "path"));
	const json_t *crc = json_object_get(json, "crc32");
	enum kernel kernel;

	if (!path || !kernel__of_name(json_string_value(json_object_get(json, "kernel")), &kernel) ||
	    !is_count(json_object_get(json, "bytes")) || !is_count(crc) ||
	    json_integer_value(crc) > UINT32_MAX)
		return fault__set(fault, "source %zu has not kernel, path, bytes and crc32",
				  s->nr_sources + 1);
	sample__add_source(s, kernel, path, json_integer_value(json_object_get(json, "bytes")),
			   json_integer_value(crc));
	return 0;
}

static int take_array(struct sample *s, const json_t *json, const char *name,
		      int (*take)(struct sample *s, const json_t *json, struct fault *fault),
		      struct fault *fault)
{
	const json_t *array = json_object_get(json, name);
	size_t i;

	if (!json_is_array(array))
		return fault__set(fault, "\"%s\" is missing, or no array", name);
	for (i = 0; i < json_array_size(array); i++)
		if (take(s, json_array_get(array, i), fault))
			return -1;
	return 0;
}

static int take_quantities(struct sample *s, const json_t *json, struct fault *fault)
{
	json_t *object = json_object_get(json, "quantities"), *value;
	const char *name;

	if (!json_is_object(object))
		return fault__set(fault, "\"quantities\" is missing, or no object");
	json_object_foreach(object, name, value) {
		if (!json_is_integer(value))
			return fault__set(fault, "\"%s\" of \"quantities\" is no whole number", name);
		sample__add_quantity(s, name, json_integer_value(value));
	}
	return 0;
}

static int check_words(const struct sample *s, struct fault *fault)
{
	size_t i;

	if (!*s->identity)
		return fault__set(fault, "\"identity\" is empty");
	for (i = 0; i < s->labels.nr; i++)
		if (label__is_reserved(s->labels.items[i].name))
			return fault__set(fault, "\"%s\" cannot be the name of a label",
					  s->labels.items[i].name);
	if (strcmp(s->verdict, "clean") && strcmp(s->verdict, "violation") &&
	    strcmp(s->verdict, "incomplete"))
		return fault__set(fault, "\"verdict\" is \"%s\": it can be clean, violation or incomplete",
				  s->verdict);
	return 0;
}

static int take_all(struct sample *s, const json_t *json, struct fault *fault)
{
	if (!json_is_object(json))
		return fault__set(fault, "it is no object");
	return take_text(json, "identity", &s->identity, fault) ||
	       take_integer(json, "happened_ns", INT64_MIN, INT64_MAX, &s->happened_ns, fault) ||
	       take_integer(json, "added_s", 0, MOST_SECONDS, &s->added_s, fault) ||
	       take_text(json, "commit", &s->commit, fault) ||
	       take_text(json, "branch", &s->branch, fault) ||
	       take_text(json, "verdict", &s->verdict, fault) ||
	       take_pairs(json, "facts", &s->facts, fault) ||
	       take_pairs(json, "labels", &s->labels, fault) || check_words(s, fault) ||
	       take_array(s, json, "operations", take_operation, fault) ||
	       take_quantities(s, json, fault) ||
	       take_array(s, json, "findings", take_finding, fault) ||
	       take_array(s, json, "sources", take_source, fault) ? -1 : 0;
}

int sample__of_json(struct sample *s, const json_t *json, struct fault *fault)
{
	*s = (struct sample){ 0 };
	if (!take_all(s, json, fault))
		return 0;
	sample__free(s);
	return -1;
}
