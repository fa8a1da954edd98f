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

#define EIO 5
#define E2BIG 7
#define EINVAL 22
#define ESTALE 116

#define READ(to, from) bpf_core_read(&(to), sizeof(to), &(from))

#endif
