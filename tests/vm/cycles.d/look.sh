#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# look.sh POINT: as the test's own look, for the plan's hooks
. /share/guest.sh
. /share/test.sh
look "$1"
