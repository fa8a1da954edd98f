// SPDX-License-Identifier: GPL-2.0-only
/* Memory to be preserved, and what it must hold: see memfd.h. Called by the steps of run and
 * resume. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/memfd.h"
#include "drive/say.h"

#define HUGE_SIZE (2ULL << 20)
#define CHUNK 4096u
#ifndef MFD_NOEXEC_SEAL /* Linux 6.3 */
#define MFD_NOEXEC_SEAL 0x0008u
#endif
#define SIZE_SEALS (F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)
#define WRITE_SEALS (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)
#define SHMEM_THP "/sys/kernel/mm/transparent_hugepage/shmem_enabled"

/* Pages that hold something else than the pattern, as they must be: an array of arrays */
#define BLOCK_PAGES 512u

struct memfd_block {
	uint8_t *pages[BLOCK_PAGES]; /* NULL: the pattern */
};

struct memfd {
	int fd;
	char name[64];
	uint64_t size, seed;
	uint8_t *map;
	void *reserved; /* what mmap() gave, larger than the aligned map */
	size_t reserved_size;
	struct memfd_block **blocks; /* NULL: the pattern in all of it */
	size_t nr_blocks;
};

/* A 64-bit mixer: neighbouring inputs give unrelated words */
static uint64_t memfd__mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

void memfd__pattern(uint64_t seed, uint64_t offset, void *out, uint64_t length)
{
	uint64_t key = memfd__mix(seed), done, word;
	unsigned int skip;
	size_t n;

	for (done = 0; done < length; done += n) {
		skip = (offset + done) % sizeof(word);
		n = sizeof(word) - skip;
		if (n > length - done)
			n = length - done;
		word = htole64(memfd__mix(key + (offset + done) / sizeof(word)) >> 8 * skip);
		memcpy((uint8_t *)out + done, &word, n);
	}
}

int memfd__fd(const struct memfd *memfd)
{
	return memfd->fd;
}

uint64_t memfd__seed(const struct memfd *memfd)
{
	return memfd->seed;
}

void *memfd__at(const struct memfd *memfd, uint64_t offset)
{
	return memfd->map + offset;
}

/* Huge pages of shared memory arise only at aligned addresses: reserve more, map inside it. */
static int memfd__map(struct memfd *m)
{
	uintptr_t start;
	void *p;

	m->reserved_size = m->size + HUGE_SIZE;
	m->reserved = mmap(NULL, m->reserved_size, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m->reserved == MAP_FAILED) {
		m->reserved = NULL;
		return -errno;
	}
	start = ((uintptr_t)m->reserved + HUGE_SIZE - 1) & ~(uintptr_t)(HUGE_SIZE - 1);
	p = mmap((void *)start, m->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, m->fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	m->map = p;
	return 0;
}

static struct memfd *memfd__new(const char *name, uint64_t size, uint64_t seed, int fd)
{
	struct memfd *m = calloc(1, sizeof(*m));
	int err = m ? 0 : -ENOMEM;

	if (m) {
		m->fd = fd;
		m->size = size;
		m->seed = seed;
		snprintf(m->name, sizeof(m->name), "%s", name);
		m->nr_blocks = size / CHUNK / BLOCK_PAGES + 1;
		m->blocks = calloc(m->nr_blocks, sizeof(*m->blocks));
		err = m->blocks ? memfd__map(m) : -ENOMEM;
	}
	if (!err)
		return m;
	say__errno(err, "mapping %" PRIu64 " bytes of memfd '%s' failed", size, name);
	if (m)
		memfd__free(m);
	else
		close(fd);
	return NULL;
}

void memfd__free(struct memfd *m)
{
	size_t i, j;

	if (!m)
		return;
	for (i = 0; m->blocks && i < m->nr_blocks; i++) {
		for (j = 0; m->blocks[i] && j < BLOCK_PAGES; j++)
			free(m->blocks[i]->pages[j]);
		free(m->blocks[i]);
	}
	free(m->blocks);
	if (m->reserved)
		munmap(m->reserved, m->reserved_size);
	close(m->fd);
	free(m);
}

/* Says what to do if this kernel would fill the memfd with small pages only */
static int memfd__check_huge(const char *name)
{
	FILE *f = fopen(SHMEM_THP, "re");
	char text[128] = "";

	if (!f)
		return say__errno(-errno,
				  "memfd '%s' has huge=yes, and %s cannot be read "
				  "(the kernel needs CONFIG_TRANSPARENT_HUGEPAGE)",
				  name, SHMEM_THP);
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	if (strstr(text, "[never]") || strstr(text, "[deny]"))
		return say__error("memfd '%s' has huge=yes, and %s forbids huge pages; "
				  "write 'advise' or 'always' into it",
				  name, SHMEM_THP);
	return 0;
}

static int memfd__fill(struct memfd *m, bool huge)
{
	const char *advice = huge ? "MADV_HUGEPAGE" : "MADV_NOHUGEPAGE";

	/* A kernel without huge pages knows no advice against them, and needs none */
	if (madvise(m->map, m->size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) &&
	    (huge || errno != EINVAL))
		return say__errno(-errno, "madvise %s of memfd '%s' failed", advice, m->name);
	memfd__pattern(m->seed, 0, m->map, m->size);
	return 0;
}

/* The seals that iommufd and the session need; F_SEAL_WRITE would stop the device as well */
static int memfd__seal(struct memfd *m)
{
	if (fcntl(m->fd, F_ADD_SEALS, SIZE_SEALS))
		return say__errno(-errno, "fcntl F_ADD_SEALS of memfd '%s' failed", m->name);
	return 0;
}

struct memfd *memfd__create(const char *name, uint64_t size, unsigned int kind, uint64_t seed)
{
	bool huge = kind & MEMFD_HUGE;
	struct memfd *m;
	int fd;

	if (huge && memfd__check_huge(name))
		return NULL;
	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING |
				(kind & MEMFD_NOEXEC ? MFD_NOEXEC_SEAL : 0));
	if (fd < 0) {
		say__errno(-errno, "memfd_create of memfd '%s' failed", name);
		return NULL;
	}
	if (ftruncate(fd, size)) {
		say__errno(-errno, "ftruncate of memfd '%s' to %" PRIu64 " bytes failed", name,
			   size);
		close(fd);
		return NULL;
	}
	m = memfd__new(name, size, seed, fd);
	if (m && (memfd__fill(m, huge) || memfd__seal(m))) {
		memfd__free(m);
		return NULL;
	}
	return m;
}

/* What came back must have the seals of memfd__seal(), and none that would keep its owner from it */
static int memfd__check_seals(int fd, const char *name)
{
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0)
		return say__errno(-errno, "fcntl F_GET_SEALS of memfd '%s' failed", name);
	if ((seals & SIZE_SEALS) == SIZE_SEALS && !(seals & WRITE_SEALS))
		return 0;
	return say__error("memfd '%s' came back with the seals 0x%x: it must be sealed against "
			  "changes of its size, and not against writing", name, seals);
}

struct memfd *memfd__adopt(int fd, const char *name, uint64_t size, uint64_t seed)
{
	struct stat st;

	if (fstat(fd, &st)) {
		say__errno(-errno, "fstat of memfd '%s' failed", name);
		close(fd);
		return NULL;
	}
	if (memfd__check_seals(fd, name)) {
		close(fd);
		return NULL;
	}
	if ((uint64_t)st.st_size != size) {
		say__error("memfd '%s' came back with %lld bytes, and the plan says %" PRIu64
			   "; use the plan that the session was made with",
			   name, (long long)st.st_size, size);
		close(fd);
		return NULL;
	}
	return memfd__new(name, size, seed, fd);
}

/* The page's content where it is not the pattern, else NULL */
static const uint8_t *memfd__page(const struct memfd *m, uint64_t page)
{
	const struct memfd_block *block = m->blocks[page / BLOCK_PAGES];

	return block ? block->pages[page % BLOCK_PAGES] : NULL;
}

/* The same to be changed; NULL: no memory */
static uint8_t *memfd__own_page(struct memfd *m, uint64_t page)
{
	struct memfd_block **block = &m->blocks[page / BLOCK_PAGES];
	uint8_t **own;

	if (!*block)
		*block = calloc(1, sizeof(**block));
	if (!*block)
		return NULL;
	own = &(*block)->pages[page % BLOCK_PAGES];
	if (!*own) {
		*own = malloc(CHUNK);
		if (*own)
			memfd__pattern(m->seed, page * CHUNK, *own, CHUNK);
	}
	return *own;
}

/* Bytes from @offset to the end of its page, at most @length */
static uint64_t memfd__in_page(uint64_t offset, uint64_t length)
{
	uint64_t n = CHUNK - offset % CHUNK;

	return n < length ? n : length;
}

int memfd__patch(struct memfd *m, uint64_t offset, const void *data, uint64_t length)
{
	uint64_t done, n;
	uint8_t *page;

	for (done = 0; done < length; done += n) {
		n = memfd__in_page(offset + done, length - done);
		page = memfd__own_page(m, (offset + done) / CHUNK);
		if (!page)
			return say__errno(-ENOMEM, "no memory to remember a DMA to memfd '%s'",
					  m->name);
		memcpy(page + (offset + done) % CHUNK, (const uint8_t *)data + done, n);
	}
	return 0;
}

void memfd__expected(const struct memfd *m, uint64_t offset, void *out, uint64_t length)
{
	const uint8_t *page;
	uint64_t done, n;

	for (done = 0; done < length; done += n) {
		n = memfd__in_page(offset + done, length - done);
		page = memfd__page(m, (offset + done) / CHUNK);
		if (page)
			memcpy((uint8_t *)out + done, page + (offset + done) % CHUNK, n);
		else
			memfd__pattern(m->seed, offset + done, (uint8_t *)out + done, n);
	}
}

int memfd__verify(const struct memfd *m)
{
	uint8_t want[CHUNK];
	uint64_t offset;
	size_t i;

	for (offset = 0; offset < m->size; offset += CHUNK) {
		memfd__expected(m, offset, want, CHUNK);
		if (!memcmp(m->map + offset, want, CHUNK))
			continue;
		for (i = 0; m->map[offset + i] == want[i]; i++)
			;
		return say__error("memfd '%s' has the wrong content: byte at offset 0x%" PRIx64
				  " is 0x%02x and must be 0x%02x",
				  m->name, offset + i, m->map[offset + i], want[i]);
	}
	return 0;
}
