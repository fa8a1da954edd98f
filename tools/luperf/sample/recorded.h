/* SPDX-License-Identifier: GPL-2.0-only */
/* A sample from the recordings of a live update. `luperf add` calls it. */
#ifndef LUPERF_RECORDED_H
#define LUPERF_RECORDED_H

#include "luperf/sample/sample.h"

/*
 * Reads the recordings of both kernels, @paths (files, or folders of them, in any order), judges them as
 * `lutrace report` does, and takes all that is measured. -1 with @fault: one cannot be read, they are not of two
 * kernels, or it is not known that the first jumped into the second. @run tells apart live updates of machines
 * that are the same in everything, boot ids too; NULL or "": there are none.
 */
int sample__of_recordings(struct sample *s, char *const *paths, size_t nr, const char *run,
			  struct fault *fault);

#endif
