// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads a recording into a struct recording. Anything may stand in the file: what is no recording or
 * is damaged is refused with one sentence, and what was cut is read up to the cut. Called by who judges
 * or shows recordings, and by a flight recorder that takes over a folder.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "recording/recording.h"

void recording__free(struct recording *r)
{
	free(r->path);
	free(r->release);
	free(r->version);
	free(r->build_id);
	free(r->machine);
	free(r->boot_id);
	free(r->cmdline);
	free(r->hypervisor);
	free(r->previous_release);
	free(r->host_id);
	free(r->config);
	free(r->cpu_model);
	free(r->events);
	free(r->latencies);
	free(r->freed);
	free(r->deep);
	free(r->freezes);
	free(r->complaints);
	names__free(r->names);
	*r = (struct recording){ 0 };
}

static void recording__set_text(char **to, const char *value)
{
	free(*to);
	*to = xstrdup(value);
	make_printable(*to);
}

static void recording__set_host(struct recording *r, const char *key, const char *value)
{
	struct { const char *key; char **to; } texts[] = {
		{ "release", &r->release }, { "version", &r->version },
		{ "build_id", &r->build_id }, { "machine", &r->machine },
		{ "boot_id", &r->boot_id }, { "cmdline", &r->cmdline },
		{ "hypervisor", &r->hypervisor }, { "host_id", &r->host_id },
		{ "previous_release", &r->previous_release }, { "config", &r->config },
		{ "cpu_model", &r->cpu_model },
	};
	struct { const char *key; __u64 *to; } numbers[] = {
		{ "ring_kib", &r->ring_kib }, { "in_flight", &r->in_flight },
		{ "duration_ms", &r->duration_ms }, { "flight_file", &r->flight_file },
		{ "flight_first", &r->flight_first }, { "rotated_files", &r->rotated_files },
		{ "rotated_events", &r->rotated_events }, { "kexec_count", &r->kexec_count },
		{ "cpus", &r->cpus },
	};
	size_t i;

	if (!strcmp(key, "emulated"))
		r->emulated = !strcmp(value, "1");
	if (!strcmp(key, "selected"))
		r->selected = !strcmp(value, "1");
	if (!strcmp(key, "freed"))
		r->watches_freed = !strcmp(value, "1");
	if (!strcmp(key, "mode"))
		r->computed = !strcmp(value, "tracefs");
	if (!strcmp(key, "deep"))
		r->is_deep = !strcmp(value, "1");
	if (!strcmp(key, "kexec_count"))
		r->has_kexec_count = true;
	if (!strcmp(key, "klog"))
		r->has_klog = !strcmp(value, "1");
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (!strcmp(key, texts[i].key))
			recording__set_text(texts[i].to, value);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!strcmp(key, numbers[i].key))
			*numbers[i].to = strtoull(value, NULL, 10);
}

/* What is wrong with a record, and where it stands: @at counts from the start of the file. */
struct place {
	const struct recording *r;
	struct lutrace_rec rec;
	const char *data;
	size_t at;
	unsigned long crc;		/* of all before a record that has a checksum */
};

static int place__wrong_size(const struct place *p, struct fault *fault)
{
	return fault__set(fault, "%s is damaged: the record of type %u at byte %zu has a size of "
			  "%u",
			  p->r->path, p->rec.type, p->at, p->rec.size);
}

static int place__wrong_order(const struct place *p, const char *what, struct fault *fault)
{
	return fault__set(fault, "%s is damaged: a record of type %u stands %s, at byte %zu",
			  p->r->path, p->rec.type, what, p->at);
}

/* Copies the record; one of a newer version may have more at its end. */
static int place__copy(const struct place *p, void *to, size_t size, struct fault *fault)
{
	if (p->rec.size < size || (p->rec.size > size && !recording__is_newer(p->r)))
		return place__wrong_size(p, fault);
	memcpy(to, p->data + p->at, size);
	return 0;
}

static int recording__parse_host(struct recording *r, const struct place *p, struct fault *fault)
{
	size_t size = p->rec.size - sizeof(p->rec);
	char *text, *line, *equals, *save;

	if (r->boot_id)
		return place__wrong_order(p, "where there can be no second header", fault);
	text = xcalloc(size + 1, 1);
	memcpy(text, p->data + p->at + sizeof(p->rec), size);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		equals = strchr(line, '=');
		if (!equals)
			continue;
		*equals = '\0';
		recording__set_host(r, line, equals + 1);
	}
	free(text);
	if (!r->boot_id || !r->release)
		return fault__set(fault, "%s is damaged: its header names no kernel", r->path);
	return 0;
}

static int recording__parse_event(struct recording *r, const struct place *p, struct fault *fault)
{
	struct lutrace_event ev;

	if (place__copy(p, &ev, sizeof(ev), fault))
		return -1;
	r->counted_events++;
	if (ev.op < LUTRACE_NR_OPS && ev.phase <= LUTRACE_END) {
		r->events = grow(r->events, r->nr_events, &r->events_room, sizeof(ev));
		r->events[r->nr_events++] = ev;
		if (ev.time_ns > r->whole_ns)
			r->whole_ns = ev.time_ns;
		return 0;
	}
	if (!recording__is_newer(r))
		return fault__set(fault, "%s is damaged: the event at byte %zu is of operation "
				  "%u, phase %u",
				  r->path, p->at, ev.op, ev.phase);
	r->skipped++;
	return 0;
}

static int recording__parse_latency(struct recording *r, const struct place *p, struct fault *fault)
{
	struct lutrace_latency lat;

	if (place__copy(p, &lat, sizeof(lat), fault))
		return -1;
	r->counted_latencies++;
	if (lat.op < LUTRACE_NR_OPS) {
		r->latencies = grow(r->latencies, r->nr_latencies, &r->latencies_room,
				    sizeof(lat));
		r->latencies[r->nr_latencies++] = lat;
		return 0;
	}
	if (!recording__is_newer(r))
		return fault__set(fault, "%s is damaged: the latency at byte %zu is of operation "
				  "%u",
				  r->path, p->at, lat.op);
	r->skipped++;
	return 0;
}

static int recording__parse_freed(struct recording *r, const struct place *p, struct fault *fault)
{
	struct lutrace_freed freed;

	if (place__copy(p, &freed, sizeof(freed), fault))
		return -1;
	r->freed = grow(r->freed, r->nr_freed, &r->freed_room, sizeof(freed));
	r->freed[r->nr_freed++] = freed;
	if (freed.time_ns > r->whole_ns)
		r->whole_ns = freed.time_ns;
	return 0;
}

static int recording__parse_freeze(struct recording *r, const struct place *p, struct fault *fault)
{
	struct lutrace_freeze freeze;

	if (place__copy(p, &freeze, sizeof(freeze), fault))
		return -1;
	r->freezes = grow(r->freezes, r->nr_freezes, &r->freezes_room, sizeof(freeze));
	r->freezes[r->nr_freezes++] = freeze;
	if (freeze.time_ns > r->whole_ns)
		r->whole_ns = freeze.time_ns;
	return 0;
}

static int recording__parse_deep(struct recording *r, const struct place *p, struct fault *fault)
{
	struct lutrace_deep deep;

	if (place__copy(p, &deep, sizeof(deep), fault))
		return -1;
	r->deep = grow(r->deep, r->nr_deep, &r->deep_room, sizeof(deep));
	r->deep[r->nr_deep++] = deep;
	if (deep.time_ns > r->whole_ns)
		r->whole_ns = deep.time_ns;
	return 0;
}

static int recording__parse_complaint(struct recording *r, const struct place *p,
				      struct fault *fault)
{
	struct lutrace_complaint c;

	if (place__copy(p, &c, sizeof(c), fault))
		return -1;
	c.text[sizeof(c.text) - 1] = '\0';
	make_printable(c.text);
	r->complaints = grow(r->complaints, r->nr_complaints, &r->complaints_room, sizeof(c));
	r->complaints[r->nr_complaints++] = c;
	if (c.time_ns > r->whole_ns)
		r->whole_ns = c.time_ns;
	return 0;
}

static int recording__parse_cost(struct recording *r, const struct place *p, struct fault *fault)
{
	struct lutrace_cost cost;

	if (place__copy(p, &cost, sizeof(cost), fault))
		return -1;
	if (cost.whole == LUTRACE_WHOLE)
		r->cost = cost;
	return 0;
}

static int recording__parse_name(struct recording *r, const struct place *p, struct fault *fault)
{
	/* The record may stand at any byte: the header of a newer version has any size. */
	struct lutrace_rec *rec = xcalloc(1, p->rec.size);
	int err;

	memcpy(rec, p->data + p->at, p->rec.size);
	err = names__learn_record(r->names, rec);
	free(rec);
	return err ? place__wrong_size(p, fault) : 0;
}

static int recording__parse_process(struct recording *r, const struct place *p, struct fault *fault)
{
	struct lutrace_process process;

	if (place__copy(p, &process, sizeof(process), fault))
		return -1;
	process.comm[sizeof(process.comm) - 1] = '\0';
	if (process.whole)
		names__learn_process(r->names, process.pid, process.comm);
	return 0;
}

static int recording__parse_clock(struct recording *r, const struct place *p, struct fault *fault)
{
	struct lutrace_clock *to = r->start.rec.type ? &r->end : &r->start;

	if (to->rec.type)
		return place__wrong_order(p, "after the clocks of the end", fault);
	if (place__copy(p, to, sizeof(*to), fault))
		return -1;
	if (to->monotonic_ns > r->whole_ns)
		r->whole_ns = to->monotonic_ns;
	return 0;
}

static int place__wrong_sum(const struct place *p, struct fault *fault)
{
	return fault__set(fault, "%s is damaged: its checksum at byte %zu is wrong; record again "
			  "or fetch it again",
			  p->r->path, p->at);
}

static int recording__parse_sum(const struct place *p, struct fault *fault)
{
	struct lutrace_sum sum;

	if (place__copy(p, &sum, sizeof(sum), fault))
		return -1;
	return sum.crc32 == p->crc && sum.whole == LUTRACE_WHOLE ? 0 : place__wrong_sum(p, fault);
}

static int recording__parse_footer(struct recording *r, const struct place *p, struct fault *fault)
{
	const struct lutrace_footer *f = &r->footer;

	if (place__copy(p, &r->footer, sizeof(*f), fault))
		return -1;
	if (f->crc32 != p->crc)
		return place__wrong_sum(p, fault);
	if (f->nr_events != r->counted_events || f->nr_latencies != r->counted_latencies ||
	    !r->end.rec.type)
		return fault__set(fault, "%s is damaged: its footer counts other records than it "
				  "has",
				  r->path);
	r->complete = true;
	return 0;
}

static int recording__parse_record(struct recording *r, const struct place *p, struct fault *fault)
{
	if (p->rec.type == LUTRACE_REC_HOST)
		return recording__parse_host(r, p, fault);
	if (p->rec.type == LUTRACE_REC_SUM)
		return recording__parse_sum(p, fault);
	if (!r->boot_id || (!r->start.rec.type && p->rec.type != LUTRACE_REC_CLOCK))
		return place__wrong_order(p, "where its header should be", fault);
	switch (p->rec.type) {
	case LUTRACE_REC_CLOCK:
		return recording__parse_clock(r, p, fault);
	case LUTRACE_REC_EVENT:
		return recording__parse_event(r, p, fault);
	case LUTRACE_REC_LATENCY:
		return recording__parse_latency(r, p, fault);
	case LUTRACE_REC_FREED:
		return recording__parse_freed(r, p, fault);
	case LUTRACE_REC_FREEZE:
		return recording__parse_freeze(r, p, fault);
	case LUTRACE_REC_DEEP:
		return recording__parse_deep(r, p, fault);
	case LUTRACE_REC_COMPLAINT:
		return recording__parse_complaint(r, p, fault);
	case LUTRACE_REC_NAME:
		return recording__parse_name(r, p, fault);
	case LUTRACE_REC_PROCESS:
		return recording__parse_process(r, p, fault);
	case LUTRACE_REC_COST:
		return recording__parse_cost(r, p, fault);
	case LUTRACE_REC_FOOTER:
		return recording__parse_footer(r, p, fault);
	}
	r->skipped++;
	return 0;
}

/* Where a machine crashes, file systems leave zeros: that is a cut as well. */
static bool recording__only_zeros(const char *data, size_t size)
{
	return !size || (!data[0] && !memcmp(data, data + 1, size - 1));
}

/* Its zeros may begin within the last record, whose end is never 0 if it is whole. */
static void recording__forget_half_record(struct recording *r, __u32 type, bool zero_end)
{
	const struct lutrace_event *ev = r->nr_events ? &r->events[r->nr_events - 1] : NULL;
	const struct lutrace_latency *lat =
		r->nr_latencies ? &r->latencies[r->nr_latencies - 1] : NULL;

	if (type == LUTRACE_REC_EVENT && ev && !ev->pid && !ev->tid)
		r->nr_events--;
	else if (type == LUTRACE_REC_LATENCY && lat && !lat->latency_ns)
		r->nr_latencies--;
	else if (type == LUTRACE_REC_FREED && r->nr_freed && !r->freed[r->nr_freed - 1].size)
		r->nr_freed--;
	else if (type == LUTRACE_REC_FREEZE && r->nr_freezes && !r->freezes[r->nr_freezes - 1].tid)
		r->nr_freezes--;
	else if (type == LUTRACE_REC_DEEP && r->nr_deep && !r->deep[r->nr_deep - 1].took_ns)
		r->nr_deep--;
	else if (type == LUTRACE_REC_COMPLAINT && r->nr_complaints &&
		 !r->complaints[r->nr_complaints - 1].whole)
		r->nr_complaints--;
	else if ((type != LUTRACE_REC_NAME && type != LUTRACE_REC_PROCESS) || !zero_end)
		return;
	r->nr_records--;
}

/* Sizes the record at the front of @left bytes; false if it is cut off. */
static bool recording__record_whole(const void *at, size_t left, struct lutrace_rec *rec)
{
	if (left < sizeof(*rec))
		return false;
	memcpy(rec, at, sizeof(*rec));
	return rec->size <= left || rec->size > LUTRACE_REC_MAX;
}

static bool rec__size_can_be(const struct lutrace_rec *rec)
{
	return rec->size >= sizeof(*rec) && rec->size <= LUTRACE_REC_MAX && rec->size % 8 == 0;
}

/* Zeros of a crash may begin within it. */
static bool rec__is_whole_sum(const void *at, const struct lutrace_rec *rec)
{
	struct lutrace_sum sum;

	if (rec->type != LUTRACE_REC_SUM || rec->size < sizeof(sum))
		return false;
	memcpy(&sum, at, sizeof(sum));
	return sum.whole == LUTRACE_WHOLE;
}

/*
 * Where the last record with a checksum ends, as each write does since 1.9: what comes after it is a
 * part of a write. @size if there is none in a file that needs none, or if the file is damaged.
 */
static size_t recording__summed(const struct recording *r, const char *data, size_t size, size_t at)
{
	size_t end = r->minor < LUTRACE_SUMS_SINCE ? size : at;
	struct lutrace_rec rec;

	for (; at < size && recording__record_whole(data + at, size - at, &rec); at += rec.size) {
		if (recording__only_zeros(data + at, size - at))
			break;
		if (!rec__size_can_be(&rec))
			return size;
		if (rec.type == LUTRACE_REC_FOOTER || rec__is_whole_sum(data + at, &rec))
			end = at + rec.size;
	}
	return end;
}

static int recording__parse_records(struct recording *r, const char *data, size_t size, size_t at,
				    struct fault *fault)
{
	size_t end = recording__summed(r, data, size, at), summed = 0;
	struct place p = { .r = r, .data = data };
	__u32 last = 0;

	for (; at < end; at += p.rec.size) {
		if (r->complete)
			break;
		if (!data[at] && recording__only_zeros(data + at, size - at)) {
			recording__forget_half_record(r, last, !data[at - 1]);
			break;
		}
		if (!recording__record_whole(data + at, size - at, &p.rec))
			break;
		p.at = at;
		if (!rec__size_can_be(&p.rec))
			return place__wrong_size(&p, fault);
		if (p.rec.type == LUTRACE_REC_SUM || p.rec.type == LUTRACE_REC_FOOTER) {
			p.crc = crc32_z(p.crc, (const void *)(data + summed), at - summed);
			summed = at;
		}
		if (recording__parse_record(r, &p, fault))
			return -1;
		r->nr_records += p.rec.type != LUTRACE_REC_SUM;
		last = p.rec.type;
	}
	r->cut_bytes = size - at;
	if (r->complete && r->cut_bytes)
		return fault__set(fault, "%s is damaged: %zu bytes follow its end", r->path,
				  r->cut_bytes);
	return 0;
}

static int recording__empty(const char *path, const char *why, struct fault *fault)
{
	fault__set(fault, "%s %s", path, why);
	return RECORDING_EMPTY;
}

static int recording__parse_header(struct recording *r, const void *data, size_t size,
				   size_t *header, struct fault *fault)
{
	struct lutrace_file head = { .magic = "" };

	memcpy(&head, data, size < sizeof(head) ? size : sizeof(head));
	if (!size)
		return recording__empty(r->path, "is empty: it holds no recording", fault);
	if (recording__only_zeros(data, size))
		return recording__empty(r->path, "has nothing but zeros, as a crash of the machine "
				     "leaves a file: it holds no recording", fault);
	if (memcmp(head.magic, LUTRACE_FILE_MAGIC,
		   size < sizeof(head.magic) ? size : sizeof(head.magic)))
		return fault__set(fault, "%s is no recording of lutrace record", r->path);
	if (size < sizeof(head))
		return recording__empty(r->path, "was cut before its header ended: it holds nothing",
				     fault);
	if (head.major != LUTRACE_FILE_MAJOR)
		return fault__set(fault, "%s has format version %u.%u, this lutrace reads %u.x: "
				  "use the lutrace that recorded it",
				  r->path, head.major, head.minor, LUTRACE_FILE_MAJOR);
	if (head.size < sizeof(head) || head.size % 8 || head.size > LUTRACE_REC_MAX)
		return fault__set(fault, "%s is damaged: its header has a size of %u", r->path,
				  head.size);
	r->minor = head.minor;
	*header = head.size;
	return 0;
}

int recording__parse(struct recording *r, const char *path, const void *data, size_t size,
		     struct fault *fault)
{
	size_t header = 0;
	int err;

	*r = (struct recording){ .names = names__new(), .file_bytes = size,
				 .file_crc32 = crc32_z(0, data, size) };
	/* It is printed, and goes into JSON. */
	recording__set_text(&r->path, path);
	err = recording__parse_header(r, data, size, &header, fault);
	if (!err)
		err = recording__parse_records(r, data, size, header, fault);
	if (!err && !r->start.rec.type)
		err = recording__empty(path, "was cut before its header ended: it holds nothing",
				    fault);
	if (err)
		recording__free(r);
	return err;
}

bool recording__is_newer(const struct recording *r)
{
	return r->minor > LUTRACE_FILE_MINOR;
}

enum recording_hosts recording__hosts(const struct recording *a, const struct recording *b)
{
	size_t kind = a->host_id ? strcspn(a->host_id, "-") : 0;

	if (!a->host_id || !b->host_id || strncmp(a->host_id, b->host_id, kind + 1))
		return HOSTS_UNKNOWN;
	return strcmp(a->host_id, b->host_id) ? HOSTS_DIFFER : HOSTS_SAME_ID;
}

/* Events that come from several CPUs may be written after the freeze that came after them. */
int recording__event_by_number(const void *a, const void *b)
{
	const struct lutrace_event *x = *(const struct lutrace_event *const *)a;
	const struct lutrace_event *y = *(const struct lutrace_event *const *)b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

bool recording__frozen(const struct recording *r)
{
	const struct lutrace_freeze *last = r->nr_freezes ? &r->freezes[r->nr_freezes - 1] : NULL;
	size_t i;

	if (!last || last->ret)
		return false;
	for (i = 0; i < r->nr_events; i++)
		if (r->events[i].time_ns > last->time_ns)
			return false;
	for (i = 0; i < r->nr_freed; i++)
		if (r->freed[i].time_ns > last->time_ns)
			return false;
	return true;
}

double recording__whole_s(const struct recording *r)
{
	return r->whole_ns > r->start.monotonic_ns ?
		(r->whole_ns - r->start.monotonic_ns) / 1e9 : 0;
}

int recording__read(struct recording *r, const char *path, struct fault *fault)
{
	size_t size;
	char *data = read_file(path, &size, fault);
	int err;

	if (!data)
		return -1;
	err = recording__parse(r, path, data, size, fault);
	free(data);
	return err;
}
