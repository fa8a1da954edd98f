// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rows and counts of lutrace top, made from the records of a session, and as text. Touches no
 * kernel; cmd/top.c feeds it, screen.c shows it.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/idmap.h"
#include "lib/mem.h"
#include "lib/table.h"
#include "lib/text.h"
#include "top/top.h"

struct top {
	top_name_fn name_of;
	struct oracle *oracle;
	const struct names *names;	/* NULL: there are none */
	const struct selection *sel;
	struct top_row *rows;
	size_t nr, room;
	struct idmap *row_of;		/* identity: index of its row */
	struct idmap *last_of;		/* record: index of the row of its last domain */
	size_t retired;			/* domains whose rows were given up */
	size_t without_row;		/* operations, by TOP_MAX_ROWS */
	__u64 done[LUTRACE_NR_OPS], errors, violations;
	char violation[TOP_LINE];
	__u64 started;
	bool ended;
	/* As it was at the last look */
	__u64 looked, done_then[LUTRACE_NR_OPS], events_then;
};

static void top__on_violation(void *priv, const struct violation *v)
{
	struct top *t = priv;
	uint64_t *at = idmap__find(t->row_of, v->ser_phys, v->generation, 0);

	t->violations++;
	if (at)
		t->rows[*at].violations++;
	snprintf(t->violation, sizeof(t->violation), "%s: %s", v->rule, v->text);
}

struct top *top__new(top_name_fn name_of)
{
	struct top *t = xcalloc(1, sizeof(*t));

	t->name_of = name_of;
	t->oracle = oracle__new(top__on_violation, t);
	t->row_of = idmap__new();
	t->last_of = idmap__new();
	return t;
}

/* What is wrong with a domain that has no name is told, whichever is wanted. */
static enum selected top__about(void *priv, __u64 ser_phys, __u64 generation, __u32 pid,
				struct name_text *text)
{
	const struct top *t = priv;
	const struct name *name = names__find(t->names, ser_phys, generation);

	if (text)
		*text = name__text(name);
	return selected__both(selection__domain(t->sel, name),
			      selection__process(t->sel, pid, names__process(t->names, pid)));
}

void top__names(struct top *t, const struct names *names, const struct selection *sel)
{
	t->names = names;
	t->sel = sel;
	oracle__about(t->oracle, top__about, t);
}

void top__free(struct top *t)
{
	if (!t)
		return;
	oracle__free(t->oracle);
	idmap__free(t->row_of);
	idmap__free(t->last_of);
	free(t->rows);
	free(t);
}

void top__start(struct top *t, __u64 now_ns)
{
	t->started = t->looked = now_ns;
}

const struct oracle *top__oracle(const struct top *t)
{
	return t->oracle;
}

/* Rows */

/* Nobody asks for a domain whose record is another one's, if nothing was wrong with it. */
static bool top__is_history(const struct top *t, const struct top_row *row)
{
	bool certain;

	return !row->violations &&
	       oracle__domain(t->oracle, row->ser_phys, row->generation, &certain) == DOMAIN_FREE;
}

/* With a new FLB all records are new. What was before it stays to be seen until then. */
static void top__retire_history(struct top *t)
{
	size_t i, kept = 0;

	idmap__clear(t->row_of);
	idmap__clear(t->last_of);
	for (i = 0; i < t->nr; i++) {
		if (top__is_history(t, &t->rows[i])) {
			t->retired++;
			continue;
		}
		t->rows[kept] = t->rows[i];
		idmap__set(t->row_of, t->rows[kept].ser_phys, t->rows[kept].generation, 0, kept);
		idmap__set(t->last_of, t->rows[kept].ser_phys, 0, 0, kept);
		kept++;
	}
	t->nr = kept;
}

/* The index of a row that is free to take, or SIZE_MAX. */
static size_t top__take_row(struct top *t, const struct lutrace_event *ev)
{
	uint64_t *last = idmap__find(t->last_of, ev->ser_phys, 0, 0);
	const struct top_row *row = last ? &t->rows[*last] : NULL;

	if (row && row->generation < ev->generation && top__is_history(t, row)) {
		idmap__remove(t->row_of, row->ser_phys, row->generation, 0);
		t->retired++;
		return *last;
	}
	if (t->nr == TOP_MAX_ROWS)
		return SIZE_MAX;
	t->rows = grow(t->rows, t->nr, &t->room, sizeof(*t->rows));
	return t->nr++;
}

/* NULL if there is no more room. */
static struct top_row *top__row_of(struct top *t, const struct lutrace_event *ev)
{
	uint64_t *at = idmap__find(t->row_of, ev->ser_phys, ev->generation, 0);
	size_t i;

	if (at)
		return &t->rows[*at];
	i = top__take_row(t, ev);
	if (i == SIZE_MAX) {
		t->without_row += ev->phase == LUTRACE_BEGIN && ev->op != LUTRACE_OP_UNPRESERVE;
		return NULL;
	}
	t->rows[i] = (struct top_row){ .ser_phys = ev->ser_phys, .generation = ev->generation };
	idmap__set(t->row_of, ev->ser_phys, ev->generation, 0, i);
	idmap__set(t->last_of, ev->ser_phys, 0, 0, i);
	return &t->rows[i];
}

static void row__event(struct top *t, struct top_row *row, const struct lutrace_event *ev)
{
	if (ev->phase == LUTRACE_BEGIN) {
		if (ev->op == LUTRACE_OP_UNPRESERVE)
			return;
		row->pid = ev->pid;
		t->name_of(ev->pid, row->command);
	} else if (ev->ret) {
		row->errors++;
	} else {
		row->done[ev->op]++;
		row->tables = ev->nr_tables;
		row->bytes = ev->nr_bytes;
	}
}

static void top__on_event(struct top *t, const struct lutrace_event *ev)
{
	struct top_row *row = ev->op < TOP_NR_OPS ? top__row_of(t, ev) : NULL;

	if (ev->op == LUTRACE_OP_FLB_PRESERVE && ev->phase == LUTRACE_BEGIN)
		top__retire_history(t);
	if (row)
		row__event(t, row, ev);
	if (ev->phase == LUTRACE_END && ev->ret)
		t->errors++;
	else if (ev->phase == LUTRACE_END)
		t->done[ev->op]++;
	/* After the row is there, for what it finds. */
	oracle__event(t->oracle, ev);
}

static void top__on_latency(struct top *t, const struct lutrace_latency *lat)
{
	uint64_t *at = idmap__find(t->row_of, lat->ser_phys, lat->generation, 0);

	if (at && lat->op < TOP_NR_OPS && !lat->ret)
		t->rows[*at].last_ns[lat->op] = lat->latency_ns;
}

void top__record(struct top *t, const struct lutrace_rec *rec)
{
	if (rec->type == LUTRACE_REC_EVENT)
		top__on_event(t, (const struct lutrace_event *)rec);
	else if (rec->type == LUTRACE_REC_LATENCY)
		top__on_latency(t, (const struct lutrace_latency *)rec);
	else if (rec->type == LUTRACE_REC_FREED)
		oracle__freed(t->oracle, (const struct lutrace_freed *)rec);
	else if (rec->type == LUTRACE_REC_COMPLAINT)
		oracle__complaint(t->oracle, (const struct lutrace_complaint *)rec);
}

void top__watch_freed(struct top *t)
{
	oracle__watch_freed(t->oracle);
}

void top__watch_klog(struct top *t)
{
	oracle__watch_klog(t->oracle);
}

void top__end(struct top *t, __u64 now_ns, const struct live_prog progs[LIVE_NR_PROGS],
	      const struct live_prog *freed)
{
	oracle__end(t->oracle, now_ns, live__lost(progs, freed, oracle__nr_events(t->oracle)));
	t->ended = true;
}

/* Views */

/* What was lost is known to the programs before the oracle sees a gap. */
static enum verdict top__verdict_so_far(const struct top *t, const struct top_view *v)
{
	enum verdict verdict = oracle__verdict(t->oracle);

	if (!t->ended && !v->events && verdict == VERDICT_PASS)
		verdict = VERDICT_NOT_CHECKED;
	if ((v->lost_events || v->missed_runs) && verdict < VERDICT_INCOMPLETE)
		verdict = VERDICT_INCOMPLETE;
	return verdict;
}

static void top__count(struct top *t, struct top_view *v, __u64 now_ns)
{
	double seconds = (now_ns - t->looked) / 1e9;
	int op;

	v->seconds = (now_ns - t->started) / 1e9;
	v->events = oracle__nr_events(t->oracle);
	v->event_rate = seconds > 0 ? (v->events - t->events_then) / seconds : 0;
	for (op = 0; op < LUTRACE_NR_OPS; op++) {
		v->done[op] = t->done[op];
		v->rates[op] = seconds > 0 ? (t->done[op] - t->done_then[op]) / seconds : 0;
	}
	memcpy(t->done_then, t->done, sizeof(t->done_then));
	t->events_then = v->events;
	t->looked = now_ns;
	v->errors = t->errors;
	v->violations = t->violations;
	v->retired = t->retired;
	v->without_row = t->without_row;
	memcpy(v->violation, t->violation, sizeof(v->violation));
}

static void top__copy_rows(const struct top *t, struct top_view *v)
{
	struct top_row *row;
	size_t i;

	if (v->room < t->nr) {
		v->room = t->room;
		v->rows = xrealloc(v->rows, v->room, sizeof(*v->rows));
	}
	v->nr = v->shown = t->nr;
	memset(v->states, 0, sizeof(v->states));
	for (i = 0; i < t->nr; i++) {
		row = &v->rows[i];
		*row = t->rows[i];
		row->state = oracle__domain(t->oracle, row->ser_phys, row->generation,
					    &row->certain);
		row->other = !top__about((void *)t, row->ser_phys, row->generation, row->pid,
					 &row->name);
		v->states[row->state]++;
	}
}

void top__look(struct top *t, struct top_view *v, __u64 now_ns,
	       const struct live_prog progs[LIVE_NR_PROGS])
{
	struct live_prog sum = live__sum(progs);

	top__copy_rows(t, v);
	top__count(t, v, now_ns);
	v->lost_events = sum.counts.lost_events;
	v->lost_latencies = sum.counts.lost_latencies + sum.counts.lost_begins;
	v->missed_runs = sum.missed_runs;
	v->verdict = top__verdict_so_far(t, v);
}

void top_view__free(struct top_view *v)
{
	free(v->rows);
	v->rows = NULL;
}

/* The rows as text */

static const struct table_column table_columns[] = {
	{ "RECORD", 16, true }, { "GEN", 4, false }, { "STATE", 13, true }, { "VIOL", 4, false },
	{ "ERR", 4, false }, { "PRESERVE us", 11, false }, { "UNPRES us", 11, false },
	{ "RESTORE us", 11, false }, { "TABLES", 7, false }, { "BYTES", 10, false },
	{ "PID", 7, false }, { "COMMAND", PROCESS_NAME_SIZE - 1, true }, { "DOMAIN", 0, true },
};

static void top_row__put(const struct top_row *row, struct table *t)
{
	int op;

	table__put(t, "0x%llx", row->ser_phys);
	table__put(t, "%llu", row->generation);
	table__put(t, "%s%s", domain_state__name(row->state), row->certain ? "" : "?");
	table__put(t, "%llu", row->violations);
	table__put(t, "%llu", row->errors);
	for (op = 0; op < TOP_NR_OPS; op++) {
		if (row->last_ns[op])
			table__put_us(t, true, row->last_ns[op]);
		else
			table__put(t, "-");
	}
	table__put(t, "%llu", row->tables);
	table__put(t, "%llu", row->bytes);
	table__put(t, "%u", row->pid);
	table__put(t, "%s", row->command);
	table__put(t, "%s", row->name.s);
}

struct table *top_view__table(const struct top_view *v)
{
	struct table *t = table__new(table_columns, ARRAY_SIZE(table_columns));
	size_t i;

	for (i = 0; i < v->shown; i++)
		top_row__put(&v->rows[i], t);
	return t;
}

static bool top_row__has(const struct top_row *row, const char *text)
{
	struct table *t = table__new(table_columns, ARRAY_SIZE(table_columns));
	char *line;
	bool has;

	top_row__put(row, t);
	line = table__line(t, 1);
	has = strcasestr(line, text);
	free(line);
	table__free(t);
	return has;
}

/* Order */

static __u64 top__figure_of(const struct top_row *row, enum top_column column)
{
	switch (column) {
	case TOP_GENERATION: return row->generation;
	case TOP_STATE: return row->state;
	case TOP_VIOLATIONS: return row->violations;
	case TOP_ERRORS: return row->errors;
	case TOP_PRESERVE: return row->last_ns[LUTRACE_OP_PRESERVE];
	case TOP_UNPRESERVE: return row->last_ns[LUTRACE_OP_UNPRESERVE];
	case TOP_RESTORE: return row->last_ns[LUTRACE_OP_RESTORE];
	case TOP_TABLES: return row->tables;
	case TOP_BYTES: return row->bytes;
	case TOP_PID: return row->pid;
	default: return row->ser_phys;
	}
}

static bool top__largest_first(enum top_column column)
{
	return column >= TOP_VIOLATIONS && column <= TOP_BYTES;
}

static int top__compare(__u64 a, __u64 b)
{
	return (a > b) - (a < b);
}

static int top__in_order(const void *one, const void *other, void *priv)
{
	const struct top_row *a = one, *b = other;
	const struct top_order *order = priv;
	int by = a->hidden - b->hidden;

	if (by)
		return by;
	if (order->column == TOP_COMMAND)
		by = strcmp(a->command, b->command);
	else
		by = top__compare(top__figure_of(a, order->column),
				  top__figure_of(b, order->column));
	if (by)
		return top__largest_first(order->column) != order->reverse ? -by : by;
	by = top__compare(a->ser_phys, b->ser_phys);
	return by ? by : top__compare(a->generation, b->generation);
}

void top_view__arrange(struct top_view *v, const struct top_order *order)
{
	size_t i;

	v->shown = 0;
	for (i = 0; i < v->nr; i++) {
		v->rows[i].hidden = v->rows[i].other ||
			(*order->filter && !top_row__has(&v->rows[i], order->filter));
		v->shown += !v->rows[i].hidden;
	}
	if (v->nr)
		qsort_r(v->rows, v->nr, sizeof(*v->rows), top__in_order, (void *)order);
}

static const char *const column_names[NR_TOP_COLUMNS] = {
	[TOP_RECORD] = "record", [TOP_GENERATION] = "generation", [TOP_STATE] = "state",
	[TOP_VIOLATIONS] = "violations", [TOP_ERRORS] = "errors", [TOP_PRESERVE] = "preserve",
	[TOP_UNPRESERVE] = "unpreserve", [TOP_RESTORE] = "restore", [TOP_TABLES] = "tables",
	[TOP_BYTES] = "bytes", [TOP_PID] = "pid", [TOP_COMMAND] = "command",
};

const char *top_column__name(enum top_column column)
{
	return column_names[column];
}

enum top_column top_column__find(const char *name)
{
	enum top_column i;

	for (i = 0; i < NR_TOP_COLUMNS && strcmp(name, column_names[i]); i++)
		;
	return i;
}

/* Text */

/* Appends to a line; what does not fit is cut. */
static void top__append(char line[TOP_LINE], const char *fmt, ...) PRINTF(2, 3);
static void top__append(char line[TOP_LINE], const char *fmt, ...)
{
	size_t n = strlen(line);
	va_list args;

	va_start(args, fmt);
	vsnprintf(line + n, TOP_LINE - n, fmt, args);
	va_end(args);
}

static void top__put_domains(const struct top_view *v, char line[TOP_LINE])
{
	enum domain_state state;

	snprintf(line, TOP_LINE, "domains: %zu", v->nr);
	for (state = 0; state < NR_DOMAIN_STATES; state++)
		if (v->states[state])
			top__append(line, ", %zu %s", v->states[state], domain_state__name(state));
	top__append(line, "; shown: %zu; earlier ones: %zu", v->shown, v->retired);
	if (v->without_row)
		top__append(line, "; operations without a row: %zu", v->without_row);
}

static void top__put_operations(const struct top_view *v, char line[TOP_LINE])
{
	int op;

	snprintf(line, TOP_LINE, "done (per second):");
	for (op = 0; op < LUTRACE_NR_OPS; op++)
		if (op < TOP_NR_OPS || v->done[op])
			top__append(line, " %s %llu (%.1f)", op__name(op), v->done[op],
				    v->rates[op]);
	top__append(line, "; errors: %llu", v->errors);
}

void top_view__header(const struct top_view *v, const char *release,
		      char lines[TOP_HEADER_LINES][TOP_LINE])
{
	snprintf(lines[0], TOP_LINE,
		 "lutrace top: kernel %s, watched for %.0f s, verdict so far: %s", release,
		 v->seconds, verdict__name(v->verdict));
	top__put_domains(v, lines[1]);
	top__put_operations(v, lines[2]);
	snprintf(lines[3], TOP_LINE, "events: %llu (%.1f); lost: %llu events, %llu latencies, %llu "
		 "runs of programs; violations: %llu", v->events, v->event_rate, v->lost_events,
		 v->lost_latencies, v->missed_runs, v->violations);
	lines[4][0] = '\0';
	if (*v->violation)
		snprintf(lines[4], TOP_LINE, "last: %.*s", TOP_LINE - 8, v->violation);
}

void top_view__print(const struct top_view *v, const char *release, FILE *f)
{
	char header[TOP_HEADER_LINES][TOP_LINE];
	size_t i;

	top_view__header(v, release, header);
	for (i = 0; i < TOP_HEADER_LINES; i++)
		if (*header[i])
			fprintf(f, "%s\n", header[i]);
	table__print(top_view__table(v), f);
	fputc('\n', f);
}
