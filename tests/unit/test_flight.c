// SPDX-License-Identifier: GPL-2.0-only
/* The flight recorder: names, limits, what is removed, a disk that is full, snapshots. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "recording/flight.h"
#include "recording/flight_dir.h"
#include "recording/recording.h"

#define HOST	"release=7.3.4\nboot_id=b1\n"
#define HOST2	"release=7.3.4\nboot_id=b2\n"

static char dir[64];
/* What the "kernel" has counted: what was put, and what is on its way or was lost. */
static struct lutrace_footer kernel;

static int counts(void *priv, struct lutrace_footer *sum, struct fault *fault)
{
	(void)priv;
	(void)fault;
	*sum = kernel;
	return 0;
}

/* No file is larger. */
static unsigned long kib;
/* How many names each file repeats; each takes more than 64 bytes */
static unsigned int repetitions;

static int began(void *priv, struct flight *f, struct fault *fault)
{
	struct name name = { .session = "s", .hwpt_id = 1, .devices = "0000:00:04.0" };
	struct lutrace_rec *rec;
	unsigned int i;
	int err = 0;

	(void)priv;
	for (i = 0; i < repetitions && !err; i++) {
		name.ser_phys = 0x1000 * (i + 1);
		rec = name__record(&name);
		err = flight__repeat(f, rec, fault);
		free(rec);
	}
	return err;
}

static const struct flight_ops ops = { .counts = counts, .began = began };

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test_flight.XXXXXX");
	kernel = (struct lutrace_footer){ .signal = 15 };
	repetitions = 0;
	kib = FLIGHT_MIN_KIB;
	return mkdtemp(dir) ? 0 : -1;
}

/* Standard error may be such a file too, whatever is in it by now: it has to wait. */
static void limit(rlim_t bytes)
{
	struct rlimit r = { bytes, RLIM_INFINITY };
	static int saved = -1;

	signal(SIGXFSZ, SIG_IGN);
	if (saved < 0)
		saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	if (bytes == RLIM_INFINITY)
		dup2(saved, STDERR_FILENO);
	else
		assert_non_null(freopen("/dev/null", "w", stderr));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static int teardown(void **state)
{
	char *rm = xasprintf("rm -rf %s", dir);
	int err = system(rm);

	(void)state;
	limit(RLIM_INFINITY);
	free(rm);
	return err;
}

static struct flight *open_as(const char *boot_id, const char *host, unsigned long files)
{
	struct flight_opts opts = { .dir = dir, .kib = kib, .files = files };
	struct fault fault = { "" };
	struct flight *f = flight__open(&opts, boot_id, host, &ops, NULL, &fault);

	if (!f)
		fail_msg("%s", fault.text);
	return f;
}

static void put(struct flight *f, unsigned int nr)
{
	struct lutrace_event ev = {
		.rec = { LUTRACE_REC_EVENT, sizeof(ev) }, .op = LUTRACE_OP_PRESERVE, .pid = 1,
		.tid = 1,
	};
	struct fault fault;

	while (nr--) {
		ev.seq = ++kernel.counts.events;
		assert_int_equal(flight__put(f, &ev.rec, &fault), 0);
	}
	assert_int_equal(flight__flush(f, &fault), 0);
}

static void finish(struct flight *f)
{
	struct fault fault = { "" };

	if (flight__close(f, &fault))
		fail_msg("%s", fault.text);
	flight__free(f);
}

/* All that is in the folder: each within the limit, and complete. */
struct folder {
	struct flight_files files;
	struct recording r[16];
	__u64 recorded, events, lost, lost_latencies, missed;
};

static void look(struct folder *d, bool last_complete)
{
	struct fault fault = { "" };
	struct stat st;
	size_t i;

	*d = (struct folder){ 0 };
	assert_int_equal(flight_files__read(&d->files, dir, &fault), 0);
	assert_in_range(d->files.nr, 1, ARRAY_SIZE(d->r));
	for (i = 0; i < d->files.nr; i++) {
		if (recording__read(&d->r[i], d->files.items[i].path, &fault))
			fail_msg("%s", fault.text);
		assert_int_equal(d->r[i].complete, i + 1 < d->files.nr || last_complete);
		assert_int_equal(stat(d->files.items[i].path, &st), 0);
		assert_in_range(st.st_size, 1, kib * 1024);
		assert_int_equal(d->r[i].flight_file, d->files.items[i].number);
		d->recorded += d->r[i].nr_events;
		d->events += d->r[i].footer.counts.events;
		d->lost += d->r[i].footer.counts.lost_events;
		d->lost_latencies += d->r[i].footer.counts.lost_latencies;
		d->missed += d->r[i].footer.missed_runs;
	}
}

static void done(struct folder *d)
{
	size_t i;

	for (i = 0; i < d->files.nr; i++)
		recording__free(&d->r[i]);
	flight_files__free(&d->files);
}

static void touch(const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);

	close(open(path, O_WRONLY | O_CREAT, 0600));
	free(path);
}

static void test_names(void **state)
{
	struct flight_files list;
	struct fault fault;

	(void)state;
	touch("9-old.rec");
	touch("00000010-b-1.rec");
	touch("100000000-b-1.rec");
	touch("00000011-new.rec");
	touch("12.rec");
	touch("13-.rec");
	touch("-x.rec");
	touch("lock");
	touch("14-x.rec.tmp");
	touch("99999999999999999999-x.rec");
	assert_int_equal(flight_files__read(&list, dir, &fault), 0);
	assert_int_equal(list.nr, 4);
	assert_string_equal(list.items[0].boot_id, "old");
	assert_string_equal(list.items[1].boot_id, "b-1");
	assert_int_equal(list.items[2].number, 11);
	assert_int_equal(list.items[3].number, 100000000);
	flight_files__keep_before(&list, "b-1");
	assert_int_equal(list.nr, 1);
	assert_string_equal(list.items[0].boot_id, "new");
	flight_files__keep_before(&list, "new");
	assert_int_equal(list.nr, 0);
	flight_files__free(&list);
	assert_int_equal(flight_files__read(&list, "/nowhere", &fault), -1);
	assert_non_null(strstr(fault.text, "/nowhere"));
}

/* All of a boot, also if its numbers are not the last. */
static void test_the_boot_before(void **state)
{
	struct flight_files list;
	struct fault fault;

	(void)state;
	touch("1-a.rec");
	touch("2-b.rec");
	touch("3-b.rec");
	touch("4-c.rec");
	assert_int_equal(flight_files__read(&list, dir, &fault), 0);
	flight_files__keep_before(&list, "c");
	assert_int_equal(list.nr, 2);
	assert_int_equal(list.items[0].number, 2);
	assert_string_equal(list.items[1].boot_id, "b");
	flight_files__free(&list);
}

static void test_rotation(void **state)
{
	struct flight *f = open_as("b1", HOST, 3);
	const struct recording *last;
	struct folder d;
	size_t i;

	(void)state;
	for (i = 0; i < 100; i++)
		put(f, 30);
	finish(f);
	look(&d, true);
	assert_int_equal(d.files.nr, 3);
	last = &d.r[2];
	assert_true(last->rotated_files >= 2);
	assert_int_equal(last->flight_first, 1);
	assert_int_equal(last->flight_file, last->rotated_files + 3);
	assert_int_equal(last->rotated_events + d.recorded, 3000);
	assert_int_equal(last->events[last->nr_events - 1].seq, 3000);
	assert_int_equal(d.r[0].events[0].seq, last->rotated_events + 1);
	assert_int_equal(d.events, d.recorded);
	assert_int_equal(last->footer.signal, 15);
	done(&d);
}

/*
 * Whatever room the header leaves to the last event: nothing is larger than it may be. The limit is a
 * little more than the recorder's buffer, so that in one of the files the last event fills the buffer.
 */
static void test_no_byte_more(void **state)
{
	const unsigned int size = FLIGHT_MIN_KIB + 1;
	unsigned int pad, nr = size * 1024 / sizeof(struct lutrace_event) + 1;
	struct lutrace_event ev = {
		.rec = { LUTRACE_REC_EVENT, sizeof(ev) }, .op = LUTRACE_OP_PRESERVE, .pid = 1,
		.tid = 1,
	};
	struct folder d = { .events = 0 };
	struct fault fault;
	struct flight *f;
	unsigned int i;
	char *host;

	for (pad = 0; pad < 1024; pad += 8) {
		kib = size;
		kernel = (struct lutrace_footer){ .signal = 15 };
		host = xasprintf("%spad=%0*d\n", HOST, (int)pad + 1, 0);
		f = open_as("b1", host, 3);
		for (i = 0; i < nr; i++) {
			ev.seq = ++kernel.counts.events;
			assert_int_equal(flight__put(f, &ev.rec, &fault), 0);
		}
		finish(f);
		look(&d, true);
		assert_int_equal(d.files.nr, 2);
		done(&d);
		free(host);
		teardown(state);
		setup(state);
	}
}

/* A file of which all before it are gone has what they told once, for no more than half of it. */
static void test_repetition(void **state)
{
	struct flight *f;
	struct folder d;
	size_t i;

	(void)state;
	repetitions = 5;
	f = open_as("b1", HOST, 2);
	for (i = 0; i < 100; i++)
		put(f, 30);
	finish(f);
	look(&d, true);
	for (i = 0; i < 2; i++) {
		assert_int_equal(names__count(d.r[i].names), 5);
		assert_string_equal(names__find(d.r[i].names, 0x5000, 0)->session, "s");
	}
	assert_int_equal(d.r[1].rotated_events + d.recorded, 3000);
	done(&d);
	repetitions = 1000000;
	f = open_as("b1", HOST, 2);
	put(f, 30);
	finish(f);
	look(&d, true);
	assert_in_range(names__count(d.r[1].names), 100, FLIGHT_MIN_KIB * 1024 / 2 / 64);
	assert_int_equal(d.r[1].nr_events, 30);
	done(&d);
}

/* What it repeats makes no file worth a snapshot. */
static void test_empty_snapshot_repeated(void **state)
{
	struct flight *f;
	struct fault fault;
	struct folder d;

	(void)state;
	repetitions = 5;
	f = open_as("b1", HOST, 3);
	assert_int_equal(flight__snapshot(f, &fault), 0);
	finish(f);
	look(&d, true);
	assert_int_equal(d.files.nr, 1);
	done(&d);
}

/* The sums of all footers are what the kernel counted, wherever a file ends. */
static void test_counts(void **state)
{
	struct flight *f = open_as("b1", HOST, 16);
	struct folder d;
	size_t i;

	(void)state;
	kernel.counts.events = 5;	/* on their way while the files end */
	for (i = 0; i < 50; i++) {
		put(f, 30);
		kernel.counts.lost_events++;
		kernel.counts.events++;
		kernel.counts.lost_latencies += 2;
		kernel.missed_runs += 3;
	}
	kernel.counts.events -= 5;
	kernel.counts.events += 7;	/* these never came */
	finish(f);
	look(&d, true);
	assert_true(d.files.nr > 2);
	assert_int_equal(d.recorded, 1500);
	assert_int_equal(d.events, 1557);
	assert_int_equal(d.lost, 50);
	assert_int_equal(d.lost_latencies, 100);
	assert_int_equal(d.missed, 150);
	for (i = 0; i < d.files.nr; i++)
		assert_int_equal(d.r[i].footer.counts.events,
				 d.r[i].nr_events + d.r[i].footer.counts.lost_events +
				 (i + 1 == d.files.nr ? 7 : 0));
	done(&d);
}

/* Numbers go on through a kexec; what goes away of the boot before is none of this one's. */
static void test_next_boot(void **state)
{
	struct flight *f = open_as("b1", HOST, 3);
	struct folder d;

	(void)state;
	put(f, 30);
	finish(f);
	kernel = (struct lutrace_footer){ .signal = 2 };
	f = open_as("b2", HOST2, 3);
	put(f, 1);
	look(&d, false);
	assert_int_equal(d.files.nr, 2);
	assert_int_equal(d.r[1].flight_file, 2);
	assert_int_equal(d.r[1].flight_first, 2);
	assert_string_equal(d.files.items[0].boot_id, "b1");
	done(&d);
	put(f, 1600);
	finish(f);
	look(&d, true);
	assert_int_equal(d.files.nr, 3);
	assert_string_equal(d.files.items[0].boot_id, "b2");
	assert_int_equal(d.r[2].rotated_files, 0);
	assert_int_equal(d.recorded, 1601);
	done(&d);
}

/* Another recorder of the same boot knows what its predecessor removed. */
static void test_started_again(void **state)
{
	struct flight *f = open_as("b1", HOST, 2);
	__u64 files, events;
	struct folder d;

	(void)state;
	put(f, 1600);
	finish(f);
	look(&d, true);
	files = d.r[1].rotated_files;
	events = d.r[1].rotated_events + d.r[0].nr_events;
	assert_true(files > 0);
	done(&d);
	kernel = (struct lutrace_footer){ .signal = 2 };
	f = open_as("b1", HOST, 2);
	put(f, 1);
	finish(f);
	look(&d, true);
	assert_int_equal(d.r[1].rotated_files, files + 1);
	assert_int_equal(d.r[1].rotated_events, events);
	assert_int_equal(d.r[1].flight_first, 1);
	assert_int_equal(d.r[1].footer.counts.events, 1);
	done(&d);
}

static void test_one_at_a_time(void **state)
{
	struct flight_opts opts = { .dir = dir, .kib = kib, .files = 2 };
	struct flight *f = open_as("b1", HOST, 2);
	struct fault fault;
	int status;

	(void)state;
	if (!fork())
		_exit(flight__open(&opts, "b1", HOST, &ops, NULL, &fault) ||
		      !strstr(fault.text, "another lutrace records in"));
	wait(&status);
	assert_int_equal(status, 0);
	/* No lock of a file is between two of one process. */
	assert_null(flight__open(&opts, "b1", HOST, &ops, NULL, &fault));
	assert_non_null(strstr(fault.text, "another lutrace records in"));
	finish(f);
	opts.dir = "/nowhere";
	assert_null(flight__open(&opts, "b1", HOST, &ops, NULL, &fault));
	assert_non_null(strstr(fault.text, "/nowhere/lock"));
}

/* One of another boot, or of another time, of the same number as one that runs. */
static void test_gone(void **state)
{
	char *path = xasprintf("%s/lock", dir), *text, *at;
	struct flight *f = open_as("b1", HOST, 2);
	struct fault fault;
	FILE *lock;

	(void)state;
	text = read_file(path, NULL, &fault);
	finish(f);
	assert_int_equal(strtol(text, &at, 10), getpid());
	lock = fopen(path, "w");
	fprintf(lock, "%d 1%s", getpid(), at + 1);
	fclose(lock);
	assert_int_equal(flight__ask_for_snapshot(dir, &fault), 0);
	f = open_as("b1", HOST, 2);
	finish(f);
	lock = fopen(path, "w");
	at = strrchr(text, ' ') + 1;
	*at = *at == '0' ? '1' : '0';
	fputs(text, lock);
	fclose(lock);
	f = open_as("b1", HOST, 2);
	finish(f);
	free(text);
	free(path);
}

/* The limit on the size of files is the disk that is full: before the file is. */
static void test_full_disk(void **state)
{
	struct flight *f = open_as("b1", HOST, 3);
	struct lutrace_freed freed = { .rec = { LUTRACE_REC_FREED, sizeof(freed) }, .size = 1 };
	struct lutrace_deep walk = { .rec = { LUTRACE_REC_DEEP, sizeof(walk) } };
	struct lutrace_latency latency = { .rec = { LUTRACE_REC_LATENCY, sizeof(latency) } };
	struct fault fault;
	struct folder d;

	(void)state;
	put(f, 10);
	limit(2000);
	put(f, 100);
	put(f, 100);
	assert_int_equal(flight__put(f, &freed.rec, &fault), 0);
	assert_int_equal(flight__put(f, &walk.rec, &fault), 0);
	assert_int_equal(flight__put(f, &latency.rec, &fault), 0);
	assert_int_equal(flight__tick(f, &fault), 0);
	put(f, 100);
	look(&d, false);
	assert_int_equal(d.recorded, 10);
	assert_int_equal(d.r[0].cut_bytes, 0);
	done(&d);
	limit(RLIM_INFINITY);
	put(f, 100);		/* not before it is tried again */
	assert_int_equal(flight__tick(f, &fault), 0);
	put(f, 10);
	finish(f);
	look(&d, true);
	assert_int_equal(d.files.nr, 1);
	assert_int_equal(d.recorded, 20);
	assert_int_equal(d.lost, 400 + 2);
	assert_int_equal(d.events, 420 + 2);
	assert_int_equal(d.lost_latencies, 1);
	assert_int_equal(d.r[0].events[19].seq, 420);
	done(&d);
}

/* A file can be ended, and the next one not be begun, and then it can. */
static void test_no_next_file(void **state)
{
	struct flight *f = open_as("b1", HOST, 3);
	char *away = xasprintf("%s.away", dir);
	struct fault fault;
	struct folder d;

	(void)state;
	put(f, 30);
	assert_int_equal(rename(dir, away), 0);
	assert_int_equal(flight__snapshot(f, &fault), 0);
	put(f, 30);
	assert_int_equal(flight__tick(f, &fault), 0);
	put(f, 30);
	assert_int_equal(rename(away, dir), 0);
	put(f, 30);
	assert_int_equal(flight__tick(f, &fault), 0);
	put(f, 30);
	finish(f);
	look(&d, true);
	assert_int_equal(d.files.nr, 2);
	assert_int_equal(d.recorded, 60);
	assert_int_equal(d.r[1].flight_file, 2);
	assert_int_equal(d.lost, 90);
	assert_int_equal(d.events, 150);
	done(&d);
	free(away);
}

/* It is full when a file has its size: that one is ended when there is room again. */
static void test_full_disk_between_files(void **state)
{
	struct flight *f = open_as("b1", HOST, 3);
	struct fault fault;
	struct folder d;

	(void)state;
	put(f, 30);
	limit(1000);
	assert_int_equal(flight__snapshot(f, &fault), 0);
	put(f, 30);
	limit(RLIM_INFINITY);
	assert_int_equal(flight__tick(f, &fault), 0);
	assert_int_equal(flight__snapshot(f, &fault), 0);
	put(f, 30);
	finish(f);
	look(&d, true);
	assert_int_equal(d.files.nr, 2);
	assert_int_equal(d.recorded, 60);
	assert_int_equal(d.r[0].footer.counts.lost_events, 30);
	assert_int_equal(d.r[1].footer.counts.lost_events, 0);
	assert_int_equal(d.events, 90);
	done(&d);
}

/* The jump may come at any time after it; where it does not, another file goes on. */
static void test_sealed(void **state)
{
	struct flight *f = open_as("b1", HOST, 3);
	struct fault fault;
	struct folder d;

	(void)state;
	put(f, 10);
	assert_false(flight__is_sealed(f));
	assert_int_equal(flight__seal(f, &fault), 0);
	assert_true(flight__is_sealed(f));
	/* None of this begins a file, or needs one */
	assert_int_equal(flight__seal(f, &fault), 0);
	assert_int_equal(flight__flush(f, &fault), 0);
	flight__sync(f);
	assert_int_equal(flight__tick(f, &fault), 0);
	assert_int_equal(flight__snapshot(f, &fault), 0);
	look(&d, true);
	assert_int_equal(d.files.nr, 1);
	assert_int_equal(d.recorded, 10);
	assert_int_equal(d.events, 10);
	done(&d);
	put(f, 5);
	assert_false(flight__is_sealed(f));
	assert_int_equal(flight__seal(f, &fault), 0);
	finish(f);
	look(&d, true);
	assert_int_equal(d.files.nr, 2);
	assert_int_equal(d.recorded, 15);
	assert_int_equal(d.events, 15);
	assert_int_equal(d.r[1].flight_file, 2);
	done(&d);
}

/* A file that is there already, as when somebody put it there, is neither written over nor removed. */
static void test_not_ours(void **state)
{
	struct flight *f = open_as("b1", HOST, 3);
	char *path = xasprintf("%s/00000002-b1.rec", dir), *text;
	struct fault fault = { "" };
	FILE *other;

	(void)state;
	other = fopen(path, "w");
	fputs("lutrace", other);
	fclose(other);
	put(f, 10);
	limit(1 << 20);		/* what it says is not wanted */
	assert_int_equal(flight__snapshot(f, &fault), 0);
	put(f, 5);
	text = read_file(path, NULL, &fault);
	assert_string_equal(text, "lutrace");
	free(text);
	flight__close(f, &fault);
	flight__free(f);
	free(path);
}

static void test_full_disk_at_the_end(void **state)
{
	struct flight *f = open_as("b1", HOST, 3);
	struct fault fault = { "" };
	struct folder d;

	(void)state;
	put(f, 10);
	limit(1000);
	assert_int_equal(flight__close(f, &fault), -1);
	assert_non_null(strstr(fault.text, "has no end"));
	flight__free(f);
	look(&d, false);
	assert_int_equal(d.recorded, 10);
	done(&d);
}

static void test_full_disk_from_the_start(void **state)
{
	struct flight_opts opts = { .dir = dir, .kib = kib, .files = 2 };
	struct flight_files list;
	struct fault fault;

	(void)state;
	limit(10);
	assert_null(flight__open(&opts, "b1", HOST, &ops, NULL, &fault));
	assert_non_null(strstr(fault.text, "cannot write"));
	assert_int_equal(flight_files__read(&list, dir, &fault), 0);
	assert_int_equal(list.nr, 0);
}

static volatile sig_atomic_t asked;

static void on_sigusr1(int sig)
{
	(void)sig;
	asked = 1;
}

static void record_until_asked(int ready)
{
	struct flight *f = open_as("b1", HOST, 3);
	struct fault fault;

	/* It must not stay if the test fails. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGUSR1, on_sigusr1);
	put(f, 10);
	if (write(ready, "", 1) != 1)
		_exit(1);
	while (!asked)
		usleep(1000);
	if (flight__snapshot(f, &fault))
		_exit(1);
	for (;;)
		pause();
}

static void test_snapshot(void **state)
{
	struct fault fault;
	struct folder d;
	int fds[2];
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(flight__ask_for_snapshot(dir, &fault), 0);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid)
		record_until_asked(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_int_equal(flight__ask_for_snapshot(dir, &fault), 1);
	look(&d, false);
	assert_int_equal(d.files.nr, 2);
	assert_int_equal(d.r[0].nr_events, 10);
	assert_int_equal(d.r[1].nr_events, 0);
	done(&d);
	kill(pid, SIGKILL);
	wait(NULL);
	assert_int_equal(flight__ask_for_snapshot(dir, &fault), 0);
}

/* A second one has nothing to end. */
static void test_empty_snapshot(void **state)
{
	struct flight *f = open_as("b1", HOST, 3);
	struct fault fault;
	struct folder d;

	(void)state;
	assert_int_equal(flight__snapshot(f, &fault), 0);
	put(f, 1);
	assert_int_equal(flight__snapshot(f, &fault), 0);
	assert_int_equal(flight__snapshot(f, &fault), 0);
	finish(f);
	look(&d, true);
	assert_int_equal(d.files.nr, 2);
	done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_boot_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_byte_more, setup, teardown),
		cmocka_unit_test_setup_teardown(test_repetition, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty_snapshot_repeated, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_next_boot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_started_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_at_a_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_next_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_disk_between_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sealed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_disk_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_disk_from_the_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_snapshot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty_snapshot, setup, teardown),
	};

	return cmocka_run_group_tests_name("flight", tests, NULL, NULL);
}
