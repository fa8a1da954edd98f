// SPDX-License-Identifier: GPL-2.0-only
/* What the machine and its clocks are; called when a recording begins, and for its clocks. */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "lib/tsc.h"
#include "lib/version.h"
#include "live/handover.h"
#include "live/host.h"
#include "next/notes.h"

#if defined(__x86_64__)
#include <cpuid.h>

/* CPUID leaf 0x40000000, which a hypervisor answers with its name. */
static void hypervisor_name(char name[13])
{
	unsigned int a, b, c, d;

	memset(name, 0, 13);
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 31)))
		return;
	__cpuid(0x40000000, a, b, c, d);
	memcpy(name, &b, 4);
	memcpy(name + 4, &c, 4);
	memcpy(name + 8, &d, 4);
}
#else
static void hypervisor_name(char name[13])
{
	memset(name, 0, 13);
}
#endif

bool host__emulated(void)
{
	char hypervisor[13];

	hypervisor_name(hypervisor);
	return !strcmp(hypervisor, "TCGTCGTCGTCG");
}

static char *first_line(const char *path)
{
	struct fault fault;
	char *text = read_file(path, NULL, &fault);

	if (!text)
		return xstrdup("");
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* The build id of the running kernel in hexadecimal, "" if it does not tell. */
static char *kernel_build_id(void)
{
	struct fault fault;
	size_t size, length, i;
	char *notes = read_file("/sys/kernel/notes", &size, &fault);
	char *text = xcalloc(1, 2 * 64 + 1);
	const uint8_t *id;

	if (!notes)
		return text;
	id = notes__find((const uint8_t *)notes, size, "GNU", NT_GNU_BUILD_ID, &length);
	for (i = 0; id && i < length && i < 64; i++)
		sprintf(text + 2 * i, "%02x", id[i]);
	free(notes);
	return text;
}

char *host__boot_id(void)
{
	return first_line("/proc/sys/kernel/random/boot_id");
}

/* FNV-1a, so that a recording that is given away does not tell the id itself. */
static __u64 host__hash(const char *text)
{
	__u64 hash = 0xcbf29ce484222325ull;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ull;
	return hash;
}

char *host__id(const char *root)
{
	static const struct { const char *kind, *path; } ids[] = {
		{ "dmi", "/sys/class/dmi/id/product_uuid" }, { "machine", "/etc/machine-id" },
	};
	char *path, *text, *id = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids) && !id; i++) {
		path = xasprintf("%s%s", root, ids[i].path);
		text = first_line(path);
		/* While a system is installed machine-id may be this word. */
		if (*text && strcmp(text, "uninitialized"))
			id = xasprintf("%s-%016llx", ids[i].kind, host__hash(text));
		free(path);
		free(text);
	}
	return id;
}

/* The whole text of a file that may be compressed by gzip; NULL: it cannot be read. */
static char *read_gzip(const char *path)
{
	gzFile f = gzopen(path, "re");
	size_t size = 0, room = 1 << 16;
	char *text;
	int n;

	if (!f)
		return NULL;
	text = xcalloc(1, room);
	while ((n = gzread(f, text + size, room - size - 1)) > 0) {
		size += n;
		if (size + 1 == room)
			text = xrealloc(text, room *= 2, 1);
	}
	gzclose(f);
	text[size] = '\0';
	if (n >= 0 && size)
		return text;
	free(text);
	return NULL;
}

char *host__config(const char *root, const char *release)
{
	char *running = xasprintf("%s/proc/config.gz", root), *hash;
	char *installed = xasprintf("%s/boot/config-%s", root, release);
	char *text = read_gzip(running);

	if (!text)
		text = read_gzip(installed);
	hash = text ? xasprintf("%016llx", host__hash(text)) : NULL;
	free(text);
	free(running);
	free(installed);
	return hash;
}

char *host__cpu_model(const char *root)
{
	static const char key[] = "model name";
	char *path = xasprintf("%s/proc/cpuinfo", root), *text, *line, *model = NULL;
	struct fault fault;

	text = read_file(path, NULL, &fault);
	free(path);
	line = text ? strstr(text, key) : NULL;
	if (line && (line == text || line[-1] == '\n')) {
		line += strlen(key);
		line += strspn(line, "\t :");
		line[strcspn(line, "\n")] = '\0';
		model = *line ? xstrdup(line) : NULL;
	}
	free(text);
	return model;
}

/* What is known of the machine and of how its kernel was configured; to free. */
static char *host__describe_machine(const char *release)
{
	char *config = host__config("", release), *model = host__cpu_model(""), *text;

	text = xasprintf("cpus=%ld\n%s%s%s%s%s%s", sysconf(_SC_NPROCESSORS_ONLN),
			 config ? "config=" : "", config ? config : "", config ? "\n" : "",
			 model ? "cpu_model=" : "", model ? model : "", model ? "\n" : "");
	free(config);
	free(model);
	return text;
}

/* What is known of how this boot began, and of the host; to free. */
static char *host__describe_boot(void)
{
	struct handover h = handover__read("");
	char *id = host__id(""), *count, *text;

	count = h.has_kexec_count ? xasprintf("kexec_count=%u\n", h.kexec_count) : xstrdup("");
	text = xasprintf("%s%s%s%s%s%s%s", count, *h.previous_release ? "previous_release=" : "",
			 h.previous_release, *h.previous_release ? "\n" : "",
			 id ? "host_id=" : "", id ? id : "", id ? "\n" : "");
	free(id);
	free(count);
	return text;
}

char *host__describe(void)
{
	char *boot = host__describe_boot();
	char *boot_id = host__boot_id();
	char *cmdline = first_line("/proc/cmdline");
	char *build_id = kernel_build_id();
	char hypervisor[13], *machine, *text;
	struct utsname u;

	uname(&u);
	machine = host__describe_machine(u.release);
	hypervisor_name(hypervisor);
	text = xasprintf("tool=lutrace %s\nrelease=%s\nversion=%s\nbuild_id=%s\nmachine=%s\n"
			 "boot_id=%s\ncmdline=%s\nhypervisor=%s\nemulated=%d\n%s%s",
			 LUTRACE_VERSION, u.release, u.version, build_id, u.machine, boot_id,
			 cmdline, hypervisor, host__emulated(), machine, boot);
	free(machine);
	free(boot);
	free(build_id);
	free(boot_id);
	free(cmdline);
	return text;
}

static uint64_t nanoseconds(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

void clock__read(struct lutrace_clock *clock)
{
	struct lutrace_clock now = {
		.rec = { LUTRACE_REC_CLOCK, sizeof(now) },
	};
	uint64_t before, after;
	int i;

	for (i = 0; i < 10; i++) {
		before = tsc__read();
		now.monotonic_ns = nanoseconds(CLOCK_MONOTONIC);
		now.realtime_ns = nanoseconds(CLOCK_REALTIME);
		after = tsc__read();
		now.spread = after - before;
		now.tsc = before + now.spread / 2;
		if (!i || now.spread < clock->spread)
			*clock = now;
	}
}
