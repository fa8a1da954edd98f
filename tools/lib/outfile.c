// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/mem.h"
#include "lib/outfile.h"

/* With its NUL: 8 bytes. The same as LUTRACE_FILE_MAGIC, of which lib knows nothing. */
#define RECORDING_MAGIC "lutrace"

struct outfile {
	FILE *stream;
	char *path, *tmp;
};

/* A device, a pipe or a socket is written to as it is: it must not be replaced by a file. */
static bool is_special(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISREG(st.st_mode);
}

struct outfile *outfile__open(const char *path, struct fault *fault)
{
	struct outfile *out = xcalloc(1, sizeof(*out));

	if (!path) {
		out->stream = stdout;
		return out;
	}
	out->path = xstrdup(path);
	if (!is_special(path))
		out->tmp = xasprintf("%s.%d.tmp", path, getpid());
	out->stream = out->tmp ? fopen(out->tmp, "wxe") : fopen(path, "we");
	if (!out->stream) {
		fault__set(fault, "cannot write %s: %s", path, strerror(errno));
		free(out->path);
		free(out->tmp);
		free(out);
		return NULL;
	}
	return out;
}

FILE *outfile__stream(struct outfile *out)
{
	return out->stream;
}

static void outfile__free(struct outfile *out)
{
	if (out->path && out->stream)
		fclose(out->stream);
	free(out->path);
	free(out->tmp);
	free(out);
}

void outfile__discard(struct outfile *out)
{
	if (!out)
		return;
	if (out->tmp)
		unlink(out->tmp);
	outfile__free(out);
}

int outfile__commit(struct outfile *out, struct fault *fault)
{
	const char *name = out->path ? out->path : "standard output";
	bool bad;

	errno = 0;
	bad = fflush(out->stream) || ferror(out->stream);
	if (!bad && out->tmp)
		bad = fsync(fileno(out->stream)) != 0;
	if (!bad && out->path) {
		bad = fclose(out->stream) != 0;
		out->stream = NULL;
	}
	if (!bad && out->tmp)
		bad = rename(out->tmp, out->path) != 0;
	if (bad) {
		fault__set(fault, "cannot write %s: %s", name,
			   errno ? strerror(errno) : "an earlier write failed");
		outfile__discard(out);
		return -1;
	}
	outfile__free(out);
	return 0;
}

bool outfile__is_recording(const char *path)
{
	/* A FIFO without a writer must not block this. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char magic[sizeof(RECORDING_MAGIC)];
	struct stat st;
	bool is;

	if (fd < 0)
		return false;
	is = !fstat(fd, &st) && S_ISREG(st.st_mode) &&
	     pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	     !memcmp(magic, RECORDING_MAGIC, sizeof(magic));
	close(fd);
	return is;
}
