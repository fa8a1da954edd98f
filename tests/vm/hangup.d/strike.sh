#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# strike.sh STAGE: sends luctl the signal of /run/strike-with if the stage is that of /run/strike-at.
at=$(cat /run/strike-at 2>/dev/null)
[ "$1" = "$at" ] || [ "$at" = all ] || exit 0
read -r pid _ </run/luctl/hangup.pid
kill -"$(cat /run/strike-with)" "$pid"
