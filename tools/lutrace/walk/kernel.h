/* SPDX-License-Identifier: GPL-2.0-only */
/* What the running kernel has, and clear words for what it lacks. */
#ifndef LUTRACE_KERNEL_H
#define LUTRACE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/fault.h"

struct btf;

/* The kernel's types; NULL with @fault set if there are none to be had. */
struct btf *kernel__btf(struct fault *fault);
bool kernel__has_tracepoint(const struct btf *btf, const char *name);
bool kernel__has_struct(const struct btf *btf, const char *name);
bool kernel__has_function(const struct btf *btf, const char *name);
bool kernel__has_member(const struct btf *btf, const char *name, const char *member);
/*
 * Bytes before the member of a structure, which may be in a nameless one within it, and the size of a
 * structure; -1 if the kernel has none of it.
 */
long kernel__offset_of(const struct btf *btf, const char *name, const char *member);
long kernel__size_of(const struct btf *btf, const char *name);

/* @fault says which kernel lacks @what and what to do; returns -1. */
int kernel__lacks(struct fault *fault, const char *what);

#define KERNEL_UNLOCK "boot without lockdown=confidentiality"
/* By lockdown=confidentiality, as far as securityfs tells. */
bool kernel__locked_down(void);

/* Describes why the BPF programs could not be loaded or attached (@err < 0). */
int kernel__bpf_failed(struct fault *fault, const char *what, int err);

/* Describes why tracefs refused to @what (@err > 0); returns -1. */
int kernel__tracefs_refused(struct fault *fault, const char *what, int err);

/* Whether the user does without BPF: $LUTRACE_NO_BPF is not empty and not 0. @fault says so. */
bool kernel__bpf_unwanted(struct fault *fault);

/* Bytes that the kernel accounts to a BPF map or program, by its file descriptor; 0: not told. */
uint64_t kernel__bpf_memory(int fd);

/* Sends libbpf's own messages to stderr, or nowhere. */
void kernel__verbose(bool verbose);

#endif
