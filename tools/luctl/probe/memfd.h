/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A memfd whose right content is known at every byte: a pattern that follows from a seed, and
 * over it the patches, which are what a device is known to have written.
 */
#ifndef LUCTL_MEMFD_H
#define LUCTL_MEMFD_H

#include <stdbool.h>
#include <stdint.h>

struct memfd;

/* Kinds, to be combined: of pages of 2 MiB, and made with MFD_NOEXEC_SEAL. */
enum { MEMFD_HUGE = 1, MEMFD_NOEXEC = 2 };

/* Makes, maps, fills and seals it. Reports and returns NULL when it fails. */
struct memfd *memfd__create(const char *name, uint64_t size, unsigned int kind, uint64_t seed);
/* Takes over @fd, which a session gave back, and maps it. Reports and returns NULL likewise. */
struct memfd *memfd__adopt(int fd, const char *name, uint64_t size, uint64_t seed);
void memfd__free(struct memfd *memfd);

int memfd__fd(const struct memfd *memfd);
void *memfd__at(const struct memfd *memfd, uint64_t offset);

/* Puts @length bytes of the pattern of @seed, as it is at @offset, into @out */
void memfd__pattern(uint64_t seed, uint64_t offset, void *out, uint64_t length);
uint64_t memfd__seed(const struct memfd *memfd);

/*
 * From now on [@offset, @offset + @length) must hold @data, which is copied, until a later patch.
 * Takes time that grows with @length only. Reports and returns -1 if there is no memory.
 */
int memfd__patch(struct memfd *memfd, uint64_t offset, const void *data, uint64_t length);

/* Puts into @out what must be there */
void memfd__expected(const struct memfd *memfd, uint64_t offset, void *out, uint64_t length);

/* Compares every byte with what must be there, and reports the first difference */
int memfd__verify(const struct memfd *memfd);

#endif
