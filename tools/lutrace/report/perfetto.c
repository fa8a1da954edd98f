// SPDX-License-Identifier: GPL-2.0-only
/* Writes what perfetto_layout.c lays out: names, arguments and numbers of tracks. */
#include <stdio.h>
#include <stdlib.h>
#include "lib/mem.h"
#include "report/perfetto.h"
#include "report/perfetto_layout.h"

struct trace {
	struct layout layout;
	struct packets packets;
};

/* Descriptions. The root is 1, then come the kernels and the tracks; 0 is Perfetto's own. */

#define ROOT_UUID	1

static __u64 trace__kernel_uuid(size_t kernel)
{
	return ROOT_UUID + 1 + kernel;
}

static __u64 trace__track_uuid(const struct trace *t, size_t track)
{
	return ROOT_UUID + 1 + t->layout.a->nr_boots + track;
}

static void trace__describe_kernel(struct trace *t, size_t kernel)
{
	const struct recording *r = t->layout.a->boots[kernel].parts[0];
	char *name = xasprintf("kernel %zu: %s, boot %.8s", kernel + 1, r->release, r->boot_id);

	packets__track(&t->packets, &(struct packet_track){
		.uuid = trace__kernel_uuid(kernel), .pid = kernel + 1, .name = name,
		.cmdline = r->cmdline, .ranks = true,
	});
	free(name);
}

static char *trace__lane_name(const struct layout *t, size_t lane)
{
	const struct domain_row *row;

	if (lane == layout__kexec_lane())
		return xstrdup("kexec");
	if (lane < layout__first_domain(t))
		return xstrdup(lane % 2 ? "kernel" : "FLB");
	row = &t->domains.rows[lane - layout__first_domain(t)];
	if (row->name && *row->name->session && row->name->has_hwpt)
		return xasprintf("%s", name__short(row->name).s);
	return xasprintf("record 0x%llx", row->ser_phys);
}

/* @rank: counts the tracks that were described; they come in the order of their lanes. */
static void trace__describe_track(struct trace *t, size_t i, int *rank)
{
	const struct track *track = &t->layout.tracks[i];
	size_t lane = track->lane;
	bool of_kernel = lane != layout__kexec_lane() && lane < layout__first_domain(&t->layout);
	char *name = trace__lane_name(&t->layout, lane), *numbered;

	numbered = track->number > 1 ? xasprintf("%s (%zu)", name, track->number) : xstrdup(name);
	packets__track(&t->packets, &(struct packet_track){
		.uuid = trace__track_uuid(t, i), .name = numbered, .rank = (*rank)++,
		.parent = of_kernel ? trace__kernel_uuid((lane - 1) / 2) : ROOT_UUID,
	});
	free(numbered);
	free(name);
}

static void trace__describe(struct trace *t)
{
	size_t lane, i;
	int rank = 0;

	packets__track(&t->packets, &(struct packet_track){
		.uuid = ROOT_UUID, .name = "live update", .ranks = true });
	for (i = 0; i < t->layout.a->nr_boots; i++)
		trace__describe_kernel(t, i);
	if (t->layout.counter != LAYOUT_NONE)
		packets__track(&t->packets, &(struct packet_track){
			.uuid = trace__track_uuid(t, t->layout.counter), .parent = ROOT_UUID,
			.name = "domains preserved", .counts = "domains", .rank = rank++ });
	for (lane = 0; lane < t->layout.nr_lanes; lane++)
		for (i = t->layout.first_of[lane]; i != LAYOUT_NONE; i = t->layout.tracks[i].next)
			trace__describe_track(t, i, &rank);
}

/* Events */

static void trace__note_end(struct packet_event *ev, const struct lutrace_event *end)
{
	packet_event__count(ev, "end_seq", end->seq);
	packet_event__errno(ev, "ret_errno", end->ret);
	/* Only a domain's successful end tells the rest. */
	if (op__is_flb(end->op) || end->ret)
		return;
	packet_event__count(ev, "tables", end->nr_tables);
	packet_event__count(ev, "bytes", end->nr_bytes);
	packet_event__text(ev, "format",
			   pt__format_name(end->format < PT_NR_FORMATS ? end->format : PT_UNKNOWN));
	packet_event__count(ev, "top_level", end->top_level);
	packet_event__address(ev, "root_address", end->top_phys);
}

static void trace__write_operation(struct trace *t, const struct item *item,
				    struct packet_event *ev)
{
	const struct lutrace_event *begin = item->op.begin, *end = item->op.end;
	const struct lutrace_event *any = end ? end : begin;
	const struct boot *boot = &t->layout.a->boots[item->kernel];
	struct name_text domain = name__text(boot__domain_name(boot, any));
	const struct lutrace_latency *latency = layout__latency(&t->layout, item);
	const char *half = !begin ? ": begin not seen" : !end ? ": end not seen" :
			   ": ended before it began";
	char *name = xasprintf("%s%s", op__name(any->op), item->kind == ITEM_HALF ? half : "");

	ev->name = name;
	ev->category = item->kind == ITEM_HALF ? "half" : end->ret ? "failed" : "operation";
	packet_event__count(ev, "kernel", item->kernel + 1);
	if (*domain.s)
		packet_event__text(ev, "domain", domain.s);
	if (!op__is_flb(any->op)) {
		packet_event__address(ev, "record", any->ser_phys);
		packet_event__count(ev, "generation", any->generation);
	}
	if (*names__process(boot->names, any->pid))
		packet_event__text(ev, "process", names__process(boot->names, any->pid));
	packet_event__count(ev, "pid", any->pid);
	if (begin)
		packet_event__count(ev, "begin_seq", begin->seq);
	if (end)
		trace__note_end(ev, end);
	if (latency)
		packet_event__count(ev, "latency_ns", latency->latency_ns);
	packets__event(&t->packets, ev);
	free(name);
}

static void trace__write_kernel(struct trace *t, const struct item *item,
				 struct packet_event *ev)
{
	const struct boot *boot = &t->layout.a->boots[item->kernel];
	const struct recording *r = boot->parts[0];
	char *name = xasprintf("kernel %s", r->release ? r->release : "");

	ev->name = name;
	ev->category = "kernel";
	packet_event__text(ev, "release", r->release ? r->release : "");
	packet_event__text(ev, "version", r->version ? r->version : "");
	packet_event__text(ev, "cmdline", r->cmdline ? r->cmdline : "");
	packet_event__text(ev, "boot_id", r->boot_id ? r->boot_id : "");
	packet_event__text(ev, "recording", boot__name(boot));
	packet_event__text(ev, "next", boot_link__name(boot->link));
	/* Of all kernels: each trace has one. */
	packet_event__text(ev, "verdict", verdict__name(t->layout.a->verdict));
	packets__event(&t->packets, ev);
	free(name);
}

static void trace__write_offence(struct trace *t, const struct item *item,
				  struct packet_event *ev)
{
	const struct offence *v = item->offence;
	char *name = xasprintf("violation: %s", t->layout.a->checks[v->check].name);

	ev->name = name;
	ev->category = "violation";
	packet_event__count(ev, "kernel", item->kernel + 1);
	if (v->event)
		packet_event__count(ev, "seq", v->event->seq);
	packet_event__text(ev, "text", v->text);
	packets__event(&t->packets, ev);
	free(name);
}

static void trace__write_preserved(struct trace *t, const struct item *item,
				    struct packet_event *ev)
{
	ev->name = "preserved";
	ev->category = "preserved";
	packet_event__address(ev, "record", item->op.end->ser_phys);
	packet_event__count(ev, "generation", item->op.end->generation);
	packet_event__text(ev, "until", item->until);
	packets__event(&t->packets, ev);
}

static void trace__write_kexec(struct trace *t, const struct item *item, struct packet_event *ev)
{
	ev->name = ev->category = "kexec";
	packet_event__count(ev, "from_kernel", item->kernel + 1);
	packet_event__count(ev, "to_kernel", item->kernel + 2);
	packets__event(&t->packets, ev);
}

/* The begin of an item, or the whole of an instant. */
static void trace__write_item(struct trace *t, const struct mark *mark, enum packet_type type)
{
	const struct item *item = &t->layout.items[mark->item];
	struct packet_event ev = {
		.ns = mark->ns, .track = trace__track_uuid(t, mark->track), .type = type,
		.flows = item->flows, .nr_flows = item->nr_flows, .flows_end = item->flows_end,
	};

	switch (item->kind) {
	case ITEM_PRESERVED:
		trace__write_preserved(t, item, &ev);
		return;
	case ITEM_KEXEC:
		trace__write_kexec(t, item, &ev);
		return;
	case ITEM_KERNEL:
		trace__write_kernel(t, item, &ev);
		return;
	case ITEM_OFFENCE:
		trace__write_offence(t, item, &ev);
		return;
	default:
		trace__write_operation(t, item, &ev);
	}
}

static void trace__write_end(struct trace *t, const struct mark *mark)
{
	packets__event(&t->packets, &(struct packet_event){
		.ns = mark->ns, .track = trace__track_uuid(t, mark->track), .type = PACKET_END });
}

static size_t trace__nr_alike(const struct trace *t, size_t i)
{
	const struct mark *marks = t->layout.marks;
	size_t nr = 1;

	while (i + nr < t->layout.nr_marks && marks[i + nr].ns == marks[i].ns &&
	       marks[i + nr].track == marks[i].track && marks[i + nr].type == marks[i].type)
		nr++;
	return nr;
}

/*
 * Of several of one moment all but the last are slices of no length, within each other: all are
 * seen.
 */
static void trace__write_instants(struct trace *t, size_t i, size_t nr)
{
	size_t k;

	for (k = 0; k < nr; k++)
		trace__write_item(t, &t->layout.marks[i + k],
				  k + 1 < nr ? PACKET_BEGIN : PACKET_INSTANT);
	for (k = 0; k + 1 < nr; k++)
		trace__write_end(t, &t->layout.marks[i]);
}

static void trace__write_counter(struct trace *t, size_t i, size_t nr, __s64 *count)
{
	size_t k;

	for (k = 0; k < nr; k++)
		*count += t->layout.marks[i + k].step;
	packets__event(&t->packets, &(struct packet_event){
		.ns = t->layout.marks[i].ns, .track = trace__track_uuid(t, t->layout.counter),
		.type = PACKET_COUNTER, .value = *count });
}

static void trace__write_marks(struct trace *t)
{
	__s64 count = 0;
	size_t i, nr;

	for (i = 0; i < t->layout.nr_marks; i += nr) {
		nr = 1;
		switch (t->layout.marks[i].type) {
		case PACKET_BEGIN:
			trace__write_item(t, &t->layout.marks[i], PACKET_BEGIN);
			break;
		case PACKET_END:
			trace__write_end(t, &t->layout.marks[i]);
			break;
		case PACKET_INSTANT:
			nr = trace__nr_alike(t, i);
			trace__write_instants(t, i, nr);
			break;
		case PACKET_COUNTER:
			nr = trace__nr_alike(t, i);
			trace__write_counter(t, i, nr, &count);
			break;
		}
	}
}

int perfetto__write(const struct analysis *a, FILE *f, struct fault *why)
{
	struct trace t = { .packets.f = f };
	int err = layout__make(&t.layout, a, why);

	if (!err) {
		trace__describe(&t);
		trace__write_marks(&t);
	}
	layout__free(&t.layout);
	return err;
}
