"""IPython for a student's cells, and what they print. Nothing of the judge is in reach of here."""

from __future__ import annotations

import base64
import io
import sys

from IPython.core.displayhook import CapturingDisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from grading.failures import failure

try:
    from matplotlib_inline.backend_inline import configure_inline_support
except ImportError:  # no Matplotlib: no pictures
    configure_inline_support = None


class Text(io.TextIOBase):
    """What a cell prints, up to a number of characters."""

    def __init__(self, outputs: list, name: str, most: int) -> None:
        self.outputs, self.name_, self.left = outputs, name, most
        self.cut = False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.left > 0 and text:
            kept = str(text)[: self.left]
            self.left -= len(kept)
            last = self.outputs[-1] if self.outputs else {}
            if last.get("kind") == "stream" and last["name"] == self.name_:
                last["parts"].append(kept)
            else:
                self.outputs.append({"kind": "stream", "name": self.name_, "parts": [kept]})
        elif text and not self.cut:
            self.cut = True
            note = "\n... more was printed than is kept\n"
            self.outputs.append({"kind": "stream", "name": self.name_, "parts": [note]})
        return len(text)


class Shell(InteractiveShell):
    """IPython whose errors go to the outputs of the cell, in a line or two."""

    errors: list

    def showtraceback(self, exc_tuple=None, *_, **__) -> None:
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        self.errors.append(failure(error))

    def showsyntaxerror(self, *_, **__) -> None:
        self.showtraceback()

    def enable_gui(self, gui=None) -> None:
        pass


def made() -> Shell:
    """A shell without a history, whose figures become pictures, as in a notebook."""
    shell = Shell.instance(colors="NoColor")
    shell.history_manager.enabled = False
    if configure_inline_support is not None:
        configure_inline_support(shell, "module://matplotlib_inline.backend_inline")
    return shell


def run_cell(shell: Shell, source: str, outputs: list) -> str:
    """Runs a student's cell; what it shows goes to `outputs`. Returns "ok" or "error"."""
    shell.errors = errors = []
    shell.display_pub = publisher = CapturingDisplayPublisher()
    shell.display_trap.hook = CapturingDisplayHook(shell=shell, outputs=publisher.outputs)
    result = shell.run_cell(source, store_history=True)
    for shown in publisher.outputs[:20]:
        outputs.extend(_shown(shown.get("data", {})))
    if not result.success and not errors:
        errors.append(failure(result.error_before_exec or result.error_in_exec))
    outputs.extend(errors[:5])
    return "ok" if result.success else "error"


def _shown(data: dict):
    picture = data.get("image/png")
    if isinstance(picture, bytes):
        picture = base64.b64encode(picture).decode()
    if isinstance(picture, str) and len(picture) < 400_000:
        yield {"kind": "picture", "png": picture}
    elif "text/plain" in data:
        yield {"kind": "shown", "text": str(data["text/plain"])[:4000]}
