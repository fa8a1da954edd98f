/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Go or no-go before the jump: what follows from what was found. Touches no kernel; called by
 * cmd/ready.c, which finds it.
 */
#ifndef LUTRACE_READY_H
#define LUTRACE_READY_H

#include <stdio.h>
#include "health/findings.h"
#include "health/ready_bpf.h"
#include "next/remarks.h"
#include "objects/lister.h"

/* What was found, and where nothing was found, why. Nothing here is owned. */
struct ready_facts {
	const struct findings *machine; /* doctor's; those for an update count */
	const struct listing *list;	/* NULL: could not be had */
	const char *list_fault;
	const char *image; /* of the next kernel; NULL: not given */
	const struct remarks *remarks;
	int loaded; /* a next kernel is: 1, it is not: 0, not known: -1, and why */
	const char *loaded_fault;
	const struct ready_kernel *kernel; /* NULL: could not be had */
	const char *kernel_fault;
	char *const *no_reset; /* devices of domains that cannot be reset */
	size_t nr_no_reset;
	bool blocks_known; /* of KHO's debugfs */
	__u64 blocks;	   /* of memory that KHO preserves now */
	const char *blocks_fault;
	bool emulated; /* QEMU TCG, for which alone there are measurements */
};

/* How much longer the next kernel's early boot takes, in seconds. */
struct blackout {
	bool known;
	double least, most; /* if no block lies beside another; 0 if all do */
};

enum ready_verdict {
	READY_GO,
	READY_NO_GO, /* wins over unknown */
	READY_UNKNOWN,
};

/* The reasons; those with FOR_UPDATE count, the others are only worth knowing. */
void ready__judge(const struct ready_facts *facts, struct findings *reasons,
		  struct blackout *blackout);
enum ready_verdict ready__verdict(const struct findings *reasons);
const char *ready_verdict__name(enum ready_verdict verdict);
/* The exit status of lutrace ready. */
int ready_verdict__status(enum ready_verdict verdict);

void ready__print(const struct findings *reasons, FILE *f);
/* docs/lutrace-ready.1 and docs/ready.schema.json document it. Returns -1 if it could not be
 * written. */
#define READY_SCHEMA "lutrace-ready/2"
int ready__json(const struct ready_facts *facts, const struct findings *reasons,
		const struct blackout *blackout, FILE *f);

#endif
