// SPDX-License-Identifier: GPL-2.0-only
/* Loads the programs of bpf/ready.bpf.c, runs each once, and takes what they found. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ready.skel.h" /* needs the types of bpf/events.h */
#include "health/ready_bpf.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "walk/kernel.h"
#include "walk/ksyms.h"

/* Where the kernel has what the programs look for */
static int ready_kernel__find_symbols(struct ready_bpf *skel, bool verbose, struct fault *fault)
{
	const struct {
		const char *name;
		__u64 *address;
	} wanted[] = {
		{ "kexec_image", &skel->rodata->kexec_image_at },
		{ "luo_ioctl", &skel->rodata->device_ioctl },
		{ "luo_session_ioctl", &skel->rodata->session_ioctl },
	};
	struct ksyms *ksyms = ksyms__load(verbose, fault);
	const char *missing = NULL;
	size_t i;

	if (!ksyms)
		return -1;
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		*wanted[i].address = ksyms__address_of(ksyms, wanted[i].name);
		if (!missing && !*wanted[i].address)
			missing = wanted[i].name;
	}
	ksyms__free(ksyms);
	if (!missing)
		return 0;
	return fault__set(fault, "the kernel has no symbol %s; run one with CONFIG_LIVEUPDATE and "
			  "CONFIG_KALLSYMS_ALL", missing);
}

static int ready_kernel__read_image(struct ready_bpf *skel, struct ready_kernel *out,
				    struct fault *fault)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	__u32 key = 0;
	int err;

	err = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.read_kimage), &opts);
	if (!err)
		err = bpf_map__lookup_elem(skel->maps.kimages, &key, sizeof(key), &out->image,
					   sizeof(out->image), 0);
	if (err)
		return kernel__bpf_failed(fault, "read how the next kernel was loaded", err);
	if (out->image.err)
		return fault__set(fault, "cannot read how the next kernel was loaded: %s",
				  strerror(-out->image.err));
	return 0;
}

/* All that the iterator gives, which is whole holders */
static int ready_kernel__read_holders(int fd, struct ready_kernel *out)
{
	size_t length = 0, room = 0;
	char *list = NULL;
	ssize_t got;

	do {
		if (room - length < 65536) {
			room += 65536;
			list = xrealloc(list, room, 1);
		}
		got = read(fd, list + length, room - length);
		if (got > 0)
			length += got;
	} while (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN)));
	out->holders = (void *)list;
	out->nr_holders = length / sizeof(*out->holders);
	return got < 0 ? -errno : 0;
}

static int ready_kernel__find_holders(struct ready_bpf *skel, struct ready_kernel *out,
				      struct fault *fault)
{
	struct bpf_link *link = bpf_program__attach_iter(skel->progs.find_holders, NULL);
	int fd, err;
	size_t i;

	if (!link)
		return kernel__bpf_failed(fault, "iterate over processes", -errno);
	fd = bpf_iter_create(bpf_link__fd(link));
	err = fd < 0 ? fd : ready_kernel__read_holders(fd, out);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	if (err)
		return kernel__bpf_failed(fault, "iterate over processes", err);
	for (i = 0; i < out->nr_holders; i++) {
		out->holders[i].comm[sizeof(out->holders[i].comm) - 1] = '\0';
		out->holders[i].session[LUTRACE_SESSION_SIZE - 1] = '\0';
		make_printable(out->holders[i].comm);
		make_printable(out->holders[i].session);
	}
	return 0;
}

static int ready_kernel__run(struct ready_bpf *skel, struct ready_kernel *out, bool verbose,
			     struct fault *fault)
{
	int err;

	if (ready_kernel__find_symbols(skel, verbose, fault))
		return -1;
	err = ready_bpf__load(skel);
	if (err)
		return kernel__bpf_failed(fault, "load the programs of ready", err);
	if (ready_kernel__read_image(skel, out, fault))
		return -1;
	return ready_kernel__find_holders(skel, out, fault);
}

int ready_kernel__read(struct ready_kernel *out, bool verbose, struct fault *fault)
{
	struct ready_bpf *skel;
	int err;

	*out = (struct ready_kernel){ .holders = NULL };
	if (kernel__bpf_unwanted(fault))
		return -1;
	kernel__verbose(verbose);
	skel = ready_bpf__open();
	if (!skel)
		return kernel__bpf_failed(fault, "open the programs of ready", -errno);
	err = ready_kernel__run(skel, out, verbose, fault);
	ready_bpf__destroy(skel);
	return err;
}

void ready_kernel__free(struct ready_kernel *kernel)
{
	free(kernel->holders);
	*kernel = (struct ready_kernel){ .holders = NULL };
}
