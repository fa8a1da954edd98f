/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of the next kernel, from what its owner wrote and that of the running one. */
#ifndef NEXT_CMDLINE_EXPAND_H
#define NEXT_CMDLINE_EXPAND_H

/*
 * @template with the word @CMDLINE@ replaced by @running, in which words whose key the template
 * sets as well are overridden. Caller frees; NULL: no memory.
 */
char *cmdline__expand(const char *template, const char *running);

#endif
