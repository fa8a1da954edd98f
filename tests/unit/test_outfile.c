// SPDX-License-Identifier: GPL-2.0-only
/* Outputs: what they replace, what they refuse, and that nothing but them is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/outfile.h"
#include "lib/text.h"
#include "recording/recording.h"
#include "recording/writer.h"

/* A file system that has no files without a name, or gives them none (NFS, FAT, old overlayfs). */
static bool no_tmpfile, no_link;

int openat(int folder, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return syscall(SYS_openat, folder, path, flags, mode);
}

int linkat(int from, const char *path, int to, const char *name, int flags)
{
	if (no_link) {
		errno = EPERM;
		return -1;
	}
	return syscall(SYS_linkat, from, path, to, name, flags);
}

/* Each test has an empty folder of its own, in which it runs. */
static char folder[] = "/tmp/lutrace-outfile-XXXXXX";

static int enter_folder(void **state)
{
	(void)state;
	strcpy(strrchr(folder, '-'), "-XXXXXX");
	return mkdtemp(folder) && !chdir(folder) ? 0 : -1;
}

static int leave_folder(void **state)
{
	char *command = xasprintf("rm -rf %s", folder);
	int status = chdir("/") ? -1 : system(command);

	(void)state;
	free(command);
	return status;
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void put_recording(const char *path)
{
	struct fault fault;
	struct recorder *r = recorder__open(path, &fault);

	assert_non_null(r);
	assert_int_equal(recorder__flush(r, &fault), 0);
	recorder__free(r);
}

static void expect_text(const char *path, const char *want)
{
	struct fault fault = { "" };
	char *text = read_file(path, NULL, &fault);

	assert_string_equal(fault.text, "");
	assert_string_equal(text, want);
	free(text);
}

/* How many names there are in the folder, hidden ones too. */
static unsigned int count_names(void)
{
	struct dirent *entry;
	DIR *dir = opendir(".");
	unsigned int nr = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		nr += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	closedir(dir);
	return nr;
}

static struct outfile *open_output(const char *path)
{
	struct fault fault = { "" };
	struct outfile *out = outfile__open(path, &fault);

	assert_string_equal(fault.text, "");
	assert_non_null(out);
	return out;
}

static void write_output(const char *path, const char *text)
{
	struct outfile *out = open_output(path);
	struct fault fault = { "" };

	fputs(text, outfile__stream(out));
	outfile__commit(out, &fault);
	assert_string_equal(fault.text, "");
}

static void expect_refused(const char *path, const char *why)
{
	struct fault fault = { "" };

	assert_null(outfile__open(path, &fault));
	if (!strstr(fault.text, why))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, why);
}

static void expect_commit_fails(struct outfile *out, const char *why)
{
	struct fault fault = { "" };

	assert_int_equal(outfile__commit(out, &fault), -1);
	if (!strstr(fault.text, why))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, why);
}

static void test_appears_at_commit(void **state)
{
	struct outfile *out = open_output("out");
	struct fault fault;

	(void)state;
	fputs("hello\n", outfile__stream(out));
	fflush(outfile__stream(out));
	assert_int_equal(count_names(), 0);
	assert_int_equal(outfile__commit(out, &fault), 0);
	expect_text("out", "hello\n");
	assert_int_equal(count_names(), 1);
}

static void test_discard_leaves_the_old_one(void **state)
{
	struct outfile *out;

	(void)state;
	put("out", "old");
	out = open_output("out");
	fputs("new", outfile__stream(out));
	outfile__discard(out);
	expect_text("out", "old");
	assert_int_equal(count_names(), 1);
	outfile__discard(NULL);
}

static void test_keeps_mode_and_owner(void **state)
{
	struct stat st;

	(void)state;
	put("out", "old and longer");
	assert_int_equal(chmod("out", 0640), 0);
	if (!getuid())
		assert_int_equal(chown("out", 12, 34), 0);
	write_output("out", "new");
	expect_text("out", "new");
	assert_int_equal(stat("out", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	if (!getuid()) {
		assert_int_equal(st.st_uid, 12);
		assert_int_equal(st.st_gid, 34);
	}
	assert_int_equal(count_names(), 1);
}

static void test_private(void **state)
{
	struct fault fault = { "" };
	struct outfile *out;
	struct stat st;
	int i;

	(void)state;
	put("old", "old");
	assert_int_equal(chmod("old", 0644), 0);
	for (i = 0; i < 4; i++) {
		no_tmpfile = i > 1;
		out = outfile__open_private(i % 2 ? "new" : "old", &fault);
		assert_non_null(out);
		fputs("secret", outfile__stream(out));
		assert_int_equal(outfile__commit(out, &fault), 0);
		assert_int_equal(stat(i % 2 ? "new" : "old", &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		assert_int_equal(remove(i % 2 ? "new" : "old"), 0);
	}
	no_tmpfile = false;
}

/* The file behind the link is written, there where it is, and also if it is not there yet. */
static void test_link_stays(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("sub", 0700), 0);
	assert_int_equal(symlink("sub/two", "one"), 0);
	assert_int_equal(symlink("three", "sub/two"), 0);
	write_output("one", "first");
	write_output("one", "second");
	expect_text("sub/three", "second");
	assert_int_equal(lstat("one", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(lstat("sub/two", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(count_names(), 2);
	assert_int_equal(symlink("loop", "loop"), 0);
	expect_refused("loop", strerror(ELOOP));
}

/* As /dev/stdout is a link to /proc/self/fd/1, and standard output a file. */
static void descriptor(const char *path, int fd)
{
	int file = open("log", O_RDWR | O_CREAT | O_TRUNC, 0600), saved = dup(fd);
	struct outfile *out;
	struct fault fault = { "" };
	int err;

	assert_true(file >= 0 && saved >= 0);
	fflush(stdout);
	assert_int_equal(write(file, "before ", 7), 7);
	assert_int_equal(dup2(file, fd), fd);
	out = outfile__open(path, &fault);
	if (out)
		fputs("output ", outfile__stream(out));
	err = out ? outfile__commit(out, &fault) : -1;
	if (write(fd, "after", 5) != 5)
		err = -2;
	dup2(saved, fd);
	close(saved);
	close(file);
	assert_string_equal(fault.text, "");
	assert_int_equal(err, 0);
	expect_text("log", "before output after");
}

static void test_descriptors_are_written_to(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(symlink("/proc/self/fd/1", "stdout"), 0);
	assert_int_equal(symlink("/proc/self/fd", "fd"), 0);
	assert_int_equal(symlink("fd/2", "stderr"), 0);
	descriptor("stdout", 1);
	descriptor("stderr", 2);
	descriptor("fd/1", 1);
	descriptor("fd//2", 2);
	descriptor("/proc/self/fd/2", 2);
	descriptor("-", 1);
	descriptor(NULL, 1);
	assert_int_equal(lstat("stdout", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(count_names(), 4);
	expect_refused("fd/999", strerror(EBADF));
}

static void test_descriptor_that_cannot_be_written_to(void **state)
{
	int fd;
	char *path;

	(void)state;
	put_recording("a.rec");
	fd = open("a.rec", O_RDONLY);
	path = xasprintf("/proc/self/fd/%d", fd);
	expect_refused(path, strerror(EBADF));
	close(fd);
	assert_int_equal(open("a.rec", O_RDWR | O_APPEND), fd);
	expect_refused(path, "is a recording");
	close(fd);
	free(path);
}

static void test_recordings_are_refused(void **state)
{
	char *before, *after;
	struct outfile *out;
	struct fault fault;
	size_t size, now;

	(void)state;
	put_recording("a.rec");
	assert_int_equal(symlink("a.rec", "link"), 0);
	before = read_file("a.rec", &size, &fault);
	expect_refused("a.rec", "a.rec is a recording");
	expect_refused("./a.rec", "is a recording");
	expect_refused("link", "link is a recording");
	/* It comes while the output is made. */
	out = open_output("b.rec");
	put_recording("b.rec");
	expect_commit_fails(out, "b.rec is a recording");
	assert_true(outfile__is_recording("b.rec"));
	after = read_file("a.rec", &now, &fault);
	assert_int_equal(now, size);
	assert_memory_equal(before, after, size);
	free(before);
	free(after);
	assert_int_equal(count_names(), 3);
}

static void test_recordings_are_known(void **state)
{
	(void)state;
	put_recording("a.rec");
	assert_int_equal(symlink("a.rec", "link"), 0);
	assert_true(outfile__is_recording("a.rec"));
	assert_true(outfile__is_recording("link"));
	assert_int_equal(truncate("a.rec", 7), 0);
	assert_false(outfile__is_recording("a.rec"));
	assert_false(outfile__is_recording("."));
	assert_false(outfile__is_recording("/dev/zero"));
	assert_false(outfile__is_recording("nowhere"));
}

static void test_places_are_refused_at_once(void **state)
{
	char *path = xcalloc(1, NAME_MAX + 2);

	(void)state;
	expect_refused(".", strerror(EISDIR));
	expect_refused("new/", strerror(EISDIR));
	expect_refused("nowhere/out", strerror(ENOENT));
	expect_refused("", "without a name");
	expect_refused("/proc/version", "/proc/version");
	memset(path, 'x', NAME_MAX + 1);
	expect_refused(path, strerror(ENAMETOOLONG));
	path[NAME_MAX] = '\0';
	write_output(path, "a name as long as can be");
	put(path, "");
	write_output(path, "twice");
	expect_text(path, "twice");
	free(path);
	assert_int_equal(count_names(), 1);
}

/* Root may write everywhere; so it is asked as nobody. */
static void test_write_protected(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	put("locked", "old");
	assert_int_equal(chmod("locked", 0444), 0);
	assert_int_equal(mkdir("shut", 0555), 0);
	assert_int_equal(chmod(".", 0777), 0);
	pid = fork();
	if (!pid) {
		struct fault one = { "" }, two = { "" };
		bool bad = (!getuid() && setuid(65534)) || outfile__open("locked", &one) ||
			   outfile__open("shut/out", &two) ||
			   !strstr(one.text, strerror(EACCES)) ||
			   !strstr(two.text, strerror(EACCES));

		_exit(bad);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	expect_text("locked", "old");
}

static void test_two_outputs_to_one_file(void **state)
{
	struct outfile *one = open_output("new"), *two, *three;

	(void)state;
	put("old", "old");
	assert_int_equal(link("old", "hard"), 0);
	assert_int_equal(symlink("old", "soft"), 0);
	expect_refused("./new", "./new cannot hold two outputs");
	two = open_output("old");
	expect_refused("hard", "cannot hold two outputs");
	expect_refused("soft", "cannot hold two outputs");
	outfile__discard(two);
	two = open_output("soft");
	outfile__discard(one);
	one = open_output("new");
	outfile__discard(one);
	outfile__discard(two);
	/* A device takes any number. */
	one = open_output("/dev/null");
	two = open_output("/dev/null");
	three = open_output("-");
	outfile__discard(one);
	outfile__discard(two);
	outfile__discard(three);
}

static void test_devices_are_written_to(void **state)
{
	struct outfile *out = open_output("/dev/full");
	char got[6] = "";
	struct stat st;
	int fifo;

	(void)state;
	fputs("text", outfile__stream(out));
	expect_commit_fails(out, "cannot write /dev/full: No space left on device");
	assert_int_equal(stat("/dev/full", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(mkfifo("fifo", 0600), 0);
	fifo = open("fifo", O_RDONLY | O_NONBLOCK);
	write_output("fifo", "hello");
	assert_int_equal(read(fifo, got, 5), 5);
	assert_string_equal(got, "hello");
	close(fifo);
	assert_int_equal(stat("fifo", &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
}

/* The number is that of a RAM disk, which the kernel need not have: it is refused by its kind. */
static void test_block_device_is_refused(void **state)
{
	(void)state;
	if (mknod("disk", S_IFBLK | 0600, makedev(1, 200)))
		assert_int_equal(errno, EPERM);
	else
		expect_refused("disk", "block device");
}

static void test_failed_write_is_told(void **state)
{
	struct outfile *out;

	(void)state;
	put("out", "old");
	out = open_output("out");
	assert_non_null(freopen("/dev/full", "w", outfile__stream(out)));
	fputs("text", outfile__stream(out));
	expect_commit_fails(out, "cannot write out: No space left on device");
	expect_text("out", "old");
	assert_int_equal(count_names(), 1);
}

/* A folder, a link and a FIFO take the name between open and commit. */
static void test_name_that_is_taken(void **state)
{
	struct outfile *a = open_output("a"), *b = open_output("b"), *c = open_output("c");
	struct stat st;

	(void)state;
	put("other", "other");
	assert_int_equal(mkdir("a", 0700), 0);
	assert_int_equal(symlink("other", "b"), 0);
	assert_int_equal(mkfifo("c", 0600), 0);
	expect_commit_fails(a, "cannot write a: Is a directory");
	expect_commit_fails(b, "cannot write b");
	expect_commit_fails(c, "cannot write c");
	expect_text("other", "other");
	assert_int_equal(lstat("b", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(count_names(), 4);
}

/* Whatever ends the program, no file is left that somebody would have to know of. */
static void test_killed_in_between(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		struct fault fault;
		struct outfile *out = outfile__open("out", &fault);

		fputs("half", outfile__stream(out));
		fflush(outfile__stream(out));
		raise(SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(count_names(), 0);
}

/* What others left, under whatever name, is in nobody's way. */
static void test_stale_temporaries(void **state)
{
	char *name = xasprintf("out.%d.tmp", getpid());

	(void)state;
	put(name, "stale");
	write_output("out", "one");
	write_output("out", "two");
	expect_text("out", "two");
	expect_text(name, "stale");
	free(name);
	assert_int_equal(count_names(), 2);
}

static void test_only_outputs_are_removed(void **state)
{
	(void)state;
	put("a.pid", "1");
	put_recording("a.rec");
	assert_int_equal(symlink("a.pid", "link"), 0);
	assert_int_equal(symlink("/proc/self/fd/1", "stdout"), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	outfile__remove("a.rec");
	outfile__remove("stdout");
	outfile__remove("fifo");
	outfile__remove(".");
	outfile__remove("nowhere");
	assert_int_equal(count_names(), 5);
	outfile__remove("link");
	assert_int_equal(access("a.pid", F_OK), -1);
	assert_int_equal(count_names(), 4);
}

/* As for one who has given up rights: what the folder allows, not the link. */
static void test_what_may_be_committed(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(chmod(".", 0777), 0);
	assert_int_equal(mkdir("shut", 0555), 0);
	put("shut/old", "old");
	assert_int_equal(chmod("shut/old", 0666), 0);
	assert_int_equal(symlink("shut/old", "link"), 0);
	assert_int_equal(symlink("/proc/self/fd/1", "stdout"), 0);
	pid = fork();
	if (!pid)
		_exit((!getuid() && setuid(65534)) || !outfile__may_commit("new") ||
		      !outfile__may_commit("stdout") || !outfile__may_commit("-") ||
		      !outfile__may_commit("/dev/null") || outfile__may_commit("shut/old") ||
		      outfile__may_commit("link") || outfile__may_commit("shut/new"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Beyond ulimit -f: told, not the end of the program, and not what a command would inherit. */
static void test_limit_of_size(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	put("out", "old");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct rlimit limit = { 4096, 4096 };
		struct fault fault = { "" };
		struct outfile *out;
		int i;

		outfile__init();
		out = outfile__open("out", &fault);
		setrlimit(RLIMIT_FSIZE, &limit);
		for (i = 0; i < 1000; i++)
			fputs("0123456789", outfile__stream(out));
		_exit(!outfile__commit(out, &fault) || !strstr(fault.text, strerror(EFBIG)));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	expect_text("out", "old");
	assert_int_equal(count_names(), 1);
}

static void other_file_system(void)
{
	struct outfile *out;
	struct stat st;

	put("old", "old");
	assert_int_equal(chmod("old", 0640), 0);
	out = open_output("old");
	fputs("new", outfile__stream(out));
	fflush(outfile__stream(out));
	assert_int_equal(count_names(), 1);
	outfile__discard(out);
	expect_text("old", "old");
	write_output("old", "new");
	expect_text("old", "new");
	assert_int_equal(stat("old", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	write_output("fresh", "");
	expect_text("fresh", "");
	expect_refused("nowhere/out", strerror(ENOENT));
	expect_refused("/proc/sys/out", "/proc/sys/out");
	assert_int_equal(count_names(), 2);
	assert_int_equal(remove("old") | remove("fresh"), 0);
}

static void test_other_file_systems(void **state)
{
	(void)state;
	no_tmpfile = true;
	other_file_system();
	no_link = true;
	other_file_system();
	no_tmpfile = false;
	other_file_system();
	no_link = false;
}

/* Runs a program of which all but one thing is as here; returns its status. */
static int status_of_guarded(int status, const char *output, const char *text)
{
	int got, fd;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		fclose(stderr);
		fd = output ? open(output, O_WRONLY) : -1;
		if (fd >= 0)
			dup2(fd, STDOUT_FILENO);
		else
			close(STDOUT_FILENO);
		outfile__init();
		printf("%s", text);
		exit(status);
	}
	assert_int_equal(waitpid(pid, &got, 0), pid);
	assert_true(WIFEXITED(got));
	return WEXITSTATUS(got);
}

static void test_standard_output_that_fails(void **state)
{
	(void)state;
	assert_int_equal(status_of_guarded(0, "/dev/null", "text"), 0);
	assert_int_equal(status_of_guarded(0, "/dev/full", "text"), 1);
	assert_int_equal(status_of_guarded(0, "/dev/full", ""), 0);
	assert_int_equal(status_of_guarded(0, NULL, "text"), 1);
	assert_int_equal(status_of_guarded(2, "/dev/full", "text"), 2);
	assert_int_equal(status_of_guarded(3, NULL, "text"), 3);
}

/* What is printed on a closed standard output must not get into a file that was opened since. */
static void test_closed_standard_output(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct outfile *out;
		struct fault fault;

		fclose(stderr);
		close(STDOUT_FILENO);
		outfile__init();
		out = outfile__open("out", &fault);
		printf("on standard output");
		fflush(stdout);
		fputs("in the file", outfile__stream(out));
		_exit(outfile__commit(out, &fault) ? 9 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	expect_text("out", "in the file");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_ ## name, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(appears_at_commit),
		TEST(discard_leaves_the_old_one),
		TEST(keeps_mode_and_owner),
		TEST(private),
		TEST(link_stays),
		TEST(descriptors_are_written_to),
		TEST(descriptor_that_cannot_be_written_to),
		TEST(recordings_are_refused),
		TEST(recordings_are_known),
		TEST(places_are_refused_at_once),
		TEST(write_protected),
		TEST(two_outputs_to_one_file),
		TEST(devices_are_written_to),
		TEST(block_device_is_refused),
		TEST(failed_write_is_told),
		TEST(name_that_is_taken),
		TEST(killed_in_between),
		TEST(stale_temporaries),
		TEST(only_outputs_are_removed),
		TEST(what_may_be_committed),
		TEST(limit_of_size),
		TEST(other_file_systems),
		TEST(standard_output_that_fails),
		TEST(closed_standard_output),
	};

	return cmocka_run_group_tests_name("outfile", tests, NULL, NULL);
}
