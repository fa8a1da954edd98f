// SPDX-License-Identifier: GPL-2.0-only
/* See options.h. */
#include <stdlib.h>
#include "lib/fault.h"
#include "lib/options.h"

void options__parse(const struct argp *argp, int argc, char **argv, unsigned int flags, void *input)
{
	fault__mask_stderr(true);
	if (argp_parse(argp, argc, argv, flags, NULL, input))
		exit(argp_err_exit_status);
	fault__mask_stderr(false);
}
