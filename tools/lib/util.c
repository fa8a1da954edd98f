// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/util.h"

int fault__set(struct fault *fault, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(fault->text, sizeof(fault->text), fmt, args);
	va_end(args);
	return -1;
}

void complain(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("lutrace: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

static void *need(void *memory)
{
	if (!memory) {
		complain("out of memory");
		exit(1);
	}
	return memory;
}

void *xcalloc(size_t nr, size_t size)
{
	return need(calloc(nr ? nr : 1, size));
}

void *xrealloc(void *memory, size_t nr, size_t size)
{
	return need(reallocarray(memory, nr ? nr : 1, size));
}

char *xstrdup(const char *s)
{
	return need(strdup(s));
}

char *xasprintf(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	return need(text);
}

void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void *grow(void *array, size_t nr, size_t *room, size_t size)
{
	if (nr < *room)
		return array;
	*room = *room ? 2 * *room : 64;
	return xrealloc(array, *room, size);
}

char *read_file(const char *path, size_t *size, struct fault *fault)
{
	size_t room = 1 << 16, len = 0, got;
	FILE *f = fopen(path, "re");
	char *data;

	if (!f) {
		fault__set(fault, "cannot open %s: %s", path, strerror(errno));
		return NULL;
	}
	data = xcalloc(room, 1);
	while ((got = fread(data + len, 1, room - len - 1, f)) > 0) {
		len += got;
		if (len + 1 == room) {
			room *= 2;
			data = xrealloc(data, room, 1);
		}
	}
	if (ferror(f)) {
		fault__set(fault, "cannot read %s: %s", path, strerror(errno));
		fclose(f);
		free(data);
		return NULL;
	}
	fclose(f);
	data[len] = '\0';
	if (size)
		*size = len;
	return data;
}

char *mount_point(const char *mounts, const char *type)
{
	char path[512], found[64];
	const char *line = mounts;

	while (line && *line) {
		if (sscanf(line, "%*s %511s %63s", path, found) == 2 && !strcmp(found, type))
			return xstrdup(path);
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return NULL;
}

void process_name(unsigned int pid, char name[PROCESS_NAME_SIZE])
{
	char path[64], *c;
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, name, PROCESS_NAME_SIZE - 1);
		close(fd);
	}
	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	/* A process chooses its name, and could send sequences to the terminal. */
	for (c = name; *c; c++)
		if (!isgraph((unsigned char)*c) && *c != ' ')
			*c = '?';
}

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

/* Linear probing; a removed place stays marked until the next growth. */
enum { FREE, USED, REMOVED };

struct slot {
	uint64_t key[3], value;
	int state;
};

struct idmap {
	struct slot *slots;
	size_t room, used, count;	/* used includes removed places */
};

#define IDMAP_ROOM 64

static struct idmap idmap__empty(void)
{
	return (struct idmap){
		.slots = xcalloc(IDMAP_ROOM, sizeof(struct slot)), .room = IDMAP_ROOM,
	};
}

struct idmap *idmap__new(void)
{
	struct idmap *map = xcalloc(1, sizeof(*map));

	*map = idmap__empty();
	return map;
}

void idmap__free(struct idmap *map)
{
	if (!map)
		return;
	free(map->slots);
	free(map);
}

static size_t hash(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t h = a * 0x9e3779b97f4a7c15ull;

	h = (h ^ (h >> 29) ^ b) * 0xbf58476d1ce4e5b9ull;
	h = (h ^ (h >> 32) ^ c) * 0x94d049bb133111ebull;
	return h ^ (h >> 31);
}

/* The place of the key, or else the place where it would be put. */
static struct slot *idmap__slot(struct idmap *map, uint64_t a, uint64_t b, uint64_t c)
{
	size_t i = hash(a, b, c) & (map->room - 1);
	struct slot *slot, *hole = NULL;

	for (;; i = (i + 1) & (map->room - 1)) {
		slot = &map->slots[i];
		if (slot->state == FREE)
			return hole ? hole : slot;
		if (slot->state == REMOVED)
			hole = hole ? hole : slot;
		else if (slot->key[0] == a && slot->key[1] == b && slot->key[2] == c)
			return slot;
	}
}

uint64_t *idmap__find(struct idmap *map, uint64_t a, uint64_t b, uint64_t c)
{
	struct slot *slot = idmap__slot(map, a, b, c);

	return slot->state == USED ? &slot->value : NULL;
}

static void idmap__rehash(struct idmap *map)
{
	struct slot *old = map->slots, *to;
	size_t i, room = map->room;

	while (map->room < 4 * (map->count + 1))
		map->room *= 2;
	map->slots = xcalloc(map->room, sizeof(*map->slots));
	map->used = map->count;
	for (i = 0; i < room; i++) {
		if (old[i].state != USED)
			continue;
		to = idmap__slot(map, old[i].key[0], old[i].key[1], old[i].key[2]);
		*to = old[i];
	}
	free(old);
}

void idmap__set(struct idmap *map, uint64_t a, uint64_t b, uint64_t c, uint64_t value)
{
	struct slot *slot;

	if (2 * (map->used + 1) > map->room)
		idmap__rehash(map);
	slot = idmap__slot(map, a, b, c);
	if (slot->state != USED) {
		map->used += slot->state == FREE;
		map->count++;
	}
	*slot = (struct slot){ { a, b, c }, value, USED };
}

void idmap__remove(struct idmap *map, uint64_t a, uint64_t b, uint64_t c)
{
	struct slot *slot = idmap__slot(map, a, b, c);

	if (slot->state != USED)
		return;
	slot->state = REMOVED;
	map->count--;
}

/* A map that was large once must not cost as much each time that it is cleared. */
void idmap__clear(struct idmap *map)
{
	free(map->slots);
	*map = idmap__empty();
}

size_t idmap__count(const struct idmap *map)
{
	return map->count;
}

uint64_t *idmap__next(struct idmap *map, size_t *pos)
{
	while (*pos < map->room) {
		struct slot *slot = &map->slots[(*pos)++];

		if (slot->state == USED)
			return &slot->value;
	}
	return NULL;
}
