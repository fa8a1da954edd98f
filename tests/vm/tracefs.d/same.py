# SPDX-License-Identifier: GPL-2.0-only
"""same.py BPF TRACEFS: both recordings have the same events, and TRACEFS has them in their order.

A trace buffer does not tell what an unpreserve finds at its begin, nor of a task that is gone
whose process it was; of these 0 stands for "not known".
"""
import struct
import sys

EVENT = struct.Struct("<IIII7QIIiIII")
NAMES = ("type size op phase time seq ser generation top tables bytes format level ret cpu pid "
         "tid").split()
LATENCY = 2
UNPRESERVE, BEGIN = 1, 0


def read(path):
    """The events of a recording, and the number of its latencies."""
    with open(path, "rb") as f:
        data = f.read()
    assert data[:8] == b"lutrace\0", path
    at = struct.unpack_from("<I", data, 16)[0]
    events, latencies = [], 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 1:
            events.append(dict(zip(NAMES, EVENT.unpack_from(data, at))))
        latencies += kind == LATENCY
        at += size
    return events, latencies


bpf, bpf_latencies = read(sys.argv[1])
tracefs, tracefs_latencies = read(sys.argv[2])
bpf.sort(key=lambda e: e["seq"])
assert bpf and len(bpf) == len(tracefs), (len(bpf), len(tracefs))
assert bpf_latencies == tracefs_latencies, (bpf_latencies, tracefs_latencies)
assert any(e["pid"] for e in tracefs)
for a, b in zip(bpf, tracefs):
    if (a["op"], a["phase"]) == (UNPRESERVE, BEGIN):
        a.update(top=0, tables=0, bytes=0, format=0, level=0)
    if not b["pid"]:
        a["pid"] = 0
    assert abs(a["time"] - b["time"]) < 10**8, (a, b)
    assert {**a, "time": 0} == {**b, "time": 0}, (a, b)
print(len(bpf), "events")
