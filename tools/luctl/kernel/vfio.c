// SPDX-License-Identifier: GPL-2.0-only
/* PCI devices through VFIO: see vfio.h. Called by update.c and the commands. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "lib/bdf.h"

#include "drive/say.h"
#include "kernel/vfio.h"

#define PCI_DEVICES "/sys/bus/pci/devices"
#define DRIVER "vfio-pci"
/* The cdev appears a moment after the driver took the device */
#define CDEV_TRIES 200
#define CDEV_WAIT_NS 10000000L

struct vfio {
	int fd;
	uint32_t dev_id;
	char bdf[BDF_SIZE];
	volatile void *bar0;
	size_t bar0_size;
};

static int vfio__write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Name of the driver that has the device, "" if none */
static void vfio__read_driver(const char *bdf, char *driver, size_t size)
{
	char path[128], link[256];
	ssize_t n;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver", bdf);
	n = readlink(path, link, sizeof(link) - 1);
	link[n < 0 ? 0 : n] = '\0';
	snprintf(driver, size, "%s", strrchr(link, '/') ? strrchr(link, '/') + 1 : "");
}

static int vfio__write_attribute(const char *bdf, const char *attribute, const char *text)
{
	char path[128];
	int err;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", bdf, attribute);
	err = vfio__write_file(path, text);
	return err ? say__errno(err, "writing '%s' to %s failed", text, path) : 0;
}

/* What the kernel can reset has this file */
static void vfio__say_reset(const char *bdf)
{
	char path[128];

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/reset", bdf);
	if (access(path, F_OK))
		say__note("device %s cannot be reset: what it was programmed to do stays in it, "
			  "also in the next kernel; stop its DMA before the jump, and program it "
			  "anew before bus mastering is enabled",
			  bdf);
}

static int vfio__take_device(const char *bdf)
{
	char path[128], driver[64];
	int err;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s", bdf);
	if (access(path, F_OK))
		return say__errno(-errno,
				  "there is no PCI device %s (name one that lspci "
				  "shows)",
				  bdf);
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/iommu_group", bdf);
	if (access(path, F_OK))
		return say__error("device %s has no IOMMU in this kernel; boot with the IOMMU on "
				  "(intel_iommu=on or the like, and no iommu=off)",
				  bdf);
	vfio__say_reset(bdf);
	vfio__read_driver(bdf, driver, sizeof(driver));
	if (!strcmp(driver, DRIVER))
		return 0;
	if (access("/sys/bus/pci/drivers/" DRIVER, F_OK))
		return say__error("the kernel has no driver " DRIVER "; load it with "
				  "'modprobe vfio-pci' or build it with CONFIG_VFIO_PCI");
	if (*driver && vfio__write_attribute(bdf, "driver/unbind", bdf))
		return -1;
	if (vfio__write_attribute(bdf, "driver_override", DRIVER))
		return -1;
	err = vfio__write_file("/sys/bus/pci/drivers_probe", bdf);
	if (err)
		return say__errno(err, "writing '%s' to /sys/bus/pci/drivers_probe failed", bdf);
	say__note("device %s taken from %s and given to " DRIVER, bdf,
		  *driver ? driver : "no driver");
	return 0;
}

/* Finds the cdev's number in /sys/bus/pci/devices/BDF/vfio-dev/vfioN */
static int vfio__find_cdev(const char *bdf, char *path, size_t size)
{
	struct dirent *entry;
	bool found = false;
	char dir[128];
	DIR *d;

	snprintf(dir, sizeof(dir), PCI_DEVICES "/%s/vfio-dev", bdf);
	d = opendir(dir);
	if (!d)
		return -errno;
	while (!found && (entry = readdir(d))) {
		if (strncmp(entry->d_name, "vfio", 4))
			continue;
		snprintf(path, size, "/dev/vfio/devices/%.32s", entry->d_name);
		found = true;
	}
	closedir(d);
	return found ? 0 : -ENOENT;
}

static int vfio__open_cdev(const char *bdf)
{
	static const struct timespec wait = { .tv_nsec = CDEV_WAIT_NS };
	char path[128] = "the VFIO character device";
	int fd = -1, err = 0, i;

	for (i = 0; i < CDEV_TRIES && fd < 0; i++) {
		err = vfio__find_cdev(bdf, path, sizeof(path));
		if (!err) {
			fd = open(path, O_RDWR | O_CLOEXEC);
			err = fd < 0 ? -errno : 0;
		}
		if (err == -ENOENT)
			nanosleep(&wait, NULL);
		else if (err)
			break;
	}
	if (fd < 0)
		say__errno(err,
			   "open %s of device %s failed (it needs CONFIG_VFIO_DEVICE_CDEV, "
			   "/dev on devtmpfs, an IOMMU and root)",
			   path, bdf);
	return fd;
}

struct vfio *vfio__open(const char *bdf)
{
	struct vfio *vfio;

	if (vfio__take_device(bdf))
		return NULL;
	vfio = calloc(1, sizeof(*vfio));
	if (!vfio) {
		say__errno(-ENOMEM, "no memory for device %s", bdf);
		return NULL;
	}
	snprintf(vfio->bdf, sizeof(vfio->bdf), "%s", bdf);
	vfio->fd = vfio__open_cdev(bdf);
	if (vfio->fd < 0) {
		free(vfio);
		return NULL;
	}
	return vfio;
}

void vfio__close(struct vfio *vfio)
{
	if (!vfio)
		return;
	if (vfio->bar0)
		munmap((void *)vfio->bar0, vfio->bar0_size);
	close(vfio->fd);
	free(vfio);
}

int vfio__bind(struct vfio *vfio, int iommufd)
{
	struct vfio_device_bind_iommufd cmd = { .argsz = sizeof(cmd), .iommufd = iommufd };

	if (ioctl(vfio->fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd))
		return say__errno(-errno, "ioctl VFIO_DEVICE_BIND_IOMMUFD of device %s failed",
				  vfio->bdf);
	vfio->dev_id = cmd.out_devid;
	return 0;
}

uint32_t vfio__dev_id(const struct vfio *vfio)
{
	return vfio->dev_id;
}

const char *vfio__bdf(const struct vfio *vfio)
{
	return vfio->bdf;
}

int vfio__attach(struct vfio *vfio, uint32_t hwpt_id)
{
	struct vfio_device_attach_iommufd_pt cmd = { .argsz = sizeof(cmd), .pt_id = hwpt_id };

	if (ioctl(vfio->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd))
		return say__errno(-errno,
				  "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT of device %s to "
				  "hwpt id %u failed",
				  vfio->bdf, hwpt_id);
	return 0;
}

int vfio__detach(struct vfio *vfio)
{
	struct vfio_device_detach_iommufd_pt cmd = { .argsz = sizeof(cmd) };

	if (ioctl(vfio->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd))
		return say__errno(-errno,
				  "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT of device %s "
				  "failed",
				  vfio->bdf);
	return 0;
}

static int vfio__region_info(struct vfio *vfio, uint32_t index, struct vfio_region_info *info)
{
	*info = (struct vfio_region_info){ .argsz = sizeof(*info), .index = index };
	if (ioctl(vfio->fd, VFIO_DEVICE_GET_REGION_INFO, info))
		return say__errno(-errno,
				  "ioctl VFIO_DEVICE_GET_REGION_INFO of device %s "
				  "region %u failed",
				  vfio->bdf, index);
	return 0;
}

/* Both move @size bytes, 2 or 4, of the PCI configuration space */
static int vfio__read_config(struct vfio *vfio, unsigned int offset, void *value, size_t size)
{
	struct vfio_region_info info;

	if (vfio__region_info(vfio, VFIO_PCI_CONFIG_REGION_INDEX, &info))
		return -1;
	if (pread(vfio->fd, value, size, info.offset + offset) != (ssize_t)size)
		return say__errno(-errno,
				  "reading the PCI configuration of device %s at 0x%x "
				  "failed",
				  vfio->bdf, offset);
	return 0;
}

static int vfio__write_config(struct vfio *vfio, unsigned int offset, const void *value,
			      size_t size)
{
	struct vfio_region_info info;

	if (vfio__region_info(vfio, VFIO_PCI_CONFIG_REGION_INDEX, &info))
		return -1;
	if (pwrite(vfio->fd, value, size, info.offset + offset) != (ssize_t)size)
		return say__errno(-errno,
				  "writing the PCI configuration of device %s at 0x%x "
				  "failed",
				  vfio->bdf, offset);
	return 0;
}

int vfio__enable_bus_master(struct vfio *vfio)
{
	uint16_t command;

	if (vfio__read_config(vfio, PCI_COMMAND, &command, sizeof(command)))
		return -1;
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	return vfio__write_config(vfio, PCI_COMMAND, &command, sizeof(command));
}

int vfio__read_id(struct vfio *vfio, uint32_t *id)
{
	uint16_t word[2];

	if (vfio__read_config(vfio, PCI_VENDOR_ID, word, sizeof(word)))
		return -1;
	*id = (uint32_t)word[0] << 16 | word[1];
	return 0;
}

volatile void *vfio__map_bar0(struct vfio *vfio, size_t min_size)
{
	struct vfio_region_info info;
	void *p;

	if (vfio->bar0)
		return vfio->bar0;
	if (vfio__region_info(vfio, VFIO_PCI_BAR0_REGION_INDEX, &info))
		return NULL;
	if (info.size < min_size || !(info.flags & VFIO_REGION_INFO_FLAG_MMAP)) {
		say__error("BAR 0 of device %s cannot be mapped or is smaller than %zu bytes; "
			   "name the right device",
			   vfio->bdf, min_size);
		return NULL;
	}
	p = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, vfio->fd, info.offset);
	if (p == MAP_FAILED) {
		say__errno(-errno, "mapping BAR 0 of device %s failed", vfio->bdf);
		return NULL;
	}
	vfio->bar0 = p;
	vfio->bar0_size = info.size;
	return vfio->bar0;
}
