// SPDX-License-Identifier: GPL-2.0-only
/*
 * The capabilities of this process: see caps.h. Called by live.c and by what says why BPF programs
 * cannot be loaded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/outfile.h"
#include "live/caps.h"

static bool caps__has(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t value;

	return !cap_get_flag(caps, cap, CAP_EFFECTIVE, &value) && value == CAP_SET;
}

const char *caps__missing_for_bpf(void)
{
	cap_t caps = cap_get_proc();
	bool bpf, perfmon;

	if (!caps)
		return NULL;
	bpf = caps__has(caps, CAP_BPF) || caps__has(caps, CAP_SYS_ADMIN);
	perfmon = caps__has(caps, CAP_PERFMON) || caps__has(caps, CAP_SYS_ADMIN);
	cap_free(caps);
	if (!bpf)
		return perfmon ? "CAP_BPF" : "CAP_BPF and CAP_PERFMON";
	return perfmon ? NULL : "CAP_PERFMON";
}

static bool caps__can_write_all(const struct caps_needs *needs)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(needs->writes); i++)
		if (needs->writes[i] && !outfile__may_commit(needs->writes[i]))
			return false;
	return true;
}

static int caps__keep(cap_t kept, cap_t had, cap_value_t cap)
{
	if (!caps__has(had, cap))
		return 0;
	return cap_set_flag(kept, CAP_PERMITTED, 1, &cap, CAP_SET) ||
	       cap_set_flag(kept, CAP_EFFECTIVE, 1, &cap, CAP_SET) ? -1 : 0;
}

/* What is effective goes first, so that it is the rest of the rights that is asked. */
static int caps__apply(cap_t had, cap_t kept, const struct caps_needs *needs)
{
	cap_t tried = cap_dup(had);
	int err;

	err = !tried || cap_clear_flag(tried, CAP_EFFECTIVE) || cap_set_proc(tried);
	cap_free(tried);
	if (err || (needs->signals && caps__keep(kept, had, CAP_KILL)))
		return -1;
	if (!caps__can_write_all(needs) && caps__keep(kept, had, CAP_DAC_OVERRIDE))
		return -1;
	return cap_set_proc(kept) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -1 : 0;
}

int caps__drop(const struct caps_needs *needs, struct fault *fault)
{
	cap_t had = cap_get_proc(), kept = cap_init();
	int err = had && kept ? caps__apply(had, kept, needs) : -1;

	if (err)
		fault__set(fault, "cannot give up capabilities: %s", strerror(errno));
	cap_free(had);
	cap_free(kept);
	return err;
}
