#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# Ends both recordings whose names end with $1, and waits until they are written.
for name in bpf tracefs; do
	pid=$(cat "/run/$name$1.pid")
	kill -INT "$pid" || exit 1
	while [ -d "/proc/$pid" ]; do sleep 0.1; done
done
