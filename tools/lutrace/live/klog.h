/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel says of a live update in its own log: errors of the code that does it, and
 * warnings that name a file of it.
 */
#ifndef LUTRACE_KLOG_H
#define LUTRACE_KLOG_H

#include <linux/types.h>
#include <stdbool.h>
#include "lib/fault.h"
#include "recording/recording.h"

struct klog;

/* What was said is gone when it returns; time_ns is that of klog__read(). */
typedef void (*complaint_fn)(void *priv, const struct lutrace_complaint *complaint);

/* NULL with @fault set if the log cannot be read. */
struct klog *klog__open(struct fault *fault);
/* The same of an open file from which a read gives one message, as from /dev/kmsg; closed at the end. */
struct klog *klog__new(int fd);
/* Forgets what was said until now. */
void klog__skip(struct klog *klog);
/* Gives @fn all complaints since the last time, and how many messages were gone before. */
void klog__read(struct klog *klog, __u64 now_ns, complaint_fn fn, void *priv);
void klog__free(struct klog *klog);

/* Whether @text, which the kernel said at @level (3: an error, less: worse), is a complaint. */
bool klog__is_complaint(unsigned int level, const char *text);

#endif
