// SPDX-License-Identifier: GPL-2.0-only
/* The table of metrics, and what each is of a sample. For comparisons, history and gate. See metric.h. */
#include <linux/types.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "bpf/events.h"
#include "lib/mem.h"
#include "lib/stats.h"
#include "luperf/compare/metric.h"
#include "model/op.h"

/*
 * Limits of latencies. What the clock and the recorder add to an operation differs by some hundred nanoseconds from
 * boot to boot; a change of less than 3% is nothing that a gate should stop.
 */
#define LATENCY_ABSOLUTE	500
#define LATENCY_RELATIVE	0.03

static const struct {
	const char *suffix, *what;
	enum metric_kind kind;
	double absolute;
} of_operations[] = {
	{ "p50", "median latency", METRIC_P50, LATENCY_ABSOLUTE },
	{ "max", "longest latency", METRIC_MAX, LATENCY_ABSOLUTE },
	{ "total", "all latencies together", METRIC_TOTAL, LATENCY_ABSOLUTE },
	{ "per_table", "latency for each page table", METRIC_PER_TABLE, 5 },
};

static const struct metric of_all[] = {
	{ "gap", "ns", "from the last event before the jump to the first after it", METRIC_QUANTITY,
	  .quantity = "gap_ns", .absolute = 20e6, .relative = 0.05 },
	{ "tables", "1", "page tables that were preserved", METRIC_TABLES, .absolute = 1 },
	{ "bytes", "bytes", "memory that was preserved for them", METRIC_BYTES, .absolute = 1 },
	{ "errors", "1", "operations that failed", METRIC_ERRORS, .absolute = 1 },
	{ "left_behind", "1", "domains that were handed over and not reclaimed", METRIC_LEFT_BEHIND,
	  .absolute = 1 },
};

static void metrics__add(struct metrics *m, const struct metric *metric)
{
	m->items = grow(m->items, m->nr, &m->room, sizeof(*m->items));
	m->items[m->nr++] = *metric;
}

/* An operation of the FLB is done once: of several figures of one value one is enough. */
static void metrics__add_operation(struct metrics *m, unsigned int op, enum kernel kernel)
{
	struct metric metric = { .unit = "ns", .kernel = kernel, .op = op,
				 .relative = LATENCY_RELATIVE };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(of_operations); i++) {
		if (op__is_flb(op) && of_operations[i].kind != METRIC_TOTAL)
			continue;
		metric.kind = of_operations[i].kind;
		metric.what = of_operations[i].what;
		metric.absolute = of_operations[i].absolute;
		snprintf(metric.name, sizeof(metric.name), "%s.%s", op__name(op),
			 of_operations[i].suffix);
		metrics__add(m, &metric);
	}
}

void metrics__make(struct metrics *m)
{
	static const unsigned int old[] = {
		LUTRACE_OP_PRESERVE, LUTRACE_OP_UNPRESERVE, LUTRACE_OP_FLB_PRESERVE,
		LUTRACE_OP_FLB_UNPRESERVE,
	}, new[] = { LUTRACE_OP_RESTORE, LUTRACE_OP_FLB_RETRIEVE, LUTRACE_OP_FLB_FINISH };
	size_t i;

	*m = (struct metrics){ 0 };
	for (i = 0; i < ARRAY_SIZE(old); i++)
		metrics__add_operation(m, old[i], KERNEL_OLD);
	for (i = 0; i < ARRAY_SIZE(new); i++)
		metrics__add_operation(m, new[i], KERNEL_NEW);
	for (i = 0; i < ARRAY_SIZE(of_all); i++)
		metrics__add(m, &of_all[i]);
}

void metrics__free(struct metrics *m)
{
	free(m->items);
	*m = (struct metrics){ 0 };
}

/* Values */

/* The operations that a metric is of */
struct operations {
	uint64_t *latencies, total, tables;
	size_t nr;
};

static struct operations operations_of(const struct metric *metric, const struct sample *s)
{
	struct operations ops = { .latencies = xcalloc(s->nr_values + 1, sizeof(*ops.latencies)) };
	const struct value *v;

	for (v = s->values; v < s->values + s->nr_values; v++) {
		if (v->kernel != metric->kernel || v->op != metric->op || v->result || !v->has_latency)
			continue;
		ops.latencies[ops.nr++] = v->latency_ns;
		ops.total += v->latency_ns;
		ops.tables += v->tables;
	}
	return ops;
}

static bool value_of_operations(const struct metric *metric, const struct sample *s, double *value)
{
	struct operations ops = operations_of(metric, s);
	bool known = ops.nr && (metric->kind != METRIC_PER_TABLE || ops.tables);
	struct stats stats;

	stats__compute(&stats, ops.latencies, ops.nr);
	if (metric->kind == METRIC_P50)
		*value = stats.p50;
	else if (metric->kind == METRIC_MAX)
		*value = stats.max;
	else if (metric->kind == METRIC_TOTAL)
		*value = ops.total;
	else if (known)
		*value = (double)ops.total / ops.tables;
	free(ops.latencies);
	return known;
}

/* What an operation adds to a sum over a live update. */
static double counted(const struct metric *metric, const struct value *v)
{
	if (metric->kind == METRIC_ERRORS)
		return v->result != 0;
	if (v->kernel != KERNEL_OLD || v->op != LUTRACE_OP_PRESERVE || v->result)
		return 0;
	return metric->kind == METRIC_TABLES ? v->tables : v->bytes;
}

static bool value_of_sum(const struct metric *metric, const struct sample *s, double *value)
{
	size_t i;

	*value = 0;
	for (i = 0; i < s->nr_values; i++)
		*value += counted(metric, &s->values[i]);
	return s->nr_values;
}

bool metric__value(const struct metric *metric, const struct sample *s, double *value)
{
	const int64_t *number, *left, *restored;

	switch (metric->kind) {
	case METRIC_ERRORS:
	case METRIC_TABLES:
	case METRIC_BYTES:
		return value_of_sum(metric, s, value);
	case METRIC_QUANTITY:
		number = sample__quantity(s, metric->quantity);
		*value = number ? *number : 0;
		return number;
	case METRIC_LEFT_BEHIND:
		left = sample__quantity(s, "old.left");
		restored = sample__quantity(s, "new.restored");
		*value = left && restored ? *left - *restored : 0;
		return left && restored;
	default:
		return value_of_operations(metric, s, value);
	}
}

char *percent__text(double from, double shift)
{
	return from ? xasprintf("%+.1f%%", 100 * shift / fabs(from)) : xstrdup("");
}

char *metric__text(const struct metric *metric, double value, bool sign)
{
	const char *plus = sign && value >= 0 ? "+" : "";
	double size = fabs(value);

	if (strcmp(metric->unit, "ns"))
		return xasprintf("%s%.*f", plus, value == floor(value) ? 0 : 1, value);
	if (size < 1e4)
		return xasprintf("%s%.*f ns", plus, size < 100 ? 1 : 0, value);
	if (size < 1e7)
		return xasprintf("%s%.*f us", plus, size < 1e5 ? 2 : 1, value / 1e3);
	if (size < 1e10)
		return xasprintf("%s%.*f ms", plus, size < 1e8 ? 2 : 1, value / 1e6);
	return xasprintf("%s%.2f s", plus, value / 1e9);
}
