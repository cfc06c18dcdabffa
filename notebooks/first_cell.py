# Makes the book's library, `helpers`, importable. Where it is installed this does
# nothing. Elsewhere, as in Colab, it fetches the book's source, at the version that
# this notebook belongs to. It installs no other package and changes none.
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

VERSION = "v0.0.0"
REPOSITORY = ""

if importlib.util.find_spec("helpers") is None:
    source = Path("../src")  # in a clone of the book
    if not (source / "helpers").is_dir():
        source = Path.home() / ".cache" / "resnet-book" / VERSION / "src"
    if not (source / "helpers").is_dir():
        address = os.environ.get("RESNET_BOOK_REPOSITORY") or REPOSITORY
        if not address:
            raise RuntimeError(
                "This notebook needs the book's library and does not know where to get "
                "it: write the git address of the book behind REPOSITORY, above, or "
                "call `make publish-as OWNER/NAME` in a clone, which does it for all."
            )
        clone = ["git", "clone", "--quiet", "--depth=1", "--branch", VERSION, address]
        try:
            subprocess.run(
                [*clone, str(source.parent)],
                check=True,
                stdin=subprocess.DEVNULL,  # it fails rather than ask for a password
                stderr=subprocess.PIPE,
                env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
                text=True,
            )
        except (OSError, subprocess.CalledProcessError) as error:
            why = " ".join((getattr(error, "stderr", "") or str(error)).split())
            raise RuntimeError(
                f"Could not fetch {VERSION} of the book from {address}. This takes git "
                f"and a network (in Kaggle: Settings, Internet on). Git said: {why}"
            ) from None
    sys.path.insert(0, str(source.resolve()))
