#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The hooks of memory.plan, one argument each: pushes at the memory of the memfds that luctl holds.
read -r pid _ </run/luctl/memory.pid

# try NAME COMMAND...: a line "ok NAME" or "not ok NAME" and the reason in /share/hooks
try() {
	_name=$1
	shift
	if abuse "$@" >/run/abuse.out 2>&1; then
		echo "ok $_name" >>/share/hooks
	else
		echo "not ok $_name" >>/share/hooks
		tail -n 1 /run/abuse.out >>/share/hooks
	fi
}

start_hog() {
	abuse hog /run/hog >/dev/null 2>&1 &
	until [ -e /run/hog.filled ]; do
		kill -0 $! || { echo "not ok the hog" >>/share/hooks; exit 1; }
		sleep 0.1
	done
}

case $1 in
retrieved)
	try "retrieved: reclaim moves nothing" pageout "$pid"
	try "retrieved: khugepaged moves nothing" collapse "$pid"
	try "retrieved: compaction moves nothing" compact "$pid"
	;;
reclaimed)
	try "reclaimed: the size cannot be changed" truncate "$pid"
	try "reclaimed: khugepaged moves nothing" collapse "$pid"
	try "reclaimed: compaction moves nothing" compact "$pid"
	start_hog
	;;
finished)
	try "finished: khugepaged moves nothing" collapse "$pid"
	try "finished: compaction moves nothing" compact "$pid"
	;;
esac
