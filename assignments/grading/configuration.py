"""The configuration of a folder of grades: nbgrader does there what `make grade` does."""

from __future__ import annotations

from pathlib import Path

from traitlets.config import PyFileConfigLoader

from grading.course import ASSIGNMENTS, CourseError
from grading.files import write_whole

_CONFIGURATION = '''"""nbgrader's configuration of this folder. `make grade` writes it.

What nbgrader does here goes the way of `make grade`: students' code runs in the cage, and
feedback does not show the hidden tests. Where the course is not found, both fail.
"""

from pathlib import Path

c = get_config()  # (given by traitlets)
COURSE = Path({course!r})
if (COURSE / "nbgrader_config.py").is_file():
    load_subconfig("nbgrader_config.py", path=str(COURSE))
    c.SandboxedExecute.limits = {limits!r}
else:
    print(f"There is no course in {{COURSE}}. Call `make grade` once more, with this folder.")
    c.Autograde.autograde_preprocessors = ["grading.execute.SandboxedExecute"]
    c.GenerateFeedback.preprocessors = ["grading.feedback.HideTests"]
'''


def configure(root: Path, limits: dict | None = None, *, anew: bool = True) -> None:
    """Writes the configuration of a folder of grades, for whatever of nbgrader is called there.

    One of ours that is there stays, unless `anew`. Raises CourseError where somebody else's lies.
    """
    path = root / "nbgrader_config.py"
    first = _CONFIGURATION.partition(".")[0]
    if path.exists() and not path.read_text("utf-8").startswith(first):
        raise CourseError(f"{path} is not of `make grade`. Choose another folder: GRADES=...")
    if path.exists() and not anew:
        return
    config = PyFileConfigLoader("nbgrader_config.py", str(ASSIGNMENTS)).load_config()
    limits = {**config.SandboxedExecute.limits, **(limits or {})}
    write_whole(path, _CONFIGURATION.format(course=str(ASSIGNMENTS), limits=limits))
