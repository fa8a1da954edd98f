/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the running kernel has the functions and variables that lutrace looks for. */
#ifndef LUTRACE_KSYMS_H
#define LUTRACE_KSYMS_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/fault.h"

struct ksyms;

/*
 * Asks the kernel; @verbose: with libbpf's own messages. Needs CAP_BPF, CAP_PERFMON and CAP_SYSLOG, and
 * CONFIG_KALLSYMS. Returns NULL with @fault set; a symbol that the kernel lacks is not a fault.
 */
struct ksyms *ksyms__load(bool verbose, struct fault *fault);
/* NULL if none of those that lutrace looks for is there */
const char *ksyms__name_at(const struct ksyms *ksyms, uint64_t address);
/* 0 if the kernel has none of that name. It must be one of those in ksyms_bpf.c. */
uint64_t ksyms__address_of(const struct ksyms *ksyms, const char *name);
void ksyms__free(struct ksyms *ksyms);

#endif
