// SPDX-License-Identifier: GPL-2.0-only
/* An analysis as text, and as JSON by docs/report.schema.json: cmd/report.c calls it. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/table.h"
#include "lib/version.h"
#include "model/domains.h"
#include "report/check_json.h"
#include "report/json.h"
#include "report/names_json.h"
#include "report/report.h"

/* Text */

/* One that the kexec ended has no footer, and what the next kernel found may prove that it has all. */
static const char *report__end_of(const struct boot *boot, const struct recording *r)
{
	if (r->complete)
		return "complete";
	if (!boot->whole)
		return "CUT";
	return boot__saw_jump(boot) ? "complete up to the kexec" : "all events up to the kexec";
}

static void report__print_recordings(const struct analysis *a, FILE *f)
{
	const struct recording *r;
	size_t i, k;

	for (i = 0; i < a->nr_boots; i++) {
		for (k = 0; k < a->boots[i].nr_parts; k++) {
			r = a->boots[i].parts[k];
			fprintf(f, "kernel %zu  %s, boot %.8s, recording %s: %zu events, %s%s\n",
				i + 1, r->release, r->boot_id, r->path, r->nr_events,
				report__end_of(&a->boots[i], r),
				r->computed ? ", through tracefs" : "");
		}
	}
	for (i = 0; i + 1 < a->nr_boots; i++)
		if (a->boots[i].gap_ns)
			fprintf(f, "From the last event of kernel %zu to the first of kernel %zu: "
				"%.3f s (TSC)\n",
				i + 1, i + 2, a->boots[i].gap_ns / 1e9);
	if (a->emulated)
		fprintf(f, "Recorded under emulation (QEMU TCG): the times are not hardware's.\n");
}

static void report__print_operation(const char *name, const struct op_figures *op, bool flb,
				    struct table *t)
{
	const struct stats *s = &op->latency;

	table__put(t, "%s", name);
	table__put(t, "%zu", s->n);
	table__put(t, "%zu", op->errors);
	table__put_us(t, s->n, s->min);
	table__put_us(t, s->n, s->p50);
	table__put_us(t, s->n, s->p90);
	table__put_us(t, s->has_p99, s->p99);
	table__put_us(t, s->n, s->max);
	if (flb) {
		table__put(t, "%s", "");
		table__put(t, "%s", "");
		return;
	}
	table__put(t, "%llu", op->tables);
	table__put(t, "%llu", op->bytes);
}

static void report__print_operations(const struct analysis *a, FILE *f)
{
	static const struct table_column columns[] = {
		{ "operation", 15, true }, { "n", 6, false }, { "errors", 6, false },
		{ "min [us]", 9, false }, { "p50", 9, false }, { "p90", 9, false },
		{ "p99", 9, false }, { "max", 9, false }, { "tables", 7, false },
		{ "bytes", 10, false },
	};
	struct table *t = table__new(columns, ARRAY_SIZE(columns));
	int i;

	for (i = 0; i < LUTRACE_NR_OPS; i++)
		report__print_operation(op__name(i), &a->ops[i], op__is_flb(i), t);
	fputc('\n', f);
	table__print(t, f);
	fprintf(f, "Times of those that succeeded, nearest rank; p99 needs n >= %d.\n",
		STATS_P99_MIN);
}

static void report__print_check(const struct check *check, FILE *f)
{
	size_t i;

	fprintf(f, "%-13s %-11s %s (%s)\n", check->name, verdict__name(check->verdict),
		check->title, check->summary);
	for (i = 0; i < check->nr_details && i < CHECK_MAX_DETAILS; i++)
		fprintf(f, "  - %s\n", check->details[i]);
	if (check->nr_details > CHECK_MAX_DETAILS)
		fprintf(f, "  - and %zu more\n", check->nr_details - CHECK_MAX_DETAILS);
}

/* So many stand in the text, and so many devices of each; JSON has all. */
#define MAX_DOMAINS	40
#define MAX_DEVICES	2

/* The first devices of a domain, and how many more there are. */
static void report__print_devices(const struct name *name, struct table *t)
{
	const char *devices = name__devices(name), *at;
	size_t more = 0, nr = 0;
	int len = strlen(devices);

	for (at = devices; (at = strchr(at, ' ')); at++) {
		if (++nr == MAX_DEVICES)
			len = at - devices;
		more += nr >= MAX_DEVICES;
	}
	if (more)
		table__put(t, "%.*s +%zu", len, devices, more);
	else
		table__put(t, "%s", devices);
}

static void report__print_domain(const struct domain_row *row, struct table *t)
{
	size_t errors = 0;
	int op;

	if (row->name)
		table__put(t, "%s", name__short(row->name).s);
	else
		table__put(t, "record 0x%llx gen %llu", row->ser_phys, row->generation);
	report__print_devices(row->name, t);
	table__put(t, "%s", row->comm);
	for (op = 0; op < LUTRACE_OP_FLB_PRESERVE; op++) {
		table__put(t, "%zu", row->ops[op].n);
		table__put_us(t, row->ops[op].n, row->ops[op].max_ns);
		errors += row->ops[op].errors;
	}
	table__put(t, "%zu", errors);
}

/* A recording of an older version has no names, and so no domains that anyone knows. */
static bool report__knows_domains(const struct analysis *a)
{
	size_t i;

	for (i = 0; i < a->nr_boots; i++)
		if (names__count(a->boots[i].names))
			return true;
	return false;
}

static void report__print_domains(const struct analysis *a, FILE *f)
{
	static const struct table_column columns[] = {
		{ "session/iommufd/HWPT", 28, true }, { "devices", 14, true },
		{ "process", 15, true }, { "preserve", 0, false }, { "max [us]", 9, false },
		{ "unpreserve", 0, false }, { "max [us]", 9, false }, { "restore", 0, false },
		{ "max [us]", 9, false }, { "errors", 0, false },
	};
	struct domains domains;
	struct table *t;
	size_t i;

	if (!report__knows_domains(a))
		return;
	domains__make(&domains, a, DOMAINS_BY_RECORD);
	t = table__new(columns, ARRAY_SIZE(columns));
	for (i = 0; i < domains.nr && i < MAX_DOMAINS; i++)
		report__print_domain(&domains.rows[i], t);
	if (domains.nr > MAX_DOMAINS)
		table__remark(t, "and %zu more domains: --json and --csv have all",
			      domains.nr - MAX_DOMAINS);
	if (domains.nr) {
		fputc('\n', f);
		table__print(t, f);
	} else {
		table__free(t);
	}
	domains__free(&domains);
}

static void report__print_selection(const struct analysis *a, FILE *f)
{
	if (!selection__any(a->sel))
		return;
	fprintf(f, "\nOnly what was selected: %zu operations were left out, %zu of them for want "
		"of a name, and %zu findings about other domains.\n", a->nr_not_selected,
		a->nr_nameless, a->nr_found_left_out);
}

void report__print(const struct analysis *a, FILE *f)
{
	int i;

	report__print_recordings(a, f);
	report__print_operations(a, f);
	report__print_domains(a, f);
	report__print_selection(a, f);
	fprintf(f, "\ncheck         verdict     claim (what was looked at)\n");
	for (i = 0; i < NR_CHECKS; i++)
		report__print_check(&a->checks[i], f);
	if (a->nr_preserved_left)
		fprintf(f, "\n%zu domains were preserved when the last recording ended.\n",
			a->nr_preserved_left);
	fprintf(f, "\nverdict: %s\n", verdict__name(a->verdict));
}

/* JSON */

static json_t *report__json_clock(const struct lutrace_clock *clock)
{
	if (!clock->rec.type)
		return json_null();
	return json_pack("{s:o,s:o,s:o}", "tsc", json__count(clock->tsc),
			 "monotonic_ns", json__count(clock->monotonic_ns),
			 "realtime_ns", json__count(clock->realtime_ns));
}

static json_t *report__json_recording(const struct recording *r, size_t kernel)
{
	/* Before 1.1 a recording did not say how it was made. */
	bool told = r->minor >= 1;

	return json_pack("{s:o,s:I,s:o,s:o,s:o,s:o,s:o,s:I,s:b,s:o,s:o}",
			 "file", json__text(r->path), "kernel", (json_int_t)kernel,
			 "boot_id", json__text(r->boot_id), "hypervisor", json__text(r->hypervisor),
			 "ring_kib", json__count_if(told, r->ring_kib),
			 "in_flight", json__count_if(told, r->in_flight),
			 "duration_ms", json__count_if(told, r->duration_ms),
			 "events", (json_int_t)r->nr_events, "complete", r->complete,
			 "start", report__json_clock(&r->start),
			 "end", report__json_clock(&r->end));
}

static json_t *report__json_kernel(const struct boot *boot)
{
	const struct recording *r = boot->parts[0];

	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:I,s:s,s:o}",
			 "release", json__text(r->release), "version", json__text(r->version),
			 "build_id", r->build_id ? json__text(r->build_id) : json_null(),
			 "machine", json__text(r->machine), "boot_id", json__text(r->boot_id),
			 "cmdline", json__text(r->cmdline),
			 "preserved_at_end", (json_int_t)boot->nr_left,
			 "restored_by_next", (json_int_t)boot->nr_restored,
			 "next", boot_link__name(boot->link),
			 "gap_to_next_ns", json__count_if(boot->gap_ns, boot->gap_ns));
}

static json_t *report__json_formats(const struct op_figures *op)
{
	json_t *formats = json_object();
	int i;

	for (i = 0; i < PT_NR_FORMATS; i++)
		if (op->formats[i])
			json_object_set_new(formats, pt__format_name(i),
					    json__count(op->formats[i]));
	return formats;
}

static json_t *report__json_operation(const struct op_figures *op, bool flb)
{
	const struct stats *s = &op->latency;

	return json_pack("{s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
			 "n", (json_int_t)s->n, "errors", (json_int_t)op->errors,
			 "min_ns", json__count_if(s->n, s->min),
			 "p50_ns", json__count_if(s->n, s->p50),
			 "p90_ns", json__count_if(s->n, s->p90),
			 "p99_ns", json__count_if(s->has_p99, s->p99),
			 "max_ns", json__count_if(s->n, s->max),
			 "tables", flb ? json_null() : json__count(op->tables),
			 "bytes", flb ? json_null() : json__count(op->bytes),
			 "formats", flb ? json_null() : report__json_formats(op));
}

static json_t *report__json_domain(const struct domain_row *row)
{
	json_t *domain, *operations = json_object();
	int op;

	for (op = 0; op < LUTRACE_OP_FLB_PRESERVE; op++)
		json_object_set_new(operations, op__name(op), json_pack("{s:I,s:I,s:o}",
			"n", (json_int_t)row->ops[op].n, "errors", (json_int_t)row->ops[op].errors,
			"max_ns", json__count_if(row->ops[op].n, row->ops[op].max_ns)));
	domain = json_pack("{s:o,s:o,s:I,s:I,s:o,s:o}", "record", json__hex(row->ser_phys),
			   "generation", json__count(row->generation),
			   "records", (json_int_t)row->nr_records, "pid", (json_int_t)row->pid,
			   "comm", *row->comm ? json__text(row->comm) : json_null(),
			   "operations", operations);
	if (domain)
		name__add_json(row->name, domain);
	return domain;
}

static json_t *report__json_domains(const struct analysis *a)
{
	json_t *list = json_array();
	struct domains domains;
	size_t i;

	domains__make(&domains, a, DOMAINS_BY_RECORD);
	for (i = 0; i < domains.nr; i++)
		json_array_append_new(list, report__json_domain(&domains.rows[i]));
	domains__free(&domains);
	return list;
}

static json_t *report__json_left_out(const struct analysis *a)
{
	if (!selection__any(a->sel))
		return json_null();
	return json_pack("{s:I,s:I,s:I}", "operations", (json_int_t)a->nr_not_selected,
			 "without_name", (json_int_t)a->nr_nameless,
			 "findings", (json_int_t)a->nr_found_left_out);
}

static json_t *report__json_losses(const struct analysis *a)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o}",
			 "missing_events", json__count(a->missing),
			 "ring_full_events", json__count(a->lost.lost_events),
			 "ring_full_latencies", json__count(a->lost.lost_latencies),
			 "hash_full_begins", json__count(a->lost.lost_begins),
			 "missed_runs", json__count(a->missed_runs));
}

static json_t *report__to_json(const struct analysis *a)
{
	json_t *kernels = json_array(), *recordings = json_array();
	json_t *operations = json_object(), *checks = json_array();
	size_t i, k;

	for (i = 0; i < a->nr_boots; i++) {
		json_array_append_new(kernels, report__json_kernel(&a->boots[i]));
		for (k = 0; k < a->boots[i].nr_parts; k++)
			json_array_append_new(recordings,
					      report__json_recording(a->boots[i].parts[k], i + 1));
	}
	for (i = 0; i < LUTRACE_NR_OPS; i++)
		json_object_set_new(operations, op__name(i),
				    report__json_operation(&a->ops[i], op__is_flb(i)));
	for (i = 0; i < NR_CHECKS; i++)
		json_array_append_new(checks, check__json(&a->checks[i]));
	return json_pack("{s:s,s:s,s:i,s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:I,s:I,s:o,s:o}",
			 "schema", REPORT_SCHEMA, "verdict", verdict__name(a->verdict),
			 "status", verdict__status(a->verdict), "tool", "lutrace " LUTRACE_VERSION,
			 "emulated", a->emulated, "kernels", kernels,
			 "recordings", recordings, "operations", operations,
			 "checks", checks, "losses", report__json_losses(a),
			 "not_reclaimed", (json_int_t)a->nr_not_restored,
			 "preserved_at_end", (json_int_t)a->nr_preserved_left,
			 "domains", report__json_domains(a), "left_out", report__json_left_out(a));
}

int report__json(const struct analysis *a, FILE *f)
{
	return json__write(report__to_json(a), false, f);
}
