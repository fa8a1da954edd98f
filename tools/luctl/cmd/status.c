// SPDX-License-Identifier: GPL-2.0-only
/*
 * luctl status: what can be known without opening /dev/liveupdate, whose open is exclusive and
 * takes over the previous kernel's state.
 */
#include <argp.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/options.h"

#include "cmd/commands.h"
#include "drive/pidfile.h"
#include "kernel/session.h"
#include "plan/plan.h"

/* What is there, what to do if not, and whether a live update needs it */
static const struct check {
	const char *path;
	const char *name;
	const char *hint;
	bool needed;
} cmd_status__checks[] = {
	{ LUO_DEVICE, "live update", "boot with kho=on liveupdate=on, CONFIG_LIVEUPDATE", true },
	{ "/dev/iommu", "iommufd", "CONFIG_IOMMUFD", true },
	{ "/sys/bus/pci/drivers/vfio-pci", "vfio-pci", "modprobe vfio-pci, CONFIG_VFIO_PCI", true },
	{ "/sys/kernel/iommu_groups/0", "IOMMU", "boot with intel_iommu=on, or CONFIG_AMD_IOMMU",
	  true },
	{ "/sys/kernel/tracing/events/iommu_liveupdate", "lutrace's patches",
	  "mount tracefs on /sys/kernel/tracing, apply kernel-patches", false },
	{ "/sys/kernel/debug/kho/in", "handed over by a previous kernel",
	  "this boot was no live update, or debugfs is not mounted", false },
};

static bool cmd_status__report_checks(void)
{
	bool found, complete = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cmd_status__checks); i++) {
		found = !access(cmd_status__checks[i].path, F_OK);
		if (found)
			printf("%-34s yes  %s\n", cmd_status__checks[i].name,
			       cmd_status__checks[i].path);
		else
			printf("%-34s no   %s\n", cmd_status__checks[i].name,
			       cmd_status__checks[i].hint);
		if (cmd_status__checks[i].needed && !found)
			complete = false;
	}
	return complete;
}

static void cmd_status__report_kernel(void)
{
	struct utsname name;
	char loaded[8] = "";
	FILE *f;

	if (!uname(&name))
		printf("%-34s %s\n", "kernel", name.release);
	f = fopen("/sys/kernel/kexec_loaded", "re");
	if (!f)
		f = fopen("/sys/kernel/kexec/loaded", "re");
	if (!f)
		return;
	if (fgets(loaded, sizeof(loaded), f))
		printf("%-34s %s\n", "next kernel loaded", *loaded == '1' ? "yes" : "no");
	fclose(f);
}

/* The session whose file @name is, or false */
static bool cmd_status__session(const char *name, char session[PLAN_SESSION_SIZE])
{
	size_t length = strlen(name), suffix = strlen(PIDFILE_SUFFIX);

	if (length <= suffix || strcmp(name + length - suffix, PIDFILE_SUFFIX) ||
	    length - suffix >= PLAN_SESSION_SIZE)
		return false;
	snprintf(session, PLAN_SESSION_SIZE, "%.*s", (int)(length - suffix), name);
	return !plan__refuse_session(session);
}

static void cmd_status__report_sessions(void)
{
	char session[PLAN_SESSION_SIZE];
	struct dirent *entry;
	DIR *dir = opendir(PIDFILE_DIR);
	pid_t holder;

	while (dir && (entry = readdir(dir))) {
		if (!cmd_status__session(entry->d_name, session))
			continue;
		holder = pidfile__holder(session);
		if (holder)
			printf("session %-26s held by process %d\n", session, (int)holder);
	}
	if (dir)
		closedir(dir);
}

static error_t cmd_status__parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is not expected; status takes no arguments", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_status(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = cmd_status__parse,
		.doc = "Say what this kernel has for a live update, and who holds a session. "
		       "Status 1: something needed is missing.",
	};
	bool complete;

	options__parse(&argp, argc, argv, 0, NULL);
	cmd_status__report_kernel();
	complete = cmd_status__report_checks();
	cmd_status__report_sessions();
	return complete ? EXIT_SUCCESS : EXIT_FAILURE;
}
