/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all parts of walk.bpf.c need: headers, error numbers, and reading kernel memory, which
 * gives an error where nothing is mapped. Included by the parts alone.
 */
#ifndef LUTRACE_WALK_BASE_BPF_H
#define LUTRACE_WALK_BASE_BPF_H

#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "kernel_types.h"
#include "events.h"

#define ENOENT 2
#define EIO 5
#define E2BIG 7
#define EAGAIN 11
#define EINVAL 22
#define ESTALE 116

/* Reads the member @from of a kernel structure into @to. 0, or an error that leaves @to 0. */
#define READ(to, from) bpf_core_read(&(to), sizeof(to), &(from))

/* Where a member is in the running kernel's structure that @ptr is of, whatever @ptr points to. */
#ifndef OFFSET_OF	/* a unit test has its own */
#define OFFSET_OF(ptr, member) __builtin_preserve_field_info((ptr)->member, BPF_FIELD_BYTE_OFFSET)
#endif

/* What a program that user space runs leaves to it; read before the next one is run. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LUTRACE_FOUND_BATCH);
	__type(key, __u32);
	__type(value, union lutrace_found);
} found SEC(".maps");

#endif
