// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "next/cmdline.h"
#include "next/image.h"
#include "next/compat.h"
#include "next/notes.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define IOMMUS		"/sys/class/iommu"
#define RUNNING_NOTES	"/sys/kernel/notes"
#define NOTES_SIZE	65536

/* What a kernel of the series writes, and so what the next one must know; include/linux/kho/abi */
#define ABI_KHO		"kho-v4"
#define ABI_LUO		"luo-v5"
#define ABI_LUO_PREFIX	"luo-v"
#define ABI_MEMFD	"memfd-v2"
#define ABI_IOMMU	"iommu-core-v1"
#define ABI_IOMMUFD	"iommufd"

/* LIVEUPDATE_ELFNOTE_VERSION of linux/liveupdate.h: a note named as above, with a u32 */
#define NOTE_VERSION	0x4c55

static void __attribute__((format(printf, 3, 4)))
add_remark(struct compat_remarks *remarks, bool warning, const char *fmt, ...)
{
	struct compat_remark *remark = &remarks->list[remarks->nr];
	va_list args;

	if (remarks->nr == COMPAT_MAX_REMARKS)
		return;
	va_start(args, fmt);
	vsnprintf(remark->text, sizeof(remark->text), fmt, args);
	va_end(args);
	remark->warning = warning;
	remarks->nr++;
	remarks->nr_warnings += warning;
}

#define warn(remarks, ...)	add_remark(remarks, true, __VA_ARGS__)
#define note(remarks, ...)	add_remark(remarks, false, __VA_ARGS__)

/* Command lines */

/* Where the next one says nothing the default of a kernel holds, which may be on */
static bool is_off(enum cmdline_switch next, enum cmdline_switch running)
{
	return next == CMDLINE_OFF || (next == CMDLINE_UNSET && running == CMDLINE_ON);
}

static void check_handover(const struct cmdline *next, const struct cmdline *running,
			   struct compat_remarks *remarks)
{
	static const char text[] = "the next kernel's command line %s, without which nothing can be "
				   "taken back, and the memory is lost until the boot after it; add "
				   "%s";

	if (is_off(next->kho, running->kho))
		warn(remarks, text, next->kho == CMDLINE_OFF ? "switches kho off" : "lacks kho=on",
		     "kho=on");
	if (next->liveupdate != CMDLINE_ON)
		warn(remarks, text, next->liveupdate == CMDLINE_OFF ? "switches liveupdate off" :
								      "lacks liveupdate=on",
		     "liveupdate=on");
}

static void check_iommu_off(const struct cmdline *next, const struct cmdline *running,
			    enum compat_iommu iommu, struct compat_remarks *remarks)
{
	static const char text[] = "the next kernel's command line %s, and without an IOMMU no HWPT "
				   "can be reclaimed; %s";

	if (next->iommu_off)
		warn(remarks, text, "has iommu=off", "take it out");
	else if (iommu == COMPAT_VTD && next->vtd == CMDLINE_OFF)
		warn(remarks, text, "has intel_iommu=off", "take it out");
	else if (iommu == COMPAT_VTD && is_off(next->vtd, running->vtd))
		warn(remarks, text, "lacks intel_iommu=on, which the running one has", "add it");
	else if (iommu == COMPAT_AMD && next->amd_off)
		warn(remarks, text, "has amd_iommu=off", "take it out");
}

static void check_iommu_format(const struct cmdline *next, const struct cmdline *running,
			       enum compat_iommu iommu, struct compat_remarks *remarks)
{
	static const char text[] = "the next kernel's command line and the running one differ in %s, "
				   "and a HWPT is refused if its page table has another format "
				   "there; make them the same";

	if (iommu == COMPAT_VTD && next->vtd_scalable != running->vtd_scalable)
		warn(remarks, text, "sm_on of intel_iommu=");
	if (iommu == COMPAT_AMD && next->amd_v2 != running->amd_v2)
		warn(remarks, text, "pgtbl_v2 of amd_iommu=");
}

void compat__check_cmdline(const char *next, const char *running,
			      const struct compat_needs *needs,
			      struct compat_remarks *remarks)
{
	struct cmdline next_line, running_line;

	cmdline__read(next, &next_line);
	cmdline__read(running, &running_line);
	check_handover(&next_line, &running_line, remarks);
	if (!needs->hwpts)
		return;
	check_iommu_off(&next_line, &running_line, needs->iommu, remarks);
	check_iommu_format(&next_line, &running_line, needs->iommu, remarks);
}

/* Images */

static void check_luo(const struct image *image, const char *name,
		      struct compat_remarks *remarks)
{
	if (image__has_version(image, ABI_LUO_PREFIX))
		warn(remarks, "%s does not know " ABI_LUO " but another version of it, and will panic "
			      "when it starts; name a kernel with the same version", name);
	else
		warn(remarks, "%s does not know " ABI_LUO ": it has no live update, nothing can be taken "
			      "back, and the memory is lost until the boot after it; name a kernel "
			      "with CONFIG_LIVEUPDATE", name);
}

static void check_files(const struct image *image, const char *name,
			const struct compat_needs *needs, struct compat_remarks *remarks)
{
	static const char text[] = "%s does not know %s: %s will be lost, and all sessions with them, "
				   "because it will not open /dev/liveupdate; name a kernel with %s";

	if (needs->memfds && !image__has_string(image, ABI_MEMFD))
		warn(remarks, text, name, ABI_MEMFD, "the memfds",
		     "CONFIG_LIVEUPDATE_MEMFD of the same version");
	if (!needs->hwpts)
		return;
	if (!image__has_string(image, ABI_IOMMU))
		warn(remarks, text, name, ABI_IOMMU, "the HWPTs",
		     "lutrace's patches and CONFIG_IOMMU_LIVEUPDATE");
	else if (!image__has_string(image, ABI_IOMMUFD))
		note(remarks, "iommufd is not built into %s; make sure that its module is of that "
			      "kernel and is loaded before anything opens /dev/liveupdate", name);
}

static bool same_build(const uint8_t *notes, size_t notes_size, const uint8_t *other,
		       size_t other_size)
{
	const uint8_t *id, *other_id;
	size_t length, other_length;

	if (!notes || !other)
		return false;
	id = notes__find(notes, notes_size, "GNU", NT_GNU_BUILD_ID, &length);
	other_id = notes__find(other, other_size, "GNU", NT_GNU_BUILD_ID, &other_length);
	return id && other_id && length == other_length && !memcmp(id, other_id, length);
}

static bool record_version(const uint8_t *notes, size_t size, const char *name, uint32_t *version)
{
	const uint8_t *desc = NULL;
	size_t length;

	if (notes)
		desc = notes__find(notes, size, name, NOTE_VERSION, &length);
	if (!desc || length != sizeof(*version))
		return false;
	memcpy(version, desc, sizeof(*version));
	return true;
}

/* The versions of what the IOMMU's records hold are numbers, which are in notes, if anywhere */
static void check_build(const struct image *image, const char *name, const uint8_t *notes,
			size_t notes_size, struct compat_remarks *remarks)
{
	static const char *const records[] = { ABI_IOMMU, ABI_IOMMUFD };
	uint32_t running, next;
	const uint8_t *other;
	bool known = true;
	size_t size = 0, i;

	other = image__notes(image, &size);
	for (i = 0; i < ARRAY_SIZE(records); i++) {
		if (!record_version(notes, notes_size, records[i], &running) ||
		    !record_version(other, size, records[i], &next))
			known = false;
		else if (running != next)
			warn(remarks, "%s has version %u of the records of %s and the running kernel "
				      "%u: the HWPTs will be lost; name a kernel with the same version",
			     name, next, records[i], running);
	}
	if (!known && !same_build(notes, notes_size, other, size))
		note(remarks, "%s is another build than the running kernel, and the versions of "
			      "their IOMMU records cannot be compared; make sure that they are the "
			      "same",
		     name);
}

void compat__check_image(const struct image *image, const char *name, const uint8_t *notes,
			    size_t notes_size, const struct compat_needs *needs,
			    struct compat_remarks *remarks)
{
	size_t nr_warnings = remarks->nr_warnings;

	if (!image__has_string(image, ABI_KHO)) {
		warn(remarks, "%s does not know " ABI_KHO ": it gets nothing and all that is preserved "
			      "is lost; name a kernel with CONFIG_KEXEC_HANDOVER of the same version",
		     name);
		return;
	}
	if (!image__has_string(image, ABI_LUO)) {
		check_luo(image, name, remarks);
		return;
	}
	check_files(image, name, needs, remarks);
	if (needs->hwpts && nr_warnings == remarks->nr_warnings)
		check_build(image, name, notes, notes_size, remarks);
}

/* What has to be read for them */

static enum compat_iommu running_iommu(void)
{
	enum compat_iommu iommu = COMPAT_NO_IOMMU;
	DIR *dir = opendir(IOMMUS);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (!strncmp(entry->d_name, "dmar", 4))
			iommu = COMPAT_VTD;
		else if (!strncmp(entry->d_name, "ivhd", 4))
			iommu = COMPAT_AMD;
	}
	if (dir)
		closedir(dir);
	return iommu;
}

/* Returns how many bytes of the running kernel's notes are in @notes, 0 if it does not say */
static size_t read_running_notes(uint8_t notes[NOTES_SIZE])
{
	int fd = open(RUNNING_NOTES, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, notes, NOTES_SIZE);
	close(fd);
	return n < 0 ? 0 : n;
}

/* The name of the kernel is what is left to compare */
static void remark_unread(int fd, const char *name, const char *why,
			  struct compat_remarks *remarks)
{
	char release[IMAGE_RELEASE_SIZE];
	struct utsname running;

	image__release(fd, release);
	if (uname(&running))
		running.release[0] = '\0';
	note(remarks, "%s %s, so what it knows cannot be seen; it is Linux %s and the running kernel "
		      "is %s, make sure that both have the same live update patches",
	     name, why, *release ? release : "of unknown version", running.release);
}

static void check_image_file(int fd, const char *name, const struct compat_needs *needs,
			     struct compat_remarks *remarks)
{
	static uint8_t notes[NOTES_SIZE];
	size_t size = read_running_notes(notes);
	struct image *image;
	char why[128];

	image = image__read(fd, why, sizeof(why));
	if (!image) {
		remark_unread(fd, name, why, remarks);
		return;
	}
	compat__check_image(image, name, size ? notes : NULL, size, needs, remarks);
	image__free(image);
}

int compat__check(const char *file, const char *next, const char *running,
		     struct compat_needs needs, struct compat_remarks *remarks)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	needs.iommu = running_iommu();
	compat__check_cmdline(next, running, &needs, remarks);
	check_image_file(fd, file, &needs, remarks);
	close(fd);
	return 0;
}
