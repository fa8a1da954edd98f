// SPDX-License-Identifier: GPL-2.0-only
/* Runs a plan's commands: see hook.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drive/hook.h"
#include "drive/say.h"
#include "drive/stop.h"

#define EXIT_NO_SHELL 127

/* Opened after the parent looked at them, so that they are not what is closed at exec */
static void hook__redirect(int from, int to)
{
	int null = -1;

	if (from == to)
		return;
	if (from < 0)
		from = null = open("/dev/null", O_RDWR);
	dup2(from, to);
	if (null > to)
		close(null);
}

/*
 * In a process group of its own, so that what ends luctl by ^C ends the hook by luctl, and without
 * an input: reading from the terminal would stop it there.
 */
static void __attribute__((noreturn)) hook__exec(const char *command, int out, int err)
{
	setpgid(0, 0);
	stop__reset();
	hook__redirect(-1, STDIN_FILENO);
	hook__redirect(out, STDOUT_FILENO);
	hook__redirect(err, STDERR_FILENO);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(EXIT_NO_SHELL);
}

static int hook__check_status(const struct plan_hook *hook, int status)
{
	const char *stage = plan__stage_name(hook->stage);

	if (stop__check())
		return -1;
	if (WIFSIGNALED(status))
		return say__error("hook %s '%s' (line %d of the plan) was killed by signal %d",
				  stage, hook->command, hook->line, WTERMSIG(status));
	if (WEXITSTATUS(status))
		return say__error("hook %s '%s' (line %d of the plan) ended with status %d", stage,
				  hook->command, hook->line, WEXITSTATUS(status));
	say__step("hook %s '%s'", stage, hook->command);
	return 0;
}

static int hook__run_one(const struct plan_hook *hook)
{
	int out = say__output_for_child(STDOUT_FILENO), status, err;
	int err_out = say__output_for_child(STDERR_FILENO);
	pid_t pid;

	pid = fork();
	if (!pid)
		hook__exec(hook->command, out, err_out);
	err = pid < 0 ? -errno : 0;
	if (!err) {
		/* Here too: whichever of both runs first */
		setpgid(pid, pid);
		err = stop__wait_for(pid, &status);
	}
	if (err)
		return say__errno(err, "starting hook %s '%s' (line %d of the plan) failed",
				  plan__stage_name(hook->stage), hook->command, hook->line);
	return hook__check_status(hook, status);
}

int hook__run(const struct plan *plan, enum plan_stage stage)
{
	size_t i;

	for (i = 0; i < plan->nr_hooks; i++)
		if (plan->hooks[i].stage == stage && hook__run_one(&plan->hooks[i]))
			return -1;
	return 0;
}
