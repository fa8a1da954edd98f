// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/kexec.h>
#include <linux/reboot.h>

#include "kexec.h"
#include "report.h"

/* The x86 boot protocol: where a bzImage says which version it is */
#define BZ_MAGIC_OFFSET		0x202
#define BZ_MAGIC		"HdrS"
#define BZ_VERSION_POINTER	0x20e
#define BZ_VERSION_BASE		0x200
#define VERSION_SIZE		128

static int open_file(const char *path, const char *what)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		report__errno(-errno, "open of the %s %s failed", what, path);
	return fd;
}

/* Puts the release, the first word of the version, into @release; "" if it is not known */
static void image_release(int fd, char release[VERSION_SIZE])
{
	uint16_t pointer;
	char magic[4];
	ssize_t n;

	release[0] = '\0';
	if (pread(fd, magic, sizeof(magic), BZ_MAGIC_OFFSET) != sizeof(magic) ||
	    memcmp(magic, BZ_MAGIC, sizeof(magic)) ||
	    pread(fd, &pointer, sizeof(pointer), BZ_VERSION_POINTER) != sizeof(pointer) ||
	    !pointer)
		return;
	n = pread(fd, release, VERSION_SIZE - 1, BZ_VERSION_BASE + pointer);
	release[n < 0 ? 0 : n] = '\0';
	release[strcspn(release, " ")] = '\0';
}

/*
 * A next kernel that does not know a preserved file's kind cannot open /dev/liveupdate at all,
 * and what the session holds is lost with it.
 */
static void warn_other_kernel(int fd, const char *image)
{
	char release[VERSION_SIZE];
	struct utsname running;

	image_release(fd, release);
	if (!*release)
		report__note("warning: cannot tell which kernel %s is; "
			     "make sure that it has the same live update patches",
			     image);
	else if (!uname(&running) && strcmp(running.release, release))
		report__note("warning: %s is Linux %s and the running kernel is %s; "
			     "make sure that both have the same live update patches",
			     image, release, running.release);
}

int kexec__load(const char *image, const char *initrd, const char *cmdline)
{
	unsigned long flags = initrd ? 0 : KEXEC_FILE_NO_INITRAMFS;
	int kernel, ramdisk = -1, err = -1;

	kernel = open_file(image, "kernel");
	if (kernel < 0)
		return -1;
	if (initrd) {
		ramdisk = open_file(initrd, "initrd");
		if (ramdisk < 0)
			goto out;
	}
	warn_other_kernel(kernel, image);
	err = 0;
	if (syscall(SYS_kexec_file_load, kernel, ramdisk, strlen(cmdline) + 1, cmdline, flags))
		err = report__errno(-errno, "kexec_file_load of %s failed (it needs "
					    "CONFIG_KEXEC_FILE, root, and a bzImage)",
				    image);
	if (ramdisk >= 0)
		close(ramdisk);
out:
	close(kernel);
	return err;
}

void kexec__unload(void)
{
	syscall(SYS_kexec_file_load, -1, -1, 0UL, NULL, (unsigned long)KEXEC_FILE_UNLOAD);
}

int kexec__reboot(void)
{
	sync();
	reboot(LINUX_REBOOT_CMD_KEXEC);
	return -errno;
}

char *kexec__running_cmdline(void)
{
	FILE *f = fopen("/proc/cmdline", "re");
	char *line = NULL;
	size_t room = 0;

	if (!f || getline(&line, &room, f) < 0) {
		report__errno(errno ? -errno : -ENODATA, "reading /proc/cmdline failed "
			      "(mount /proc)");
		free(line);
		line = NULL;
	}
	if (f)
		fclose(f);
	if (line)
		line[strcspn(line, "\n")] = '\0';
	return line;
}
