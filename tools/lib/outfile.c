// SPDX-License-Identifier: GPL-2.0-only
/* Output files that replace nothing but an older output: lib/outfile.h says what is refused. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/mem.h"
#include "lib/number.h"
#include "lib/outfile.h"

/* With its NUL: 8 bytes. The same as LUTRACE_FILE_MAGIC, of which lib knows nothing. */
#define RECORDING_MAGIC "lutrace"
#define DATABASE_MAGIC	"SQLite format 3"

#define MAX_LINKS 40		/* as many as the kernel follows */

/* Of no output's name, so that it fits wherever that fits. */
#define TEMPORARY ".lutrace-%08x.tmp"
#define TRIES 100		/* to find one that is free */

struct outfile {
	FILE *stream;
	char *path;		/* as the user gave it, for messages */
	struct outfile *next;	/* of all that are open */

	/* Only of a file that replaces another at commit; else @folder is -1 */
	int folder;
	char *name;		/* in @folder, no link */
	bool private;		/* its owner's alone */
	bool in_memory;		/* the folder's file system has no files without a name */
	bool replaces;
	struct stat folder_stat, old;	/* @old only if @replaces */
};

static struct outfile *all_open;

/* Whether a regular file begins so. */
static bool begins_with(const char *path, const char *magic, size_t size)
{
	/* A FIFO without a writer must not block this. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char begin[32];
	struct stat st;
	bool is;

	if (fd < 0)
		return false;
	is = !fstat(fd, &st) && S_ISREG(st.st_mode) && pread(fd, begin, size, 0) == (ssize_t)size &&
	     !memcmp(begin, magic, size);
	close(fd);
	return is;
}

bool outfile__is_recording(const char *path)
{
	return begins_with(path, RECORDING_MAGIC, sizeof(RECORDING_MAGIC));
}

/* What cannot be made again: a recording, and a history of luperf, which is a database. */
static bool is_precious(const char *path)
{
	return outfile__is_recording(path) || begins_with(path, DATABASE_MAGIC, sizeof(DATABASE_MAGIC));
}

static void outfile__free(struct outfile *out)
{
	struct outfile **at;

	for (at = &all_open; *at; at = &(*at)->next) {
		if (*at == out) {
			*at = out->next;
			break;
		}
	}
	if (out->stream && out->stream != stdout)
		fclose(out->stream);
	if (out->folder >= 0)
		close(out->folder);
	free(out->name);
	free(out->path);
	free(out);
}

void outfile__discard(struct outfile *out)
{
	if (out)
		outfile__free(out);
}

FILE *outfile__stream(struct outfile *out)
{
	return out->stream;
}

static int outfile__refuse(const struct outfile *out, int err, struct fault *fault)
{
	return fault__set(fault, "cannot write %s: %s", out->path, strerror(err));
}

static int outfile__refuse_precious(const struct outfile *out, const char *path, struct fault *fault)
{
	return fault__set(fault, "%s is a %s, which cannot be made again: give another file to write to",
			  out->path, outfile__is_recording(path) ? "recording" : "database");
}

/* Which descriptor of this process @path is, through whatever folders; -1: none. */
static int outfile__descriptor(const char *path)
{
	char *copy = xstrdup(path), *other = xstrdup(path), *folder, *own;
	uint64_t nr;
	int fd = -1;

	folder = realpath(dirname(copy), NULL);
	own = realpath("/proc/self/fd", NULL);
	if (folder && own && !strcmp(folder, own) && number__parse(basename(other), INT_MAX, &nr))
		fd = nr;
	free(folder);
	free(own);
	free(copy);
	free(other);
	return fd;
}

static char *outfile__follow(const char *link)
{
	char *copy = xstrdup(link), to[PATH_MAX], *path;
	ssize_t len = readlink(link, to, sizeof(to) - 1);

	if (len < 0) {
		free(copy);
		return NULL;
	}
	to[len] = '\0';
	path = *to == '/' ? xstrdup(to) : xasprintf("%s/%s", dirname(copy), to);
	free(copy);
	return path;
}

/*
 * Follows links to the end of @path, which is returned, to free, with *@fd the descriptor that it is or
 * -1. NULL with errno set: it cannot be followed.
 */
static char *outfile__resolve(const char *path, int *fd)
{
	char *at = xstrdup(path), *next;
	struct stat st;
	int i;

	for (i = 0; i < MAX_LINKS; i++) {
		*fd = outfile__descriptor(at);
		if (*fd >= 0 || lstat(at, &st) || !S_ISLNK(st.st_mode))
			return at;
		next = outfile__follow(at);
		free(at);
		if (!next)
			return NULL;
		at = next;
	}
	free(at);
	errno = ELOOP;
	return NULL;
}

/* A descriptor is written to where it stands, and left open. */
static int outfile__open_descriptor(struct outfile *out, int fd, struct fault *fault)
{
	int flags = fcntl(fd, F_GETFL), copy;
	char name[64];

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return outfile__refuse(out, EBADF, fault);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (is_precious(name))
		return outfile__refuse_precious(out, name, fault);
	if (fd == STDOUT_FILENO) {
		out->stream = stdout;
		return 0;
	}
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	out->stream = copy < 0 ? NULL : fdopen(copy, "w");
	return out->stream ? 0 : outfile__refuse(out, errno, fault);
}

/* Two outputs would end as one of them. A device or a descriptor takes both. */
static int outfile__refuse_twice(const struct outfile *out, struct fault *fault)
{
	const struct outfile *o;

	for (o = all_open; o; o = o->next) {
		if (o->folder < 0)
			continue;
		if ((o->folder_stat.st_dev == out->folder_stat.st_dev &&
		     o->folder_stat.st_ino == out->folder_stat.st_ino &&
		     !strcmp(o->name, out->name)) ||
		    (o->replaces && out->replaces && o->old.st_dev == out->old.st_dev &&
		     o->old.st_ino == out->old.st_ino))
			return fault__set(fault, "%s cannot hold two outputs: name another file for one "
					  "of them", out->path);
	}
	return 0;
}

/* What the file will have that replaces @out->old. What this process may not give it does without. */
static void outfile__inherit(const struct outfile *out, int fd)
{
	if (!out->replaces)
		return;
	if (fchown(fd, out->old.st_uid, out->old.st_gid) && fchown(fd, -1, out->old.st_gid))
		errno = 0;
	if (!out->private)
		fchmod(fd, out->old.st_mode & 0777);
}

static mode_t outfile__mode(const struct outfile *out)
{
	return out->private ? 0600 : 0666;
}

static void outfile__temporary_name(char name[NAME_MAX])
{
	unsigned int number;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		number = random();	/* early after boot */
	snprintf(name, NAME_MAX, TEMPORARY, number);
}

/* A new file with a name of its own in the folder; -1 with errno set. */
static int outfile__temporary(const struct outfile *out, char name[NAME_MAX])
{
	int fd, i;

	for (i = 0; i < TRIES; i++) {
		outfile__temporary_name(name);
		fd = openat(out->folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
		    outfile__mode(out));
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

/* No signal may end the program while a file has a temporary name. */
static sigset_t outfile__block_signals(void)
{
	sigset_t every, before;

	sigfillset(&every);
	sigprocmask(SIG_BLOCK, &every, &before);
	return before;
}

/* Whether a file can be made in the folder; else -1 with errno set. */
static int outfile__try(const struct outfile *out)
{
	sigset_t before = outfile__block_signals();
	char name[NAME_MAX];
	int fd = outfile__temporary(out, name), err = errno;

	if (fd >= 0) {
		close(fd);
		unlinkat(out->folder, name, 0);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = err;
	return fd < 0 ? -1 : 0;
}

/*
 * A file without a name in the folder, or in memory where a file system has none; then whether a file
 * can be made there is tried. -1 with errno set.
 */
static int outfile__unnamed(struct outfile *out)
{
	int fd = openat(out->folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC,
		    outfile__mode(out));

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	if (outfile__try(out))
		return -1;
	out->in_memory = true;
	return memfd_create("output", MFD_CLOEXEC);
}

/* @path has no link at its end. */
static int outfile__open_file(struct outfile *out, const char *path, struct fault *fault)
{
	char *copy = xstrdup(path);
	int fd, err = 0;

	out->folder = open(dirname(copy), O_DIRECTORY | O_PATH | O_CLOEXEC);
	if (out->folder < 0 || fstat(out->folder, &out->folder_stat))
		err = errno;
	free(copy);
	if (err)
		return outfile__refuse(out, err, fault);
	copy = xstrdup(path);
	out->name = xstrdup(basename(copy));
	free(copy);
	out->replaces = !fstatat(out->folder, out->name, &out->old, AT_SYMLINK_NOFOLLOW);
	if (!out->replaces && errno != ENOENT)
		return outfile__refuse(out, errno, fault);
	if (is_precious(path))
		return outfile__refuse_precious(out, path, fault);
	if (out->replaces && faccessat(out->folder, out->name, W_OK, AT_EACCESS))
		return outfile__refuse(out, errno, fault);
	if (outfile__refuse_twice(out, fault))
		return -1;
	fd = outfile__unnamed(out);
	if (fd < 0)
		return outfile__refuse(out, errno, fault);
	outfile__inherit(out, fd);
	out->stream = fdopen(fd, "w");
	return out->stream ? 0 : outfile__refuse(out, errno, fault);
}

/* A FIFO or a character device. */
static int outfile__open_special(struct outfile *out, mode_t mode, struct fault *fault)
{
	if (S_ISDIR(mode))
		return outfile__refuse(out, EISDIR, fault);
	if (S_ISBLK(mode))
		return fault__set(fault, "cannot write %s: it is a block device, whose content would be "
				  "lost", out->path);
	out->stream = fopen(out->path, "we");
	return out->stream ? 0 : outfile__refuse(out, errno, fault);
}

static int outfile__open_path(struct outfile *out, struct fault *fault)
{
	struct stat st, end;
	char *path;
	int fd, err;

	if (!*out->path)
		return fault__set(fault, "cannot write to a file without a name");
	path = outfile__resolve(out->path, &fd);
	if (!path)
		return outfile__refuse(out, errno, fault);
	if (fd >= 0)
		err = outfile__open_descriptor(out, fd, fault);
	else if (path[strlen(path) - 1] == '/')
		err = outfile__refuse(out, EISDIR, fault);
	else if (stat(out->path, &st))
		err = errno == ENOENT ? outfile__open_file(out, path, fault) :
					outfile__refuse(out, errno, fault);
	else if (!S_ISREG(st.st_mode))
		err = outfile__open_special(out, st.st_mode, fault);
	else if (lstat(path, &end) || end.st_dev != st.st_dev || end.st_ino != st.st_ino)
		/* Another process's descriptor, of a file that was removed */
		err = outfile__refuse(out, ESTALE, fault);
	else
		err = outfile__open_file(out, path, fault);
	free(path);
	return err;
}

bool outfile__may_commit(const char *path)
{
	char *end, *copy;
	struct stat st;
	bool may = false;
	int fd;

	end = outfile__resolve(path, &fd);
	if (!end)
		return false;
	copy = xstrdup(end);
	if (fd >= 0 || !strcmp(path, "-"))
		may = true;
	else if (!stat(end, &st) && !S_ISREG(st.st_mode))
		may = !faccessat(AT_FDCWD, end, W_OK, AT_EACCESS);
	else
		may = !faccessat(AT_FDCWD, dirname(copy), W_OK | X_OK, AT_EACCESS);
	free(copy);
	free(end);
	return may;
}

static struct outfile *outfile__open_as(const char *path, bool private, struct fault *fault)
{
	struct outfile *out = xcalloc(1, sizeof(*out));
	int err = 0;

	out->folder = -1;
	out->private = private;
	if (!path || !strcmp(path, "-")) {
		out->path = xstrdup("standard output");
		out->stream = stdout;
	} else {
		out->path = xstrdup(path);
		err = outfile__open_path(out, fault);
	}
	if (err) {
		outfile__free(out);
		return NULL;
	}
	out->next = all_open;
	all_open = out;
	return out;
}

struct outfile *outfile__open(const char *path, struct fault *fault)
{
	return outfile__open_as(path, false, fault);
}

struct outfile *outfile__open_private(const char *path, struct fault *fault)
{
	return outfile__open_as(path, true, fault);
}

/* Gives the file without a name one. Without /proc only root can, and with it anybody. */
static int outfile__link(const struct outfile *out, int fd, const char *name)
{
	char proc[64];

	if (!linkat(fd, "", out->folder, name, AT_EMPTY_PATH))
		return 0;
	if (errno == EEXIST)
		return -1;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, proc, out->folder, name, AT_SYMLINK_FOLLOW);
}

static int outfile__copy(int from, int to)
{
	off_t at = 0;
	ssize_t got;

	while ((got = sendfile(to, from, &at, 1 << 20)) > 0)
		;
	return got < 0 || fsync(to) ? -1 : 0;
}

/* A copy of @fd under a temporary name; -1 with errno set, and then nothing is left. */
static int outfile__copied(const struct outfile *out, int fd, char name[NAME_MAX])
{
	int to = outfile__temporary(out, name), err;

	if (to < 0)
		return -1;
	outfile__inherit(out, to);
	err = outfile__copy(fd, to) ? errno : 0;
	if (close(to) && !err)
		err = errno;
	if (err)
		unlinkat(out->folder, name, 0);
	errno = err;
	return err ? -1 : 0;
}

/* What came under the name since the output was opened must not be lost either. */
static int outfile__look_again(const struct outfile *out, struct fault *fault)
{
	char path[64];
	struct stat st;
	int fd;

	if (fstatat(out->folder, out->name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (S_ISDIR(st.st_mode))
		return outfile__refuse(out, EISDIR, fault);
	if (!S_ISREG(st.st_mode))
		return fault__set(fault, "cannot write %s: what is no file has taken its name", out->path);
	fd = openat(out->folder, out->name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd >= 0 && is_precious(path)) {
		outfile__refuse_precious(out, path, fault);
		close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

/* The file is there under a temporary name, and takes its own. */
static int outfile__rename(const struct outfile *out, const char *temporary, struct fault *fault)
{
	int err = outfile__look_again(out, fault);

	if (!err && renameat(out->folder, temporary, out->folder, out->name))
		err = outfile__refuse(out, errno, fault);
	if (err && unlinkat(out->folder, temporary, 0)) {
		struct fault why = *fault;

		fault__set(fault, "%.500s; %s is left beside it", why.text, temporary);
	}
	return err;
}

static int outfile__name_it(const struct outfile *out, int fd, struct fault *fault)
{
	char temporary[NAME_MAX];
	int i;

	if (!out->in_memory) {
		if (!outfile__link(out, fd, out->name))
			return 0;
		for (i = 0; errno == EEXIST && i < TRIES; i++) {
			outfile__temporary_name(temporary);
			if (!outfile__link(out, fd, temporary))
				return outfile__rename(out, temporary, fault);
		}
	}
	if (outfile__copied(out, fd, temporary))
		return outfile__refuse(out, errno, fault);
	return outfile__rename(out, temporary, fault);
}

static int outfile__finish_file(const struct outfile *out, struct fault *fault)
{
	int fd = fileno(out->stream), err;
	sigset_t before;

	if (fsync(fd))
		return outfile__refuse(out, errno, fault);
	before = outfile__block_signals();
	err = outfile__name_it(out, fd, fault);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return err;
}

int outfile__commit(struct outfile *out, struct fault *fault)
{
	int err = 0;

	errno = 0;
	if (fflush(out->stream) || ferror(out->stream)) {
		err = errno ? outfile__refuse(out, errno, fault) :
			fault__set(fault, "cannot write %s: an earlier write failed", out->path);
	} else if (out->folder >= 0) {
		err = outfile__finish_file(out, fault);
	} else if (out->stream != stdout) {
		if (fclose(out->stream))
			err = outfile__refuse(out, errno, fault);
		out->stream = NULL;
	}
	outfile__free(out);
	return err;
}

int outfile__fail(struct outfile *out, const char *why, struct fault *fault)
{
	fault__set(fault, "cannot write %s: %s", out->path, why);
	outfile__discard(out);
	return -1;
}

void outfile__remove(const char *path)
{
	struct stat st;
	char *end;
	int fd;

	end = outfile__resolve(path, &fd);
	if (end && fd < 0 && !lstat(end, &st) && S_ISREG(st.st_mode) &&
	    !is_precious(end))
		unlink(end);
	free(end);
}

static void outfile__at_exit(int status, void *unused)
{
	(void)unused;
	errno = 0;
	if ((!fflush(stdout) && !ferror(stdout)) || status)
		return;
	complain("cannot write standard output: %s", errno ? strerror(errno) :
		 "an earlier write failed");
	_exit(1);
}

/* Not ignored, which a command that is started would inherit. */
static void outfile__on_limit(int sig)
{
	(void)sig;
}

void outfile__init(void)
{
	struct sigaction limit = { .sa_handler = outfile__on_limit };
	int fd;

	/* A folder for what is closed: writing to it fails, and no output gets the number. */
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/", O_RDONLY) != fd)
			_exit(1);
	sigaction(SIGXFSZ, &limit, NULL);
	on_exit(outfile__at_exit, NULL);
}
