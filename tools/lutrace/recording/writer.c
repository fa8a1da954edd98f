// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes a recording, one record after another, through a buffer that recorder__flush() writes out.
 * Called by `lutrace record` and by the flight recorder.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "recording/writer.h"

struct recorder {
	int fd;
	char *path, *buf;
	size_t len, room;		/* put, and not written out */
	struct recorder_sum put, written;
	bool reserved;
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
	w->put.crc = crc32(w->put.crc, data, size);
	w->put.bytes += size;
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

bool recorder__is_uncounted(__u32 type)
{
	return type == LUTRACE_REC_FREED || type == LUTRACE_REC_DEEP ||
	       type == LUTRACE_REC_COMPLAINT;
}

int recorder__put(struct recorder *w, const void *record, struct fault *fault)
{
	const struct lutrace_rec *rec = record;

	if (recorder__append(w, record, rec->size, fault))
		return -1;
	w->put.nr_events += rec->type == LUTRACE_REC_EVENT;
	w->put.nr_latencies += rec->type == LUTRACE_REC_LATENCY;
	w->put.nr_uncounted += recorder__is_uncounted(rec->type);
	return 0;
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

struct recorder_sum recorder__sum(const struct recorder *w)
{
	return w->put;
}

static int recorder__cannot_write(const struct recorder *w, struct fault *fault)
{
	return fault__set(fault, "cannot write %s: %s; what was recorded so far stands in it",
			  w->path, strerror(errno));
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
			return recorder__cannot_write(w, fault);
		done += n;
	}
	w->len = 0;
	w->written = w->put;
	return 0;
}

struct recorder_sum recorder__take_back(struct recorder *w)
{
	struct recorder_sum before = w->put;

	w->len = 0;
	w->put = w->written;
	/* Where a part of it was written; if that cannot be undone it will be written over. */
	if (!ftruncate(w->fd, w->written.bytes))
		w->reserved = false;
	lseek(w->fd, w->written.bytes, SEEK_SET);
	return before;
}

void recorder__reserve(struct recorder *w, __u64 bytes)
{
	w->reserved = !fallocate(w->fd, FALLOC_FL_KEEP_SIZE, 0, bytes);
}

int recorder__end(struct recorder *w, struct lutrace_footer *footer, struct fault *fault)
{
	footer->rec = (struct lutrace_rec){ LUTRACE_REC_FOOTER, sizeof(*footer) };
	footer->nr_events = w->put.nr_events;
	footer->nr_latencies = w->put.nr_latencies;
	footer->crc32 = w->put.crc;
	return recorder__put(w, footer, fault);
}

int recorder__sync(struct recorder *w, struct fault *fault)
{
	if (fsync(w->fd) && errno != EINVAL && errno != EROFS)
		return recorder__cannot_write(w, fault);
	return 0;
}

static int recorder__close_file(struct recorder *w, struct fault *fault)
{
	int fd = w->fd;

	if (w->reserved && ftruncate(fd, w->written.bytes))
		complain("%s keeps more room on the disk than it needs: %m", w->path);
	w->fd = -1;
	return close(fd) ? recorder__cannot_write(w, fault) : 0;
}

int recorder__close(struct recorder *w, struct lutrace_footer *footer, struct fault *fault)
{
	int err = recorder__end(w, footer, fault);

	if (!err)
		err = recorder__flush(w, fault);
	if (!err)
		err = recorder__sync(w, fault);
	if (recorder__close_file(w, err ? &(struct fault){ "" } : fault))
		err = -1;
	recorder__free(w);
	return err;
}

void recorder__free(struct recorder *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		recorder__close_file(w, &(struct fault){ "" });
	free(w->path);
	free(w->buf);
	free(w);
}
