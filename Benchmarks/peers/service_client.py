"""A light client for the service: sends ready requests over one connection, again and again, and times each.

Reads one line of JSON: host, port, requests (files of whole HTTP requests), and either seconds or count; `begin`, the
time at which to start. Prints one line: the milliseconds of each answer, and how many were not 200.
"""

import json
import socket
import sys
import time
from pathlib import Path

told = json.loads(sys.stdin.readline())
requests = [Path(name).read_bytes() for name in told["requests"]]
connection = socket.create_connection((told["host"], told["port"]))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def ask(request: bytes) -> bool:
    connection.sendall(request)
    answer = b""
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += receive()
    head = answer[:end].lower()
    left = int(head.split(b"content-length:")[1].split(b"\r\n")[0]) - (len(answer) - end - 4)
    while left > 0:
        left -= len(receive())
    return head[9:12] == b"200"


def receive() -> bytes:
    part = connection.recv(1 << 18)
    if not part:
        raise ConnectionError("the service closed the connection")
    return part


time.sleep(max(0.0, told["begin"] - time.time()))
times, failed, number = [], 0, told.get("first", 0)
start = now = time.perf_counter()
while now - start < told.get("seconds", float("inf")) and len(times) < told.get("count", float("inf")):
    failed += not ask(requests[number % len(requests)])
    number += 1
    after = time.perf_counter()
    times.append((after - now) * 1e3)
    now = after
print(json.dumps({"milliseconds": times, "failed": failed, "seconds": now - start}))
