/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A command that returns to who started it when it has begun its work, and goes on in the background.
 * Whoever waits for it then knows that it has begun, or with which status it ended before.
 */
#ifndef LUTRACE_BACKGROUND_H
#define LUTRACE_BACKGROUND_H

struct background;

/*
 * To be called before anything is opened. Returns in a child of the calling process, in a session of its
 * own, with nothing to read on standard input; the calling process ends when the child says that it is
 * ready, with status 0, or with that of the child. If there can be no child it ends with a sentence.
 */
struct background *background__begin(void);
/* It has begun. @b may be NULL: it was not asked for. */
void background__ready(struct background *b);
void background__free(struct background *b);

#endif
