// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drive/hook.h"
#include "drive/say.h"
#include "drive/stop.h"

#define EXIT_NO_SHELL	127

static void __attribute__((noreturn)) run_shell(const char *command)
{
	stop__reset();
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(EXIT_NO_SHELL);
}

/* A signal that stops luctl stops the hook as well, and is answered after the hook's end. */
static int wait_for(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
		if (stop__requested())
			kill(pid, SIGTERM);
	}
	return 0;
}

static int check_status(const struct plan_hook *hook, int status)
{
	const char *stage = plan__stage_name(hook->stage);

	if (stop__check())
		return -1;
	if (WIFSIGNALED(status))
		return say__error("hook %s '%s' (line %d of the plan) was killed by signal %d",
				     stage, hook->command, hook->line, WTERMSIG(status));
	if (WEXITSTATUS(status))
		return say__error("hook %s '%s' (line %d of the plan) ended with status %d",
				     stage, hook->command, hook->line, WEXITSTATUS(status));
	say__step("hook %s '%s'", stage, hook->command);
	return 0;
}

static int run_one(const struct plan_hook *hook)
{
	int status, err;
	pid_t pid;

	pid = fork();
	if (!pid)
		run_shell(hook->command);
	err = pid < 0 ? -errno : wait_for(pid, &status);
	if (err)
		return say__errno(err, "starting hook %s '%s' (line %d of the plan) failed",
				     plan__stage_name(hook->stage), hook->command, hook->line);
	return check_status(hook, status);
}

int hook__run(const struct plan *plan, enum plan_stage stage)
{
	size_t i;

	for (i = 0; i < plan->nr_hooks; i++)
		if (plan->hooks[i].stage == stage && run_one(&plan->hooks[i]))
			return -1;
	return 0;
}
