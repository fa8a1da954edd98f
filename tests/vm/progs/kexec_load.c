// SPDX-License-Identifier: GPL-2.0-only
/*
 * kexec_load [unload|jump]: loads something by kexec_load(2), as kexec(8) does without -s, or unloads
 * what is loaded. It is one page that does nothing: with jump the kernel is asked to go there, for a
 * test in which it must refuse.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kexec.h>
#include <linux/reboot.h>

#define PAGE 4096ul
#define WHERE 0x1000000ul

static char page[PAGE];

int main(int argc, char **argv)
{
	struct kexec_segment segment = {
		.buf = page,
		.bufsz = PAGE,
		.mem = (void *)WHERE,
		.memsz = PAGE,
	};
	const char *what = argc == 2 ? argv[1] : "";
	unsigned long nr = strcmp(what, "unload") ? 1 : 0;

	if (argc > 2 || (*what && strcmp(what, "unload") && strcmp(what, "jump"))) {
		fprintf(stderr, "Usage: kexec_load [unload|jump]\n");
		return EXIT_FAILURE;
	}
	if (syscall(SYS_kexec_load, WHERE, nr, nr ? &segment : NULL,
		    (unsigned long)KEXEC_ARCH_X86_64)) {
		perror("kexec_load");
		return EXIT_FAILURE;
	}
	if (strcmp(what, "jump"))
		return EXIT_SUCCESS;
	reboot(LINUX_REBOOT_CMD_KEXEC);
	perror("kexec_load: reboot");
	return EXIT_FAILURE;
}
