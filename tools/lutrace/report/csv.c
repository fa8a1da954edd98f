// SPDX-License-Identifier: GPL-2.0-only
/* The operations of an analysis as CSV, a row for each: cmd/report.c calls it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "model/operations.h"
#include "report/csv.h"

struct row {
	const struct boot *boot;
	size_t kernel;			/* counted from 1 */
	struct operation op;
};

/* Quoted if it must be, quotes doubled. */
static void csv__put_text(const char *text, FILE *f)
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

static void csv__put_number(const __u64 *value, FILE *f)
{
	if (value)
		fprintf(f, "%llu", *value);
	fputc(',', f);
}

/* What only a domain's successful end tells. */
static void csv__put_domain(const struct lutrace_event *end, FILE *f)
{
	if (!end || op__is_flb(end->op) || end->ret) {
		fputs(",,,,", f);
		return;
	}
	fprintf(f, "%llu,%llu,%s,%u,0x%llx", end->nr_tables, end->nr_bytes,
		pt__format_name(end->format < PT_NR_FORMATS ? end->format : PT_UNKNOWN),
		end->top_level, end->top_phys);
}

static void csv__put_name(const struct name *name, FILE *f)
{
	static const struct name none;
	const struct name *n = name ? name : &none;

	csv__put_text(n->session, f);
	fputc(',', f);
	if (*n->session)
		fprintf(f, "0x%llx", n->iommufd_token);
	fputc(',', f);
	if (n->has_hwpt)
		fprintf(f, "0x%llx", n->hwpt_token);
	fputc(',', f);
	if (n->hwpt_id)
		fprintf(f, "%u", n->hwpt_id);
	fputc(',', f);
	csv__put_text(n->devices ? n->devices : "", f);
}

static void csv__put_row(const struct row *row, FILE *f)
{
	const struct lutrace_event *begin = row->op.begin, *end = row->op.end;
	const struct lutrace_event *any = end ? end : begin;
	__u64 latency;

	fprintf(f, "%zu,", row->kernel);
	csv__put_text(row->boot->parts[0]->boot_id, f);
	fprintf(f, ",%s,0x%llx,%llu,", op__name(any->op), any->ser_phys, any->generation);
	csv__put_number(begin ? &begin->seq : NULL, f);
	csv__put_number(end ? &end->seq : NULL, f);
	csv__put_number(begin ? &begin->time_ns : NULL, f);
	csv__put_number(end ? &end->time_ns : NULL, f);
	csv__put_number(operation__latency(&row->op, &latency) ? &latency : NULL, f);
	if (end)
		fprintf(f, "%d", end->ret);
	fputc(',', f);
	csv__put_domain(end, f);
	fprintf(f, ",%u,%u,%u,", any->cpu, any->pid, any->tid);
	csv__put_text(names__process(row->boot->names, any->pid), f);
	fputc(',', f);
	csv__put_name(boot__domain_name(row->boot, any), f);
	fputs("\r\n", f);
}

static void csv__put_boot(const struct analysis *a, size_t kernel, FILE *f)
{
	const struct boot *boot = &a->boots[kernel - 1];
	struct row row = { .boot = boot, .kernel = kernel };
	struct operation *ops;
	size_t nr, i;

	ops = boot__operations(boot, &nr);
	for (i = 0; i < nr; i++) {
		row.op = ops[i];
		if (analysis__selects(a, boot, ops[i].end ? ops[i].end : ops[i].begin))
			csv__put_row(&row, f);
	}
	free(ops);
}

void csv__print(const struct analysis *a, FILE *f)
{
	size_t i;

	fputs("kernel,boot_id,operation,record_address,generation,begin_seq,end_seq,"
	      "begin_monotonic_ns,end_monotonic_ns,latency_ns,ret_errno,tables,bytes,format,"
	      "top_level,root_address,cpu,pid,tid,comm,session,iommufd_token,hwpt_token,hwpt_id,"
	      "devices\r\n", f);
	for (i = 0; i < a->nr_boots; i++)
		csv__put_boot(a, i + 1, f);
}
