# SPDX-License-Identifier: GPL-2.0-only
# For the test and for the hook of its plan

# record NAME: returns when it records
record() {
	lutrace record --deep -o "/share/$1.rec" --pidfile /run/record.pid 2>"/share/$1.log" &
	said "/share/$1.log" '^recording$'
}

# end_record: the walk that runs comes to its end first
end_record() {
	_pid=$(cat /run/record.pid)
	kill -INT "$_pid"
	while [ -d "/proc/$_pid" ]; do sleep 0.1; done
}
