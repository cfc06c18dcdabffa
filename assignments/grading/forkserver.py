"""Loads the libraries once, then makes a process for each submission by a fork.

Loading TensorFlow takes longer than all else in grading a submission. This process only loads:
it runs no student's code and computes nothing, so that every child begins like a new Python.

`python -m grading.forkserver FD`: FD is a socket. A message is a JSON object with `scratch`,
`visible`, `limits` and `isolate`, and two file descriptors, where requests are read and
replies written. The answer is the number of the process. The end of the socket ends the server.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import sys
import traceback


def main(control: socket.socket) -> None:
    names = json.loads(control.recv(1 << 16))
    for name in names:
        importlib.import_module(name)
    from grading import jail, worker
    from grading.guard import Guard

    guard = Guard()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are buried by the system
    control.send(b"ready")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 2)
        if not message:
            return
        job = json.loads(message)
        child = os.fork()
        if child:
            for descriptor in descriptors:
                os.close(descriptor)
            control.send(str(child).encode())
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        try:
            protected = jail.enter(**job, close=descriptors)
            requests, replies = descriptors
            empty = os.open(os.devnull, os.O_RDWR)
            for standard in (0, 1, 2):
                os.dup2(empty, standard)
            lines = os.fdopen(requests, "r", encoding="utf-8")
            worker.serve(guard, lines, replies, protected)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
