/* SPDX-License-Identifier: GPL-2.0-only */
/* Folders that must be there before something is written into them. Any tool may call it. */
#ifndef LIB_FOLDER_H
#define LIB_FOLDER_H

#include "lib/fault.h"

/* Makes @path, and all above it that are not there. -1 with @fault. */
int folder__make(const char *path, struct fault *fault);
/* The same of what the file @path is in. */
int folder__make_for(const char *path, struct fault *fault);

/*
 * Where this user's data called @name belongs: below $XDG_DATA_HOME or ~/.local/share. To free. NULL with @fault, which
 * names the @option to use, if neither that nor HOME is set.
 */
char *folder__data(const char *name, const char *option, struct fault *fault);

#endif
