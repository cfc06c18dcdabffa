"""Runs the notebook and says which of its tests pass. Exit status: 0, or 1 if one fails.

`python .github/check.py assignment/NAME.ipynb`, from the top of the repository.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

SECONDS = 300  # for one cell


def main(path: Path) -> int:
    notebook = nbformat.read(path, as_version=4)
    # The long trainings have been recorded; checking takes the records.
    os.environ["NBGRADER_EXECUTION"] = "validate"
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        allow_errors=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except Exception as error:  # a cell that takes too long, a kernel that died
        print(f"The notebook did not run to its end: {type(error).__name__}: {error}")
    failed = 0
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        if cell.cell_type != "code" or not mark.get("grade") or mark.get("solution"):
            continue
        errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        well = bool(cell.get("execution_count")) and not errors
        failed += not well
        print(f"{'passed' if well else 'FAILED'}  {mark['grade_id']}")
        for error in errors[:1]:
            print("    " + f"{error.ename}: {error.evalue}".replace("\n", "\n    "))
    print("All visible tests pass." if not failed else f"{failed} visible tests fail.")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
