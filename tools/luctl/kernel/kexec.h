/* SPDX-License-Identifier: GPL-2.0-only */
/* Loading the next kernel and jumping into it. */
#ifndef LUCTL_KEXEC_H
#define LUCTL_KEXEC_H

/* @initrd may be NULL. Reports what fails. */
int kexec__load(const char *image, const char *initrd, const char *cmdline);
/* Unloads what kexec__load() of this process has loaded; a kernel that another one loaded stays */
void kexec__unload(void);

/* Returns only when it failed: the negative errno */
int kexec__reboot(void);

/* The running kernel's command line; caller frees. Reports and returns NULL when it fails. */
char *kexec__running_cmdline(void);

#endif
