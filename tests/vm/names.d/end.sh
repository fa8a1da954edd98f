#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Ends the recording, and waits until it is written.
pid=$(cat /run/record.pid)
kill -INT "$pid" || exit 1
while [ -d "/proc/$pid" ]; do sleep 0.1; done
