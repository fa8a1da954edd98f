// SPDX-License-Identifier: GPL-2.0-only
/*
 * First all items are collected, each in a lane. Then slices that overlap are given tracks of their
 * own, and at last all begins and ends are put in the order of time.
 */
#include <stdint.h>
#include <stdlib.h>
#include "lib/mem.h"
#include "report/perfetto_layout.h"

size_t layout__kexec_lane(void)
{
	return 0;
}

static size_t layout__kernel_lane(size_t kernel)
{
	return 1 + 2 * kernel;
}

static size_t layout__flb_lane(size_t kernel)
{
	return 2 + 2 * kernel;
}

size_t layout__first_domain(const struct layout *t)
{
	return 1 + 2 * t->a->nr_boots;
}

/* That of its domain, if it is one of those selected. */
static size_t layout__lane_of(const struct layout *t, size_t kernel, const struct lutrace_event *ev)
{
	size_t row;

	if (!ev)
		return layout__kernel_lane(kernel);
	if (op__is_flb(ev->op))
		return layout__flb_lane(kernel);
	row = domains__row(&t->domains, &t->a->boots[kernel], ev);
	return row == t->domains.nr ? layout__kernel_lane(kernel) : layout__first_domain(t) + row;
}

/* The line of time */

static int layout__place_kernels(struct layout *t, struct fault *why)
{
	const struct boot *boots = t->a->boots;
	size_t i;

	for (i = 1; i < t->a->nr_boots; i++) {
		if (!boots[i - 1].linked)
			return fault__set(why, "how long after kernel %zu kernel %zu came is not "
					  "known: a recording was made without a TSC, both are "
					  "shorter than 0.1 s or cut, or one did not jump into the "
					  "other; give those that belong together", i, i + 1);
		t->shift[i] = t->shift[i - 1] + boots[i - 1].to_next_ns;
	}
	return 0;
}

static __u64 layout__place(const struct layout *t, size_t kernel, __u64 monotonic_ns)
{
	return monotonic_ns + t->shift[kernel];
}

/* The first moment of all becomes 0, so that no time is negative. */
static int layout__set_origin(struct layout *t, struct fault *why)
{
	__s64 first = INT64_MAX, last = INT64_MIN;
	size_t i;

	for (i = 0; i < t->nr_items; i++) {
		first = (__s64)t->items[i].begin < first ? (__s64)t->items[i].begin : first;
		last = (__s64)t->items[i].end > last ? (__s64)t->items[i].end : last;
	}
	if (first < last && (__u64)last - (__u64)first > INT64_MAX)
		return fault__set(why, "its events are more than 292 years apart");
	for (i = 0; i < t->nr_items; i++) {
		t->items[i].begin -= first;
		t->items[i].end -= first;
	}
	return 0;
}

/* Items */

static size_t layout__add(struct layout *t, struct item item)
{
	/* A time that goes back is said to be a violation; here it takes none. */
	if ((__s64)(item.end - item.begin) < 0)
		item.end = item.begin;
	t->items = grow(t->items, t->nr_items, &t->items_room, sizeof(*t->items));
	t->items[t->nr_items] = item;
	return t->nr_items++;
}

static void item__add_flow(struct item *item, __u64 flow)
{
	item->flows = grow(item->flows, item->nr_flows, &item->flows_room, sizeof(flow));
	item->flows[item->nr_flows++] = flow;
}

static void layout__add_kernel(struct layout *t, size_t kernel)
{
	const struct boot *boot = &t->a->boots[kernel];
	__u64 first = boot->nr_events ? boot->events[0].time_ns : UINT64_MAX, last;
	size_t i;

	for (i = 0; i < boot->nr_parts; i++)
		if (boot->parts[i]->start.rec.type && boot->parts[i]->start.monotonic_ns < first)
			first = boot->parts[i]->start.monotonic_ns;
	last = boot__last_ns(boot);
	if (first <= last)
		layout__add(t, (struct item){
			.kind = ITEM_KERNEL, .kernel = kernel, .lane = layout__kernel_lane(kernel),
			.begin = layout__place(t, kernel, first),
			.end = layout__place(t, kernel, last),
		});
}

/* A domain is preserved from @monotonic_ns on. */
static void layout__open(struct layout *t, struct idmap *open, size_t kernel,
			 const struct lutrace_event *ev, __u64 monotonic_ns)
{
	__u64 at = layout__place(t, kernel, monotonic_ns);
	size_t item;

	/* Twice at a time is a violation, and one preserved domain. */
	if (idmap__find(open, ev->ser_phys, ev->generation, 0))
		return;
	item = layout__add(t, (struct item){
		.kind = ITEM_PRESERVED, .kernel = kernel, .begin = at, .end = at,
		.lane = layout__lane_of(t, kernel, ev), .op.end = ev,
	});
	idmap__set(open, ev->ser_phys, ev->generation, 0, item);
}

static void layout__close(struct layout *t, size_t item, size_t kernel, __u64 monotonic_ns,
			  const char *until)
{
	__u64 at = layout__place(t, kernel, monotonic_ns);

	t->items[item].until = until;
	if ((__s64)(at - t->items[item].begin) > 0)
		t->items[item].end = at;
}

static void layout__close_all(struct layout *t, struct idmap *open, size_t kernel,
			      __u64 monotonic_ns, const char *until)
{
	uint64_t *item;
	size_t pos = 0;

	while ((item = idmap__next(open, &pos)))
		layout__close(t, *item, kernel, monotonic_ns, until);
	idmap__clear(open);
}

/*
 * An unpreserve or a restore: while it runs the domain is in neither state; if it fails it is
 * again.
 */
static void layout__end_preserved(struct layout *t, struct idmap *open, size_t kernel,
				  const struct operation *op)
{
	const struct lutrace_event *any = op->begin ? op->begin : op->end;
	uint64_t *item = idmap__find(open, any->ser_phys, any->generation, 0);

	if (!item)
		return;
	layout__close(t, *item, kernel, any->time_ns, op__name(any->op));
	idmap__remove(open, any->ser_phys, any->generation, 0);
	if (op->end && op->end->ret)
		layout__open(t, open, kernel, op->end, op->end->time_ns);
}

static void layout__follow_domain(struct layout *t, size_t kernel, const struct operation *op,
				  size_t item)
{
	const struct lutrace_event *end = op->end, *any = end ? end : op->begin;
	bool done = end && !end->ret;

	if (any->op == LUTRACE_OP_PRESERVE && done) {
		idmap__set(t->preserves, kernel, end->seq, 0, item);
		layout__open(t, t->open, kernel, end, end->time_ns);
	} else if (any->op == LUTRACE_OP_UNPRESERVE) {
		layout__end_preserved(t, t->open, kernel, op);
	} else if (any->op == LUTRACE_OP_RESTORE) {
		layout__end_preserved(t, t->incoming, kernel, op);
		if (done && !idmap__find(t->restores, kernel, end->ser_phys, end->generation))
			idmap__set(t->restores, kernel, end->ser_phys, end->generation, item);
	} else if (any->op == LUTRACE_OP_FLB_FINISH && done) {
		layout__close_all(t, t->incoming, kernel, end->time_ns,
				  "finished without a restore");
	}
}

static void layout__add_operation(struct layout *t, size_t kernel, const struct operation *op)
{
	const struct lutrace_event *any = op->begin ? op->begin : op->end;
	struct item item = {
		.kernel = kernel, .lane = layout__lane_of(t, kernel, any), .op = *op,
		.begin = layout__place(t, kernel, any->time_ns),
	};
	__u64 ns;

	item.kind = operation__latency(op, &ns) ? ITEM_OPERATION : ITEM_HALF;
	item.end = item.kind == ITEM_OPERATION ? item.begin + ns : item.begin;
	layout__follow_domain(t, kernel, op, layout__add(t, item));
}

static int layout__by_begin(const void *a, const void *b)
{
	const struct operation *x = a, *y = b;
	const struct lutrace_event *ex = x->begin ? x->begin : x->end;
	const struct lutrace_event *ey = y->begin ? y->begin : y->end;

	if (ex->time_ns != ey->time_ns)
		return ex->time_ns < ey->time_ns ? -1 : 1;
	return (ex->seq > ey->seq) - (ex->seq < ey->seq);
}

static void layout__add_operations(struct layout *t, size_t kernel)
{
	const struct boot *boot = &t->a->boots[kernel];
	struct operation *ops;
	size_t nr, i;

	ops = boot__operations(boot, &nr);
	if (nr)
		qsort(ops, nr, sizeof(*ops), layout__by_begin);
	for (i = 0; i < nr; i++)
		if (analysis__selects(t->a, boot, ops[i].end ? ops[i].end : ops[i].begin))
			layout__add_operation(t, kernel, &ops[i]);
	free(ops);
}

/* Arrows from the preserves that were left to their restores, through the kexec. */
static void layout__add_flows(struct layout *t, size_t kernel, size_t kexec)
{
	const struct boot *boot = &t->a->boots[kernel];
	const struct preserved *p;
	uint64_t *from, *to;
	__u64 flow;
	size_t i;

	for (i = 0; i < boot->nr_left; i++) {
		p = &boot->left[i];
		from = idmap__find(t->preserves, kernel, p->seq, 0);
		to = idmap__find(t->restores, kernel + 1, p->ser_phys, p->generation);
		if (!from || !to)
			continue;
		flow = *from + 1;
		item__add_flow(&t->items[*from], flow);
		item__add_flow(&t->items[kexec], flow);
		item__add_flow(&t->items[*to], flow);
		t->items[*to].flows_end = true;
	}
}

static void layout__add_kexec(struct layout *t, size_t kernel)
{
	const struct boot *boot = &t->a->boots[kernel], *next = boot + 1;
	size_t item;

	if (boot->link != LINK_KEXEC || !boot->nr_events || !next->nr_events)
		return;
	item = layout__add(t, (struct item){
		.kind = ITEM_KEXEC, .kernel = kernel, .lane = layout__kexec_lane(),
		.begin = layout__place(t, kernel, boot->events[boot->nr_events - 1].time_ns),
		.end = layout__place(t, kernel + 1, next->events[0].time_ns),
	});
	layout__add_flows(t, kernel, item);
}

/* What is preserved goes on into the next kernel only if that took it over. */
static void layout__leave_kernel(struct layout *t, size_t kernel)
{
	const struct boot *boot = &t->a->boots[kernel];
	struct idmap *old = t->incoming;

	layout__close_all(t, t->incoming, kernel, boot__last_ns(boot), "the end of the recording");
	if (boot->link != LINK_KEXEC)
		layout__close_all(t, t->open, kernel, boot__last_ns(boot),
				  "the end of the recording");
	t->incoming = t->open;
	t->open = old;
}

static void layout__add_offence(struct layout *t, const struct offence *v)
{
	size_t kernel = v->boot - t->a->boots;
	__u64 at = layout__place(t, kernel, v->time_ns);

	layout__add(t, (struct item){
		.kind = ITEM_OFFENCE, .kernel = kernel, .begin = at, .end = at, .offence = v,
		.lane = layout__lane_of(t, kernel, v->event),
	});
}

static void layout__collect(struct layout *t)
{
	size_t i;

	for (i = 0; i < t->a->nr_boots; i++) {
		layout__add_kernel(t, i);
		layout__add_operations(t, i);
		layout__leave_kernel(t, i);
	}
	for (i = 0; i + 1 < t->a->nr_boots; i++)
		layout__add_kexec(t, i);
	for (i = 0; i < t->a->nr_offences; i++)
		layout__add_offence(t, &t->a->offences[i]);
}

/* Tracks */

static size_t layout__add_track(struct layout *t, size_t lane, size_t number)
{
	t->tracks = grow(t->tracks, t->nr_tracks, &t->tracks_room, sizeof(*t->tracks));
	t->tracks[t->nr_tracks] = (struct track){
		.lane = lane, .number = number, .next = LAYOUT_NONE,
	};
	return t->nr_tracks++;
}

/* The first track of the item's lane on which nothing runs any more when it begins. */
static size_t layout__free_track(struct layout *t, const struct item *item)
{
	size_t track = t->first_of[item->lane];

	if (track == LAYOUT_NONE)
		track = t->first_of[item->lane] = layout__add_track(t, item->lane, 1);
	while (item->kind < ITEM_HALF && t->tracks[track].busy_until > item->begin) {
		if (t->tracks[track].next == LAYOUT_NONE) {
			size_t further = layout__add_track(t, item->lane,
							   t->tracks[track].number + 1);

			t->tracks[track].next = further;
		}
		track = t->tracks[track].next;
	}
	if (item->kind < ITEM_HALF)
		t->tracks[track].busy_until = item->end;
	return track;
}

static int layout__by_time(const void *a, const void *b, void *priv)
{
	const struct item *items = priv, *x = &items[*(const size_t *)a];
	const struct item *y = &items[*(const size_t *)b];

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	return (x > y) - (x < y);
}

static void layout__mark(struct layout *t, struct mark mark)
{
	t->marks = grow(t->marks, t->nr_marks, &t->marks_room, sizeof(*t->marks));
	mark.order = t->nr_marks;
	t->marks[t->nr_marks++] = mark;
}

static void layout__count_preserved(struct layout *t, const struct item *item)
{
	if (t->counter == LAYOUT_NONE)
		t->counter = layout__add_track(t, LAYOUT_NONE, 1);
	layout__mark(t, (struct mark){ .ns = item->begin, .track = t->counter,
				       .type = PACKET_COUNTER, .step = 1 });
	layout__mark(t, (struct mark){ .ns = item->end, .track = t->counter,
				       .type = PACKET_COUNTER, .step = -1 });
}

static void layout__place_item(struct layout *t, size_t i)
{
	struct item *item = &t->items[i];
	struct mark mark = { .ns = item->begin, .item = i, .type = PACKET_INSTANT };

	mark.track = item->track = layout__free_track(t, item);
	if (item->kind >= ITEM_HALF) {
		layout__mark(t, mark);
		return;
	}
	mark.type = PACKET_BEGIN;
	layout__mark(t, mark);
	mark.type = PACKET_END;
	mark.ns = item->end;
	layout__mark(t, mark);
	if (item->kind == ITEM_PRESERVED)
		layout__count_preserved(t, item);
}

/* Instants come after the slices of their time, in one piece. */
static int layout__by_mark(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;
	bool later = x->type == PACKET_INSTANT;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	if (x->track != y->track)
		return x->track < y->track ? -1 : 1;
	if (later != (y->type == PACKET_INSTANT))
		return later ? 1 : -1;
	return (x->order > y->order) - (x->order < y->order);
}

static void layout__place_items(struct layout *t)
{
	size_t *order = xcalloc(t->nr_items + 1, sizeof(*order)), i;

	t->nr_lanes = layout__first_domain(t) + t->domains.nr;
	t->first_of = xcalloc(t->nr_lanes, sizeof(*t->first_of));
	for (i = 0; i < t->nr_lanes; i++)
		t->first_of[i] = LAYOUT_NONE;
	for (i = 0; i < t->nr_items; i++)
		order[i] = i;
	qsort_r(order, t->nr_items, sizeof(*order), layout__by_time, t->items);
	for (i = 0; i < t->nr_items; i++)
		layout__place_item(t, order[i]);
	free(order);
	if (t->nr_marks)
		qsort(t->marks, t->nr_marks, sizeof(*t->marks), layout__by_mark);
}

/* Where each is: its part above, its place in that below. */
static void layout__index_latencies(struct layout *t)
{
	const struct lutrace_latency *lat;
	const struct boot *boot;
	size_t i, k, n;

	for (i = 0; i < t->a->nr_boots; i++) {
		boot = &t->a->boots[i];
		for (k = 0; k < boot->nr_parts; k++)
			for (n = 0; n < boot->parts[k]->nr_latencies; n++) {
				lat = &boot->parts[k]->latencies[n];
				if (!idmap__find(t->latencies, i, lat->begin_seq, lat->end_seq))
					idmap__set(t->latencies, i, lat->begin_seq, lat->end_seq,
						   (uint64_t)k << 32 | n);
			}
	}
}

const struct lutrace_latency *layout__latency(const struct layout *t, const struct item *item)
{
	const struct operation *op = &item->op;
	const struct lutrace_latency *lat;
	uint64_t *at;

	if (!op->begin || !op->end)
		return NULL;
	at = idmap__find(t->latencies, item->kernel, op->begin->seq, op->end->seq);
	if (!at)
		return NULL;
	lat = &t->a->boots[item->kernel].parts[*at >> 32]->latencies[*at & UINT32_MAX];
	return lat->op == op->end->op ? lat : NULL;
}

int layout__make(struct layout *t, const struct analysis *a, struct fault *why)
{
	*t = (struct layout){
		.a = a, .counter = LAYOUT_NONE, .shift = xcalloc(a->nr_boots, sizeof(*t->shift)),
		.latencies = idmap__new(), .open = idmap__new(), .incoming = idmap__new(),
		.preserves = idmap__new(), .restores = idmap__new(),
	};
	domains__make(&t->domains, a, DOMAINS_BY_SLOT);
	if (layout__place_kernels(t, why))
		return -1;
	layout__collect(t);
	if (layout__set_origin(t, why))
		return -1;
	layout__index_latencies(t);
	layout__place_items(t);
	return 0;
}

void layout__free(struct layout *t)
{
	size_t i;

	for (i = 0; i < t->nr_items; i++)
		free(t->items[i].flows);
	free(t->items);
	free(t->first_of);
	free(t->tracks);
	free(t->marks);
	free(t->shift);
	idmap__free(t->latencies);
	idmap__free(t->open);
	idmap__free(t->incoming);
	idmap__free(t->preserves);
	idmap__free(t->restores);
	domains__free(&t->domains);
}
