#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Right before the jump: ends what watches the first kernel.
. /share/guest.sh
. /share/test.sh
end_watching
