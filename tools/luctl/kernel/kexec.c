// SPDX-License-Identifier: GPL-2.0-only
/* Loading the next kernel and jumping into it: see kexec.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kexec.h>
#include <linux/reboot.h>

#include "kernel/kexec.h"
#include "drive/say.h"

/* What this process has not loaded it does not unload */
static bool kexec__loaded;

static int kexec__open(const char *path, const char *what)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		say__errno(-errno, "open of the %s %s failed", what, path);
	return fd;
}

int kexec__load(const char *image, const char *initrd, const char *cmdline)
{
	unsigned long flags = initrd ? 0 : KEXEC_FILE_NO_INITRAMFS;
	int kernel, ramdisk = -1, err = -1;

	kernel = kexec__open(image, "kernel");
	if (kernel < 0)
		return -1;
	if (initrd) {
		ramdisk = kexec__open(initrd, "initrd");
		if (ramdisk < 0)
			goto out;
	}
	err = 0;
	if (syscall(SYS_kexec_file_load, kernel, ramdisk, strlen(cmdline) + 1, cmdline, flags))
		err = say__errno(-errno,
				 "kexec_file_load of %s failed (it needs "
				 "CONFIG_KEXEC_FILE, root, and a bzImage)",
				 image);
	else
		kexec__loaded = true;
	if (ramdisk >= 0)
		close(ramdisk);
out:
	close(kernel);
	return err;
}

void kexec__unload(void)
{
	if (!kexec__loaded)
		return;
	kexec__loaded = false;
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
		say__errno(errno ? -errno : -ENODATA, "reading /proc/cmdline failed "
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
