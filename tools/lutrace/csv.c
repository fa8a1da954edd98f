// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "csv.h"
#include "operations.h"

struct row {
	const struct boot *boot;
	size_t kernel;			/* counted from 1 */
	struct operation op;
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
	if (!end || op__is_flb(end->op) || end->ret) {
		fputs(",,,,", f);
		return;
	}
	fprintf(f, "%llu,%llu,%s,%u,0x%llx", end->nr_tables, end->nr_bytes,
		pt__format_name(end->format < PT_NR_FORMATS ? end->format : PT_UNKNOWN),
		end->top_level, end->top_phys);
}

static void put_row(const struct row *row, FILE *f)
{
	const struct lutrace_event *begin = row->op.begin, *end = row->op.end;
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
	struct row row = { .boot = boot, .kernel = kernel };
	struct operation *ops;
	size_t nr, i;

	ops = boot__operations(boot, &nr);
	for (i = 0; i < nr; i++) {
		row.op = ops[i];
		put_row(&row, f);
	}
	free(ops);
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
