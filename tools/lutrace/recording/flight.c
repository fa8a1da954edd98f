// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "live/host.h"
#include "recording/flight.h"

#define SUFFIX		".rec"
#define ANSWER_MS	5000

/* What a file still needs at its end */
#define END_BYTES	(sizeof(struct lutrace_clock) + sizeof(struct lutrace_footer))

/* The folder */

bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* NUMBER-BOOTID.rec; false if the name is another one. */
static bool parse_name(const char *name, struct flight_file *file)
{
	size_t len = strlen(name), tail = strlen(SUFFIX);
	char *end;

	if (*name < '0' || *name > '9' || len < tail || strcmp(name + len - tail, SUFFIX))
		return false;
	errno = 0;
	file->number = strtoul(name, &end, 10);
	if (errno || *end != '-' || end + 1 == name + len - tail)
		return false;
	file->boot_id = xasprintf("%.*s", (int)(name + len - tail - end - 1), end + 1);
	return true;
}

static int by_number(const void *a, const void *b)
{
	const struct flight_file *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

int flight_files__read(struct flight_files *list, const char *dir, struct fault *fault)
{
	struct flight_file file;
	struct dirent *entry;
	DIR *d = opendir(dir);

	*list = (struct flight_files){ 0 };
	if (!d)
		return fault__set(fault, "cannot read the folder %s: %s", dir, strerror(errno));
	while ((entry = readdir(d))) {
		if (!parse_name(entry->d_name, &file))
			continue;
		file.path = xasprintf("%s/%s", dir, entry->d_name);
		list->items = grow(list->items, list->nr, &list->room, sizeof(*list->items));
		list->items[list->nr++] = file;
	}
	closedir(d);
	if (list->nr)
		qsort(list->items, list->nr, sizeof(*list->items), by_number);
	return 0;
}

static void flight_file__free(struct flight_file *file)
{
	free(file->path);
	free(file->boot_id);
}

void flight_files__free(struct flight_files *list)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		flight_file__free(&list->items[i]);
	free(list->items);
	*list = (struct flight_files){ 0 };
}

void flight_files__keep_before(struct flight_files *list, const char *boot_id)
{
	const char *before = NULL;
	char *copy;
	size_t i, out = 0;

	for (i = 0; i < list->nr; i++)
		if (strcmp(list->items[i].boot_id, boot_id))
			before = list->items[i].boot_id;
	copy = before ? xstrdup(before) : NULL;
	for (i = 0; i < list->nr; i++) {
		if (copy && !strcmp(list->items[i].boot_id, copy))
			list->items[out++] = list->items[i];
		else
			flight_file__free(&list->items[i]);
	}
	list->nr = out;
	free(copy);
}

static char *lock_path(const char *dir)
{
	return xasprintf("%s/lock", dir);
}

/*
 * "PID START BOOT": START is field 22 of /proc/PID/stat, which another process of
 * the same number has not got. NULL if there is no such process, or it has ended
 * and is not waited for yet; to free.
 */
static char *identity(pid_t pid)
{
	char *path = xasprintf("/proc/%d/stat", pid), *text = NULL, *at;
	struct fault fault;
	char *stat = read_file(path, NULL, &fault);
	char *boot = read_file("/proc/sys/kernel/random/boot_id", NULL, &fault);
	int field;

	/* The name, field 2, is in parentheses, and may have any of them in it. */
	at = stat ? strrchr(stat, ')') : NULL;
	if (at && !strncmp(at, ") Z", 3))
		at = NULL;
	for (field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at && boot)
		text = xasprintf("%d %llu %s", pid, strtoull(at, NULL, 10), boot);
	free(path);
	free(stat);
	free(boot);
	return text;
}

/* Who wrote himself into the lock, and runs; 0: nobody. */
static pid_t holder(int fd)
{
	char text[128] = "", *now;
	pid_t pid;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	pid = atoi(text);
	now = pid > 0 ? identity(pid) : NULL;
	if (!now || strcmp(now, text))
		pid = 0;
	free(now);
	return pid;
}

/* Recording */

struct flight {
	struct flight_opts opts;
	char *dir, *boot_id, *host;
	const struct flight_ops *ops;
	void *priv;
	int lock;
	struct flight_files files;	/* that are there, with that which is written */
	struct recorder *file;		/* NULL: it could not be begun */
	unsigned long number, first;	/* of the file that is written, and of the first of this boot */
	__u64 rotated_files, rotated_events;
	__u64 head, flushed, synced;	/* bytes of the file: before its first event, written, synced */
	struct lutrace_footer told;	/* what the footers of this session have counted */
	struct recorder_sum dropped;	/* for the next footer; bytes are not counted */
	bool stuck;			/* a write failed: nothing is tried before the next tick */
	bool said;			/* on stderr, that a write failed */
};

static void drop(struct flight *f, __u32 type)
{
	f->dropped.nr_events += type == LUTRACE_REC_EVENT;
	f->dropped.nr_latencies += type == LUTRACE_REC_LATENCY;
	f->dropped.nr_uncounted += recorder__is_uncounted(type);
}

static void stick(struct flight *f, const struct fault *why)
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

static void unstick(struct flight *f)
{
	if (f->said)
		complain("events are written again, to %s",
			 f->files.items[f->files.nr - 1].path);
	f->said = false;
}

/* Events that a file has by its footer; 0 if it was cut. */
static __u64 events_of(const char *path)
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
static void remove_oldest(struct flight *f)
{
	struct flight_file *oldest = f->files.items;

	while (f->files.nr >= f->opts.files) {
		if (!strcmp(oldest->boot_id, f->boot_id)) {
			f->rotated_files++;
			f->rotated_events += events_of(oldest->path);
		}
		if (unlink(oldest->path) && errno != ENOENT)
			complain("cannot remove %s: %m", oldest->path);
		flight_file__free(oldest);
		memmove(oldest, oldest + 1, --f->files.nr * sizeof(*oldest));
	}
}

static void add_file(struct flight *f)
{
	struct flight_files *list = &f->files;

	list->items = grow(list->items, list->nr, &list->room, sizeof(*list->items));
	list->items[list->nr++] = (struct flight_file){
		.number = f->number, .boot_id = xstrdup(f->boot_id),
		.path = xasprintf("%s/%08lu-%s" SUFFIX, f->dir, f->number, f->boot_id),
	};
}

static void forget_file(struct flight *f)
{
	struct flight_file *last = &f->files.items[--f->files.nr];

	recorder__free(f->file);
	f->file = NULL;
	unlink(last->path);
	flight_file__free(last);
}

static int write_head(struct flight *f, struct fault *fault)
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

static int repeat(struct flight *f, struct fault *fault)
{
	if (f->ops->began && f->ops->began(f->priv, f, fault))
		return -1;
	return recorder__flush(f->file, fault);
}

/* Begins the file of f->number; one that has no whole header does not stay. */
static int begin(struct flight *f, struct fault *fault)
{
	remove_oldest(f);
	add_file(f);
	f->file = recorder__open(f->files.items[f->files.nr - 1].path, fault);
	if (f->file)
		recorder__reserve(f->file, f->opts.kib * 1024);
	if (!f->file || write_head(f, fault) || repeat(f, fault)) {
		forget_file(f);
		return -1;
	}
	f->head = f->flushed = recorder__sum(f->file).bytes;
	f->synced = 0;
	unstick(f);
	return 0;
}

/*
 * What was counted since the last footer. In a file that is not the last one,
 * events that are still on their way to us are left to the next.
 */
static void count(const struct flight *f, const struct lutrace_footer *sum, bool last,
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
static int end(struct flight *f, bool last, struct fault *fault)
{
	struct lutrace_footer sum = { .signal = 0 }, footer, told;
	struct lutrace_clock clock;
	struct fault why;

	if (f->ops->counts(f->priv, &sum, fault))
		return -1;
	clock__read(&clock);
	if (recorder__flush(f->file, &why)) {
		stick(f, &why);
		return 1;
	}
	count(f, &sum, last, &footer, &told);
	if (recorder__put(f->file, &clock, &why) || recorder__end(f->file, &footer, &why) ||
	    recorder__flush(f->file, &why)) {
		stick(f, &why);
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

static int rotate(struct flight *f, struct fault *fault)
{
	struct fault why;
	int err = end(f, false, fault);

	if (err)
		return err < 0 ? -1 : 0;
	f->number++;
	if (begin(f, &why))
		stick(f, &why);
	return 0;
}

int flight__put(struct flight *f, const struct lutrace_rec *rec, struct fault *fault)
{
	struct fault why;

	if (!f->stuck && recorder__sum(f->file).bytes + rec->size + END_BYTES >
	    f->opts.kib * 1024 && rotate(f, fault))
		return -1;
	if (f->stuck) {
		drop(f, rec->type);
	} else if (recorder__put(f->file, rec, &why)) {
		stick(f, &why);
		drop(f, rec->type);
	}
	return 0;
}

int flight__flush(struct flight *f, struct fault *fault)
{
	struct fault why;

	(void)fault;
	if (f->stuck || recorder__sum(f->file).bytes == f->flushed)
		return 0;
	if (recorder__flush(f->file, &why)) {
		stick(f, &why);
		return 0;
	}
	f->flushed = recorder__sum(f->file).bytes;
	unstick(f);
	return 0;
}

int flight__tick(struct flight *f, struct fault *fault)
{
	struct fault why;

	(void)fault;
	f->stuck = false;
	if ((!f->file && begin(f, &why)) ||
	    (f->synced != f->flushed && recorder__sync(f->file, &why)))
		stick(f, &why);
	else
		f->synced = f->flushed;
	return 0;
}

int flight__snapshot(struct flight *f, struct fault *fault)
{
	if (!f->stuck && recorder__sum(f->file).bytes > f->head && rotate(f, fault))
		return -1;
	if (!f->stuck && futimens(f->lock, NULL))
		complain("cannot tell that a snapshot was taken: %m");
	return 0;
}

int flight__close(struct flight *f, struct fault *fault)
{
	int err;

	if (f->stuck)
		flight__tick(f, fault);
	err = f->stuck ? 1 : end(f, true, fault);
	if (err > 0)
		return fault__set(fault, "the last recording in %s has no end: it could not be "
				  "written", f->dir);
	return err;
}

/* Opening */

static int write_holder(int fd)
{
	char *text = identity(getpid());
	size_t len = text ? strlen(text) : 0;
	int err = !text || ftruncate(fd, 0) || pwrite(fd, text, len, 0) != (ssize_t)len ? -1 : 0;

	free(text);
	return err;
}

/*
 * The lock of the file is for two that begin at once. A kernel without
 * CONFIG_FILE_LOCKING gives EACCES for it: he who runs is enough then.
 */
static int take_lock(struct flight *f, struct fault *fault)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char *path = lock_path(f->dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644), err = 0;
	bool held;

	held = fd >= 0 && ((fcntl(fd, F_SETLK, &lock) && errno == EAGAIN) || holder(fd));
	if (held)
		err = fault__set(fault, "another lutrace records in %s: process %d holds %s",
				 f->dir, holder(fd), path);
	else if (fd < 0 || write_holder(fd))
		err = fault__set(fault, "cannot write %s: %s", path, strerror(errno));
	if (!err)
		f->lock = fd;
	else if (fd >= 0)
		close(fd);
	free(path);
	return err;
}

/* Goes on where another recorder of this boot ended: it says in its last header what went away. */
static void take_over(struct flight *f, const struct flight_file *file)
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

static int look_at_folder(struct flight *f, struct fault *fault)
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
		take_over(f, own);
	else
		f->first = f->number;
	return 0;
}

struct flight *flight__open(const struct flight_opts *opts, const char *boot_id, const char *host,
			    const struct flight_ops *ops, void *priv, struct fault *fault)
{
	struct flight *f = xcalloc(1, sizeof(*f));

	*f = (struct flight){
		.opts = *opts, .dir = xstrdup(opts->dir), .boot_id = xstrdup(boot_id),
		.host = xstrdup(host), .ops = ops, .priv = priv, .lock = -1,
	};
	if (!take_lock(f, fault) && !look_at_folder(f, fault) && !begin(f, fault))
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
	if (f->lock >= 0) {
		if (ftruncate(f->lock, 0))
			complain("cannot leave %s/lock: %m", f->dir);
		close(f->lock);
	}
	free(f->dir);
	free(f->boot_id);
	free(f->host);
	free(f);
}

/* Asking another */

static bool answered(int fd, const struct timespec *before)
{
	struct stat st;

	return !fstat(fd, &st) && (st.st_mtim.tv_sec != before->tv_sec ||
				   st.st_mtim.tv_nsec != before->tv_nsec);
}

static int ask(int fd, const char *dir, struct fault *fault)
{
	pid_t pid = holder(fd);
	struct stat st;
	int ms;

	if (!pid)
		return 0;
	if (fstat(fd, &st) || kill(pid, SIGUSR1))
		return fault__set(fault, "cannot send SIGUSR1 to process %d, which records in %s: "
				  "%s", pid, dir, strerror(errno));
	for (ms = 0; ms < ANSWER_MS && !answered(fd, &st.st_mtim); ms += 10)
		usleep(10000);
	if (ms < ANSWER_MS)
		return 1;
	return fault__set(fault, "process %d, which records in %s, took no snapshot within %d s",
			  pid, dir, ANSWER_MS / 1000);
}

int flight__ask_for_snapshot(const char *dir, struct fault *fault)
{
	char *path = lock_path(dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	free(path);
	if (fd < 0)
		return 0;
	err = ask(fd, dir, fault);
	close(fd);
	return err;
}
