// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flight recorder: files that follow one another, their limits, and a disk that gets full.
 * Called by `lutrace record --flight` alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/pidlock.h"
#include "live/host.h"
#include "recording/flight.h"
#include "recording/flight_dir.h"
#include "recording/recording.h"

/*
 * What a file may still need at its end beside the next record: a checksum if the recorder's buffer is
 * written out before that record, and one after it.
 */
#define END_BYTES	(2 * sizeof(struct lutrace_sum) + sizeof(struct lutrace_clock) + \
			 sizeof(struct lutrace_footer))

struct flight {
	struct flight_opts opts;
	char *dir, *boot_id, *host;
	const struct flight_ops *ops;
	void *priv;
	struct pidlock *lock;
	struct flight_files files;	/* that are there, with that which is written */
	struct recorder *file;		/* NULL: it could not be begun */
	unsigned long number, first;	/* of the file that is written, and of the first of this boot */
	__u64 rotated_files, rotated_events;
	__u64 head, flushed, synced;	/* bytes of the file: before its first event, written, synced */
	struct lutrace_footer told;	/* what the footers of this session have counted */
	struct recorder_sum dropped;	/* for the next footer; bytes are not counted */
	bool sealed;			/* the last file has its end, there is none that is written */
	bool stuck;			/* a write failed: nothing is tried before the next tick */
	bool said;			/* on stderr, that a write failed */
};

static void flight__drop(struct flight *f, __u32 type)
{
	f->dropped.nr_events += type == LUTRACE_REC_EVENT;
	f->dropped.nr_latencies += type == LUTRACE_REC_LATENCY;
	f->dropped.nr_uncounted += recorder__is_uncounted(type);
}

static void flight__stick(struct flight *f, const struct fault *why)
{
	struct recorder_sum had, has;

	if (f->file) {
		had = recorder__take_back(f->file);
		has = recorder__sum(f->file);
		f->dropped.nr_events += had.nr_events - has.nr_events;
		f->dropped.nr_latencies += had.nr_latencies - has.nr_latencies;
		f->dropped.nr_uncounted += had.nr_uncounted - has.nr_uncounted;
		f->flushed = has.bytes;
	}
	if (!f->said)
		complain("%.600s; events are lost, and counted, until it can be written again",
			 why->text);
	f->stuck = f->said = true;
}

static void flight__unstick(struct flight *f)
{
	if (f->said)
		complain("events are written again, to %s",
			 f->files.items[f->files.nr - 1].path);
	f->said = false;
}

/* Events that a file has by its footer; 0 if it was cut. */
static __u64 flight__events_of(const char *path)
{
	struct lutrace_footer footer = { .rec.type = 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);

	if (size < (off_t)sizeof(footer) ||
	    pread(fd, &footer, sizeof(footer), size - sizeof(footer)) != sizeof(footer) ||
	    footer.rec.type != LUTRACE_REC_FOOTER || footer.rec.size != sizeof(footer))
		footer.nr_events = 0;
	if (fd >= 0)
		close(fd);
	return footer.nr_events;
}

/* So that one more file is not one too many. */
static void flight__remove_oldest(struct flight *f)
{
	struct flight_file *oldest = f->files.items;

	while (f->files.nr >= f->opts.files) {
		if (!strcmp(oldest->boot_id, f->boot_id)) {
			f->rotated_files++;
			f->rotated_events += flight__events_of(oldest->path);
		}
		if (unlink(oldest->path) && errno != ENOENT)
			complain("cannot remove %s: %m", oldest->path);
		flight_files__drop(&f->files, 0);
	}
}

static void flight__forget_file(struct flight *f)
{
	size_t last = f->files.nr - 1;

	/* One that could not be opened is not ours. */
	if (f->file)
		unlink(f->files.items[last].path);
	recorder__free(f->file);
	f->file = NULL;
	flight_files__drop(&f->files, last);
}

static int flight__write_head(struct flight *f, struct fault *fault)
{
	char *text = xasprintf("%sflight_file=%lu\nflight_first=%lu\nrotated_files=%llu\n"
			       "rotated_events=%llu\n", f->host, f->number, f->first,
			       f->rotated_files, f->rotated_events);
	struct lutrace_clock clock;
	int err = recorder__host(f->file, text, fault);

	free(text);
	clock__read(&clock);
	if (!err)
		err = recorder__put(f->file, &clock, fault);
	return err ? err : recorder__flush(f->file, fault);
}

int flight__repeat(struct flight *f, const struct lutrace_rec *rec, struct fault *fault)
{
	if (recorder__sum(f->file).bytes + rec->size > f->opts.kib * 1024 / 2)
		return 0;
	return recorder__put(f->file, rec, fault);
}

static int flight__repeat_all(struct flight *f, struct fault *fault)
{
	if (f->ops->began && f->ops->began(f->priv, f, fault))
		return -1;
	return recorder__flush(f->file, fault);
}

/* Begins the file of f->number; one that has no whole header does not stay. */
static int flight__begin(struct flight *f, struct fault *fault)
{
	flight__remove_oldest(f);
	flight_files__add(&f->files, f->dir, f->number, f->boot_id);
	f->file = recorder__open(f->files.items[f->files.nr - 1].path, fault);
	if (f->file)
		recorder__reserve(f->file, f->opts.kib * 1024);
	if (!f->file || flight__write_head(f, fault) || flight__repeat_all(f, fault)) {
		flight__forget_file(f);
		return -1;
	}
	f->head = f->flushed = recorder__sum(f->file).bytes;
	f->synced = 0;
	flight__unstick(f);
	return 0;
}

/*
 * What was counted since the last footer. In a file that is not the last one,
 * events that are still on their way to us are left to the next.
 */
static void flight__count(const struct flight *f, const struct lutrace_footer *sum, bool last,
			  struct lutrace_footer *footer, struct lutrace_footer *told)
{
	const struct lutrace_counts *before = &f->told.counts;
	struct lutrace_counts *c = &footer->counts;

	*footer = *told = *sum;
	footer->missed_runs -= f->told.missed_runs;
	c->lost_events -= before->lost_events;
	c->lost_latencies -= before->lost_latencies;
	c->lost_begins -= before->lost_begins;
	c->unmatched_ends -= before->unmatched_ends;
	c->replaced_begins -= before->replaced_begins;
	if (last)
		c->events -= before->events;
	else
		c->events = recorder__sum(f->file).nr_events + f->dropped.nr_events +
			c->lost_events;
	told->counts.events = before->events + c->events;
	/* As a freed page is, what was lost here is counted as an event, though it is none. */
	c->events += f->dropped.nr_uncounted;
	c->lost_events += f->dropped.nr_events + f->dropped.nr_uncounted;
	c->lost_latencies += f->dropped.nr_latencies;
}

/* Returns -1 if it could not be counted; 1 if a write failed, and the file has no end. */
static int flight__end(struct flight *f, bool last, struct fault *fault)
{
	struct lutrace_footer sum = { .signal = 0 }, footer, told;
	struct lutrace_clock clock;
	struct fault why;

	if (f->ops->counts(f->priv, &sum, fault))
		return -1;
	clock__read(&clock);
	if (recorder__flush(f->file, &why)) {
		flight__stick(f, &why);
		return 1;
	}
	flight__count(f, &sum, last, &footer, &told);
	if (recorder__put(f->file, &clock, &why) || recorder__end(f->file, &footer, &why) ||
	    recorder__flush(f->file, &why)) {
		flight__stick(f, &why);
		return 1;
	}
	if (recorder__sync(f->file, &why))
		complain("%s", why.text);
	recorder__free(f->file);
	f->file = NULL;
	f->told = told;
	f->dropped = (struct recorder_sum){ 0 };
	return 0;
}

static void flight__begin_next(struct flight *f)
{
	struct fault why;

	f->sealed = false;
	f->number++;
	if (flight__begin(f, &why))
		flight__stick(f, &why);
}

static int flight__rotate(struct flight *f, struct fault *fault)
{
	int err = flight__end(f, false, fault);

	if (err)
		return err < 0 ? -1 : 0;
	flight__begin_next(f);
	return 0;
}

int flight__seal(struct flight *f, struct fault *fault)
{
	int err;

	if (f->sealed || f->stuck)
		return 0;
	err = flight__end(f, true, fault);
	f->sealed = !err;
	return err < 0 ? -1 : 0;
}

bool flight__is_sealed(const struct flight *f)
{
	return f->sealed;
}

int flight__put(struct flight *f, const struct lutrace_rec *rec, struct fault *fault)
{
	struct fault why;

	if (f->sealed)
		flight__begin_next(f);
	if (!f->stuck &&
	    recorder__sum(f->file).bytes + rec->size + END_BYTES > f->opts.kib * 1024 &&
	    flight__rotate(f, fault))
		return -1;
	if (f->stuck) {
		flight__drop(f, rec->type);
	} else if (recorder__put(f->file, rec, &why)) {
		flight__stick(f, &why);
		flight__drop(f, rec->type);
	}
	return 0;
}

int flight__flush(struct flight *f, struct fault *fault)
{
	struct fault why;

	(void)fault;
	if (f->sealed || f->stuck || recorder__sum(f->file).bytes == f->flushed)
		return 0;
	if (recorder__flush(f->file, &why)) {
		flight__stick(f, &why);
		return 0;
	}
	f->flushed = recorder__sum(f->file).bytes;
	flight__unstick(f);
	return 0;
}

void flight__sync(struct flight *f)
{
	struct fault why;

	if (f->sealed || f->stuck || f->synced == f->flushed)
		return;
	if (recorder__sync(f->file, &why))
		flight__stick(f, &why);
	else
		f->synced = f->flushed;
}

int flight__tick(struct flight *f, struct fault *fault)
{
	struct fault why;

	(void)fault;
	if (f->sealed)
		return 0;
	f->stuck = false;
	if (!f->file && flight__begin(f, &why))
		flight__stick(f, &why);
	flight__sync(f);
	return 0;
}

int flight__snapshot(struct flight *f, struct fault *fault)
{
	if (!f->sealed && !f->stuck && recorder__sum(f->file).bytes > f->head &&
	    flight__rotate(f, fault))
		return -1;
	if (!f->stuck && futimens(pidlock__fd(f->lock), NULL))
		complain("cannot tell that a snapshot was taken: %m");
	return 0;
}

int flight__close(struct flight *f, struct fault *fault)
{
	int err;

	if (f->sealed)
		return 0;
	if (f->stuck)
		flight__tick(f, fault);
	err = f->stuck ? 1 : flight__end(f, true, fault);
	if (err > 0)
		return fault__set(fault, "the last recording in %s has no end: it could not be "
				  "written", f->dir);
	return err;
}

/* Opening */

static int flight__take_lock(struct flight *f, struct fault *fault)
{
	char *path = flight_dir__lock(f->dir);
	pid_t holder;

	f->lock = pidlock__take(path, &holder, fault);
	if (!f->lock && holder > 0)
		fault__set(fault, "another lutrace records in %s: process %d holds %s", f->dir,
			   holder, path);
	else if (!f->lock && holder)
		fault__set(fault, "another lutrace records in %s: it holds %s", f->dir, path);
	free(path);
	return f->lock ? 0 : -1;
}

/* Goes on where another recorder of this boot ended: it says in its last header what went away. */
static void flight__take_over(struct flight *f, const struct flight_file *file)
{
	struct fault fault;
	struct recording r;

	if (recording__read(&r, file->path, &fault))
		return;
	if (r.flight_first)
		f->first = r.flight_first;
	f->rotated_files = r.rotated_files;
	f->rotated_events = r.rotated_events;
	recording__free(&r);
}

static int flight__look_at_folder(struct flight *f, struct fault *fault)
{
	const struct flight_file *file, *own = NULL;
	size_t i;

	if (flight_files__read(&f->files, f->dir, fault))
		return -1;
	for (i = 0; i < f->files.nr; i++) {
		file = &f->files.items[i];
		f->number = file->number;
		if (strcmp(file->boot_id, f->boot_id))
			continue;
		if (!own)
			f->first = file->number;
		own = file;
	}
	f->number++;
	if (own)
		flight__take_over(f, own);
	else
		f->first = f->number;
	return 0;
}

struct flight *flight__open(const struct flight_opts *opts, const char *boot_id, const char *host,
			    const struct flight_ops *ops, void *priv, struct fault *fault)
{
	struct flight *f = xcalloc(1, sizeof(*f));

	*f = (struct flight){
		.opts = *opts,
		.dir = xstrdup(opts->dir),
		.boot_id = xstrdup(boot_id),
		.host = xstrdup(host),
		.ops = ops,
		.priv = priv,
	};
	if (!flight__take_lock(f, fault) && !flight__look_at_folder(f, fault) &&
	    !flight__begin(f, fault))
		return f;
	flight__free(f);
	return NULL;
}

void flight__free(struct flight *f)
{
	if (!f)
		return;
	recorder__free(f->file);
	flight_files__free(&f->files);
	pidlock__release(f->lock);
	free(f->dir);
	free(f->boot_id);
	free(f->host);
	free(f);
}
