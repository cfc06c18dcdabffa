"""Puts the calling process into a cage before it runs a student's code.

On Linux, where the system lets a process make namespaces of its own: no network, no other
processes to be seen, and a file system in which the paths named as visible are read-only and
nothing else exists; what is written lies in memory and is gone at the end. Elsewhere only the
limits of `resource` hold, in a process group of its own; `enter` says what it could do.

Bubblewrap makes the same cage with less code of ours, but around a new Python: a submission
would wait for TensorFlow again, 14 s beside 0.9 s for a fork, measured in turn on two busy cores.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

HOME = "/home/student"
_PROGRAMS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
_SETTINGS = "alternatives fonts group ld.so.cache ld.so.conf ld.so.conf.d localtime mime.types"
_SETTINGS += " nsswitch.conf passwd timezone"  # what libraries look for in /etc, and no more
SYSTEM = (*_PROGRAMS, *(f"/etc/{name}" for name in _SETTINGS.split()))
DEVICES = ("null", "zero", "full", "random", "urandom")
NOBODY, STUDENT = 65534, 1000

_NEW_NS, _NEW_IPC, _NEW_USER, _NEW_PID, _NEW_NET = (
    0x00020000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_SET_PDEATHSIG, _SET_DUMPABLE, _SET_SUBREAPER, _SET_NO_NEW_PRIVS, _DROP_BOUND = 1, 4, 36, 38, 24
_SET_SECCOMP, _FILTER = 22, 2
_LIBC = ctypes.CDLL(None, use_errno=True)


def enter(
    scratch: str,
    visible: list[str],
    limits: dict,
    close: list[int],
    isolate: bool = True,
    calls: str = "",
) -> list[str]:
    """Moves on into the cage: what returns is a child of the caller, its only thread.

    `scratch` is an empty folder; `visible` are the paths that the cage shows, read-only;
    `close` are file descriptors that only the child needs. The caller stays outside to wait
    for it, and ends with it. Without `isolate` it is as where there are no namespaces. `calls`
    is the filter of `grading.calls` in base 16. Returns what is protected: some of "network",
    "files", "processes", "calls".
    """
    os.setsid()
    _control(_SET_PDEATHSIG, signal.SIGKILL)
    _control(_SET_SUBREAPER, 1)
    protected = _unshare() if isolate else []
    _wait_for_child(close)  # the child is the first process of its namespace
    _control(_SET_PDEATHSIG, signal.SIGKILL)
    if protected:
        try:
            _new_root(scratch, visible, limits["disk_mb"])
            protected.append("files")
        except OSError as error:
            print(f"no file system of its own: {error}", file=sys.stderr)
    if "files" not in protected:
        if os.getuid() == 0:
            os.chown(scratch, NOBODY, NOBODY)
        os.chdir(scratch)
        os.environ.update(HOME=scratch, TMPDIR=scratch)
    _restrict(limits)
    _drop_privileges()
    _control(_SET_PDEATHSIG, signal.SIGKILL)  # a change of user has taken it back
    _wait_for_child(close)  # a first process that waits, so that orphans are buried
    _control(_SET_PDEATHSIG, signal.SIGKILL)
    # Nobody but the kernel looks into its memory, its own children neither.
    _control(_SET_DUMPABLE, 0)
    if calls and _refuse(bytes.fromhex(calls)):
        protected = list(dict.fromkeys([*protected, "network", "calls"]))
    return protected


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def _refuse(code: bytes) -> bool:
    """Loads a filter of calls for this process and its children. Says whether it could."""
    program = _Program(len(code) // 8, code)
    return _LIBC.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) == 0


def _wait_for_child(close: list[int]) -> None:
    """Forks. The parent waits until its child has ended and ends; the child returns."""
    child = os.fork()
    if child == 0:
        return
    for descriptor in close:
        os.close(descriptor)
    status = None
    while status is None:
        with contextlib.suppress(InterruptedError):
            pid, code = os.wait()
            status = code if pid == child else None
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _unshare() -> list[str]:
    """New namespaces; [] where the system has none or refuses them."""
    if not sys.platform.startswith("linux"):
        return []
    uid, gid = os.getuid(), os.getgid()
    flags = _NEW_NS | _NEW_IPC | _NEW_PID | _NEW_NET
    try:
        _call("unshare", flags if uid == 0 else flags | _NEW_USER)
        if uid != 0:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{STUDENT} {uid} 1")
            Path("/proc/self/gid_map").write_text(f"{STUDENT} {gid} 1")
    except OSError as error:
        print(f"no namespaces: {error}", file=sys.stderr)
        return []
    return ["network", "processes"]


def _new_root(scratch: str, visible: list[str], disk_mb: int) -> None:
    """A file system of its own: the visible paths, read-only, and an empty home in memory."""
    _mount(None, "/", None, _REC | _PRIVATE)
    _mount("tmpfs", scratch, "tmpfs", _NOSUID | _NODEV, f"size={disk_mb}m,mode=755")
    for path in dict.fromkeys([*SYSTEM, *visible]):
        inside = Path(scratch + path)
        if inside.exists() or inside.is_symlink():
            continue
        if os.path.islink(path):
            inside.parent.mkdir(parents=True, exist_ok=True)
            inside.symlink_to(os.readlink(path))
        elif os.path.exists(path):
            _show(path, inside)
    for device in DEVICES:
        _show(f"/dev/{device}", Path(f"{scratch}/dev/{device}"), 0)
    for name in ("dev/shm", "tmp", HOME[1:]):
        folder = Path(scratch, name)
        folder.mkdir(parents=True, exist_ok=True)  # what is visible may lie in one of them
        folder.chmod(0o1777)
    Path(scratch, "proc").mkdir(exist_ok=True)
    _mount("proc", f"{scratch}/proc", "proc", _NOSUID | _NODEV)
    os.chdir(scratch)
    _call("pivot_root", b".", b".")
    _call("umount2", b".", 2)
    os.chdir(HOME)
    os.environ.update(HOME=HOME, TMPDIR="/tmp")


def _show(path: str, inside: Path, flags: int = _RDONLY | _NOSUID) -> None:
    if os.path.isdir(path):
        inside.mkdir(parents=True)
    else:
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.touch()
    _mount(path, str(inside), None, _BIND | _REC)
    kept = os.statvfs(inside).f_flag  # a remount must not loosen what was forbidden before
    kept = kept & 0b1111 | kept & 0b110000000000 | (kept & 4096 and 1 << 21)
    _mount(None, str(inside), None, _REMOUNT | _BIND | flags | kept)


def _restrict(limits: dict) -> None:
    mb = 1 << 20
    cpu = int(limits["total_seconds"] * (os.cpu_count() or 1)) + 1
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": cpu,
        "RLIMIT_DATA": limits["memory_mb"] * mb,
        "RLIMIT_FSIZE": limits["disk_mb"] * mb,
        "RLIMIT_NOFILE": 1024,
        "RLIMIT_NPROC": 4 * limits["processes"] + limits["processes_outside"],
    }
    for name, value in wanted.items():
        with contextlib.suppress(AttributeError, ValueError, OSError):
            kind = getattr(resource, name)
            most = resource.getrlimit(kind)[1]
            value = value if most == resource.RLIM_INFINITY else min(value, most)
            resource.setrlimit(kind, (value, value))
    os.nice(limits["nice"])


def _drop_privileges() -> None:
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    if sys.platform.startswith("linux"):
        _control(_SET_NO_NEW_PRIVS, 1)
        for capability in range(64):
            _LIBC.prctl(_DROP_BOUND, capability, 0, 0, 0)  # refused where there is none to drop
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        _call("capset", header, (ctypes.c_uint32 * 6)())
        _control(_SET_DUMPABLE, 1)


def _mount(source, target: str, kind, flags: int, options: str | None = None) -> None:
    encoded = (None if text is None else text.encode() for text in (source, target, kind))
    _call("mount", *encoded, ctypes.c_ulong(flags), None if options is None else options.encode())


def _control(option: int, value: int) -> None:
    if sys.platform.startswith("linux"):
        _call("prctl", option, ctypes.c_ulong(value), 0, 0, 0)


def _call(name: str, *arguments) -> None:
    """A call of the C library. Raises OSError if it fails."""
    try:
        result = getattr(_LIBC, name)(*arguments)
    except AttributeError:
        raise OSError(f"{name}: not on this system") from None
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
