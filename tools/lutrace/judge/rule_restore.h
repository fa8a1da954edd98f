/* SPDX-License-Identifier: GPL-2.0-only */
/* What previous.c tells rule restore. */
#ifndef LUTRACE_RULE_RESTORE_H
#define LUTRACE_RULE_RESTORE_H

struct oracle;

/* o->previous was set. */
void rule_restore__expect(struct oracle *o);

#endif
