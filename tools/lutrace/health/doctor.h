/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this machine has for lutrace and for a live update. It only looks: no BPF program is loaded,
 * nothing is mounted, /dev/liveupdate is not opened. Called by lutrace doctor, ready, bundle and
 * --version.
 */
#ifndef LUTRACE_DOCTOR_H
#define LUTRACE_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "health/findings.h"

struct btf;

struct doctor_from {
	const char *root;		/* in front of all paths: "" for this machine */
	const struct btf *btf;		/* the kernel's types, or NULL and */
	const char *btf_fault;		/* why there are none */
	const char *const *tracepoints; /* that a recording needs */
	size_t nr_tracepoints;
};

void doctor__look(const struct doctor_from *from, struct findings *out);

/* The same for the running machine. */
void doctor__look_here(struct findings *out);

/* Kernel and tool, the findings, with @details what would make their lines too long, and what would
 * work. */
void doctor__print(const struct findings *list, bool details, FILE *f);
/* docs/lutrace-doctor.1 documents it. Returns -1 if it could not be written. */
#define DOCTOR_SCHEMA "lutrace-doctor/1"
int doctor__json(const struct findings *list, FILE *f);

#endif
