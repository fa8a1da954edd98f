// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sample from recordings: what lutrace report makes of them, value by value. See recorded.h.
 *
 * Its identity is the boot ids of both kernels. Its quantities, of which each is there only if it is known:
 *
 *   gap_ns                          from the last event before the jump to the first one after it, by the TSC
 *   old.left, new.restored          domains that were handed over, and of them those that came back
 *   old.events, new.events          events that were recorded
 *   old.lost, new.lost              that are known to have been lost
 *   old.kexec_count, new.kexec_count  kexecs since the last cold boot, as KHO counts them
 *   old.cost_cpu_ns, new.cost_cpu_ns  CPU time of lutrace record; cost_rss_bytes: the most memory that it had
 *   old.cost_bpf_bytes, ...         memory of its programs; cost_bpf_runs, cost_bpf_run_ns: their runs, and how long
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "luperf/sample/recorded.h"
#include "model/operations.h"
#include "recording/collection.h"
#include "report/analysis.h"

static const struct recording *kernel__recording(const struct analysis *a, enum kernel kernel)
{
	return a->boots[kernel].parts[0];
}

/* Of a flight recorder's files the last one has what all cost. */
static const struct recording *kernel__last_recording(const struct analysis *a, enum kernel kernel)
{
	return a->boots[kernel].parts[a->boots[kernel].nr_parts - 1];
}

/* Facts */

static void fact__set(struct sample *s, const char *name, const char *value)
{
	if (value && *value)
		pairs__set(&s->facts, name, value);
}

static void fact__of_kernel(struct sample *s, enum kernel kernel, const char *name, const char *value)
{
	char *full = xasprintf("%s.%s", kernel__name(kernel), name);

	fact__set(s, full, value);
	free(full);
}

static void take_kernel_facts(struct sample *s, const struct recording *r, enum kernel kernel)
{
	char *format = xasprintf("%u.%u", LUTRACE_FILE_MAJOR, r->minor);

	fact__of_kernel(s, kernel, "release", r->release);
	fact__of_kernel(s, kernel, "version", r->version);
	fact__of_kernel(s, kernel, "build_id", r->build_id);
	fact__of_kernel(s, kernel, "config", r->config);
	fact__of_kernel(s, kernel, "cmdline", r->cmdline);
	fact__of_kernel(s, kernel, "previous_release", r->previous_release);
	fact__of_kernel(s, kernel, "recorder", r->computed ? "tracefs" : "bpf");
	fact__of_kernel(s, kernel, "recording_format", format);
	free(format);
}

/* Of the machine, which both kernels run on: the new one's recording fills in what the old one's lacks. */
static void take_machine_facts(struct sample *s, const struct recording *r)
{
	char *cpus = r->cpus ? xasprintf("%llu", r->cpus) : NULL;

	fact__set(s, "machine", r->machine);
	fact__set(s, "cpu_model", r->cpu_model);
	fact__set(s, "cpus", cpus);
	fact__set(s, "hypervisor", r->hypervisor);
	fact__set(s, "host_id", r->host_id);
	fact__set(s, "emulated", r->emulated ? "yes" : "no");
	free(cpus);
}

static void take_facts(struct sample *s, const struct analysis *a)
{
	enum kernel kernel;

	for (kernel = KERNEL_OLD; kernel < NR_KERNELS; kernel++)
		take_kernel_facts(s, kernel__recording(a, kernel), kernel);
	take_machine_facts(s, kernel__recording(a, KERNEL_NEW));
	take_machine_facts(s, kernel__recording(a, KERNEL_OLD));
}

/* Values */

static void recorded__take_operation(struct sample *s, const struct boot *boot, enum kernel kernel,
			   const struct operation *op)
{
	const struct lutrace_event *any = op->end ? op->end : op->begin, *end = op->end;
	const struct name *domain = boot__domain_name(boot, any);
	struct name_text name = name__short(domain);
	struct value v = {
		.kernel = kernel, .op = any->op,
		.at_ns = (op->begin ? op->begin : op->end)->time_ns - boot->events[0].time_ns,
		.domain = domain ? name.s : NULL,
		.tables = end && !end->ret ? end->nr_tables : 0,
		.bytes = end && !end->ret ? end->nr_bytes : 0,
		.result = end ? end->ret : 0,
	};
	__u64 latency = 0;

	v.has_latency = operation__latency(op, &latency);
	v.latency_ns = latency;
	sample__add_value(s, &v);
}

static void take_values(struct sample *s, const struct analysis *a)
{
	enum kernel kernel;
	struct operation *ops;
	size_t nr, i;

	for (kernel = KERNEL_OLD; kernel < NR_KERNELS; kernel++) {
		ops = boot__operations(&a->boots[kernel], &nr);
		for (i = 0; i < nr; i++)
			recorded__take_operation(s, &a->boots[kernel], kernel, &ops[i]);
		free(ops);
	}
}

static void quantity__of_kernel(struct sample *s, enum kernel kernel, const char *name, uint64_t value)
{
	char *full = xasprintf("%s.%s", kernel__name(kernel), name);

	sample__add_quantity(s, full, value);
	free(full);
}

static void take_cost(struct sample *s, enum kernel kernel, const struct lutrace_cost *cost)
{
	if (!cost->whole)
		return;
	quantity__of_kernel(s, kernel, "cost_cpu_ns", cost->cpu_ns);
	quantity__of_kernel(s, kernel, "cost_rss_bytes", cost->rss_bytes);
	if (cost->bpf_bytes)
		quantity__of_kernel(s, kernel, "cost_bpf_bytes", cost->bpf_bytes);
	if (!cost->has_runs)
		return;
	quantity__of_kernel(s, kernel, "cost_bpf_runs", cost->bpf_runs);
	quantity__of_kernel(s, kernel, "cost_bpf_run_ns", cost->bpf_run_ns);
}

static void recorded__take_quantities(struct sample *s, const struct analysis *a)
{
	const struct boot *old = &a->boots[KERNEL_OLD];
	const struct recording *r;
	enum kernel kernel;

	if (old->gap_ns)
		sample__add_quantity(s, "gap_ns", old->gap_ns);
	quantity__of_kernel(s, KERNEL_OLD, "left", old->nr_left);
	quantity__of_kernel(s, KERNEL_NEW, "restored", old->nr_restored);
	for (kernel = KERNEL_OLD; kernel < NR_KERNELS; kernel++) {
		quantity__of_kernel(s, kernel, "events", a->boots[kernel].nr_events);
		quantity__of_kernel(s, kernel, "lost",
				    a->boots[kernel].lost + a->boots[kernel].missing);
		r = kernel__recording(a, kernel);
		if (r->has_kexec_count)
			quantity__of_kernel(s, kernel, "kexec_count", r->kexec_count);
		take_cost(s, kernel, &kernel__last_recording(a, kernel)->cost);
	}
}

static char *details_of(const struct check *check)
{
	char *text = NULL;
	size_t size, i;
	FILE *f = open_memstream(&text, &size);

	for (i = 0; i < check->nr_details && i < CHECK_MAX_DETAILS; i++)
		fprintf(f, "%s\n", check->details[i]);
	if (check->nr_details > CHECK_MAX_DETAILS)
		fprintf(f, "and %zu more\n", check->nr_details - CHECK_MAX_DETAILS);
	fclose(f);
	return text;
}

/* What a rule that is clean has to say is information, and is the same each time. */
static void take_findings(struct sample *s, const struct analysis *a)
{
	const struct check *check;
	char *details;
	size_t i;

	for (i = 0; i < NR_CHECKS; i++) {
		check = &a->checks[i];
		details = check->verdict == VERDICT_VIOLATION || check->verdict == VERDICT_INCOMPLETE ?
			  details_of(check) : xstrdup("");
		sample__add_finding(s, check->name, verdict__name(check->verdict), details);
		free(details);
	}
	s->verdict = xstrdup(verdict__name(a->verdict));
}

static void take_sources(struct sample *s, const struct analysis *a)
{
	const struct recording *r;
	enum kernel kernel;
	char *path;
	size_t i;

	for (kernel = KERNEL_OLD; kernel < NR_KERNELS; kernel++) {
		for (i = 0; i < a->boots[kernel].nr_parts; i++) {
			r = a->boots[kernel].parts[i];
			path = realpath(r->path, NULL);
			sample__add_source(s, kernel, path ? path : r->path, r->file_bytes,
					   r->file_crc32);
			free(path);
		}
	}
}

/* Which recordings */

static int refuse_link(const struct analysis *a, struct fault *fault)
{
	const struct boot *old = &a->boots[KERNEL_OLD];
	const char *x = boot__name(old), *y = boot__name(&a->boots[KERNEL_NEW]);

	if (old->link == LINK_COLD)
		return fault__set(fault, "%s and %s are no live update: there was a cold boot between "
				  "them, or a kexec that handed over nothing", x, y);
	if (old->link == LINK_MISSING)
		return fault__set(fault, "%s and %s do not follow one another: there was a kernel "
				  "between them; give the recordings of two kernels of which one jumped "
				  "into the other", x, y);
	return fault__set(fault, "nothing tells that the kernel of %s jumped into that of %s: neither "
			  "KHO's count, nor the clocks, nor what was restored", x, y);
}

/* One live update is two kernels, of which one jumped into the other. */
static int check_boots(const struct analysis *a, struct fault *fault)
{
	if (a->nr_boots == 1)
		return fault__set(fault, "these recordings are all of one boot, of %s: a live update is "
				  "two; give the recordings of both kernels", boot__name(a->boots));
	if (a->nr_boots != NR_KERNELS)
		return fault__set(fault, "these recordings are of %zu boots: give those of one live "
				  "update, which is two", a->nr_boots);
	return a->boots[KERNEL_OLD].link == LINK_KEXEC ? 0 : refuse_link(a, fault);
}

static char *identity_of(const struct analysis *a, const char *run)
{
	return xasprintf("%s/%s%s%s", kernel__recording(a, KERNEL_OLD)->boot_id,
			 kernel__recording(a, KERNEL_NEW)->boot_id, run && *run ? "/" : "",
			 run ? run : "");
}

static int recorded__take(struct sample *s, const struct analysis *a, const char *run, struct fault *fault)
{
	if (check_boots(a, fault))
		return -1;
	*s = (struct sample){
		.identity = identity_of(a, run),
		.happened_ns = kernel__recording(a, KERNEL_NEW)->start.realtime_ns,
		.commit = xstrdup(""), .branch = xstrdup(""),
	};
	take_facts(s, a);
	take_values(s, a);
	recorded__take_quantities(s, a);
	take_findings(s, a);
	take_sources(s, a);
	return 0;
}

static int read_all(struct collection *c, char *const *paths, size_t nr, struct fault *fault)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (collection__add(c, paths[i], fault))
			return -1;
	if (!c->nr)
		return fault__set(fault, "%s", c->empty[0]);
	return collection__one_host(c, fault) || collection__agree(c, fault) ? -1 : 0;
}

int sample__of_recordings(struct sample *s, char *const *paths, size_t nr, const char *run,
			  struct fault *fault)
{
	struct collection c = { 0 };
	struct analysis a;
	int err = -1;

	if (!read_all(&c, paths, nr, fault)) {
		analysis__run_all(&a, &c, NULL);
		err = recorded__take(s, &a, run, fault);
		analysis__free(&a);
	}
	collection__free(&c);
	return err;
}
