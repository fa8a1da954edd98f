// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "csv.h"

/* A begin or an end that was not seen is NULL. */
struct row {
	const struct boot *boot;
	size_t kernel;			/* counted from 1 */
	const struct lutrace_event *begin, *end;
};

/* Quoted if it must be, quotes doubled. */
static void put_text(const char *text, FILE *f)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, f);
		return;
	}
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

static void put_number(const __u64 *value, FILE *f)
{
	if (value)
		fprintf(f, "%llu", *value);
	fputc(',', f);
}

/* What only a domain's successful end tells. */
static void put_domain(const struct lutrace_event *end, FILE *f)
{
	if (!end || end->op >= LUTRACE_OP_FLB_PRESERVE || end->ret) {
		fputs(",,,,", f);
		return;
	}
	fprintf(f, "%llu,%llu,%s,%u,0x%llx", end->nr_tables, end->nr_bytes,
		pt__format_name(end->format < PT_NR_FORMATS ? end->format : PT_UNKNOWN),
		end->top_level, end->top_phys);
}

static void put_row(const struct row *row, FILE *f)
{
	const struct lutrace_event *begin = row->begin, *end = row->end;
	const struct lutrace_event *any = end ? end : begin;
	__u64 latency = begin && end ? end->time_ns - begin->time_ns : 0;

	fprintf(f, "%zu,", row->kernel);
	put_text(row->boot->parts[0]->boot_id, f);
	fprintf(f, ",%s,0x%llx,%llu,", op__name(any->op), any->ser_phys, any->generation);
	put_number(begin ? &begin->seq : NULL, f);
	put_number(end ? &end->seq : NULL, f);
	put_number(begin ? &begin->time_ns : NULL, f);
	put_number(end ? &end->time_ns : NULL, f);
	put_number(begin && end && end->time_ns >= begin->time_ns ? &latency : NULL, f);
	if (end)
		fprintf(f, "%d", end->ret);
	fputc(',', f);
	put_domain(end, f);
	fprintf(f, ",%u,%u,%u\r\n", any->cpu, any->pid, any->tid);
}

static void put_boot(const struct boot *boot, size_t kernel, FILE *f)
{
	const struct lutrace_event *ev = boot->events, *end = ev + boot->nr_events;
	struct row row = { .boot = boot, .kernel = kernel };
	struct idmap *open = idmap__new();
	uint64_t *at, phys, generation;
	size_t pos = 0;

	for (; ev < end; ev++) {
		/* There is one FLB, and it has no address before its preserve ended. */
		phys = ev->op >= LUTRACE_OP_FLB_PRESERVE ? 0 : ev->ser_phys;
		generation = ev->op >= LUTRACE_OP_FLB_PRESERVE ? 0 : ev->generation;
		at = idmap__find(open, ev->op, phys, generation);
		row.begin = at ? &boot->events[*at] : NULL;
		row.end = ev->phase == LUTRACE_END ? ev : NULL;
		if (row.begin || row.end)
			put_row(&row, f);
		if (!row.end)
			idmap__set(open, ev->op, phys, generation, ev - boot->events);
		else if (at)
			idmap__remove(open, ev->op, phys, generation);
	}
	row.end = NULL;
	while ((at = idmap__next(open, &pos))) {
		row.begin = &boot->events[*at];
		put_row(&row, f);
	}
	idmap__free(open);
}

void csv__print(const struct analysis *a, FILE *f)
{
	size_t i;

	fputs("kernel,boot_id,operation,record_address,generation,begin_seq,end_seq,"
	      "begin_monotonic_ns,end_monotonic_ns,latency_ns,ret_errno,tables,bytes,format,"
	      "top_level,root_address,cpu,pid,tid\r\n", f);
	for (i = 0; i < a->nr_boots; i++)
		put_boot(&a->boots[i], i + 1, f);
}
