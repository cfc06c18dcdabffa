# Imports the book's library, `helpers`. Where it is not installed, as in Colab, this
# fetches the book's source first, at the version that this notebook belongs to. It
# installs no other package and changes none.
import importlib.util
import sys
from pathlib import Path

VERSION = "v0.0.0"
REPOSITORY = ""


def is_the_books(package):
    start, specs = Path(package, "__init__.py"), Path(package, "specs/__init__.py")
    whole = start.is_file() and specs.is_file()
    return whole and "__version__ = " in start.read_text("utf-8")


def fetched():
    """The folder of the book's source at this version: whole, or an error."""
    import os
    import shutil
    import subprocess
    import tempfile

    try:
        cache = Path.home() / ".cache" / "resnet-book"
        cache.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=cache).close()
    except (OSError, RuntimeError):  # no home, or none to write into
        cache = Path(tempfile.mkdtemp())
    book = cache / VERSION
    if is_the_books(book / "src" / "helpers"):
        return book / "src"
    address = os.environ.get("RESNET_BOOK_REPOSITORY") or REPOSITORY
    if not address:
        raise RuntimeError(
            "This notebook needs the book's library and does not know where to get "
            "it: write the git address of the book behind REPOSITORY, above, or "
            "call `make publish-as OWNER/NAME` in a clone, which does it for all."
        )
    clone = ["git", "-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"]
    clone += ["clone", "--quiet", "--depth=1", "--branch", VERSION, address]
    with tempfile.TemporaryDirectory(dir=cache) as new:
        try:
            subprocess.run(
                [*clone, f"{new}/book"],
                check=True,
                stdin=subprocess.DEVNULL,  # it fails rather than ask for a password
                stderr=subprocess.PIPE,
                env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
                text=True,
                timeout=1200,  # seconds, where the host says nothing at all
            )
        except (OSError, subprocess.SubprocessError) as error:
            why = " ".join(str(getattr(error, "stderr", "") or error).split())
            raise RuntimeError(
                f"Could not fetch {VERSION} of the book from {address}. This takes git "
                f"and a network (in Kaggle: Settings, Internet on). Git said: {why}"
            ) from None
        if not is_the_books(book / "src" / "helpers"):  # no other kernel was faster
            shutil.rmtree(book, ignore_errors=True)
            os.replace(f"{new}/book", book)
    return book / "src"


found = importlib.util.find_spec("helpers")
if found is None or found.origin is None:  # nothing, or a folder without code
    beside = Path("../src")  # in a clone of the book
    source = beside if is_the_books(beside / "helpers") else fetched()
    sys.path.insert(0, str(source.resolve()))
elif not any(map(is_the_books, found.submodule_search_locations or ())):
    raise RuntimeError(
        f"Another package called `helpers` is in the book's way: {found.origin}. "
        "Rename or uninstall it, restart the kernel, and run this cell again."
    )
_ = importlib.import_module("helpers")  # before Keras: for TensorFlow's fast kernels
if f"v{_.__version__}" != VERSION:
    raise RuntimeError(
        f"The book's library here is v{_.__version__}, and this notebook belongs to "
        f"{VERSION}. Open the notebook of that version, or install the library of this "
        f"one, restart the kernel, and run this cell again. It is in {_.__file__}"
    )
