// SPDX-License-Identifier: GPL-2.0-only
/* Probes of the live update itself: KHO, the Live Update Orchestrator, memfds, devices, kexec. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "health/probe.h"

/* What can be seen of KHO by whom: the device, debugfs, the command line. */
void probe__kho(struct doctor *d, const struct probe *probe)
{
	enum cmdline_switch asked = d->asked.kho;
	struct stat st;
	int err;

	if (d->from->btf && !doctor__has_function(d, "kho_preserve_folio")) {
		probe__found(d, probe, FINDING_MISSING, "CONFIG_KEXEC_HANDOVER=y",
			     "this kernel has no kexec handover");
		return;
	}
	err = doctor__lstat(d, "/sys/kernel/debug/kho", &st);
	if (!err || !doctor__lstat(d, "/dev/liveupdate", &st))
		probe__ok(d, probe, "kexec handover is on (%s is there)",
			  err ? "/dev/liveupdate" : "/sys/kernel/debug/kho");
	else if (!d->cmdline)
		probe__found(
			d, probe, FINDING_UNKNOWN, MOUNT_PROC,
			"whether kexec handover is on is not seen (there is no /proc/cmdline and "
			"no /sys/kernel/debug/kho)");
	else if (asked == CMDLINE_ON && err != ENOENT)
		probe__found(d, probe, FINDING_UNKNOWN, "run as root, with debugfs mounted",
			     "kho=on was asked for; whether it is on is not seen "
			     "(/sys/kernel/debug/kho: %s)",
			     strerror(err));
	else if (asked == CMDLINE_ON)
		probe__found(
			d, probe, FINDING_UNKNOWN,
			"mount -t debugfs debugfs /sys/kernel/debug; look for KHO in the kernel "
			"log",
			"kho=on was asked for; whether it is on is not seen (debugfs is not "
			"mounted, or the kernel has no CONFIG_KEXEC_HANDOVER_DEBUGFS)");
	else
		probe__missing(
			d, probe, "kexec handover is %s",
			asked == CMDLINE_OFF
				? "switched off on the command line"
				: "not seen to be on, and kho=on is not on the command line");
}

void probe__liveupdate(struct doctor *d, const struct probe *probe)
{
	enum cmdline_switch asked = d->asked.liveupdate;
	struct stat st;
	int err = doctor__lstat(d, "/dev/liveupdate", &st);

	if (!err)
		probe__ok(d, probe, "/dev/liveupdate is there (lutrace never opens it)");
	else if (d->from->btf && !doctor__has_function(d, "liveupdate_enabled"))
		probe__found(d, probe, FINDING_MISSING, "CONFIG_LIVEUPDATE=y",
			     "this kernel has no Live Update Orchestrator");
	else if (!d->cmdline || doctor__lstat(d, "/dev/null", &st))
		probe__found(d, probe, FINDING_UNKNOWN,
			     d->cmdline ? "mount devtmpfs on /dev" : MOUNT_PROC,
			     "/dev/liveupdate is not there (%s), and there is no %s to tell why",
			     strerror(err), d->cmdline ? "/dev/null either" : "/proc/cmdline");
	else
		probe__found(d, probe, FINDING_MISSING,
			     asked == CMDLINE_ON
				     ? "boot with kho=on as well; look in the kernel log"
				     : probe->advice,
			     "/dev/liveupdate is not there (%s), and liveupdate=on is %son the "
			     "command line",
			     strerror(err), asked == CMDLINE_ON ? "" : "not ");
}

/* What HWPTs map is memfds of the same session. */
void probe__memfd(struct doctor *d, const struct probe *probe)
{
	if (!d->from->btf)
		return;
	if (doctor__has_function(d, "memfd_luo_preserve"))
		probe__ok(d, probe, "memfds can be preserved");
	else
		probe__missing(d, probe,
			       "this kernel cannot preserve memfds, which is all that a "
			       "preserved HWPT may map");
}

/* An IOMMU that the kernel drives is in sysfs, whichever it is. */
void probe__iommu(struct doctor *d, const struct probe *probe)
{
	char *path = doctor__path(d, "/sys/class/iommu");
	DIR *dir = opendir(path);
	const struct dirent *entry;
	char name[256] = "";
	struct stat st;

	while (dir && !*name && (entry = readdir(dir)))
		if (*entry->d_name != '.')
			snprintf(name, sizeof(name), "%s", entry->d_name);
	if (*name)
		probe__ok(d, probe, "there is an IOMMU (%s)", name);
	else if (doctor__lstat(d, "/sys/kernel", &st))
		probe__found(d, probe, FINDING_UNKNOWN, "mount sysfs on /sys",
			     "there is no /sys, so it cannot be told whether there is an IOMMU");
	else
		probe__missing(d, probe,
			       "no IOMMU is in use (/sys/class/iommu is empty or not there)");
	if (dir)
		closedir(dir);
	free(path);
}

/* A VMM opens its devices there; the memory of a guest comes through without one. */
void probe__vfio(struct doctor *d, const struct probe *probe)
{
	struct stat st;

	if (!doctor__lstat(d, "/sys/bus/pci/drivers/vfio-pci", &st))
		probe__ok(d, probe, "the driver vfio-pci is there");
	else if (doctor__lstat(d, "/sys/bus/pci", &st))
		probe__found(d, probe, FINDING_UNKNOWN, "mount sysfs on /sys",
			     "there is no /sys/bus/pci, so it cannot be told whether there is a "
			     "driver vfio-pci");
	else
		probe__missing(d, probe,
			       "there is no driver vfio-pci, by which devices are given to "
			       "guests");
}

void probe__kexec(struct doctor *d, const struct probe *probe)
{
	char *disabled = doctor__text(d, "/proc/sys/kernel/kexec_load_disabled");
	struct stat st;

	if (disabled && !strcmp(disabled, "0"))
		probe__ok(d, probe, "a next kernel can be loaded");
	else if (disabled)
		probe__found(d, probe, FINDING_MISSING,
			     "do not set it, or load the next kernel before it is set",
			     "kernel.kexec_load_disabled is set, until the next boot");
	else if (doctor__lstat(d, "/proc/sys/kernel", &st))
		probe__no_proc(d, probe, "this kernel has kexec");
	else
		probe__missing(d, probe,
			       "this kernel has no kexec "
			       "(/proc/sys/kernel/kexec_load_disabled is not there)");
	free(disabled);
}
