// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "recording.h"

const char *op__name(unsigned int op)
{
	static const char *const names[LUTRACE_NR_OPS] = {
		[LUTRACE_OP_PRESERVE] = "preserve",
		[LUTRACE_OP_UNPRESERVE] = "unpreserve",
		[LUTRACE_OP_RESTORE] = "restore",
		[LUTRACE_OP_FLB_PRESERVE] = "flb_preserve",
		[LUTRACE_OP_FLB_UNPRESERVE] = "flb_unpreserve",
		[LUTRACE_OP_FLB_RETRIEVE] = "flb_retrieve",
		[LUTRACE_OP_FLB_FINISH] = "flb_finish",
	};

	return op < LUTRACE_NR_OPS ? names[op] : "unknown";
}

/* Reading */

void recording__free(struct recording *r)
{
	free(r->path);
	free(r->release);
	free(r->version);
	free(r->machine);
	free(r->boot_id);
	free(r->cmdline);
	free(r->hypervisor);
	free(r->events);
	free(r->latencies);
	*r = (struct recording){ 0 };
}

static void set_host(struct recording *r, const char *key, const char *value)
{
	struct { const char *key; char **to; } fields[] = {
		{ "release", &r->release }, { "version", &r->version },
		{ "machine", &r->machine }, { "boot_id", &r->boot_id },
		{ "cmdline", &r->cmdline }, { "hypervisor", &r->hypervisor },
	};
	size_t i;

	if (!strcmp(key, "emulated"))
		r->emulated = !strcmp(value, "1");
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strcmp(key, fields[i].key))
			continue;
		free(*fields[i].to);
		*fields[i].to = xstrdup(value);
	}
}

static void parse_host(struct recording *r, const char *text, size_t size)
{
	char *copy = xcalloc(size + 1, 1), *line, *equals, *save;

	memcpy(copy, text, size);
	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		equals = strchr(line, '=');
		if (!equals)
			continue;
		*equals = '\0';
		set_host(r, line, equals + 1);
	}
	free(copy);
}

static int wrong_size(const struct recording *r, const struct lutrace_rec *rec, size_t at,
		      struct fault *fault)
{
	return fault__set(fault, "%s is damaged: the record of type %u at byte %zu has a size of "
			  "%u",
			  r->path, rec->type, at, rec->size);
}

static int parse_event(struct recording *r, const struct lutrace_rec *rec, size_t at,
		       struct fault *fault)
{
	struct lutrace_event *ev;

	if (rec->size != sizeof(*ev))
		return wrong_size(r, rec, at, fault);
	r->events = grow(r->events, r->nr_events, &r->events_room, sizeof(*ev));
	ev = &r->events[r->nr_events++];
	memcpy(ev, rec, sizeof(*ev));
	if (ev->op >= LUTRACE_NR_OPS || ev->phase > LUTRACE_END)
		return fault__set(fault, "%s is damaged: the event at byte %zu is of operation "
				  "%u, phase %u",
				  r->path, at, ev->op, ev->phase);
	return 0;
}

static int parse_latency(struct recording *r, const struct lutrace_rec *rec, size_t at,
			 struct fault *fault)
{
	struct lutrace_latency *lat;

	if (rec->size != sizeof(*lat))
		return wrong_size(r, rec, at, fault);
	r->latencies = grow(r->latencies, r->nr_latencies, &r->latencies_room, sizeof(*lat));
	lat = &r->latencies[r->nr_latencies++];
	memcpy(lat, rec, sizeof(*lat));
	if (lat->op >= LUTRACE_NR_OPS)
		return fault__set(fault, "%s is damaged: the latency at byte %zu is of operation "
				  "%u",
				  r->path, at, lat->op);
	return 0;
}

static int parse_clock(struct recording *r, const struct lutrace_rec *rec, size_t at,
		       struct fault *fault)
{
	struct lutrace_clock *to = r->start.rec.type ? &r->end : &r->start;

	if (rec->size != sizeof(*to) || to->rec.type)
		return wrong_size(r, rec, at, fault);
	memcpy(to, rec, sizeof(*to));
	return 0;
}

static int parse_footer(struct recording *r, const struct lutrace_rec *rec, size_t at,
			const void *data, struct fault *fault)
{
	const struct lutrace_footer *f = &r->footer;

	if (rec->size != sizeof(*f))
		return wrong_size(r, rec, at, fault);
	memcpy(&r->footer, rec, sizeof(*f));
	if (f->crc32 != crc32(0, data, at))
		return fault__set(fault, "%s is damaged: its checksum is wrong; record again or "
				  "fetch it again",
				  r->path);
	if (f->nr_events != r->nr_events || f->nr_latencies != r->nr_latencies || !r->end.rec.type)
		return fault__set(fault, "%s is damaged: its footer counts other records than it "
				  "has",
				  r->path);
	r->complete = true;
	return 0;
}

static int parse_record(struct recording *r, const struct lutrace_rec *rec, size_t at,
			const void *data, struct fault *fault)
{
	bool host = r->boot_id != NULL, clock = r->start.rec.type;

	if (rec->type == LUTRACE_REC_HOST) {
		parse_host(r, (const char *)(rec + 1), rec->size - sizeof(*rec));
		if (!r->boot_id || !r->release)
			return fault__set(fault, "%s is damaged: its header names no kernel",
					  r->path);
		return 0;
	}
	if (!host || (!clock && rec->type != LUTRACE_REC_CLOCK))
		return fault__set(fault, "%s is damaged: a record of type %u stands where its "
				  "header should be",
				  r->path, rec->type);
	switch (rec->type) {
	case LUTRACE_REC_CLOCK:
		return parse_clock(r, rec, at, fault);
	case LUTRACE_REC_EVENT:
		return parse_event(r, rec, at, fault);
	case LUTRACE_REC_LATENCY:
		return parse_latency(r, rec, at, fault);
	case LUTRACE_REC_FOOTER:
		return parse_footer(r, rec, at, data, fault);
	}
	r->skipped++;
	return 0;
}

/* Sizes the record at the front of @left bytes; false if it is cut off. */
static bool record_whole(const void *at, size_t left, struct lutrace_rec *rec)
{
	if (left < sizeof(*rec))
		return false;
	memcpy(rec, at, sizeof(*rec));
	return rec->size <= left || rec->size > LUTRACE_REC_MAX;
}

static int parse_records(struct recording *r, const char *data, size_t size, size_t at,
			 struct fault *fault)
{
	struct lutrace_rec rec, *whole;
	int err;

	for (; at < size; at += rec.size) {
		if (r->complete)
			return fault__set(fault, "%s is damaged: %zu bytes follow its end",
					  r->path, size - at);
		if (!record_whole(data + at, size - at, &rec)) {
			r->cut_bytes = size - at;
			return 0;
		}
		if (rec.size < sizeof(rec) || rec.size > LUTRACE_REC_MAX || rec.size % 8)
			return wrong_size(r, &rec, at, fault);
		/* Records are not aligned in the file if its header ever is not. */
		whole = xcalloc(1, rec.size);
		memcpy(whole, data + at, rec.size);
		err = parse_record(r, whole, at, data, fault);
		free(whole);
		if (err)
			return err;
	}
	return 0;
}

int recording__parse(struct recording *r, const char *path, const void *data, size_t size,
		     struct fault *fault)
{
	struct lutrace_file head;
	int err;

	*r = (struct recording){ .path = xstrdup(path) };
	memset(&head, 0, sizeof(head));
	memcpy(&head, data, size < sizeof(head) ? size : sizeof(head));
	if (memcmp(head.magic, LUTRACE_FILE_MAGIC, sizeof(head.magic)))
		err = fault__set(fault, "%s is no recording of lutrace record", path);
	else if (size < sizeof(head))
		err = fault__set(fault, "%s was cut before its header ended: it holds nothing",
				 path);
	else if (head.major != LUTRACE_FILE_MAJOR)
		err = fault__set(fault, "%s has format version %u.%u, this lutrace reads %u.x: "
				 "use the lutrace that recorded it",
				 path, head.major, head.minor, LUTRACE_FILE_MAJOR);
	else if (head.size < sizeof(head) || head.size > size || head.size % 8)
		err = fault__set(fault, "%s is damaged: its header has a size of %u", path,
				 head.size);
	else
		err = parse_records(r, data, size, head.size, fault);
	if (!err && !r->start.rec.type)
		err = fault__set(fault, "%s was cut before its header ended: it holds nothing",
				 path);
	if (err)
		recording__free(r);
	return err;
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

/* Writing */

struct recorder {
	int fd;
	char *path, *buf;
	size_t len, room;
	unsigned long crc;
	__u64 nr_events, nr_latencies;
};

static int recorder__append(struct recorder *w, const void *data, size_t size,
			    struct fault *fault)
{
	while (w->room - w->len < size) {
		if (w->len && recorder__flush(w, fault))
			return -1;
		if (w->room < size) {
			free(w->buf);
			w->room = size;
			w->buf = xcalloc(w->room, 1);
		}
	}
	memcpy(w->buf + w->len, data, size);
	w->len += size;
	w->crc = crc32(w->crc, data, size);
	return 0;
}

struct recorder *recorder__open(const char *path, struct fault *fault)
{
	struct lutrace_file head = {
		.magic = LUTRACE_FILE_MAGIC,
		.major = LUTRACE_FILE_MAJOR, .minor = LUTRACE_FILE_MINOR,
		.size = sizeof(head),
	};
	struct recorder *w;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0) {
		fault__set(fault, "cannot write %s: %s", path, strerror(errno));
		return NULL;
	}
	w = xcalloc(1, sizeof(*w));
	w->fd = fd;
	w->path = xstrdup(path);
	w->room = 1 << 16;
	w->buf = xcalloc(w->room, 1);
	recorder__append(w, &head, sizeof(head), fault);
	return w;
}

int recorder__put(struct recorder *w, const void *record, struct fault *fault)
{
	const struct lutrace_rec *rec = record;

	w->nr_events += rec->type == LUTRACE_REC_EVENT;
	w->nr_latencies += rec->type == LUTRACE_REC_LATENCY;
	return recorder__append(w, record, rec->size, fault);
}

int recorder__host(struct recorder *w, const char *text, struct fault *fault)
{
	size_t size = sizeof(struct lutrace_rec) + (strlen(text) + 7) / 8 * 8;
	struct lutrace_rec *rec = xcalloc(1, size);
	int err;

	*rec = (struct lutrace_rec){ LUTRACE_REC_HOST, size };
	memcpy(rec + 1, text, strlen(text));
	err = recorder__put(w, rec, fault);
	free(rec);
	return err;
}

int recorder__flush(struct recorder *w, struct fault *fault)
{
	size_t done = 0;
	ssize_t n;

	while (done < w->len) {
		n = write(w->fd, w->buf + done, w->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault__set(fault, "cannot write %s: %s; what was recorded so far "
					  "stands in it",
					  w->path, strerror(errno));
		done += n;
	}
	w->len = 0;
	return 0;
}

int recorder__close(struct recorder *w, struct lutrace_footer *footer, struct fault *fault)
{
	int err;

	footer->rec = (struct lutrace_rec){ LUTRACE_REC_FOOTER, sizeof(*footer) };
	footer->nr_events = w->nr_events;
	footer->nr_latencies = w->nr_latencies;
	footer->crc32 = w->crc;
	err = recorder__put(w, footer, fault);
	if (!err)
		err = recorder__flush(w, fault);
	if (!err && fsync(w->fd) && errno != EINVAL && errno != EROFS)
		err = fault__set(fault, "cannot write %s: %s", w->path, strerror(errno));
	if (close(w->fd) && !err)
		err = fault__set(fault, "cannot write %s: %s", w->path, strerror(errno));
	free(w->path);
	free(w->buf);
	free(w);
	return err;
}
