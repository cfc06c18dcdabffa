"""The tests behind the Makefile's commands: python tests/suites.py NAME, one of SUITES.

What pytest runs in one environment or several goes by here; what starts a browser or builds the
book stands in the Makefile. make hands on what stands behind a command, as in `make test
TESTS=all`:

- TESTS=all: the whole of `most` and `backends`; they take, without it, the tests that a change
  since the last whole run can reach, and some that the day draws (project/reach.py);
- ASSIGNMENTS=all: of `assignments` the submissions of all, not of some that the day draws and
  those that have changed;
- OUTPUTS=today: of `outputs` the notebooks that changed, and some that the day draws;
- ONLY, WITH_COLAB, WITH_OLDEST: of `colab` those whose names begin so;
- NEWEST=coming: `newest` with what is not supported yet.

Two files at a time, notebooks too: their trainings leave a third of two cores idle. A test that
hangs, or ends its process, fails at once: xdist would wait for a lost process for ever.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "notebooks"))
from rerun import OF_THE_READER, left_out, plain, run  # noqa: E402

BINARIES = Path(sys.executable).parent.name  # "bin", or "Scripts" on Windows
HANGS = ["--timeout", "900"]
TOGETHER = ["-n", "2", "--dist", "loadfile", "--max-worker-restart", "0"]
# Colab's and the oldest versions: what runs unless WITH_... says otherwise; empty is all.
WITH_COLAB, WITH_OLDEST = "", "shapes"
# With both: what fetches published weights, from a hub on this machine.
WITH_HUB = [
    f"tests/library/weights/test_weights_{name}.py" for name in ("hub", "pickles_published")
]
# What needs TensorFlow and JAX: no environment has both, so one is shown where the other's lie.
WITH_BOTH = [
    "tests/library/training/test_processes_photos_jax_and_tensorflow.py",
    "tests/library/weights/test_weights_three_backends.py",
]
IMPORT_ALL = """import importlib, pkgutil, helpers
for module in pkgutil.walk_packages(helpers.__path__, "helpers."):
    if "__main__" not in module.name:
        importlib.import_module(module.name)"""


def python(environment: str) -> str:
    """The interpreter of an environment that make has made, as "course" of .venv-course."""
    return str(ROOT / f".venv-{environment}" / BINARIES / "python")


def compiled(environment: str, **more: str) -> dict[str, str]:
    """Where JAX may run, the library from src/. XLA compiles without optimising, and it is kept:
    the tests' nets take longer to compile than to run."""
    kept = {key: value for key, value in os.environ.items() if key not in OF_THE_READER[:2]}
    jax = {
        "XLA_FLAGS": "--xla_backend_optimization_level=0",
        "JAX_COMPILATION_CACHE_DIR": str(ROOT / f".venv-{environment}" / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    return {**kept, "PYTHONPATH": "src", **jax, **more}


def pytest(*words: str, by: str = sys.executable, env: dict[str, str]) -> None:
    run(by, "-m", "pytest", *words, env=env)


def marked(*marks: str) -> list[str]:
    """The files of tests that name one of these marks."""
    named = re.compile(rf"mark\.({'|'.join(marks)})\b")
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    files = [path for path in files if "node_modules" not in path.parts]
    return [p.relative_to(ROOT).as_posix() for p in files if named.search(p.read_text("utf-8"))]


def asked(name: str, usual: str) -> bool:
    """Whether only what is due today is to be run. Ends for another word than "today" or "all"."""
    if (word := os.environ.get(name) or usual) not in ("today", "all"):
        sys.exit(f"Expected {name}=today or {name}=all. Received: {name}={word}")
    return word == "today"


def today(which: str) -> list[str] | None:
    """The files that are due; None stands for all, as with TESTS=all."""
    if not asked("TESTS", usual="today"):
        return None
    sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("project", "support")]
    import reach

    return reach.today(which)


def quick() -> None:
    """What runs on Linux, macOS and Windows, in minutes."""
    words = ["-m", "quick and not large", *marked("quick")]
    pytest(*TOGETHER, *HANGS, *words, env=dict(os.environ))


def most(*chosen: str) -> None:
    """All but the assignments' grading and the largest nets; or a part, as tests/library."""
    names = chosen or today("library") or ()
    pytest(*TOGETHER, *HANGS, "-m", "not large", *names, env=plain())


def assignments() -> None:
    """The grading, in the course's environment."""
    words = ["--confcutdir=tests/assignments", "tests/assignments"]
    pytest(*TOGETHER, *HANGS, *words, by=python("course"), env=plain())


def large() -> None:
    """The tests that build the largest nets; `most` has narrow ones."""
    pytest(*TOGETHER, *HANGS, "-m", "large", *marked("large"), env=plain())


def outputs() -> None:
    """Every notebook that can run here is run and compared with its stored outputs."""
    names = ["notebooks/"]
    if asked("OUTPUTS", usual="all"):
        script = str(ROOT / "tests" / "project" / "weekly.py")
        said = subprocess.run([sys.executable, script, "--notebooks"], check=True, text=True,
                              capture_output=True)  # fmt: skip
        names = said.stdout.split()
    ignored = left_out()
    names = [name for name in names if name not in ignored]
    words = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout", "600"]
    words += ["--nbval-sanitize-with", "tests/project/nbval_sanitize.cfg"]
    words += [f"--ignore={name}" for name in ignored]
    pytest(*TOGETHER, *HANGS, *words, *names, env=plain())


def backends() -> None:
    """What must run on JAX and PyTorch, too. On JAX alone several devices train together."""
    chosen, by = today("backends"), python("backends")
    always = "tests/library/test_layers.py"  # on a day without others pytest would run all
    for backend, marks in (("jax", ["backends", "jax"]), ("torch", ["backends"])):
        files = [n for n in marked(*marks) if chosen is None or n in (*chosen, always)]
        words = ["--disable-warnings", "-m", f"({' or '.join(marks)}) and not one_backend"]
        env = compiled("backends", KERAS_BACKEND=backend)
        pytest(*TOGETHER, *HANGS, *words, *files, by=by, env=env)
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    also = subprocess.run([by, "-c", where], check=True, capture_output=True, text=True).stdout
    env = compiled("backends", RESNET_BOOK_ALSO=also.strip())
    pytest("--disable-warnings", *TOGETHER, *HANGS, *WITH_BOTH, env=env)


def torture(*names: str) -> None:
    """All kinds of harm to the book; what came of it is written down."""
    env = plain(PYTHONPATH=os.pathsep.join(("tests", "src")))
    run(sys.executable, "-m", "torture.campaign", *names, env=env)


def colab() -> None:
    """Notebooks and assignments as Colab runs them, with its versions and with the oldest."""
    env = plain(PYTHONPATH="src")
    run(python("oldest"), "-c", IMPORT_ALL, env={**os.environ, "PYTHONPATH": "src"})
    for which in ("oldest", "colab"):
        pytest("--quiet", *WITH_HUB, by=python(which), env=env)
    for which, usual in (("oldest", WITH_OLDEST), ("colab", WITH_COLAB)):
        chosen = os.environ.get("ONLY") or os.environ.get(f"WITH_{which.upper()}", usual)
        only = [word for name in chosen.split() for word in ("--only", name)]
        words = ["tests/colab/run.py", "_build/colab", "--graded", "--together", "2"]
        run(sys.executable, *words, "--python", python(which), *only, env=dict(os.environ))


def newest() -> None:
    """The quick tests on three backends, and a notebook, in .venv-newest or .venv-coming."""
    which = os.environ.get("NEWEST", "newest")
    by, words = python(which), ["--disable-warnings", "-m"]
    env = plain(PYTHONPATH="src")
    pytest(*TOGETHER, *words, "quick and not large", *marked("quick"), by=by, env=env)
    for backend in ("jax", "torch"):
        files = ["quick and backends and not one_backend", *marked("backends")]
        pytest(*words, *files, by=by, env=compiled(which, KERAS_BACKEND=backend))
    words = ["-m", "nbconvert", "--to", "notebook", "--execute", "--output-dir", f"_build/{which}"]
    words += ["--ExecutePreprocessor.kernel_name=python3", "--ExecutePreprocessor.timeout=1800"]
    run(by, *words, "notebooks/03-resnet34.ipynb", env=env)


SUITES = {f.__name__: f for f in (quick, most, assignments, large, outputs)}
SUITES |= {f.__name__: f for f in (backends, torture, colab, newest)}

if __name__ == "__main__":
    if not sys.argv[1:] or sys.argv[1] not in SUITES:
        sys.exit(f"Expected one of {', '.join(SUITES)}. Received: {' '.join(sys.argv[1:])!r}")
    SUITES[sys.argv[1]](*sys.argv[2:])
