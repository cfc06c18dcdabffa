"""Makes one of the book's environments: python requirements/environment.py .venv

.venv has the versions of requirements.lock, .venv-NAME those of requirements/NAME.txt; with
--upgrade the newest that the list allows; --lock writes requirements.lock anew. PYTHON_NAME
chooses the interpreter of .venv-NAME.

uv installs what pip does in a fifth of the time, and what two environments share is on the disk
once. It reads no settings of pip's: those of the environment are handed on. What it installs is
compiled, as by pip: where Python may not write beside its modules, as in many images of containers,
each process would compile TensorFlow and Keras anew, in four seconds.
"""

import glob
import os
import shutil
import subprocess
import sys

UV_VERSION = "0.13.9"
BINARIES = "Scripts" if os.name == "nt" else "bin"
BOOK = os.path.join(".venv", BINARIES)
OF_PIP = {"UV_FIND_LINKS": "PIP_FIND_LINKS"}
OF_PIP.update({"UV_DEFAULT_INDEX": "PIP_INDEX_URL", "UV_INDEX": "PIP_EXTRA_INDEX_URL"})
NEWEST = ("colab", "newest", "coming")  # where this machine has it, on Colab's Python
LOCK = ["--universal", "--python-version", "3.11", "--no-annotate", "--no-config"]
LOCK += ["--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "make lock"]


def call(*words, **more):
    """Runs a command; ends with its status where it fails."""
    status = subprocess.call(list(words), **more)
    if status:
        sys.exit(status)


def make(folder, python):
    """An empty environment, by this interpreter."""
    call(python, "-m", "venv", "--clear", folder)


def bring_uv(binaries):
    pip = [os.path.join(binaries, "python"), "-m", "pip", "--disable-pip-version-check"]
    call(*pip, "install", "--quiet", f"uv=={UV_VERSION}")


def uv(*words, binaries=BOOK):
    """`uv pip` with pip's settings."""
    handed = {to: os.environ[name] for to, name in OF_PIP.items() if os.environ.get(name)}
    compiled = ["--compile-bytecode"] if "install" in words and "-r" in words else []
    words = ["pip", words[0], "--quiet", *compiled, *words[1:]]
    call(os.path.join(binaries, "uv"), *words, env={**handed, **os.environ})


def interpreter(name):
    """The Python for .venv-NAME: PYTHON_NAME, Colab's 3.13 if it should be new, or the book's."""
    chosen = os.environ.get("PYTHON_" + name)
    found = [shutil.which("python3.13")] if name in NEWEST else []
    if found:
        found += sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3.13.*/bin/python")))
    for python in filter(None, [chosen, *found]):
        can = subprocess.call([python, "-c", "import venv"], stderr=subprocess.DEVNULL) == 0
        if can or python == chosen:  # what was asked for is used, and says itself what it lacks
            return python
    return os.path.join(BOOK, "python")


def book():
    """.venv, by the Python that runs this."""
    print("Installing the versions of requirements.lock into .venv: about a minute, once")
    make(".venv", sys.executable)
    bring_uv(BOOK)
    python = os.path.join(BOOK, "python")
    uv("install", "--python", python, "-r", "requirements.lock")
    uv("install", "--python", python, "--no-deps", "--no-build-isolation", "--editable", ".")


def other(folder, upgrade):
    """.venv-NAME, which has what is not the book's own."""
    name = folder[len(".venv-") :]
    wanted = f"requirements/{name}.txt"
    if not upgrade:
        print(f"Installing {wanted} into {folder}: once")
        make(folder, interpreter(name))
    python = os.path.join(folder, BINARIES, "python")
    uv("install", "--python", python, *(["--upgrade"] if upgrade else []), "-r", wanted)


def lock():
    """requirements.lock from requirements.txt; keeps what still fits, or takes the newest."""
    folder = os.path.join("_build", "uv")
    make(folder, sys.executable)
    bring_uv(os.path.join(folder, BINARIES))
    words = ["compile", "requirements.txt", "-c", "requirements/lock.txt"]
    words += ["--upgrade"] if os.environ.get("UPGRADE") else []
    words += ["--output-file", "requirements.lock", *LOCK]
    uv(*words, binaries=os.path.join(folder, BINARIES))


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if sys.argv[1:] == ["--lock"]:
        lock()
    else:
        folder = sys.argv[1]
        book() if folder == ".venv" else other(folder, "--upgrade" in sys.argv)
        open(os.path.join(folder, ".installed"), "w").close()
