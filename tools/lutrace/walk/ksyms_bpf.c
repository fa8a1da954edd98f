// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks the running kernel where its symbols are, by bpf/ksyms.bpf.c. Called by whatever makes a kreader
 * (lister.c, walk.c), and by ready_bpf.c.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "bpf/events.h"
#include "ksyms.skel.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "walk/kernel.h"
#include "walk/ksyms.h"

/* All that lutrace looks for. A format's map_range() is by what a page table tells its format. */
static const char *const ksyms_names[] = {
	"iommufd_fops_ioctl", "luo_ioctl", "luo_session_ioctl", "luo_session_global", "kexec_image",
	"vmemmap_base",
	"amdv1_map_range", "amdv1_mock_map_range", "riscv64_map_range", "vtdss_map_range",
	"x86_64_map_range",
};

struct ksyms {
	uint64_t addresses[ARRAY_SIZE(ksyms_names)];	/* 0: there is none */
};

static int ksyms__find(struct ksyms_bpf *skel, const char *name, uint64_t *address)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err;

	memset(skel->bss->name, 0, sizeof(skel->bss->name));
	memcpy(skel->bss->name, name, strlen(name));
	skel->bss->address = 0;
	err = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.find_symbol), &opts);
	if (!err)
		err = (int)opts.retval;
	*address = skel->bss->address;
	return err == -ENOENT ? 0 : err;
}

static int ksyms__find_all(struct ksyms_bpf *skel, struct ksyms *ksyms, struct fault *fault)
{
	size_t i;
	int err = ksyms_bpf__load(skel);

	if (err)
		return kernel__bpf_failed(fault, "load the program that finds the kernel's symbols",
					  err);
	for (i = 0; i < ARRAY_SIZE(ksyms_names); i++) {
		err = ksyms__find(skel, ksyms_names[i], &ksyms->addresses[i]);
		if (err == -EPERM)
			return fault__set(fault, "the kernel hides the addresses of its symbols: "
					  "run as root, or with CAP_SYSLOG, and set "
					  "kernel.kptr_restrict to 0 or 1");
		if (err)
			return kernel__bpf_failed(fault, "find the kernel's symbols", err);
	}
	return 0;
}

struct ksyms *ksyms__load(bool verbose, struct fault *fault)
{
	struct ksyms_bpf *skel;
	struct ksyms *ksyms;

	kernel__verbose(verbose);
	skel = ksyms_bpf__open();
	if (!skel) {
		kernel__bpf_failed(fault, "open the program that finds the kernel's symbols", -errno);
		return NULL;
	}
	ksyms = xcalloc(1, sizeof(*ksyms));
	if (ksyms__find_all(skel, ksyms, fault)) {
		free(ksyms);
		ksyms = NULL;
	}
	ksyms_bpf__destroy(skel);
	return ksyms;
}

const char *ksyms__name_at(const struct ksyms *ksyms, uint64_t address)
{
	size_t i;

	for (i = 0; address && i < ARRAY_SIZE(ksyms_names); i++)
		if (ksyms->addresses[i] == address)
			return ksyms_names[i];
	return NULL;
}

uint64_t ksyms__address_of(const struct ksyms *ksyms, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ksyms_names); i++)
		if (!strcmp(ksyms_names[i], name))
			return ksyms->addresses[i];
	return 0;
}

void ksyms__free(struct ksyms *ksyms)
{
	free(ksyms);
}
