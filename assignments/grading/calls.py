"""The calls of the Linux kernel that a notebook does not need, as a filter that refuses them.

The program is made by libseccomp and loaded in the cage (`grading.jail`), which keeps it until
its last process ends.
"""

from __future__ import annotations

import errno
import os
import tempfile
from functools import cache

try:
    import pyseccomp
except (ImportError, OSError, RuntimeError):  # not on Linux, or without libseccomp
    pyseccomp = None

REFUSED = (
    *("add_key", "keyctl", "request_key"),
    *("bpf", "perf_event_open", "userfaultfd", "ptrace", "kcmp", "process_madvise"),
    *("process_vm_readv", "process_vm_writev", "pidfd_getfd", "personality"),
    *("io_uring_enter", "io_uring_register", "io_uring_setup"),
    *("memfd_create", "memfd_secret", "shmget", "msgget", "semget", "mq_open"),  # uncounted memory
    *("mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "mount_setattr"),
    *("fsopen", "fsconfig", "fsmount", "fspick", "setns", "unshare"),
    *("open_by_handle_at", "name_to_handle_at", "fanotify_init", "quotactl", "acct", "swapon"),
    *("delete_module", "finit_module", "init_module", "kexec_file_load", "kexec_load", "reboot"),
    *("adjtimex", "clock_adjtime", "clock_settime", "settimeofday", "vhangup", "syslog"),
)
_NAMESPACES = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
_UNIX = 1  # the only kind of socket that is left: between processes of the cage


@cache
def program() -> bytes:
    """The filter as the kernel takes it; empty where there is none to be had."""
    if pyseccomp is None:
        return b""
    refuse = pyseccomp.ERRNO(errno.EPERM)
    made = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in REFUSED:
        try:
            made.add_rule(refuse, name)
        except (OSError, ValueError, RuntimeError):  # a call that this libseccomp does not know
            continue
    for flag in _NAMESPACES:
        made.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    # Its flags lie in memory, where a filter cannot look; C's library then takes `clone`.
    made.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    made.add_rule(refuse, "socket", pyseccomp.Arg(0, pyseccomp.NE, _UNIX))
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return os.read(file.fileno(), 1 << 16)
