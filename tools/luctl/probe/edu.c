// SPDX-License-Identifier: GPL-2.0-only
/* QEMU's edu device and its DMA engine: see edu.h. Called by the DMA probes. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "probe/edu.h"
#include "drive/say.h"
#include "kernel/vfio.h"

#define EDU_PCI_ID 0x123411e8u
#define EDU_BAR_SIZE 0x1000u
#define EDU_MAGIC_MASK 0xffu
#define EDU_MAGIC 0xedu

#define EDU_REG_ID 0x00
#define EDU_REG_SRC 0x80
#define EDU_REG_DST 0x88
#define EDU_REG_COUNT 0x90
#define EDU_REG_CMD 0x98

#define EDU_CMD_START 0x1u
#define EDU_CMD_STORE 0x2u /* from the device to memory */

/* The device's buffer, in the device's own addresses */
#define EDU_BUFFER 0x40000u

/* A transfer takes 100 ms of the machine's time; a loaded host may stretch that */
#define EDU_TRIES 20000
#define EDU_WAIT_NS 1000000L

struct edu {
	struct vfio *vfio;
	volatile uint8_t *bar;
};

static void edu__write64(struct edu *edu, unsigned int reg, uint64_t value)
{
	*(volatile uint64_t *)(edu->bar + reg) = value;
}

static void edu__write32(struct edu *edu, unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(edu->bar + reg) = value;
}

static uint32_t edu__read32(struct edu *edu, unsigned int reg)
{
	return *(volatile uint32_t *)(edu->bar + reg);
}

struct edu *edu__open(struct vfio *vfio)
{
	struct edu *edu;
	uint32_t id;

	if (vfio__read_id(vfio, &id) || vfio__enable_bus_master(vfio))
		return NULL;
	if (id != EDU_PCI_ID) {
		say__error("device %s is %04x:%04x, and luctl can start DMA only on QEMU's edu "
			   "(1234:11e8); take out the plan's probes and holes or name an edu",
			   vfio__bdf(vfio), id >> 16, id & 0xffff);
		return NULL;
	}
	edu = calloc(1, sizeof(*edu));
	if (!edu) {
		say__errno(-ENOMEM, "no memory for device %s", vfio__bdf(vfio));
		return NULL;
	}
	edu->vfio = vfio;
	edu->bar = vfio__map_bar0(vfio, EDU_BAR_SIZE);
	if (!edu->bar) {
		free(edu);
		return NULL;
	}
	if ((edu__read32(edu, EDU_REG_ID) & EDU_MAGIC_MASK) != EDU_MAGIC) {
		say__error("device %s does not answer as an edu: register 0 reads 0x%08x; "
			   "reset the machine",
			   vfio__bdf(vfio), edu__read32(edu, EDU_REG_ID));
		free(edu);
		return NULL;
	}
	return edu;
}

void edu__close(struct edu *edu)
{
	free(edu);
}

static int edu__wait_idle(struct edu *edu)
{
	static const struct timespec wait = { .tv_nsec = EDU_WAIT_NS };
	int i;

	for (i = 0; i < EDU_TRIES; i++) {
		if (!(edu__read32(edu, EDU_REG_CMD) & EDU_CMD_START))
			return 0;
		nanosleep(&wait, NULL);
	}
	return say__error("the DMA of device %s did not end in %d s; "
			  "look for a stopped device or machine",
			  vfio__bdf(edu->vfio), EDU_TRIES / 1000);
}

static int edu__transfer(struct edu *edu, uint64_t src, uint64_t dst, uint32_t length, uint32_t cmd)
{
	if (!length || length > EDU_MAX_LENGTH)
		return say__error("a DMA of %u bytes was asked for, and the device takes 1 to "
				  "%u; this is a bug in luctl",
				  length, EDU_MAX_LENGTH);
	if (edu__wait_idle(edu))
		return -1;
	edu__write64(edu, EDU_REG_SRC, src);
	edu__write64(edu, EDU_REG_DST, dst);
	edu__write64(edu, EDU_REG_COUNT, length);
	edu__write32(edu, EDU_REG_CMD, cmd | EDU_CMD_START);
	return edu__wait_idle(edu);
}

static int edu__check_iova(struct edu *edu, uint64_t iova)
{
	if (iova > UINT32_MAX)
		return say__error("iova 0x%" PRIx64 " is out of reach of device %s, whose DMA "
				  "addresses have 32 bits; probe below 4G",
				  iova, vfio__bdf(edu->vfio));
	return 0;
}

int edu__load(struct edu *edu, uint64_t iova, uint32_t length)
{
	if (edu__check_iova(edu, iova))
		return -1;
	return edu__transfer(edu, iova, EDU_BUFFER, length, 0);
}

int edu__store(struct edu *edu, uint64_t iova, uint32_t length)
{
	if (edu__check_iova(edu, iova))
		return -1;
	return edu__transfer(edu, EDU_BUFFER, iova, length, EDU_CMD_STORE);
}
