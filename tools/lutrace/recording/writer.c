// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes a recording, one record after another, through a buffer that recorder__flush() writes out.
 * Called by `lutrace record` and by the flight recorder.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
	struct recorder_sum unsealed;	/* what was put before clock and footer, if it is sealed */
	bool sealed, reserved;
	bool unsummed;			/* records were put that no checksum follows yet */
};

/* There must be room for it. */
static void recorder__copy(struct recorder *w, const void *data, size_t size)
{
	memcpy(w->buf + w->len, data, size);
	w->len += size;
	w->put.crc = crc32(w->put.crc, data, size);
	w->put.bytes += size;
}

/* Room for the checksum that ends a write is left. */
static int recorder__append(struct recorder *w, const void *data, size_t size,
			    struct fault *fault)
{
	size_t needed = size + sizeof(struct lutrace_sum);

	while (w->room - w->len < needed) {
		if (w->len && recorder__flush(w, fault))
			return -1;
		if (w->room < needed) {
			free(w->buf);
			w->room = needed;
			w->buf = xcalloc(w->room, 1);
		}
	}
	recorder__copy(w, data, size);
	return 0;
}

/* Opens it without changing it: what is there is looked at through the same descriptor. */
static int recorder__open_file(const char *path, bool force, struct fault *fault)
{
	/* O_NONBLOCK: a FIFO that nobody reads, or a device, must not hold this up */
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
	char magic[sizeof(LUTRACE_FILE_MAGIC)] = "";
	struct stat st;

	if (fd < 0)
		return fault__set(fault, "cannot write %s: %s", path, strerror(errno));
	if (fstat(fd, &st))
		fault__set(fault, "cannot write %s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		fault__set(fault, "cannot record to %s: it is no regular file", path);
	else if (!force && st.st_size && pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
		 !memcmp(magic, LUTRACE_FILE_MAGIC, sizeof(magic)))
		fault__set(fault, "%s is a recording already: give another name, or --force to "
			   "lose that one", path);
	else if (!force && st.st_size)
		fault__set(fault, "%s exists and is not empty: give another name, or --force to "
			   "write over it", path);
	else if (ftruncate(fd, 0))
		fault__set(fault, "cannot write %s: %s", path, strerror(errno));
	else
		return fd;
	close(fd);
	return -1;
}

static struct recorder *recorder__new(const char *path, bool force, struct fault *fault)
{
	struct lutrace_file head = {
		.magic = LUTRACE_FILE_MAGIC,
		.major = LUTRACE_FILE_MAJOR, .minor = LUTRACE_FILE_MINOR,
		.size = sizeof(head),
	};
	struct recorder *w;
	int fd = recorder__open_file(path, force, fault);

	if (fd < 0)
		return NULL;
	w = xcalloc(1, sizeof(*w));
	w->fd = fd;
	w->path = xstrdup(path);
	w->room = 1 << 16;
	w->buf = xcalloc(w->room, 1);
	recorder__append(w, &head, sizeof(head), fault);
	return w;
}

struct recorder *recorder__open(const char *path, struct fault *fault)
{
	return recorder__new(path, false, fault);
}

struct recorder *recorder__open_over(const char *path, struct fault *fault)
{
	return recorder__new(path, true, fault);
}

bool recorder__is_uncounted(__u32 type)
{
	return type == LUTRACE_REC_FREED || type == LUTRACE_REC_DEEP ||
	       type == LUTRACE_REC_COMPLAINT;
}

static int recorder__cannot_write(const struct recorder *w, struct fault *fault)
{
	return fault__set(fault, "cannot write %s: %s; what was recorded so far stands in it",
			  w->path, strerror(errno));
}

/* Clock and footer go, and more can be put. */
static int recorder__unseal(struct recorder *w, struct fault *fault)
{
	w->sealed = w->unsummed = false;
	w->len = 0;
	w->put = w->written = w->unsealed;
	if (ftruncate(w->fd, w->written.bytes) ||
	    lseek(w->fd, w->written.bytes, SEEK_SET) != (off_t)w->written.bytes)
		return recorder__cannot_write(w, fault);
	w->reserved = false;
	return 0;
}

int recorder__put(struct recorder *w, const void *record, struct fault *fault)
{
	const struct lutrace_rec *rec = record;

	if (w->sealed && recorder__unseal(w, fault))
		return -1;
	if (recorder__append(w, record, rec->size, fault))
		return -1;
	w->unsummed = rec->type != LUTRACE_REC_FOOTER;
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

static void recorder__add_sum(struct recorder *w)
{
	const struct lutrace_sum sum = {
		.rec = { LUTRACE_REC_SUM, sizeof(sum) },
		.crc32 = w->put.crc, .whole = LUTRACE_WHOLE,
	};

	if (w->unsummed)
		recorder__copy(w, &sum, sizeof(sum));
	w->unsummed = false;
}

int recorder__flush(struct recorder *w, struct fault *fault)
{
	size_t done = 0;
	ssize_t n;

	recorder__add_sum(w);
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
	w->unsummed = false;
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

int recorder__seal(struct recorder *w, const struct lutrace_clock *clock,
		   struct lutrace_footer *footer, struct fault *fault)
{
	struct recorder_sum before;

	if (w->sealed)
		return 0;
	if (recorder__flush(w, fault))
		return -1;
	before = w->put;
	if (recorder__put(w, clock, fault) || recorder__end(w, footer, fault) ||
	    recorder__flush(w, fault))
		return -1;
	w->unsealed = before;
	w->sealed = true;
	return 0;
}

bool recorder__is_sealed(const struct recorder *w)
{
	return w->sealed;
}

int recorder__sync(struct recorder *w, struct fault *fault)
{
	if (fdatasync(w->fd) && errno != EINVAL && errno != EROFS)
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
