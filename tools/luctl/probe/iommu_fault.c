// SPDX-License-Identifier: GPL-2.0-only
/* Reads faults in lines of the kernel log: see iommu_fault.h. Called by the DMA probes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/kmsg.h"
#include "probe/iommu_fault.h"

#define PAGE_MASK (~UINT64_C(0xfff))
#define POLL_MS 10u

/* AMD I/O Virtualization Technology, IO_PAGE_FAULT event */
#define AMD_FLAG_I 0x008u  /* an interrupt */
#define AMD_FLAG_PR 0x010u /* the page was present */
#define AMD_FLAG_RW 0x020u /* a write; means nothing unless PR=1, TR=0 and I=0 */
#define AMD_FLAG_TR 0x100u /* a request for a translation */
/* QEMU's own, see is_qemu_fault() */
#define QEMU_FLAG_READ 0x001u
#define QEMU_FLAG_WRITE 0x002u

/*
 * Both stages of VT-d, with NO_PASID or PASID 0x1 for a device that sends one:
 * "DMAR: [DMA Read NO_PASID] Request device [0000:00:04.0] fault addr 0x1000 [fault ..."
 */
static bool iommu_fault__is_vtd_fault(const char *text, const char *bdf, uint64_t page, bool write)
{
	char device[32], addr[48];

	snprintf(device, sizeof(device), "Request device [%s]", bdf);
	snprintf(addr, sizeof(addr), "fault addr 0x%" PRIx64 " ", page);
	return strstr(text, write ? "[DMA Write " : "[DMA Read ") && strstr(text, device) &&
	       strstr(text, addr);
}

/* The number behind @key, which must be there */
static bool iommu_fault__number_after(const char *text, const char *key, uint64_t *value)
{
	const char *at = strstr(text, key);
	char *end;

	if (!at)
		return false;
	at += strlen(key);
	*value = strtoull(at, &end, 16);
	return end != at;
}

/*
 * QEMU (11.1) loses the address, calls every fault an interrupt's, and has the direction in bits
 * that mean something else. No hardware reports such a thing.
 */
static bool iommu_fault__is_qemu_fault(uint64_t address, uint64_t flags, bool write)
{
	return !address && flags == (AMD_FLAG_I | (write ? QEMU_FLAG_WRITE : QEMU_FLAG_READ));
}

/*
 * A device that the driver knows, and one that it does not know:
 * "vfio-pci 0000:00:04.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0001 address=0x1000 ..."
 * "AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:00:04.0 domain=0x0001 address=0x1000 ..."
 */
static bool iommu_fault__is_amd_fault(const char *text, const char *bdf, uint64_t page, bool write)
{
	char known[80], unknown[80];
	const char *at;
	uint64_t address, flags;

	snprintf(known, sizeof(known), " %s: AMD-Vi: Event logged [IO_PAGE_FAULT domain=", bdf);
	snprintf(unknown, sizeof(unknown), "AMD-Vi: Event logged [IO_PAGE_FAULT device=%s ", bdf);
	at = strstr(text, known);
	if (!at)
		at = strstr(text, unknown);
	if (!at || !iommu_fault__number_after(at, " address=0x", &address) ||
	    !iommu_fault__number_after(at, " flags=0x", &flags))
		return false;
	if (iommu_fault__is_qemu_fault(address, flags, write))
		return true;
	if ((address & PAGE_MASK) != page)
		return false;
	if ((flags & (AMD_FLAG_PR | AMD_FLAG_TR | AMD_FLAG_I)) != AMD_FLAG_PR)
		return true;
	return !!(flags & AMD_FLAG_RW) == write;
}

bool iommu_fault__is(const char *text, const char *bdf, uint64_t iova, bool write)
{
	uint64_t page = iova & PAGE_MASK;

	return iommu_fault__is_vtd_fault(text, bdf, page, write) ||
	       iommu_fault__is_amd_fault(text, bdf, page, write);
}

bool iommu_fault__wait(struct kmsg *kmsg, const char *bdf, uint64_t iova, bool write,
		       unsigned int wait_ms)
{
	static const struct timespec wait = { .tv_nsec = POLL_MS * 1000000L };
	const char *message;
	unsigned int waited;

	for (waited = 0;; waited += POLL_MS) {
		while ((message = kmsg__next(kmsg)))
			if (iommu_fault__is(message, bdf, iova, write))
				return true;
		if (waited >= wait_ms)
			return false;
		nanosleep(&wait, NULL);
	}
}
