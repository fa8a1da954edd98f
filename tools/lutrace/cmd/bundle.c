// SPDX-License-Identifier: GPL-2.0-only
/* lutrace bundle: one archive with what somebody needs to know about a live update that failed. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include "cmd/cmd.h"
#include "health/bundle.h"
#include "health/doctor.h"
#include "health/mask.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/outfile.h"
#include "lib/text.h"
#include "lib/version.h"
#include "recording/flight_dir.h"

#define KHO_DEBUGFS	"/sys/kernel/debug/kho"
#define KHO_DEPTH	4	/* of folders, more than KHO makes */
#define MAX_NAME	56	/* of a recording's name that is kept */

/* klogctl() has no names for them. */
#define SYSLOG_READ_ALL	3
#define SYSLOG_SIZE	10

struct opts {
	const char *output;
	char **recordings;
	int nr;
	bool dry_run;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write the archive to FILE", 0 },
	{ "dry-run", 'n', NULL, 0, "List what would be in it, and write nothing", 0 },
	{ 0 }
};

static error_t cmd_bundle__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case 'o':
		opts->output = arg;
		return 0;
	case 'n':
		opts->dry_run = true;
		return 0;
	case ARGP_KEY_ARGS:
		opts->recordings = state->argv + state->next;
		opts->nr = state->argc - state->next;
		return 0;
	case ARGP_KEY_END:
		if (!opts->output && !opts->dry_run)
			argp_error(state, "name the archive with --output, or give --dry-run");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_bundle__parse,
	.args_doc = "[RECORDING...]",
	.doc = "Writes one tar archive to send: doctor's output, the kernel's version and command "
	       "line, its log about the live update, KHO's debugfs, and the recordings named, or "
	       "all of a flight recorder whose folder is named, which ends its file before\v"
	       "Values on kernel command lines that look secret are masked, in recordings too; "
	       "lutrace-bundle(1) lists the keys. What cannot be read is left out and named.\n\n"
	       "Exit status: 0 written, 1 error.\n\n"
	       "  lutrace bundle -n old.rec new.rec\n"
	       "  lutrace bundle -o bundle.tar old.rec new.rec",
};

static void bundle__add_text(struct bundle *b, const char *name, char *text)
{
	bundle__add(b, name, text, strlen(text));
}

static void bundle__add_doctor(struct bundle *b)
{
	struct findings list = { 0 };
	char *text = NULL, *json = NULL;
	size_t size;
	FILE *f;

	doctor__look_here(&list);
	f = open_memstream(&text, &size);
	if (f) {
		doctor__print(&list, true, f);
		fclose(f);
		bundle__add(b, "doctor.txt", text, size);
	}
	f = open_memstream(&json, &size);
	if (f) {
		if (doctor__json(&list, f))
			complain("doctor's output cannot be written as JSON");
		fclose(f);
		bundle__add(b, "doctor.json", json, size);
	}
	findings__free(&list);
}

static void bundle__add_kernel(struct bundle *b)
{
	struct fault fault;
	struct utsname u;
	char *cmdline;

	uname(&u);
	bundle__add_text(b, "kernel.txt", xasprintf("tool=lutrace " LUTRACE_VERSION "\nrelease=%s\n"
					    "version=%s\nmachine=%s\n",
					    u.release, u.version, u.machine));
	cmdline = read_file("/proc/cmdline", NULL, &fault);
	if (!cmdline) {
		bundle__leave_out(b, "cmdline.txt", fault.text);
		return;
	}
	mask__cmdline(cmdline);
	bundle__add_text(b, "cmdline.txt", cmdline);
}

static void bundle__add_log(struct bundle *b)
{
	int size = klogctl(SYSLOG_SIZE, NULL, 0), got;
	char *text = size > 0 ? xcalloc(size + 1, 1) : NULL;

	got = text ? klogctl(SYSLOG_READ_ALL, text, size) : -1;
	if (got < 0)
		bundle__leave_out(b, "dmesg.txt", strerror(errno));
	else
		bundle__add_text(b, "dmesg.txt", mask__log(text));
	free(text);
}

static void bundle__add_file(struct bundle *b, const char *path, const char *name)
{
	struct fault fault;
	size_t size;
	char *data = read_file(path, &size, &fault);

	if (data)
		bundle__add(b, name, data, size);
	else
		bundle__leave_out(b, name, fault.text);
}

static void bundle__add_folder(struct bundle *b, const char *path, const char *name, int depth)
{
	char *full, *below;
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	dir = opendir(path);
	if (!dir) {
		bundle__leave_out(b, name, strerror(errno));
		return;
	}
	while ((entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		full = xasprintf("%s/%s", path, entry->d_name);
		below = xasprintf("%s/%s", name, entry->d_name);
		if (lstat(full, &st))
			bundle__leave_out(b, below, strerror(errno));
		else if (S_ISREG(st.st_mode))
			bundle__add_file(b, full, below);
		else if (S_ISDIR(st.st_mode) && depth)
			bundle__add_folder(b, full, below, depth - 1);
		else
			bundle__leave_out(b, below, "it is no file, or too deep");
		free(full);
		free(below);
	}
	closedir(dir);
}

/* Numbered, since old.rec may be there twice, from two folders. */
static int bundle__add_recording(struct bundle *b, const char *path, int nr, struct fault *fault)
{
	const char *base = strrchr(path, '/');
	char *data, *name;
	size_t size;

	data = read_file(path, &size, fault);
	if (!data)
		return -1;
	if (mask__recording(path, data, size, fault)) {
		free(data);
		return -1;
	}
	name = xasprintf("recordings/%d-%.*s", nr, MAX_NAME, base ? base + 1 : path);
	bundle__add(b, name, data, size);
	free(name);
	return 0;
}

/* It is in the list of contents, and on stderr for who does not look there. */
static void bundle__miss(struct bundle *b, const char *path, const char *why)
{
	complain("left out %s: %s", path, why);
	bundle__leave_out(b, path, why);
}

/* Recordings that somebody else put into a flight recorder's folder: they are not taken for its own. */
static void bundle__miss_others(struct bundle *b, const char *dir, const struct flight_files *files)
{
	struct dirent *entry;
	DIR *d = opendir(dir);
	char *path;
	size_t i;

	while (d && (entry = readdir(d))) {
		path = xasprintf("%s/%s", dir, entry->d_name);
		for (i = 0; i < files->nr && strcmp(files->items[i].path, path); i++)
			;
		if (i == files->nr && outfile__is_recording(path))
			bundle__miss(b, path, "it is no file of the flight recorder: name it to have "
				     "it in the bundle");
		free(path);
	}
	if (d)
		closedir(d);
}

/*
 * One that is damaged, or was removed in between, must not keep the others out, nor an empty folder what
 * there is to know of the machine.
 */
static int bundle__add_flight(struct bundle *b, const char *dir, int *nr, struct fault *fault)
{
	struct flight_files files;
	struct fault why;
	size_t i;

	if (flight__ask_for_snapshot(dir, &why) < 0)
		complain("%s; what it recorded last may be missing", why.text);
	if (flight_files__read(&files, dir, fault))
		return -1;
	for (i = 0; i < files.nr; i++)
		if (bundle__add_recording(b, files.items[i].path, ++*nr, &why))
			bundle__miss(b, files.items[i].path, why.text);
	if (!files.nr)
		bundle__miss(b, dir, "no recording of a flight recorder is in this folder");
	bundle__miss_others(b, dir, &files);
	flight_files__free(&files);
	return 0;
}

static int bundle__add_recordings(struct bundle *b, const struct opts *opts, struct fault *fault)
{
	int i, nr = 0, err = 0;

	for (i = 0; i < opts->nr && !err; i++) {
		if (flight_dir__is(opts->recordings[i]))
			err = bundle__add_flight(b, opts->recordings[i], &nr, fault);
		else
			err = bundle__add_recording(b, opts->recordings[i], ++nr, fault);
	}
	return err;
}

static void bundle__add_contents(struct bundle *b)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	bundle__list(b, f);
	fclose(f);
	bundle__add(b, "contents.txt", text, size);
}

/* What is there of all that the command line asks for, but the archive itself. */
static int bundle__collect(struct bundle *b, const struct opts *opts, struct fault *fault)
{
	if (bundle__add_recordings(b, opts, fault))
		return -1;
	bundle__add_doctor(b);
	bundle__add_kernel(b);
	bundle__add_log(b);
	bundle__add_folder(b, KHO_DEBUGFS, "kho", KHO_DEPTH);
	bundle__add_contents(b);
	return 0;
}

static int cmd_bundle__write(const struct opts *opts, struct bundle *b, struct fault *fault)
{
	/* The log and the recordings are not for everybody's eyes. */
	struct outfile *out = outfile__open_private(opts->output, fault);

	if (!out)
		return -1;
	if (bundle__collect(b, opts, fault) ||
	    bundle__write(b, outfile__stream(out), time(NULL), fault)) {
		outfile__discard(out);
		return -1;
	}
	return outfile__commit(out, fault);
}

static int cmd_bundle__list(const struct opts *opts, struct bundle *b, struct fault *fault)
{
	struct outfile *out = outfile__open(NULL, fault);

	if (bundle__collect(b, opts, fault)) {
		outfile__discard(out);
		return -1;
	}
	bundle__list(b, outfile__stream(out));
	return outfile__commit(out, fault);
}

static int cmd_bundle__run(int argc, char **argv)
{
	struct bundle bundle = { 0 };
	struct opts opts = { 0 };
	struct fault fault;
	int err;

	cmd__parse(&cmd_bundle, &argp, argc, argv, &opts);
	if (opts.dry_run)
		err = cmd_bundle__list(&opts, &bundle, &fault);
	else
		err = cmd_bundle__write(&opts, &bundle, &fault);
	if (err)
		complain("%s", fault.text);
	bundle__free(&bundle);
	return err ? STATUS_ERROR : STATUS_CLEAN;
}

const struct cmd cmd_bundle = {
	.name = "bundle",
	.summary = "write one archive with what a report of a bug needs",
	.run = cmd_bundle__run,
};
