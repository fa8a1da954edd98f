// SPDX-License-Identifier: GPL-2.0-only
/* Signals, between two steps and while a child runs: see stop.h. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mem.h"

#include "drive/say.h"
#include "drive/stop.h"

static volatile sig_atomic_t stop__signal;

static const int stop__signals[] = { SIGINT, SIGTERM, SIGHUP };
static const int stop__ignored[] = { SIGPIPE, SIGXFSZ };
/* Ignored by children too: a hook is no job of the terminal, and would wait for ever if it stopped
 */
static const int stop__terminal[] = { SIGTTOU, SIGTTIN };

static void stop__on_signal(int signal)
{
	stop__signal = signal;
}

/* A child's end and a hangup that is no reason to end: they only wake up who waits */
static void stop__on_other(int signal)
{
	(void)signal;
}

static void stop__set(int signal, void (*handler)(int))
{
	/* No SA_RESTART: who waits wakes up */
	struct sigaction action = { .sa_handler = handler };

	sigemptyset(&action.sa_mask);
	sigaction(signal, &action, NULL);
}

static bool stop__is_ignored(int signal)
{
	struct sigaction action;

	return !sigaction(signal, NULL, &action) && action.sa_handler == SIG_IGN;
}

void stop__init(enum stop_hangup hangup)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stop__ignored); i++)
		stop__set(stop__ignored[i], SIG_IGN);
	for (i = 0; i < ARRAY_SIZE(stop__terminal); i++)
		stop__set(stop__terminal[i], SIG_IGN);
	stop__set(SIGINT, stop__on_signal);
	stop__set(SIGTERM, stop__on_signal);
	stop__set(SIGCHLD, stop__on_other);
	if (hangup == STOP_NEVER_ON_HANGUP)
		stop__set(SIGHUP, stop__on_other);
	else if (!stop__is_ignored(SIGHUP))
		stop__set(SIGHUP, stop__on_signal);
}

void stop__reset(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stop__ignored); i++)
		stop__set(stop__ignored[i], SIG_DFL);
	for (i = 0; i < ARRAY_SIZE(stop__signals); i++)
		if (!stop__is_ignored(stop__signals[i]))
			stop__set(stop__signals[i], SIG_DFL);
	stop__set(SIGCHLD, SIG_DFL);
}

int stop__requested(void)
{
	return stop__signal;
}

int stop__check(void)
{
	if (!stop__signal)
		return 0;
	return say__error("stopped by SIG%s", sigabbrev_np(stop__signal));
}

/* Blocks what wakes up who waits, so that nothing comes between a look and sigsuspend(@old) */
static void stop__block(sigset_t *old)
{
	sigset_t block;
	size_t i;

	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	for (i = 0; i < ARRAY_SIZE(stop__signals); i++)
		sigaddset(&block, stop__signals[i]);
	sigprocmask(SIG_BLOCK, &block, old);
}

void stop__wait(void)
{
	sigset_t old;

	stop__block(&old);
	while (!stop__signal)
		sigsuspend(&old);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

int stop__wait_for(pid_t pid, int *status)
{
	bool passed_on = false;
	sigset_t old;
	pid_t ended;

	stop__block(&old);
	for (;;) {
		ended = waitpid(pid, status, WNOHANG);
		if (ended)
			break;
		if (stop__signal && !passed_on) {
			kill(-pid, stop__signal);
			passed_on = true;
		}
		sigsuspend(&old);
	}
	ended = ended < 0 ? -errno : 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ended;
}
