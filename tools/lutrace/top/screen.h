/* SPDX-License-Identifier: GPL-2.0-only */
/* The terminal of `lutrace top`: keys, drawing, and the way back to what it was. */
#ifndef LUTRACE_SCREEN_H
#define LUTRACE_SCREEN_H

#include "lib/fault.h"
#include "top/top.h"

struct screen;

/* -1 with @fault set if standard input and output are no terminal that a screen can be on. */
int screen__possible(struct fault *fault);
/*
 * Takes the terminal, of which there is one. It is given back by
 * screen__close(), when the process exits, and before a fatal signal ends it.
 * @order must outlive the screen, which changes it as keys tell.
 */
struct screen *screen__open(const char *release, struct top_order *order, struct fault *fault);
/* Does what the keys say that were pressed since the last call; draws if there were any. */
void screen__keys(struct screen *s, struct top_view *v);
void screen__draw(struct screen *s, struct top_view *v);
/* The user wants to end, or to keep looking at what is shown. */
bool screen__quit(const struct screen *s);
bool screen__paused(const struct screen *s);
void screen__close(struct screen *s);

#endif
