"""The process of one submission, seen from outside: ask, watch, end."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import shutil
import time

import psutil

from grading.limits import Limits

START_SECONDS = 120  # to get a process into its cage, on a busy machine


class DiedError(Exception):
    """The process of a submission is gone; the message says why."""


class Process:
    """The process of one submission, seen from outside."""

    def __init__(
        self, number: int, requests: int, replies: int, scratch: str, limits: Limits
    ) -> None:
        self._requests, self._replies = requests, replies
        self._scratch, self._limits = scratch, limits
        self._buffer, self._left = b"", limits.total_output
        try:
            self._root = psutil.Process(number)
            self.protected = self._read(time.monotonic() + START_SECONDS)["protected"]
        except (DiedError, psutil.Error, KeyError) as error:
            self.end()
            raise DiedError(f"no process could be made for it: {error}") from error

    def ask(self, source: str, deadline: float, roles: dict[str, str] | None = None) -> dict:
        """Runs one cell; with `roles` it is a test. Raises DiedError if the process did not live
        to answer, or answers something else.

        The reply is what the student's process says. Nothing in it is trusted.
        """
        nonce, limits = secrets.token_hex(16), self._limits
        seconds = max(0.1, min(limits.cell_seconds, deadline - time.monotonic()))
        request = {"source": source, "test": roles is not None, "roles": roles or {}}
        request |= {"nonce": nonce, "seconds": seconds, "most_output": limits.cell_output}
        self._write(request)
        reply = self._read(time.monotonic() + seconds + limits.grace_seconds)
        if not isinstance(reply.get("outputs"), list) or reply.get("nonce") != nonce:
            raise DiedError("the process gave no answer that can be read")
        return reply

    def end(self) -> None:
        """Kills the process and all that it started, and removes its files."""
        for descriptor in (self._requests, self._replies):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        for _ in range(100):  # who forks while being killed is met in the next round
            family = self._family()
            for process in reversed(family):
                with contextlib.suppress(psutil.Error):
                    process.kill()
            if not family:
                break
            psutil.wait_procs(family, timeout=0.1)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _family(self) -> list:
        with contextlib.suppress(psutil.Error, AttributeError):  # it may never have been there
            if self._root.is_running() and self._root.status() != psutil.STATUS_ZOMBIE:
                return [self._root, *self._root.children(recursive=True)]
        return []

    def _write(self, request: dict) -> None:
        data = json.dumps(request).encode() + b"\n"
        os.set_blocking(self._requests, False)
        until = time.monotonic() + 10
        while data:
            try:
                data = data[os.write(self._requests, data) :]
            except BlockingIOError:
                if time.monotonic() > until:
                    raise DiedError("the process takes no more cells") from None
                time.sleep(0.05)
            except OSError:
                raise DiedError("the process had ended before this cell") from None

    def _read(self, deadline: float) -> dict:
        while b"\n" not in self._buffer:
            if time.monotonic() > deadline:
                raise DiedError(f"stopped after {self._limits.cell_seconds:g} s, the limit")
            if select.select([self._replies], [], [], 0.2)[0]:
                data = os.read(self._replies, 1 << 16)
                if not data:
                    raise DiedError("the cell ended its process (os._exit, a crash, or a limit)")
                self._buffer += data
                self._left -= len(data)
                if self._left < 0:
                    raise DiedError("stopped: more output than a submission may have")
            else:
                self._check_size()
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            reply = json.loads(line)
        except ValueError:
            reply = None
        if not isinstance(reply, dict):
            raise DiedError("the process gave no answer that can be read")
        return reply

    def _check_size(self) -> None:
        family = self._family()
        used = sum(_memory(process) for process in family)
        if used > self._limits.memory_mb * 2**20:
            raise DiedError(f"stopped: more than {self._limits.memory_mb} MB of memory")
        if len(family) > self._limits.processes:
            raise DiedError(f"stopped: more than {self._limits.processes} processes")


def _memory(process: psutil.Process) -> int:
    """Bytes that a process holds alone or shares with others of its own kind, without files."""
    try:
        with open(f"/proc/{process.pid}/status") as file:
            lines = dict(line.split(":", 1) for line in file if line.startswith("Rss"))
        return sum(1024 * int(lines[key].split()[0]) for key in ("RssAnon", "RssShmem"))
    except (OSError, KeyError, ValueError):
        with contextlib.suppress(psutil.Error):
            return process.memory_info().rss
    return 0
