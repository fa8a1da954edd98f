/* SPDX-License-Identifier: GPL-2.0-only */
/* Test points as KTAP on stdout: a group has a name, and its points fail with the first reason. */
#ifndef PROGS_TAP_H
#define PROGS_TAP_H

#include <stdbool.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Begins a group: its name goes before that of its points, and nothing has failed yet */
void tap__group(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Both return whether it is as it must be, and keep the reason if it is the group's first */
bool tap__true(bool cond, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* @ret and @want: a negative errno, or >= 0 for success; @fmt names the call */
bool tap__want(int ret, int want, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

void tap__point(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The reason alone, from a child process that has no points of its own */
void tap__reason(void);

/* Prints the plan and returns the exit status */
int tap__end(void);

#endif
