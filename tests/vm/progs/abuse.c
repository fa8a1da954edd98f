// SPDX-License-Identifier: GPL-2.0-only
/*
 * abuse: does to the memory of another process's memfds what a busy or hostile system does, and
 * says whether a page moved. Where a page is comes from /proc/self/pagemap.
 *
 *   abuse truncate PID         shrinking and growing must be refused
 *   abuse pageout PID          reclaim to swap, page by page
 *   abuse collapse PID         khugepaged's work, at once
 *   abuse compact PID          compaction of all memory
 *   abuse move                 the last three on memory of its own that nothing pins: pages must
 *                              move, or the others prove nothing
 *   abuse punch PID [N]        a hole in each memfd, its page N, from 0; the files must have new pages there
 *   abuse hog FILE             fills all free memory with a pattern, writes FILE.filled,
 *                              reads it over and over until FILE.stop exists, and then writes what
 *                              it saw to FILE: "intact N pages" or "changed ..."
 *
 * Status 0 if all is as it must be, 1 if not; one line says what was seen.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define PAGE		4096UL
#define HUGE_PAGE	(2UL << 20)
#define PAGEMAP_PFN	((1ULL << 55) - 1)
#define PAGEMAP_PRESENT	(1ULL << 63)
#define MAX_MEMFDS	64
#define OWN_SIZE	(16UL << 20)
/* What the hog leaves: less, and the kernel kills somebody */
#define HOG_MARGIN_KB	(96UL << 10)

struct target {
	char name[64];
	int fd;
	size_t size;
	uint8_t *map;		/* aligned as huge pages need it */
	uint64_t *pfns;
};

struct targets {
	struct target all[MAX_MEMFDS];
	size_t nr;
};

static void die(const char *what, const char *arg)
{
	fprintf(stderr, "abuse: error: %s %s: %s\n", what, arg, strerror(errno));
	exit(1);
}

static void target__map(struct target *t)
{
	uint8_t *p = mmap(NULL, t->size + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("reserving addresses for", t->name);
	p = (uint8_t *)(((uintptr_t)p + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	t->map = mmap(p, t->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, t->fd, 0);
	if (t->map == MAP_FAILED)
		die("mapping", t->name);
}

static void targets__add(struct targets *targets, const char *path)
{
	struct target *t = &targets->all[targets->nr];
	struct stat st;

	t->fd = open(path, O_RDWR | O_CLOEXEC);
	if (t->fd < 0 || fstat(t->fd, &st))
		die("opening", path);
	snprintf(t->name, sizeof(t->name), "%.63s", path);
	t->size = st.st_size;
	t->pfns = calloc(t->size / PAGE + 1, sizeof(*t->pfns));
	if (!t->pfns)
		die("no memory for", t->name);
	target__map(t);
	targets->nr++;
}

/* Nothing is opened for this: other files may mind. After a kexec memfds have no name. */
static bool is_memfd(const char *path)
{
	struct statfs fs;
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !st.st_nlink && !statfs(path, &fs) &&
	       fs.f_type == TMPFS_MAGIC;
}

static void targets__find(struct targets *targets, const char *pid)
{
	char dir[64], path[384];
	struct dirent *entry;
	DIR *d;

	snprintf(dir, sizeof(dir), "/proc/%s/fd", pid);
	d = opendir(dir);
	if (!d)
		die("reading", dir);
	while ((entry = readdir(d)) && targets->nr < MAX_MEMFDS) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (is_memfd(path))
			targets__add(targets, path);
	}
	closedir(d);
	if (!targets->nr) {
		errno = ENOENT;
		die("memfds of process", pid);
	}
}

/* Touches every page, and returns how many are elsewhere than @t->pfns says, which is updated */
static size_t target__locate(struct target *t)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t i, moved = 0;
	uint64_t entry;

	if (pagemap < 0)
		die("opening", "/proc/self/pagemap");
	for (i = 0; i < t->size / PAGE; i++) {
		(void)*(volatile uint8_t *)(t->map + i * PAGE);
		if (pread(pagemap, &entry, sizeof(entry),
			  ((uintptr_t)t->map / PAGE + i) * sizeof(entry)) != sizeof(entry) ||
		    !(entry & PAGEMAP_PRESENT) || !(entry & PAGEMAP_PFN))
			die("no page frame number of a page of", t->name);
		moved += t->pfns[i] != (entry & PAGEMAP_PFN);
		t->pfns[i] = entry & PAGEMAP_PFN;
	}
	close(pagemap);
	return moved;
}

static size_t targets__locate(struct targets *targets, size_t *nr_pages)
{
	size_t i, moved = 0;

	*nr_pages = 0;
	for (i = 0; i < targets->nr; i++) {
		moved += target__locate(&targets->all[i]);
		*nr_pages += targets->all[i].size / PAGE;
	}
	return moved;
}

static void pageout(struct targets *targets)
{
	size_t i;

	for (i = 0; i < targets->nr; i++)
		if (madvise(targets->all[i].map, targets->all[i].size, MADV_PAGEOUT))
			die("madvise MADV_PAGEOUT of", targets->all[i].name);
}

/* It fails where a page is pinned, which is what this is about */
static void collapse(struct targets *targets)
{
	struct target *t;
	size_t i, at;

	for (i = 0; i < targets->nr; i++) {
		t = &targets->all[i];
		for (at = 0; at + HUGE_PAGE <= t->size; at += HUGE_PAGE)
			madvise(t->map + at, HUGE_PAGE, MADV_COLLAPSE);
	}
}

static void compact(struct targets *targets)
{
	int fd = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC);

	(void)targets;
	if (fd < 0 || write(fd, "1", 1) != 1)
		die("writing", "/proc/sys/vm/compact_memory");
	close(fd);
}

static void all_of_it(struct targets *targets)
{
	pageout(targets);
	compact(targets);
	collapse(targets);
}

static int expect_in_place(struct targets *targets, const char *what,
			   void (*act)(struct targets *targets))
{
	size_t nr_pages, moved;

	targets__locate(targets, &nr_pages);
	act(targets);
	moved = targets__locate(targets, &nr_pages);
	printf("abuse: %s: %zu of %zu pages moved\n", what, moved, nr_pages);
	return moved ? 1 : 0;
}

static int expect_moved(struct targets *targets)
{
	int fd = memfd_create("own", MFD_CLOEXEC);
	char path[64];

	if (fd < 0 || ftruncate(fd, OWN_SIZE))
		die("making", "a memfd");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	targets__add(targets, path);
	close(fd);
	memset(targets->all[0].map, 1, OWN_SIZE);
	return expect_in_place(targets, "move", all_of_it) ? 0 : 1;
}

static int expect_fixed_size(struct targets *targets)
{
	struct target *t;
	size_t i;

	for (i = 0; i < targets->nr; i++) {
		t = &targets->all[i];
		if (!ftruncate(t->fd, t->size - PAGE) || errno != EPERM ||
		    !ftruncate(t->fd, t->size + PAGE) || errno != EPERM) {
			printf("abuse: truncate: memfd %s was not refused with EPERM\n", t->name);
			return 1;
		}
	}
	printf("abuse: truncate: %zu memfds refused it\n", targets->nr);
	return 0;
}

static int punch(struct targets *targets, unsigned long page)
{
	size_t i, nr_pages, moved;
	struct target *t;

	targets__locate(targets, &nr_pages);
	for (i = 0; i < targets->nr; i++) {
		t = &targets->all[i];
		if (fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      page * PAGE, PAGE))
			die("punching a hole into", t->name);
	}
	moved = targets__locate(targets, &nr_pages);
	printf("abuse: punch: %zu of %zu memfds have a new page\n", moved, targets->nr);
	return moved == targets->nr ? 0 : 1;
}

/* The hog */

static unsigned long meminfo_kb(const char *key)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long value = 0;
	char line[128];

	if (!f)
		die("reading", "/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ':')
			value = strtoul(line + strlen(key) + 1, NULL, 10);
	fclose(f);
	return value;
}

static uint64_t hog_word(size_t page, size_t word)
{
	return (page * 512 + word + 1) * 0x9e3779b97f4a7c15ULL;
}

static bool hog_page_intact(const uint64_t *p, size_t page)
{
	size_t i;

	for (i = 0; i < PAGE / sizeof(*p); i++)
		if (p[i] != hog_word(page, i))
			return false;
	return true;
}

static void write_line(const char *base, const char *suffix, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", base, suffix);
	f = fopen(path, "we");
	if (!f)
		die("writing", path);
	fprintf(f, "%s\n", text);
	fclose(f);
}

static bool told_to_stop(const char *base)
{
	char path[256];

	snprintf(path, sizeof(path), "%s.stop", base);
	return !access(path, F_OK);
}

static int hog(const char *file)
{
	size_t free_kb = meminfo_kb("MemAvailable"), nr, i, w;
	bool intact = true, last = false;
	uint64_t *memory;
	char text[128];

	nr = (free_kb - HOG_MARGIN_KB) * 1024 / PAGE;
	memory = mmap(NULL, nr * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		die("no memory for", "the hog");
	for (i = 0; i < nr; i++)
		for (w = 0; w < PAGE / sizeof(*memory); w++)
			memory[i * 512 + w] = hog_word(i, w);
	write_line(file, ".filled", "filled");
	while (intact && !last) {
		last = told_to_stop(file);
		for (i = 0; i < nr && intact; i++)
			intact = hog_page_intact(&memory[i * 512], i);
		usleep(1000);
	}
	snprintf(text, sizeof(text), "%s %zu pages", intact ? "intact" : "changed: one of", nr);
	write_line(file, "", text);
	return intact ? 0 : 1;
}

static int usage(void)
{
	fprintf(stderr, "usage: abuse truncate|pageout|collapse|compact|punch PID\n"
			"       abuse move\n"
			"       abuse hog FILE\n");
	return 1;
}

int main(int argc, char **argv)
{
	static struct targets targets;
	const char *what = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(what, "hog") && argc == 3)
		return hog(argv[2]);
	if (!strcmp(what, "move") && argc == 2)
		return expect_moved(&targets);
	if (argc != 3 && (argc != 4 || strcmp(what, "punch")))
		return usage();
	targets__find(&targets, argv[2]);
	if (!strcmp(what, "truncate"))
		return expect_fixed_size(&targets);
	if (!strcmp(what, "punch"))
		return punch(&targets, argc == 4 ? strtoul(argv[3], NULL, 0) : 0);
	if (!strcmp(what, "pageout"))
		return expect_in_place(&targets, what, pageout);
	if (!strcmp(what, "collapse"))
		return expect_in_place(&targets, what, collapse);
	if (!strcmp(what, "compact"))
		return expect_in_place(&targets, what, compact);
	return usage();
}
