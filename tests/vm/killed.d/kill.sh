#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kill.sh STAGE: kills luctl if it is to die at this stage.
[ "$1" != "$(cat /run/kill-at)" ] || kill -KILL "$(cut -d " " -f 1 /run/luctl/killed.pid)"
