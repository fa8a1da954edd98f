// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts together what is known of the next kernel. What records it knows is told by their compatible
 * strings, which are in its image, and by the ELF notes in which a kernel of the series says the
 * versions behind them (LIVEUPDATE_RECORD_VERSION of linux/liveupdate.h).
 */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/mem.h"
#include "next/compat.h"
#include "next/image.h"
#include "next/notes.h"
#include "next/parameters.h"
#include "next/scratch.h"

#define IOMMUS "/sys/class/iommu"
#define RUNNING_NOTES "/sys/kernel/notes"
#define NOTES_SIZE 65536

/* A note named as the compatible string, with a u32 */
#define NOTE_VERSION 0x4c55

#define WONT_OPEN                                                                                  \
	"will be lost, and all sessions with them, because it will not open /dev/liveupdate"

/* What a kernel of the series writes, and so what the next one must know; include/linux/kho/abi */
static const struct record {
	const char *name;     /* its compatible string */
	const char *versions; /* how another version of it begins, which goes on with a digit */
	const char *family;   /* how its note is called, whatever the version; NULL: it has none */
	bool memfds, hwpts;   /* only for these it is needed; both false: always */
	bool all;	      /* without it nothing else matters */
	const char *absent;   /* what becomes of it if the next kernel does not know it */
	const char *other;    /* and if it knows another version; NULL: the same */
	const char *todo;
} records[] = {
	{ .name = "kho-v4",
	  .versions = "kho-v",
	  .all = true,
	  .absent = "it gets nothing and all that is preserved is lost",
	  .todo = "name a kernel with CONFIG_KEXEC_HANDOVER of the same version" },
	{ .name = "luo-v5",
	  .versions = "luo-v",
	  .all = true,
	  .absent = "it has no live update, nothing can be taken back, and the memory is lost "
		    "until the boot after it",
	  .other = "it will panic when it starts",
	  .todo = "name a kernel with CONFIG_LIVEUPDATE of the same version" },
	{ .name = "memfd-v2",
	  .versions = "memfd-v",
	  .memfds = true,
	  .absent = "the memfds " WONT_OPEN,
	  .todo = "name a kernel with CONFIG_LIVEUPDATE_MEMFD of the same version" },
	{ .name = "iommu-core-v1",
	  .versions = "iommu-core-v",
	  .family = "iommu-core",
	  .hwpts = true,
	  .absent = "the HWPTs " WONT_OPEN,
	  .todo = "name a kernel with lutrace's patches and CONFIG_IOMMU_LIVEUPDATE of the same "
		  "version" },
	/* The string is in every iommufd, with the series or without it: only its note tells */
	{ .name = "iommufd",
	  .family = "iommufd",
	  .hwpts = true,
	  .absent = "the HWPTs " WONT_OPEN,
	  .todo = "name a kernel with lutrace's patches of the same version" },
};

/* The record as one kernel has it, by its note */
struct known {
	char name[NOTES_NAME_SIZE];
	bool noted;	  /* there is a note, and so */
	uint32_t version; /* this is known */
};

/* What is compared: the image and the notes of the next kernel, and the running one's. */
struct both {
	const struct image *image;
	const char *name;	       /* of the image's file */
	const uint8_t *next, *running; /* notes; NULL: not known */
	size_t next_size, running_size;
	struct remarks *remarks;
};

static bool record__is_needed(const struct record *record, const struct needs *needs)
{
	if (record->memfds || record->hwpts)
		return (record->memfds && needs->memfds) || (record->hwpts && needs->hwpts);
	return true;
}

/* The note of @name, else any of the family. Without one the record has @name and no version. */
static struct known record__known(const struct record *record, const uint8_t *notes, size_t size,
				  const char *name)
{
	struct known known = { .noted = false };
	const uint8_t *desc = NULL;
	size_t length = 0;

	snprintf(known.name, sizeof(known.name), "%s", name);
	if (!notes || !record->family)
		return known;
	desc = notes__find(notes, size, name, NOTE_VERSION, &length);
	if (!desc)
		desc = notes__find_family(notes, size, record->family, NOTE_VERSION, known.name,
					  &length);
	known.noted = desc && length == sizeof(known.version);
	if (known.noted)
		memcpy(&known.version, desc, sizeof(known.version));
	return known;
}

static void record__remark(const struct record *record, const struct both *both,
			   const char *running, const char *other)
{
	remarks__add(both->remarks, REMARK_LOST, "%s does not know %s%s%s: %s; %s", both->name,
		     running, other ? " but " : "", other ? other : "",
		     other && record->other ? record->other : record->absent, record->todo);
}

/*
 * False after a remark on what will be lost. *@compared is cleared if the versions of the two
 * kernels cannot be compared.
 */
static bool record__check(const struct record *record, const struct both *both, bool *compared)
{
	struct known running =
		record__known(record, both->running, both->running_size, record->name);
	struct known next = record__known(record, both->next, both->next_size, running.name);
	char other[IMAGE_STRING_SIZE];

	if (next.noted && strcmp(next.name, running.name)) {
		record__remark(record, both, running.name, next.name);
		return false;
	}
	if (record->versions && !image__has_string(both->image, running.name)) {
		record__remark(record, both, running.name,
			       image__find_version(both->image, record->versions, other) ? other
											 : NULL);
		return false;
	}
	if (record->family && (!running.noted || !next.noted))
		*compared = false;
	else if (running.version != next.version) {
		remarks__add(
			both->remarks, REMARK_LOST,
			"%s has version %u of the records of %s and the running kernel %u: the "
			"HWPTs will be lost; name a kernel with the same version",
			both->name, next.version, running.name, running.version);
		return false;
	}
	return true;
}

static bool both__same_build(const struct both *both)
{
	const uint8_t *id, *other_id;
	size_t length, other_length;

	if (!both->running || !both->next)
		return false;
	id = notes__find(both->running, both->running_size, "GNU", NT_GNU_BUILD_ID, &length);
	other_id = notes__find(both->next, both->next_size, "GNU", NT_GNU_BUILD_ID, &other_length);
	return id && other_id && length == other_length && !memcmp(id, other_id, length);
}

/* What is left to say of a kernel that has all that it needs */
static void both__check_rest(const struct both *both, bool compared)
{
	if (!image__has_string(both->image, "iommufd"))
		remarks__add(both->remarks, REMARK_UNCHECKED,
			     "iommufd is not built into %s; make sure that its module is of that "
			     "kernel and is loaded before anything opens /dev/liveupdate",
			     both->name);
	else if (!compared && !both__same_build(both))
		remarks__add(both->remarks, REMARK_UNCHECKED,
			     "%s is another build than the running kernel, and the versions of "
			     "their IOMMU records cannot be compared; make sure that they are the "
			     "same",
			     both->name);
}

void compat__check_image(const struct image *image, const char *name, const uint8_t *notes,
			 size_t notes_size, const struct needs *needs, struct remarks *remarks)
{
	struct both both = { .image = image,
			     .name = name,
			     .running = notes,
			     .running_size = notes_size,
			     .remarks = remarks };
	bool compared = true, fits = true;
	size_t i;

	both.next = image__notes(image, &both.next_size);
	for (i = 0; i < ARRAY_SIZE(records); i++) {
		if (!record__is_needed(&records[i], needs) ||
		    record__check(&records[i], &both, &compared))
			continue;
		if (records[i].all)
			return;
		fits = false;
	}
	if (fits && needs->hwpts)
		both__check_rest(&both, compared);
}

/* What has to be read for them */

static enum iommu_kind compat__running_iommu(void)
{
	enum iommu_kind iommu = IOMMU_NONE;
	DIR *dir = opendir(IOMMUS);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (!strncmp(entry->d_name, "dmar", 4))
			iommu = IOMMU_VTD;
		else if (!strncmp(entry->d_name, "ivhd", 4))
			iommu = IOMMU_AMD;
	}
	if (dir)
		closedir(dir);
	return iommu;
}

/* Returns how many bytes of the running kernel's notes are in @notes, 0 if it does not say */
static size_t compat__read_running_notes(uint8_t notes[NOTES_SIZE])
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
static void compat__remark_unread(int fd, const char *name, const char *why,
				  struct remarks *remarks)
{
	char release[IMAGE_RELEASE_SIZE];
	struct utsname running;

	image__release(fd, release);
	if (uname(&running))
		running.release[0] = '\0';
	remarks__add(
		remarks, REMARK_UNCHECKED,
		"%s %s, so what it knows cannot be seen; it is Linux %s and the running kernel "
		"is %s, make sure that both have the same live update patches",
		name, why, *release ? release : "of unknown version", running.release);
}

static void compat__check_image_file(int fd, const char *name, const struct needs *needs,
				     struct remarks *remarks)
{
	static uint8_t notes[NOTES_SIZE];
	size_t size = compat__read_running_notes(notes);
	struct image *image;
	char why[128];

	image = image__read(fd, why, sizeof(why));
	if (!image) {
		compat__remark_unread(fd, name, why, remarks);
		return;
	}
	compat__check_image(image, name, size ? notes : NULL, size, needs, remarks);
	image__free(image);
}

static void compat__check_scratch(int fd, const struct next_kernel *next, uint64_t initrd_size,
				  struct remarks *remarks)
{
	struct image_layout layout;
	struct scratch scratch;
	struct fault fault;

	if (next->placed)
		return;
	if (!image__layout(fd, &layout))
		remarks__add(
			remarks, REMARK_UNCHECKED,
			"%s does not say how much memory it needs, so whether it fits into KHO's "
			"scratch areas is not known; load it before anything is preserved",
			next->image);
	else if (scratch__read(SCRATCH_DIR, &scratch, &fault))
		remarks__add(
			remarks, REMARK_UNCHECKED,
			"whether %s fits into KHO's scratch areas is not known (%s); mount "
			"debugfs on /sys/kernel/debug, or load it before anything is preserved",
			next->image, fault.text);
	else
		scratch__check(&scratch, next->image, &layout, initrd_size, remarks);
}

/* Nothing waits for a FIFO to get a writer: it is no image and no initrd */
static int compat__open(const char *path, const char *what, struct stat *st, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, st)) {
		fault__set(fault, "cannot open the %s %s: %s", what, path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static int compat__initrd_size(const char *initrd, uint64_t *size, struct fault *fault)
{
	struct stat st;
	int fd;

	*size = 0;
	if (!initrd)
		return 0;
	fd = compat__open(initrd, "initrd", &st, fault);
	if (fd < 0)
		return -1;
	close(fd);
	if (!S_ISREG(st.st_mode))
		return fault__set(fault, "%s is no file that can be an initrd; name one, or none",
				  initrd);
	*size = st.st_size;
	return 0;
}

int compat__check(const struct next_kernel *next, const char *running, struct needs needs,
		  struct remarks *remarks, struct fault *fault)
{
	uint64_t initrd_size;
	struct stat st;
	int fd;

	if (compat__initrd_size(next->initrd, &initrd_size, fault))
		return -1;
	fd = compat__open(next->image, "next kernel", &st, fault);
	if (fd < 0)
		return -1;
	if (!S_ISREG(st.st_mode) || !image__is_bzimage(fd)) {
		close(fd);
		return fault__set(fault,
				  "%s is no bzImage, which alone can be loaded; name the "
				  "kernel's image, such as /boot/vmlinuz-RELEASE",
				  next->image);
	}
	needs.iommu = compat__running_iommu();
	parameters__check(next->cmdline, running, &needs, remarks);
	compat__check_image_file(fd, next->image, &needs, remarks);
	compat__check_scratch(fd, next, initrd_size, remarks);
	close(fd);
	return 0;
}
