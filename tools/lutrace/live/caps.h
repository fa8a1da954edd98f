/* SPDX-License-Identifier: GPL-2.0-only */
/* The capabilities of this process: which it lacks, and giving up what it does not need any more. */
#ifndef LUTRACE_CAPS_H
#define LUTRACE_CAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/capability.h>
#include "lib/fault.h"

/* From ABI headers that are younger than some distributions'. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

/* How a program that root does not start gets the capabilities of its task. */
#define CAPS_FOR_BPF	"cap_bpf,cap_perfmon"
#define CAPS_FOR_WALK	"cap_bpf,cap_perfmon,cap_syslog,cap_sys_rawio,cap_dac_read_search"
#define CAPS_REMEDY(caps) "run as root, or give lutrace what it needs: setcap " caps "+ep FILE, " \
			  "or AmbientCapabilities= in a systemd unit"

/*
 * Which of those for BPF programs on tracepoints this process lacks: "CAP_BPF and
 * CAP_PERFMON", one of them, or NULL. The text is constant.
 */
const char *caps__missing_for_bpf(void);

/* What a process still has to be able to do that has given up its capabilities. */
struct caps_needs {
	bool signals;			/* send signals to a process of another user */
	const char *writes[4];		/* create or replace these files; NULL: none */
};

/*
 * Gives up all capabilities but those that @needs stands for, as far as the process has
 * them: CAP_KILL; CAP_DAC_OVERRIDE if a file could not be written without it. Gives up as well
 * whatever it could gain by executing something. Returns -1 with @fault set.
 */
int caps__drop(const struct caps_needs *needs, struct fault *fault);

#endif
