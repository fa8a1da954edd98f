// SPDX-License-Identifier: GPL-2.0-only
/*
 * seeds DIR: writes the inputs that fuzzing starts from, made by the generator of the unit tests.
 * seeds OLD NEW DOMAINS ABORTS [NS [BOOT [violation]]]: writes the recordings of a live update, as large as one likes, in which
 * each operation takes NS. BOOT is a number that makes the boot ids; with one word more there is a violation.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../unit/corpus.h"

static const struct corpus_options kinds[] = {
	{ .major = 1, .minor = 0, .domains = 2, .aborts = 1 },
	{ .major = 1, .minor = 1, .domains = 3, .aborts = 1 },
	{ .major = 1, .minor = 1, .domains = 2, .spoil = CORPUS_VIOLATION },
	{ .major = 1, .minor = 1, .domains = 1, .spoil = CORPUS_LOSSES },
	{ .major = 1, .minor = 1, .domains = 2, .spoil = CORPUS_REFUSED },
	{ .major = 1, .minor = 2, .domains = 2, .freed = true },
	{ .major = 1, .minor = 4, .domains = 2, .deep = true },
	{ .major = 1, .minor = 4, .domains = 2, .deep = true, .spoil = CORPUS_VIOLATION },
	{ .major = 1, .minor = 5, .domains = 2, .aborts = 1, .names = true },
	{ .major = 1, .minor = 6, .domains = 2, .names = true },
	{ .major = 1, .minor = 7, .domains = 2, .names = true, .complaints = true },
	{ .major = 1, .minor = 8, .domains = 2, .names = true, .frozen = true },
	{ .major = 1, .minor = 9, .domains = 2, .names = true, .frozen = true },
	{ .major = 1, .minor = 11, .domains = 2, .names = true, .frozen = true },
	{ .major = 1, .minor = 12, .domains = 2, .longer = 16, .unknown = true },
	{ .major = 2, .minor = 0, .domains = 1 },
};

static FILE *create(const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static void finish(FILE *f)
{
	if (fclose(f)) {
		perror("seeds");
		exit(1);
	}
}

static void write_recording(const char *path, struct corpus_options o)
{
	FILE *f = create(path);
	struct corpus c;

	corpus__make(&c, &o);
	fwrite(c.data, 1, c.size, f);
	finish(f);
	free(c.data);
}

/* Both kernels, the old one cut by @cut bytes. */
static void write_seed(const char *dir, size_t i, struct corpus_options o, size_t cut)
{
	struct corpus old, new;
	char path[4096];
	uint32_t length;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%zu-%zu", dir, i, cut);
	f = create(path);
	corpus__make(&old, &o);
	o.kernel = CORPUS_NEW;
	corpus__make(&new, &o);
	length = old.size - cut;
	fputc(1, f);
	fwrite(&length, sizeof(length), 1, f);
	fwrite(old.data, 1, length, f);
	fwrite(new.data, 1, new.size, f);
	finish(f);
	free(old.data);
	free(new.data);
}

int main(int argc, char **argv)
{
	struct corpus_options o = { .major = 1, .minor = 1 };
	size_t i;

	if (argc >= 5 && argc <= 8) {
		o.step_ns = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;
		o.boot = argc > 6 ? strtoul(argv[6], NULL, 10) : 0;
		o.spoil = argc > 7 ? CORPUS_VIOLATION : CORPUS_SOUND;
		o.domains = strtoul(argv[3], NULL, 10);
		o.aborts = strtoul(argv[4], NULL, 10);
		write_recording(argv[1], o);
		o.kernel = CORPUS_NEW;
		write_recording(argv[2], o);
		return 0;
	}
	if (argc != 2) {
		fprintf(stderr, "usage: seeds DIR | seeds OLD NEW DOMAINS ABORTS [NS [BOOT [violation]]]\n");
		return 1;
	}
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		write_seed(argv[1], i, kinds[i], 0);
		write_seed(argv[1], i, kinds[i], 300);
	}
	return 0;
}
