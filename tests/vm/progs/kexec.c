// SPDX-License-Identifier: GPL-2.0-only
/* kexec IMAGE INITRD CMDLINE: goes into the next kernel as kexec(8) does, without a live update. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kexec.h"

int main(int argc, char **argv)
{
	int err;

	if (argc != 4) {
		fprintf(stderr, "Usage: kexec IMAGE INITRD CMDLINE\n");
		return EXIT_FAILURE;
	}
	if (kexec__load(argv[1], argv[2], argv[3]))
		return EXIT_FAILURE;
	err = kexec__reboot();
	fprintf(stderr, "kexec: the reboot failed: %s\n", strerror(-err));
	return EXIT_FAILURE;
}
