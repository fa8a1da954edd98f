// SPDX-License-Identifier: GPL-2.0-only
/*
 * luctl run and luctl resume as a whole, with plans of memfds and hooks and a kernel that is played
 * by ioctl(), syscall() and reboot() below: at each step a signal, a reader that goes away, a full
 * disk. What runs is a child process without CAP_SYS_BOOT, in a mount namespace with a /run of its own.
 */
#include <argp.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/kexec.h>
#include <linux/liveupdate.h>

#include <cmocka.h>

#include "fake_image.h"
#include "cmd/commands.h"
#include "drive/pidfile.h"
#include "drive/say.h"
#include "kernel/session.h"
#include "lib/pidlock.h"
#include "lib/recorders.h"
#include "plan/plan.h"
#include "probe/memfd.h"

#define PLAN_SIZE	(64 << 10)
#define PLAN_TEXT							\
	"session a\nmemfd m size=64K token=0x100 seed=3\nmemfd n size=64K token=0x101 seed=4\n"	\
	"abort 1\nhook marked true\nhook retrieved true\nhook finished true\n"

/* What the child's kernel has seen, in memory that the test shares with it */
static struct world {
	int calls;		/* of the live update's ioctls */
	int sessions;		/* open: created or retrieved, and not closed */
	int preserved, retrieved, finished, created, loads, unloads, reboots;
	int strike_at;		/* the call at which strike() does its harm; 0: never */
	int signal;		/* its harm is a signal, or the end of a reader */
	int reader;
	int busy;		/* how often CREATE_SESSION says EEXIST after a close */
	int session_fd;
	bool load_works;
} *world;

static void strike(void)
{
	if (++world->calls != world->strike_at)
		return;
	if (world->signal)
		raise(world->signal);
	else
		close(world->reader);
}

static int new_session(void)
{
	world->sessions++;
	world->session_fd = open("/dev/null", O_RDWR);
	return world->session_fd;
}

static int fake_retrieve_fd(uint64_t token)
{
	struct memfd *m = memfd__create("m", PLAN_SIZE, 0, token == 0x100 ? 3 : 4);
	int fd = dup(memfd__fd(m));

	memfd__free(m);
	return fd;
}

/* The kernel */

int ioctl(int fd, unsigned long nr, ...)
{
	va_list args;
	void *arg;

	(void)fd;
	va_start(args, nr);
	arg = va_arg(args, void *);
	va_end(args);
	strike();
	switch (nr) {
	case LIVEUPDATE_IOCTL_CREATE_SESSION:
		if (world->busy) {
			world->busy--;
			errno = EEXIST;
			return -1;
		}
		world->created++;
		((struct liveupdate_ioctl_create_session *)arg)->fd = new_session();
		return 0;
	case LIVEUPDATE_IOCTL_RETRIEVE_SESSION:
		((struct liveupdate_ioctl_retrieve_session *)arg)->fd = new_session();
		return 0;
	case LIVEUPDATE_SESSION_PRESERVE_FD:
		world->preserved++;
		return 0;
	case LIVEUPDATE_SESSION_RETRIEVE_FD:
		world->retrieved++;
		((struct liveupdate_session_retrieve_fd *)arg)->fd =
			fake_retrieve_fd(((struct liveupdate_session_retrieve_fd *)arg)->token);
		return 0;
	case LIVEUPDATE_SESSION_FINISH:
		world->finished++;
		return 0;
	}
	errno = ENOTTY;
	return -1;
}

int close(int fd)
{
	if (world && world->sessions && fd == world->session_fd) {
		world->sessions--;
		world->session_fd = -1;
	}
	return syscall(SYS_close, fd);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, int) : 0;
	va_end(args);
	if (!strcmp(path, "/dev/liveupdate"))
		path = "/dev/null";
	/* Nothing of these tests is the host's */
	if (!strcmp(path, "/dev/kmsg"))
		path = "/run/kmsg", flags |= O_CREAT | O_APPEND, mode = 0600;
	return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* None that luctl or this test calls has more than five arguments; the sixth would be the caller's stack */
#define SYSCALL_ARGS 5

long syscall(long nr, ...)
{
	static long (*real)(long nr, ...);
	long a[SYSCALL_ARGS];
	va_list args;
	int i;

	va_start(args, nr);
	for (i = 0; i < SYSCALL_ARGS; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (nr == SYS_kexec_file_load) {
		if (a[4] & KEXEC_FILE_UNLOAD)
			world->unloads++;
		else
			world->loads++;
		if (!world->load_works)
			errno = EPERM;
		return world->load_works ? 0 : -1;
	}
	if (!real)
		real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	return real(nr, a[0], a[1], a[2], a[3], a[4]);
}

int reboot(int how)
{
	(void)how;
	world->reboots++;
	errno = EINVAL;
	return -1;
}

/* The child */

enum output {
	TO_FILE,		/* /run/out */
	TO_PIPE,		/* of which strike() closes the other end */
	TO_FULL,		/* /dev/full */
	TO_NOBODY,		/* closed descriptors */
};

struct run {
	const char *command;
	const char *option;
	const char *plan;
	enum output output;
	void (*before)(void);	/* in the child's /run, before its command */
	int nr_plans;		/* of sessions s0, s1 ..., with a memfd each; 0: the one above */
};

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

#define MAX_PLANS 200

static char *write_plan(int i)
{
	static char names[MAX_PLANS][32];
	char text[128];

	snprintf(names[i], sizeof(names[i]), "/run/%d.plan", i);
	snprintf(text, sizeof(text), "session s%d\nmemfd m size=4K token=1\n", i);
	write_file(names[i], text);
	return names[i];
}

static void write_image(void)
{
	static const char *const strings[] = { "luo-v5" };
	struct bytes image = { NULL, 0 };
	FILE *f = fopen("/run/image", "w");

	fake_image__make(&image, FAKE_GZIP, strings, 1, 1);
	fwrite(image.data, image.size, 1, f);
	fclose(f);
	bytes__free(&image);
}

static void redirect(enum output output)
{
	int ends[2] = { -1, -1 }, out = -1;

	if (output == TO_FILE)
		out = open("/run/out", O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (output == TO_FULL)
		out = open("/dev/full", O_WRONLY);
	if (output == TO_PIPE && !pipe2(ends, O_CLOEXEC)) {
		world->reader = ends[0];
		out = ends[1];
	}
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	if (out >= 0) {
		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
		close(out);
	}
}

static pid_t innocent;

/* Runs in the child of abort, at its end: was the innocent one left alone? */
static void look_at_innocent(void)
{
	if (innocent && !waitpid(innocent, NULL, WNOHANG))
		fprintf(stderr, "the innocent one lives\n");
}

static void run_child(const struct run *run)
{
	char *argv[MAX_PLANS + 4] = { "luctl", (char *)run->option, "/run/some.plan" };
	int argc = 3, status, i;
	cap_t caps = cap_get_proc();
	cap_value_t boot = CAP_SYS_BOOT;

	if (cap_set_flag(caps, CAP_EFFECTIVE, 1, &boot, CAP_CLEAR) ||
	    cap_set_flag(caps, CAP_PERMITTED, 1, &boot, CAP_CLEAR) || cap_set_proc(caps))
		_exit(90);
	cap_free(caps);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	write_file("/run/some.plan", run->plan);
	write_image();
	redirect(run->output);
	say__init();
	argp_err_exit_status = EXIT_FAILURE;	/* as main() does */
	if (!run->option) {
		argv[1] = argv[2];
		argv[2] = NULL;
		argc = 2;
	}
	for (i = 0; i < run->nr_plans; i++)
		argv[argc - 1 + i] = write_plan(i);
	argc += run->nr_plans ? run->nr_plans - 1 : 0;
	if (run->before)
		run->before();
	if (!strcmp(run->command, "abort"))
		status = cmd_abort(2, argv);
	else
		status = strcmp(run->command, "run") ? cmd_resume(argc, argv) : cmd_run(argc, argv);
	look_at_innocent();
	_exit(status);
}

/* In the child's /run, which ends with it: the test sees it only through this */
static char *said;

static void keep(const char *path)
{
	size_t n = strlen(said);
	FILE *f = fopen(path, "r");

	if (!f)
		return;
	said[n + fread(said + n, 1, (1 << 16) - n - 1, f)] = '\0';
	fclose(f);
}

/*
 * A process that makes the namespaces, runs the child, and keeps what it said and whether it left
 * its pid file behind. Returns the child's status as waitpid() does.
 */
static int run(const struct run *run)
{
	int status = 0;
	pid_t pid, child;

	/* Before there is another who writes to it */
	said[0] = '\0';
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) ||
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("none", "/run", "tmpfs", 0, NULL))
			_exit(91);
		child = fork();
		if (!child)
			run_child(run);
		waitpid(child, &status, 0);
		keep("/run/out");
		keep(SAY_LOG);
		keep("/run/kmsg");
		if (!access(PIDFILE_DIR "/a.pid", F_OK))
			strcat(said, "\nLEFT BEHIND\n");
		_exit(WIFSIGNALED(status) ? 100 + WTERMSIG(status) : WEXITSTATUS(status));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	status = WEXITSTATUS(status);
	if (status == 91)
		fail_msg("this test needs root, or a kernel that gives users namespaces");
	return status;
}

static void reset(void)
{
	*world = (struct world){ .session_fd = -1, .reader = -1, .load_works = true };
}

/* How many calls the command makes if nothing happens, each of which is a step to disturb */
static int count_calls(const struct run *r)
{
	reset();
	assert_int_equal(run(r), 0);
	assert_null(strstr(said, "LEFT BEHIND"));
	assert_true(world->calls > 3);
	return world->calls;
}

static void expect_said(const char *words)
{
	if (!strstr(said, words))
		fail_msg("'%s' is not in: %s", words, said);
}

static void expect_not_said(const char *words)
{
	if (strstr(said, words))
		fail_msg("'%s' is in: %s", words, said);
}

static const struct run run_it = { "run", "--no-kexec", PLAN_TEXT, TO_FILE, NULL, 0 };
static const struct run resume_it = { "resume", NULL, PLAN_TEXT, TO_FILE, NULL, 0 };

/* What it says must be somewhere, all of it, and it must do all that it does undisturbed */
static void expect_all_done(const struct run *r, int calls, const char *last)
{
	int status = run(r);

	if (status)
		fail_msg("status %d at call %d: %s", status, world->strike_at, said);
	assert_int_equal(world->calls, calls);
	assert_int_equal(world->sessions, 0);
	expect_not_said("LEFT BEHIND");
	if (r->output == TO_FILE || world->strike_at == 0 || world->strike_at < calls)
		expect_said(last);
}

static void test_outputs(void **state)
{
	static const enum output outputs[] = { TO_FULL, TO_NOBODY, TO_PIPE };
	int run_calls = count_calls(&run_it), resume_calls = count_calls(&resume_it);
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		reset();
		r = run_it;
		r.output = outputs[i];
		world->strike_at = r.output == TO_PIPE;
		expect_all_done(&r, run_calls, "end without kexec: nothing is preserved ok");
		expect_said("goes on in " SAY_LOG);
		reset();
		r = resume_it;
		r.output = outputs[i];
		world->strike_at = r.output == TO_PIPE;
		expect_all_done(&r, resume_calls, "everything came through ok");
		assert_int_equal(world->finished, 1);
		expect_said("goes on in " SAY_LOG);
	}
}

static void test_reader_goes_away(void **state)
{
	int run_calls = count_calls(&run_it), resume_calls = count_calls(&resume_it), i;
	struct run r = run_it;

	(void)state;
	r.output = TO_PIPE;
	for (i = 1; i <= run_calls; i++) {
		reset();
		world->strike_at = i;
		expect_all_done(&r, run_calls, "end without kexec: nothing is preserved ok");
	}
	r = resume_it;
	r.output = TO_PIPE;
	for (i = 1; i <= resume_calls; i++) {
		reset();
		world->strike_at = i;
		expect_all_done(&r, resume_calls, "everything came through ok");
	}
}

/* It has the session, which nobody can have a second time */
static void test_resume_goes_on(void **state)
{
	static const int signals[] = { SIGHUP, SIGPIPE, SIGXFSZ, SIGTTOU };
	int calls = count_calls(&resume_it), i;
	size_t s;

	(void)state;
	for (s = 0; s < 4; s++)
		for (i = 1; i <= calls; i++) {
			reset();
			world->strike_at = i;
			world->signal = signals[s];
			expect_all_done(&resume_it, calls, "everything came through ok");
			assert_int_equal(world->finished, 1);
		}
}

/* Between two steps, with nothing left behind */
static void expect_stopped(const struct run *r, int signal, const char *name)
{
	int calls = count_calls(r), i, status;

	for (i = 1; i < calls; i++) {
		reset();
		world->strike_at = i;
		world->signal = signal;
		status = run(r);
		/* At its last step it is through already */
		if (status != 1 && !(status == 0 && i + 1 == calls))
			fail_msg("status %d after SIG%s at call %d: %s", status, name, i, said);
		if (status) {
			expect_said("stopped by SIG");
			expect_said(name);
		}
		assert_int_equal(world->sessions, 0);
		expect_not_said("LEFT BEHIND");
	}
}

static void test_stopped(void **state)
{
	(void)state;
	expect_stopped(&run_it, SIGTERM, "TERM");
	expect_stopped(&run_it, SIGHUP, "HUP");
	expect_stopped(&run_it, SIGINT, "INT");
}

static void test_resume_stopped(void **state)
{
	(void)state;
	reset();
	world->strike_at = 2;
	world->signal = SIGTERM;
	assert_int_equal(run(&resume_it), 1);
	expect_said("stopped by SIGTERM");
	expect_said("session a is given up with the end of luctl: its 2 memfds");
	assert_int_equal(world->finished, 0);
	assert_int_equal(world->sessions, 0);
	expect_not_said("LEFT BEHIND");
}

/* A signal ends the hook that runs, and nothing else of the session */
static void test_hook_is_stopped(void **state)
{
	static const struct run r = { "run", "--no-kexec", "session a\n"
		"hook marked kill -TERM $PPID; sleep 60; true\n", TO_FILE, NULL, 0 };

	(void)state;
	reset();
	alarm(30);
	assert_int_equal(run(&r), 1);
	alarm(0);
	expect_said("stopped by SIGTERM");
}

/* A hook's output has somewhere to go when luctl's has not, so that it does not fail for that */
static void test_hook_output(void **state)
{
	struct run r = { "resume", NULL, "session a\nhook retrieved echo from the hook || exit 9\n",
			 TO_FULL, NULL, 0 };

	(void)state;
	reset();
	assert_int_equal(run(&r), 0);
	expect_said("from the hook");
	reset();
	r.output = TO_PIPE;
	world->strike_at = 1;
	assert_int_equal(run(&r), 0);
	expect_said("from the hook");
}

#define KERNEL "session a\nkernel image=/run/image\n"

static void test_only_unloads_its_own(void **state)
{
	static const struct run plain = { "run", NULL, KERNEL, TO_FILE, NULL, 0 };
	static const struct run opened = { "run", "--stop-after=opened", KERNEL, TO_FILE, NULL, 0 };
	static const struct run loaded = { "run", "--stop-after=loaded", KERNEL, TO_FILE, NULL, 0 };

	(void)state;
	reset();
	world->load_works = false;
	assert_int_equal(run(&plain), 1);
	assert_int_equal(world->loads, 1);
	assert_int_equal(world->unloads, 0);
	reset();
	assert_int_equal(run(&opened), 0);
	assert_int_equal(world->loads, 0);
	assert_int_equal(world->unloads, 0);
	reset();
	assert_int_equal(run(&loaded), 0);
	assert_int_equal(world->loads, 1);
	assert_int_equal(world->unloads, 1);
	/* The jump that returns: what was loaded for it does not stay */
	reset();
	assert_int_equal(run(&plain), 1);
	assert_int_equal(world->reboots, 1);
	assert_int_equal(world->unloads, 1);
}

/* One that records, and will never say that it has written what it saw */
static void start_silent_recorder(void)
{
	int fds[2];
	char byte;

	if (pipe(fds))
		_exit(92);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!recorders_entry__open() || write(fds[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(fds[0], &byte, 1) != 1)
		_exit(92);
}

/* It is named, and the kernel jumps all the same */
static void test_silent_recorder(void **state)
{
	static const struct run r = { "run", NULL, KERNEL, TO_FILE, start_silent_recorder, 0 };

	(void)state;
	reset();
	assert_int_equal(run(&r), 1);
	expect_said("records, and has not written all that it saw within 1000 ms");
	expect_said("1 recorder was asked");
	assert_int_equal(world->reboots, 1);
}

/* Before the jump, and only there: at each step */
static void test_hangup_before_the_jump(void **state)
{
	static const struct run r = { "run", NULL, KERNEL "memfd m size=4K token=1\nabort 1\n"
				      "hook before-kexec true\n", TO_FILE, NULL, 0 };
	int calls, i;

	(void)state;
	reset();
	assert_int_equal(run(&r), 1);
	assert_int_equal(world->reboots, 1);
	calls = world->calls;
	for (i = 1; i < calls; i++) {
		reset();
		world->strike_at = i;
		world->signal = SIGHUP;
		assert_int_equal(run(&r), 1);
		assert_int_equal(world->reboots, 0);
		assert_int_equal(world->loads, world->unloads);
		assert_int_equal(world->sessions, 0);
		expect_not_said("LEFT BEHIND");
	}
}

/* Somebody looks at the files of this process while it closes a session */
static void test_close_is_not_the_end(void **state)
{
	int calls = count_calls(&run_it);

	(void)state;
	reset();
	world->busy = 20;
	assert_int_equal(run(&run_it), 0);
	assert_int_equal(world->calls, calls + 20);
}

static void test_few_files(void **state)
{
	struct rlimit old, low = { 64, 64 };
	char text[8192] = "session a\n";
	struct run r = { "run", "--no-kexec", text, TO_FILE, NULL, 0 };
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		sprintf(text + strlen(text), "memfd m%d size=4K token=%d\n", i, i + 1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	/* The soft limit is raised */
	low.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	reset();
	assert_int_equal(run(&r), 0);
	/* The hard one is not: one sentence, and nothing was asked of the kernel */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	reset();
	text[0] = '\0';
	strcat(text, "session a\n");
	for (i = 0; i < 100; i++)
		sprintf(text + strlen(text), "memfd m%d size=4K token=%d\n", i, i + 1);
	low.rlim_max = 64;
	if (!fork()) {
		setrlimit(RLIMIT_NOFILE, &low);
		run(&r);
		_exit(world->calls == 0 && strstr(said, "open files, and the limit is 64") &&
		      !strstr(said, "create session") ? 0 : 1);
	}
	assert_true(wait(&i) > 0);
	assert_int_equal(i, 0);
}

/* As many as a large host has guests, at the limit of files that a shell has */
static void test_many_plans(void **state)
{
	static const struct run r = { "run", "--no-kexec", "", TO_FILE, NULL, MAX_PLANS };

	(void)state;
	reset();
	assert_int_equal(run(&r), 0);
	assert_int_equal(world->preserved, MAX_PLANS);
	/* And one more for each, which asks whether it has ended */
	assert_int_equal(world->created, 2 * MAX_PLANS);
	expect_said("s199: close session s199 ok");
}

/* What a luctl of an older version, or one that was killed, left behind: its number is another's now */
static void leave_stale_file(void)
{
	char text[32];

	innocent = fork();
	if (!innocent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	snprintf(text, sizeof(text), "%d\n", (int)innocent);
	mkdir(PIDFILE_DIR, 0755);
	write_file(PIDFILE_DIR "/a.pid", text);
}

static void test_stale_file(void **state)
{
	static const struct run abort_it = { "abort", "--session=a", "", TO_FILE, leave_stale_file, 0 };
	static const struct run run_anyway = { "run", "--no-kexec", PLAN_TEXT, TO_FILE,
					       leave_stale_file, 0 };
	static const struct run elsewhere = { "abort", "--session=../a", "", TO_FILE, NULL, 0 };

	(void)state;
	reset();
	assert_int_equal(run(&abort_it), 1);
	expect_said("no process holds session 'a'");
	expect_said("the innocent one lives");
	reset();
	assert_int_equal(run(&run_anyway), 0);
	expect_not_said("LEFT BEHIND");
	reset();
	assert_int_equal(run(&elsewhere), 1);
	expect_said("'../a' is no session's name");
}

static int share(void **state)
{
	(void)state;
	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	said = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return world == MAP_FAILED || said == MAP_FAILED ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outputs),
		cmocka_unit_test(test_reader_goes_away),
		cmocka_unit_test(test_resume_goes_on),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_resume_stopped),
		cmocka_unit_test(test_hook_is_stopped),
		cmocka_unit_test(test_hook_output),
		cmocka_unit_test(test_only_unloads_its_own),
		cmocka_unit_test(test_silent_recorder),
		cmocka_unit_test(test_hangup_before_the_jump),
		cmocka_unit_test(test_close_is_not_the_end),
		cmocka_unit_test(test_few_files),
		cmocka_unit_test(test_many_plans),
		cmocka_unit_test(test_stale_file),
	};

	return cmocka_run_group_tests(tests, share, NULL);
}
