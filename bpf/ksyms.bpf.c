// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the running kernel has a symbol, for tools/lutrace/walk/ksyms_bpf.c. The kernel finds a name in
 * its own sorted list, where /proc/kallsyms spells all names out: 300 million instructions more.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "events.h"

char name[LUTRACE_KSYM_SIZE];	/* what is looked for, with zeros to its end */
__u64 address;			/* what was found */

/* Returns 0 or a negative errno: -ENOENT, or -EPERM if the user is shown no addresses. */
SEC("syscall")
int find_symbol(void *ctx)
{
	(void)ctx;
	return bpf_kallsyms_lookup_name(name, sizeof(name), 0, &address);
}

char LICENSE[] SEC("license") = "GPL";
