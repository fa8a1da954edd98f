// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "counters.h"
#include "tap.h"

#define KHO_PRESERVED	"/sys/kernel/debug/kho/out/nr_preserved"
#define WAIT_TRIES	40
#define WAIT_NS		50000000L

/* Each CPU keeps a part of the counts to itself, until it is asked */
static void collect(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) < 0)
		perror("/proc/sys/vm/stat_refresh");
	close(fd);
}

static long read_preserved(void)
{
	FILE *f = fopen(KHO_PRESERVED, "re");
	long value = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%ld", &value) != 1)
		value = -1;
	fclose(f);
	return value;
}

static struct counters read_once(void)
{
	struct counters now = { .iommu_pages = -1, .preserved = read_preserved() };
	char name[64];
	long value;
	FILE *f;

	collect();
	f = fopen("/proc/vmstat", "re");
	if (!f)
		return now;
	while (fscanf(f, "%63s %ld", name, &value) == 2) {
		if (!strcmp(name, "nr_iommu_pages"))
			now.iommu_pages = value;
		else if (!strcmp(name, "nr_foll_pin_acquired"))
			now.pins += value;
		else if (!strcmp(name, "nr_foll_pin_released"))
			now.pins -= value;
	}
	fclose(f);
	return now;
}

/* What was printed last goes out on the shared folder, and pins a page for that long */
struct counters counters__read(void)
{
	static const struct timespec wait = { .tv_nsec = WAIT_NS };
	struct counters now = read_once(), last;
	int i = 0;

	do {
		last = now;
		nanosleep(&wait, NULL);
		now = read_once();
	} while (memcmp(&now, &last, sizeof(now)) && i++ < WAIT_TRIES);
	return now;
}

bool counters__are(const struct counters *before)
{
	static const struct timespec wait = { .tv_nsec = WAIT_NS };
	struct counters now = read_once();
	int i;

	for (i = 0; i < WAIT_TRIES && memcmp(&now, before, sizeof(now)); i++) {
		nanosleep(&wait, NULL);
		now = read_once();
	}
	return tap__true(!memcmp(&now, before, sizeof(now)),
			 "there are %ld page tables, %ld pins and %ld preserved blocks, and before "
			 "there were %ld, %ld and %ld", now.iommu_pages, now.pins, now.preserved,
			 before->iommu_pages, before->pins, before->preserved);
}
