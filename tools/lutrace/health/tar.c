// SPDX-License-Identifier: GPL-2.0-only
/* A support bundle as one tar archive. For cmd/bundle.c and its tests. */
#include <stdio.h>
#include <string.h>
#include "health/bundle.h"
#include "lib/fault.h"

#define TAR_BLOCK	512

/* POSIX.1-1988, ustar. Numbers are octal text. */
struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
	char link[100], magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155];
	char unused[12];
};
_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "a header is one block");

/* The largest size that eleven octal digits hold. */
#define TAR_MAX_SIZE	077777777777ull

static void tar__checksum(struct ustar *head)
{
	const unsigned char *bytes = (const unsigned char *)head;
	unsigned int sum = 0;
	size_t i;

	memset(head->checksum, ' ', sizeof(head->checksum));
	for (i = 0; i < sizeof(*head); i++)
		sum += bytes[i];
	snprintf(head->checksum, sizeof(head->checksum), "%06o", sum & 0777777);
}

static int tar__write_file(const struct bundle_file *file, FILE *f, time_t mtime, struct fault *fault)
{
	static const char zeros[TAR_BLOCK];
	struct ustar head = { .type = '0', .magic = "ustar", .version = { '0', '0' } };
	char name[sizeof(head.name) + 1];

	if (file->size > TAR_MAX_SIZE)
		return fault__set(fault, "%s is too large for a bundle: %zu bytes", file->name,
				  file->size);
	if (snprintf(name, sizeof(name), BUNDLE_FOLDER "%s", file->name) >= (int)sizeof(name))
		return fault__set(fault, "%s has too long a name for a bundle", file->name);
	memcpy(head.name, name, strlen(name));
	strcpy(head.mode, "0000600");
	strcpy(head.uid, "0000000");
	strcpy(head.gid, "0000000");
	snprintf(head.size, sizeof(head.size), "%011llo", (unsigned long long)file->size);
	snprintf(head.mtime, sizeof(head.mtime), "%011llo",
		 (unsigned long long)mtime & TAR_MAX_SIZE);
	tar__checksum(&head);
	fwrite(&head, sizeof(head), 1, f);
	fwrite(file->data, 1, file->size, f);
	fwrite(zeros, 1, (TAR_BLOCK - file->size % TAR_BLOCK) % TAR_BLOCK, f);
	return 0;
}

int bundle__write(const struct bundle *b, FILE *f, time_t mtime, struct fault *fault)
{
	static const char end[2 * TAR_BLOCK];
	size_t i;

	for (i = 0; i < b->nr; i++)
		if (b->files[i].data && tar__write_file(&b->files[i], f, mtime, fault))
			return -1;
	fwrite(end, sizeof(end), 1, f);
	return 0;
}
