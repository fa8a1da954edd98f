// SPDX-License-Identifier: GPL-2.0-only
/*
 * kexec_load [unload]: loads something by kexec_load(2), as kexec(8) does without -s, or unloads
 * what is loaded. It is one page that does nothing: nobody is meant to jump there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kexec.h>

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
	unsigned long nr = 1;

	if (argc == 2 && !strcmp(argv[1], "unload")) {
		nr = 0;
	} else if (argc != 1) {
		fprintf(stderr, "Usage: kexec_load [unload]\n");
		return EXIT_FAILURE;
	}
	if (syscall(SYS_kexec_load, WHERE, nr, nr ? &segment : NULL,
		    (unsigned long)KEXEC_ARCH_X86_64)) {
		perror("kexec_load");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
