// SPDX-License-Identifier: GPL-2.0-only
/* lutrace report as a whole: statuses, one sentence for what is wrong, no half a file. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/cmd.h"
#include "corpus.h"
#include "described.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"

static char dir[] = "/tmp/lutrace-unit-XXXXXX";

static void write_as_it_is(const char *name, struct corpus_options o, size_t cut)
{
	struct corpus c;
	FILE *f = fopen(name, "we");

	corpus__make(&c, &o);
	fwrite(c.data, 1, c.size - cut, f);
	fclose(f);
	free(c.data);
}

static void write_made(const char *name, struct corpus_options o, size_t cut)
{
	o.major = o.minor = 1;
	write_as_it_is(name, o, cut);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir) || chdir(dir) || chmod(dir, 0777))
		return -1;
	write_made("old", (struct corpus_options){ .domains = 2, .aborts = 1 }, 0);
	write_made("new", (struct corpus_options){ .kernel = CORPUS_NEW, .domains = 2,
						   .aborts = 1 }, 0);
	write_made("bad", (struct corpus_options){ .kernel = CORPUS_NEW, .domains = 2, .aborts = 1,
						   .spoil = CORPUS_VIOLATION }, 0);
	write_as_it_is("named", (struct corpus_options){ .major = 1, .minor = 5, .domains = 2,
							 .aborts = 1, .names = true }, 0);
	/* Footer, clock, latency and a bit of the last preserve's end: the first domain is whole. */
	write_made("cut", (struct corpus_options){ .domains = 2, .aborts = 1 }, 96 + 40 + 56 + 8);
	return 0;
}

static int teardown(void **state)
{
	char *command = xasprintf("rm -rf %s", dir);
	int failed = chdir("/") || system(command);

	(void)state;
	free(command);
	return failed;
}

/* Runs it in a process of its own, as nobody where that is possible; standard error is in "err". */
static int report(int out, const char *args)
{
	char *words = xstrdup(args), *argv[16] = { xstrdup("report") }, *save;
	int argc = 1, status;
	pid_t pid;

	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	unlink("err");
	pid = fork();
	if (!pid) {
		dup2(out, 1);
		dup2(open("err", O_WRONLY | O_CREAT, 0666), 2);
		if (!geteuid() && setuid(65534))
			_exit(99);
		_exit(cmd_report.run(argc, argv));
	}
	waitpid(pid, &status, 0);
	free(argv[0]);
	free(words);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect_status(const char *args, int status)
{
	int null = open("/dev/null", O_WRONLY), got = report(null, args);

	close(null);
	if (got != status)
		fail_msg("report %s: status %d, not %d", args, got, status);
}

static void expect_sentence(const char *words)
{
	struct fault fault;
	char *text = read_file("err", NULL, &fault);

	assert_non_null(text);
	if (!strstr(text, words) || strchr(text, '\n') != text + strlen(text) - 1)
		fail_msg("\"%s\" is not one line with \"%s\"", text, words);
	free(text);
}

static void expect_says(const char *args, int status, const char *words)
{
	int fd = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0666), got = report(fd, args);
	struct fault fault;
	char *text;

	close(fd);
	text = read_file("out", NULL, &fault);
	if (got != status || !strstr(text, words))
		fail_msg("report %s: status %d, and \"%s\", not %d and \"%s\"", args, got, text,
			 status, words);
	free(text);
}

static void expect_error(const char *args, const char *words)
{
	expect_status(args, 1);
	expect_sentence(words);
}

static void test_statuses(void **state)
{
	(void)state;
	expect_status("old new", 0);
	expect_status("old bad", 2);
	expect_status("cut new", 3);
	/* Nothing that was restored is as it was left, and no count tells of a kernel between */
	expect_status("cut bad", 3);
}

static void test_bad_input(void **state)
{
	(void)state;
	assert_int_equal(system("echo text >text; : >empty; cp old closed; chmod 0 closed"), 0);
	expect_error("nowhere", "cannot open nowhere: No such file");
	expect_error("text", "text is no recording");
	expect_error("empty", "empty is empty");
	expect_error("empty empty", "empty is empty");
	expect_error("closed", "cannot open closed: Permission denied");
	assert_int_equal(system("mkdir -p bare; chmod 755 bare"), 0);
	expect_error("bare", "the folder bare has no recording");
	expect_error("old nowhere -j x.json", "cannot open nowhere");
	assert_int_not_equal(access("x.json", F_OK), 0);
}

/* A crash leaves such files; they must not keep the others out. */
static void test_files_that_hold_nothing(void **state)
{
	(void)state;
	assert_int_equal(system(": >empty; head -c 4096 /dev/zero >zeros; head -c 30 old >header"), 0);
	expect_says("old new empty", 3, "empty is empty: it holds no recording");
	expect_says("zeros old new", 3, "zeros has nothing but zeros");
	expect_says("old header new", 3, "header was cut before its header ended");
	expect_says("old bad empty", 2, "empty is empty");
}

/* All that is there, whatever it is called; what is no recording is left out. */
static void test_folder(void **state)
{
	(void)state;
	assert_int_equal(system("mkdir -p all; cp old all/x; cp new all/y.rec; echo text >all/notes; "
				"chmod -R go+rX all"), 0);
	expect_says("all", 0, "recording all/y.rec");
	assert_int_equal(system("cp bad all/y.rec"), 0);
	expect_status("all", 2);
}

/* What may be a recording is read or named, whatever became of it: it may be the one with a violation. */
static void test_folder_with_damage(void **state)
{
	(void)state;
	assert_int_equal(system("mkdir -p some; cp old some/x.rec; cp new some/y.rec; : >some/z.rec"), 0);
	expect_says("some", 3, "some/z.rec is empty");
	assert_int_equal(system("cp bad some/z.rec; printf L | dd of=some/z.rec bs=1 conv=notrunc "
				"2>/dev/null"), 0);
	expect_error("some", "some/z.rec is no recording");
	assert_int_equal(system("cp bad some/z.rec; chmod 0 some/z.rec"), 0);
	expect_error("some", "cannot open some/z.rec: Permission denied");
	assert_int_equal(system("mv some/z.rec some/z"), 0);
	expect_error("some", "cannot open some/z: Permission denied");
	assert_int_equal(system("rm -f some/z; ln -s nowhere some/z.rec"), 0);
	expect_error("some", "cannot open some/z.rec: No such file");
}

/* The files of a flight recorder, and others beside them */
static void test_flight_folder_with_others(void **state)
{
	(void)state;
	assert_int_equal(system("mkdir -p flown; "
				"cp old flown/00000001-00000000-0000-4000-8000-000000000000.rec; "
				"cp new flown/late.rec; : >flown/lock; chmod 0 flown/lock"), 0);
	expect_says("flown", 0, "recording flown/late.rec");
	assert_int_equal(system("cp bad flown/late.rec"), 0);
	expect_status("flown", 2);
}

/* No kernel did that: the file is damaged, though its checksum is right. */
static void test_event_twice(void **state)
{
	(void)state;
	write_as_it_is("twice", (struct corpus_options){ .major = 1, .minor = 8, .domains = 2,
							 .spoil = CORPUS_TWICE }, 0);
	expect_error("twice", "twice is damaged: event 2 stands in it twice");
}

/* Two that tell of one event and not of the same, in any order */
static void test_contradiction(void **state)
{
	(void)state;
	expect_error("old new bad", "new and bad are of one kernel, and event ");
	expect_error("bad old new", "one of them is damaged");
	expect_status("old new new", 0);
}

/* An output that a program reads is not mixed with the text, nor two of them */
static void test_one_to_standard_output(void **state)
{
	int out = open("alone.json", O_RDWR | O_CREAT | O_TRUNC, 0666);
	struct fault fault;
	char *text;

	(void)state;
	assert_int_equal(report(out, "old new -j -"), 0);
	close(out);
	text = read_file("alone.json", NULL, &fault);
	assert_int_equal(text[0], '{');
	free(text);
	expect_error("old new -j - -c -", "standard output (-) is wanted for 2 outputs");
	assert_int_equal(system("cp old appended"), 0);
	out = open("appended", O_WRONLY | O_APPEND);
	assert_int_equal(report(out, "appended new"), 1);
	close(out);
	expect_sentence("standard output is a recording to read");
	assert_int_equal(system("cmp old appended"), 0);
}

static void test_two_hosts(void **state)
{
	(void)state;
	write_as_it_is("here", (struct corpus_options){ .major = 1, .minor = 8, .domains = 2 }, 0);
	/* Without a footer, and so without a checksum */
	write_as_it_is("there", (struct corpus_options){ .major = 1, .minor = 8, .domains = 2,
							 .kernel = CORPUS_NEW }, 96);
	assert_int_equal(system("sed -i s/dmi-0123456789abcdef/dmi-fedcba9876543210/ there"), 0);
	expect_error("here there", "here and there are of different hosts");
}

static void test_unwritable_output(void **state)
{
	int full = open("/dev/full", O_WRONLY), ends[2];
	struct stat st;

	(void)state;
	expect_error("old new -j nowhere/x", "cannot write nowhere/x: No such file");
	expect_error("old new -c nowhere/x", "cannot write nowhere/x: No such file");
	expect_error("old new -p nowhere/x", "cannot write nowhere/x: No such file");
	expect_error("old new -p /dev/full", "cannot write /dev/full: No space left");
	expect_error("old new -j .", "cannot write .: Is a directory");
	expect_error("old new -j /dev/full", "cannot write /dev/full: No space left");
	expect_error("old new -c /dev/full", "cannot write /dev/full: No space left");
	assert_int_equal(stat("/dev/full", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(report(full, "old new"), 1);
	expect_sentence("cannot write standard output: No space left");
	close(full);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(report(ends[1], "old new"), 1);
	expect_sentence("cannot write standard output: Broken pipe");
	close(ends[1]);
}

static void test_csv(void **state)
{
	const char *row = "\r\n2,00000001-0000-4000-8000-000000000000,restore,0x100000000,2,3,4,"
			  "1000002100,1000002800,700,0,1,4096,vtdss,2,0x200000000,";
	struct fault fault;
	size_t lines = 0;
	char *text, *at;

	(void)state;
	expect_status("old new -c x.csv", 0);
	text = read_file("x.csv", NULL, &fault);
	assert_non_null(text);
	for (at = text; (at = strstr(at, "\r\n")); at += 2)
		lines++;
	/* A header; three and two of the FLB; four preserves, two unpreserves, two restores. */
	assert_int_equal(lines, 1 + 3 + 2 + 4 + 2 + 2);
	if (!strstr(text, row))
		fail_msg("no row %s in %s", row, text);
	free(text);
}

/* The text, the CSV and the selection by names; the new kernel has those of the old one. */
static void expect_rows(const char *args, size_t rows, const char *text)
{
	char *command = xasprintf("%s -c x.csv", args), *csv, *out, *at;
	int fd = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0666);
	struct fault fault;
	size_t lines = 0;

	assert_int_equal(report(fd, command), 0);
	close(fd);
	out = read_file("out", NULL, &fault);
	csv = read_file("x.csv", NULL, &fault);
	for (at = csv; (at = strstr(at, "\r\n")); at += 2)
		lines++;
	assert_int_equal(lines, 1 + rows);
	if (!strstr(out, text) && !strstr(csv, text))
		fail_msg("report %s: no %s in %s%s", command, text, out, csv);
	free(out);
	free(csv);
	free(command);
}

static void test_names(void **state)
{
	(void)state;
	expect_rows("named new", 5 + 8, "\nguest/0x200/0x1              0000:00:04.0 0000:00:05.1 "
		    "vmm                    2       0.7          1       0.7       1       0.7      0\n");
	expect_rows("named new", 5 + 8, ",321,322,vmm,guest,0x200,0x1,10,0000:00:04.0 0000:00:05.1"
		    "\r\n");
	expect_rows("named new", 5 + 8, ",restore,0x100000000,2,3,4,1000002100,1000002800,700,0,1,"
		    "4096,vtdss,2,0x200000000,0,321,322,,guest,0x200,0x1,,0000:00:04.0 ");
	expect_rows("named new --session guest", 5 + 8, "selected: 0 operations were left out, 0 ");
	expect_rows("named new --token 2", 5 + 4, "selected: 4 operations were left out, 0 ");
	expect_rows("named new --device 00:05.1", 5 + 4, "\npreserve             2 ");
	expect_rows("named --process vmm", 3 + 6, "selected: 0 operations were left out, 0 ");
	expect_rows("named --process 321", 3 + 6, "selected: 0 operations were left out, 0 ");
}

/* What was not there is not clean. */
static void test_selection_of_nothing(void **state)
{
	(void)state;
	expect_error("named new --session other", "no domain of these recordings has session other; "
		     "there are: guest");
	expect_error("named new --session Guest", "there are: guest");
	expect_error("named bad --session nope", "no domain of these recordings has session nope");
	expect_error("old new --session guest", "they have no such names, which need root and BPF");
	expect_error("named new --token 777", "has token 0x309; there are: 0x1, 0x2, 0x200");
	expect_status("named new --device 00:1f.9", 1);
	expect_status("named new --device garbage", 1);
	expect_error("named new --device 00:1F.7", "has device 0000:00:1f.7; there are: 0000:00:04.0");
	expect_error("named new --session guest --device 00:1f.7", "has device 0000:00:1f.7");
	expect_error("named --process foo", "no process of these recordings is called foo; there "
		     "are: vmm (321)");
	expect_error("named --process 322", "has the id 322; there are: vmm (321)");
	expect_status("named new --device 0000:00:04.0 -c x.csv", 0);
	expect_status("named new --device 0:4.0", 0);
}

/* The violation is of the first domain. */
static void test_violation_of_another(void **state)
{
	(void)state;
	expect_status("named bad", 2);
	expect_status("named bad --token 1", 2);
	expect_status("named bad --token 2", 0);
	expect_error("old bad --token 2", "no domain of these recordings has token 0x2");
}

/* What is read must not be written over, nor one report by the other. */
static void test_outputs_that_collide(void **state)
{
	(void)state;
	assert_int_equal(system("ln -sf old link"), 0);
	expect_error("old new -c old", "old is a recording to read");
	expect_error("old new -j link", "link is a recording to read");
	expect_error("old new -c both -j both", "both cannot hold two outputs");
	expect_error("old new -p both -c both", "both cannot hold two outputs");
	assert_int_not_equal(access("both", F_OK), 0);
	expect_status("old new", 0);
	expect_status("old new -c /dev/null -j /dev/null", 0);
}

/* Whatever the name of an output, what it replaces is no recording, read or not. */
static void test_recordings_stay(void **state)
{
	static const char *const options[] = { "-j", "-c", "-p" };
	struct fault fault;
	size_t before, after, i;
	char *args, *text;

	(void)state;
	free(read_file("old", &before, &fault));
	for (i = 0; i < ARRAY_SIZE(options); i++) {
		args = xasprintf("%s old new", options[i]);
		expect_error(args, "old is a recording");
		free(args);
	}
	text = read_file("old", &after, &fault);
	assert_int_equal(before, after);
	assert_memory_equal(text, "lutrace", 8);
	free(text);
}

/* As root does with /dev/stdout where standard output is a file: the link stays a link. */
static void test_output_to_standard_output(void **state)
{
	int out = open("both.txt", O_RDWR | O_CREAT | O_TRUNC, 0666);
	struct fault fault;
	struct stat st;
	char *text, *json;

	(void)state;
	assert_int_equal(symlink("/proc/self/fd/1", "stdout"), 0);
	assert_int_equal(report(out, "old new -j stdout"), 0);
	close(out);
	assert_int_equal(lstat("stdout", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	text = read_file("both.txt", NULL, &fault);
	json = strstr(text, "\nverdict: clean\n");
	assert_non_null(json);
	assert_non_null(strstr(json, "\"schema\": \"lutrace-report/"));
	free(text);
}

/* A path that would do something to a terminal, and is no UTF-8, which JSON has to be */
static void test_paths_are_masked(void **state)
{
	int out = open("masked.txt", O_RDWR | O_CREAT | O_TRUNC, 0666);
	struct fault fault;
	char *text;

	(void)state;
	assert_int_equal(link("old", "o\033[2J\xc2\x9b\xffld"), 0);
	assert_int_equal(report(out, "o\033[2J\xc2\x9b\xffld new -j masked.json"), 0);
	close(out);
	text = read_file("masked.txt", NULL, &fault);
	assert_non_null(strstr(text, "recording o?[2J??ld:"));
	assert_null(strchr(text, '\033'));
	free(text);
	text = read_file("masked.json", NULL, &fault);
	assert_non_null(strstr(text, "o?[2J??ld"));
	free(text);
}

/* A violation that was seen is told, whatever cannot be written; and what can be is. */
static void test_violation_wins(void **state)
{
	int full = open("/dev/full", O_WRONLY);

	(void)state;
	expect_status("old bad -j /dev/full", 2);
	expect_status("old bad -j /dev/full -c bad.csv", 2);
	assert_int_equal(access("bad.csv", F_OK), 0);
	assert_int_equal(report(full, "old bad"), 2);
	assert_int_equal(report(full, "old new -c full.csv"), 1);
	assert_int_equal(access("full.csv", F_OK), 0);
	close(full);
	/* A place where nothing can be written is refused before anything is read. */
	expect_error("nothing -j nowhere/x", "cannot write nowhere/x: No such file");
}

/* RFC 4180: a comma or a quote is quoted, a quote doubled. */
static void test_csv_quotes(void **state)
{
	struct fault fault;
	size_t size;
	char *text, *at;
	FILE *f;

	(void)state;
	/* Without its footer, and so without a checksum. */
	write_made("quotes", (struct corpus_options){ .domains = 1 }, 96);
	text = read_file("quotes", &size, &fault);
	assert_non_null(text);
	at = memmem(text, size, "boot_id=00000000-", 17);
	assert_non_null(at);
	memcpy(at + 8, "0\"0,0000", 8);
	f = fopen("quotes", "we");
	fwrite(text, 1, size, f);
	fclose(f);
	free(text);
	expect_status("quotes -c quotes.csv", 3);
	text = read_file("quotes.csv", NULL, &fault);
	assert_non_null(text);
	assert_non_null(strstr(text, "\r\n1,\"0\"\"0,0000-0000-4000-8000-000000000000\",preserve,"));
	free(text);
}

/* A reader of the CSV that goes away. */
static void test_csv_into_a_closed_pipe(void **state)
{
	int ends[2], null = open("/dev/null", O_WRONLY);
	char *args;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	args = xasprintf("old new -c /dev/fd/%d", ends[1]);
	assert_int_equal(report(null, args), 1);
	expect_sentence("cannot write /dev/fd/");
	free(args);
	close(ends[1]);
	close(null);
}

/* A begin without an end is a row with empty columns. */
static void test_csv_of_a_cut(void **state)
{
	struct fault fault;
	char *text;

	(void)state;
	/* Footer, clock, and latency and end of the last preserve. */
	write_made("half", (struct corpus_options){ .domains = 1 }, 96 + 40 + 56 + 96);
	expect_status("half -c half.csv", 3);
	text = read_file("half.csv", NULL, &fault);
	assert_non_null(text);
	assert_non_null(strstr(text, ",preserve,0x100000000,1,3,,1000002100,,,,,,,,,1,321,322,,,,,,\r\n"));
	free(text);
}

/* What it has is asserted in test_perfetto.c. */
static void test_perfetto(void **state)
{
	(void)state;
	expect_status("old new -p x.trace", 0);
	assert_int_equal(access("x.trace", F_OK), 0);
	/* No clock at its end; the other one is too short by itself. */
	write_made("brief", (struct corpus_options){ .kernel = CORPUS_NEW, .domains = 2,
						     .aborts = 1 }, 96 + 40);
	expect_error("cut brief -p y.trace", "cannot write y.trace: how long after kernel 1 kernel "
		     "2 came is not known");
	assert_int_not_equal(access("y.trace", F_OK), 0);
}

static void expect_json(const char *args, int status)
{
	char *command = xasprintf("%s -j described.json", args), *text;
	struct fault fault;

	expect_status(command, status);
	free(command);
	text = read_file("described.json", NULL, &fault);
	assert_non_null(text);
	expect_described("report", text);
	free(text);
}

/*
 * Numbers of 64 bits that no sound recording has: tokens above 2^63 are the user's right, the others
 * are damage. None is negative or wrapped in the JSON.
 */
static void write_extremes(const char *name)
{
	static const char *const texts[][2] = {
		{ "hwpt=0x1\nhwpt_id=10\n", "hwpt=-2\nhwpt_id=-1\n\n" },
		{ "ring_kib=4096", "ring_kib=-512" },
	};
	struct corpus_options o = { .major = 1, .minor = 7, .domains = 2, .names = true };
	struct fault fault;
	char *data, *at;
	size_t size, i;
	FILE *f;

	write_as_it_is(name, o, 96);
	data = read_file(name, &size, &fault);
	assert_non_null(data);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		at = memmem(data, size, texts[i][0], strlen(texts[i][0]));
		assert_non_null(at);
		memcpy(at, texts[i][1], strlen(texts[i][1]));
	}
	f = fopen(name, "we");
	fwrite(data, 1, size, f);
	fclose(f);
	free(data);
}

/* Every member that a report has is in the schema. */
static void test_schema(void **state)
{
	int out = open("described.schema", O_WRONLY | O_CREAT, 0666);

	(void)state;
	assert_int_equal(report(out, "--json-schema"), 0);
	close(out);
	assert_int_equal(system("cmp described.schema " TOP "/docs/report.schema.json >&2"), 0);
	write_as_it_is("1.0", (struct corpus_options){ .major = 1, .domains = 2 }, 0);
	write_made("many", (struct corpus_options){ .domains = 300 }, 0);
	expect_json("old new", 0);
	expect_json("old bad", 2);
	expect_json("cut new", 3);
	expect_json("1.0", 0);
	expect_json("many", 0);
	expect_json("named new", 0);
	expect_json("named new --session guest", 0);
	write_extremes("extreme");
	expect_json("extreme", 3);
	assert_int_equal(system("grep -q '\"hwpt_token\": \"0xfffffffffffffffe\"' "
				"described.json"), 0);
	assert_int_equal(system("grep -q '\": -' described.json"), 256);
	expect_error("--json-schema old", "leave out all else");
}

/* The command of the recipe in the documentation, with other recordings. */
static char *recipe(const char *recordings)
{
	struct fault fault;
	char *text = read_file(TOP "/docs/report.md", NULL, &fault), *at, *end, *args;

	assert_non_null(text);
	at = strstr(text, "    lutrace report --require ");
	assert_non_null(at);
	at += strlen("    lutrace report ");
	end = strstr(at, " old.rec new.rec");
	assert_non_null(end);
	args = xasprintf("%.*s %s", (int)(end - at), at, recordings);
	free(text);
	return args;
}

static void expect_recipe(const char *recordings, int status)
{
	char *args = recipe(recordings);

	expect_status(args, status);
	free(args);
}

/* It is green for a live update that was seen, whole and right, and for nothing else. */
static void test_recipe_of_a_gate(void **state)
{
	(void)state;
	write_as_it_is("gate-old", (struct corpus_options){ .major = 1, .minor = 8, .domains = 2,
							    .names = true }, 0);
	write_as_it_is("gate-new", (struct corpus_options){ .major = 1, .minor = 8, .domains = 2,
							    .names = true, .kernel = CORPUS_NEW }, 0);
	write_as_it_is("gate-bad", (struct corpus_options){ .major = 1, .minor = 8, .domains = 2,
							    .names = true, .kernel = CORPUS_NEW,
							    .spoil = CORPUS_VIOLATION }, 0);
	expect_recipe("gate-old gate-new", 0);
	expect_recipe("gate-new", 3);
	expect_recipe("gate-old", 3);
	expect_recipe("gate-old gate-bad", 2);
	expect_recipe("gate-old gate-new --session typo", 1);
	expect_recipe("gate-old gate-new empty", 3);
	expect_recipe("gate-old nowhere", 1);
}

static void test_require(void **state)
{
	(void)state;
	expect_status("old", 0);
	expect_says("old --require loss,finish", 3, "it is required, and there was nothing to check");
	expect_says("old --require loss --require restore", 3, "restore       incomplete");
	expect_status("old new --require loss,restore,latency", 0);
	expect_status("old new --require loss,restor", 1);
	expect_status("old new --require loss,", 1);
}

/* That no event is missing says nothing of the log, of freed pages and of page tables. */
static void test_require_what_is_no_event(void **state)
{
	(void)state;
	write_as_it_is("early-old", (struct corpus_options){ .major = 1, .minor = 8, .domains = 2 }, 0);
	write_as_it_is("early-new", (struct corpus_options){ .major = 1, .minor = 8, .domains = 2,
							     .kernel = CORPUS_NEW }, 0);
	expect_status("early-old early-new", 0);
	expect_status("early-old early-new --require loss,restore,finish", 0);
	expect_says("early-old early-new --require kernel", 3, "recording of kernel 1 ended before the "
		    "kexec");
	expect_says("early-old early-new --require freed", 3, "ended before the kexec");
	expect_says("early-old early-new --require deep", 3, "ended before the kexec");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_bad_input),
		cmocka_unit_test(test_files_that_hold_nothing),
		cmocka_unit_test(test_folder),
		cmocka_unit_test(test_folder_with_damage),
		cmocka_unit_test(test_flight_folder_with_others),
		cmocka_unit_test(test_event_twice),
		cmocka_unit_test(test_contradiction),
		cmocka_unit_test(test_one_to_standard_output),
		cmocka_unit_test(test_two_hosts),
		cmocka_unit_test(test_unwritable_output),
		cmocka_unit_test(test_outputs_that_collide),
		cmocka_unit_test(test_recordings_stay),
		cmocka_unit_test(test_output_to_standard_output),
		cmocka_unit_test(test_paths_are_masked),
		cmocka_unit_test(test_violation_wins),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_selection_of_nothing),
		cmocka_unit_test(test_violation_of_another),
		cmocka_unit_test(test_csv_quotes),
		cmocka_unit_test(test_csv_into_a_closed_pipe),
		cmocka_unit_test(test_csv_of_a_cut),
		cmocka_unit_test(test_perfetto),
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_require),
		cmocka_unit_test(test_require_what_is_no_event),
		cmocka_unit_test(test_recipe_of_a_gate),
	};

	return cmocka_run_group_tests_name("cmd_report", tests, setup, teardown);
}
