// SPDX-License-Identifier: GPL-2.0-only
/* The operations of the tracepoints: for all who read or show events. */
#include <linux/types.h>
#include "bpf/events.h"
#include "model/op.h"

const char *op__name(unsigned int op)
{
	static const char *const names[LUTRACE_NR_OPS] = {
		[LUTRACE_OP_PRESERVE] = "preserve",
		[LUTRACE_OP_UNPRESERVE] = "unpreserve",
		[LUTRACE_OP_RESTORE] = "restore",
		[LUTRACE_OP_FLB_PRESERVE] = "flb_preserve",
		[LUTRACE_OP_FLB_UNPRESERVE] = "flb_unpreserve",
		[LUTRACE_OP_FLB_RETRIEVE] = "flb_retrieve",
		[LUTRACE_OP_FLB_FINISH] = "flb_finish",
	};

	return op < LUTRACE_NR_OPS ? names[op] : "unknown";
}

bool op__is_flb(unsigned int op)
{
	return op >= LUTRACE_OP_FLB_PRESERVE;
}
