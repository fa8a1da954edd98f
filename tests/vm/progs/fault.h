/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's fault injection: the Nth allocation of the calling thread fails. */
#ifndef PROGS_FAULT_H
#define PROGS_FAULT_H

#include <stdbool.h>

/*
 * Lets every allocation fail that may, of slab objects and of pages of any order, and faults in all
 * memory of this process, now and later, so that none of the allocations are its own page faults.
 */
bool fault__init(void);

void fault__arm(unsigned int nth);
/* Returns whether an allocation has failed since it was armed */
bool fault__disarm(void);

#endif
