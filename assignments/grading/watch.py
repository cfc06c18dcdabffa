"""Keeps a student's code from looking into the interpreter: at frames, and at all objects.

A function of the student's that a test calls could read the test through the frames above it.
Python tells an audit hook of each such look, and a hook cannot be taken away again.
"""

from __future__ import annotations

import _thread
import os
import sys
import sysconfig

_LOOKS = {
    *("sys._getframe", "sys._current_frames", "sys._current_exceptions"),
    *("gc.get_objects", "gc.get_referrers", "gc.get_referents", "ctypes.addressof"),
    *("ctypes.cdata", "ctypes.cdata/buffer", "ctypes.dlopen", "ctypes.dlsym", "ctypes.string_at"),
    *("sys.settrace", "sys.setprofile", "sys.addaudithook", "code.__new__"),
}
_FRAMES = {"tb_frame", "gi_frame", "cr_frame", "ag_frame", "__code__"}
_LENDING = ("/inspect.py", "/traceback.py", "/ctypes/__init__.py")  # they look for their caller


def start() -> list[str]:
    """Begins to watch. Returns the list to which the names of the looks are added."""
    looked: list[str] = []
    folders = {path for path in (*sysconfig.get_paths().values(), *sys.path) if path}
    folders |= {os.path.realpath(path) for path in folders}
    folders -= {os.getcwd(), os.path.realpath(os.getcwd())}
    trusted = ("<frozen", *(path + os.sep for path in folders))
    get_frame, ident, busy = sys._getframe, _thread.get_ident, set()

    def hook(event: str, arguments: tuple) -> None:
        if event == "object.__getattr__":
            name = arguments[1]
            if name not in _FRAMES:
                return
        elif event in _LOOKS:
            name = event
        else:
            return
        if ident() in busy:  # the hook's own looks
            return
        busy.add(ident())
        try:
            frame = get_frame(1)
            while frame is not None and frame.f_code.co_filename.endswith(_LENDING):
                if frame.f_code.co_name in ("print_exc", "format_exc", "format_exception"):
                    return  # they show lines, and hand out no frame
                frame = frame.f_back
            if frame is None or frame.f_code.co_filename.startswith(trusted):
                return
        finally:
            busy.discard(ident())
        looked.append(name)
        raise RuntimeError(f"{name}: a submission may not look into the interpreter")

    sys.addaudithook(hook)
    return looked
