/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LUTRACE_UTIL_H
#define LUTRACE_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* One clear sentence about what went wrong, on its way up to the user. */
struct fault {
	char text[768];
};

/* Returns -1, so that a function can end with `return fault__set(...)`. */
int fault__set(struct fault *fault, const char *fmt, ...) PRINTF(2, 3);

/* Prints "lutrace: ..." on stderr. */
void complain(const char *fmt, ...) PRINTF(1, 2);

/* malloc and friends that end the program when there is no memory. */
void *xcalloc(size_t nr, size_t size);
void *xrealloc(void *memory, size_t nr, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) PRINTF(1, 2);

/* What comes from elsewhere must have no say on a terminal: its control characters become '?'. */
void make_printable(char *text);

/* Makes room for one more element at the end of an array that doubles. */
void *grow(void *array, size_t nr, size_t *room, size_t size);

/* Reads a whole file; the data is followed by a NUL byte. Free with free(). */
char *read_file(const char *path, size_t *size, struct fault *fault);

/* Where a file system of @type is mounted, in the text of /proc/mounts; NULL: nowhere. Free it. */
char *mount_point(const char *mounts, const char *type);

/* The name of a process, printable; "" if it is gone. */
#define PROCESS_NAME_SIZE 16
void process_name(unsigned int pid, char name[PROCESS_NAME_SIZE]);

/*
 * A file that appears under its name only when it is complete. With a NULL
 * path it is standard output. What is no regular file (a device, a pipe) is
 * written to as it goes.
 */
struct outfile;
struct outfile *outfile__open(const char *path, struct fault *fault);
FILE *outfile__stream(struct outfile *out);
/* Both free @out; discard leaves nothing behind. */
int outfile__commit(struct outfile *out, struct fault *fault);
void outfile__discard(struct outfile *out);

/* A hash from a key of three numbers to one number. */
struct idmap;
struct idmap *idmap__new(void);
void idmap__free(struct idmap *map);
/* Returns the value's place, or NULL if the key is not there. */
uint64_t *idmap__find(struct idmap *map, uint64_t a, uint64_t b, uint64_t c);
void idmap__set(struct idmap *map, uint64_t a, uint64_t b, uint64_t c, uint64_t value);
void idmap__remove(struct idmap *map, uint64_t a, uint64_t b, uint64_t c);
void idmap__clear(struct idmap *map);
size_t idmap__count(const struct idmap *map);
/* Goes through all values: start with *pos = 0, ends with NULL. */
uint64_t *idmap__next(struct idmap *map, size_t *pos);

#endif
