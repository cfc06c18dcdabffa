"""What a student's code can and cannot do. No TensorFlow here: the cells are small."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from edits import marked
from grading import calls
from grading.limits import Limits
from grading.sandbox import Sandbox

LIMITS = Limits(
    cell_seconds=8, grace_seconds=2, total_seconds=120, memory_mb=600, disk_mb=32, nice=0
)
SECRET = "a hidden test that nobody may read"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    visible = tmp_path_factory.mktemp("visible")
    (visible / "open.txt").write_text("for all")
    visible.chmod(0o755)
    with Sandbox(sys.executable, visible=(str(visible),), limits=LIMITS) as made:
        made.visible = visible
        yield made


def run(sandbox, *sources):
    """Runs cells; one that begins with an assertion is a test. Returns cells and report."""
    cells = [
        marked(source, f"test-{i}", grade=True, locked=True, points=2)
        if source.startswith(("assert", "import ", "from "))
        else new_code_cell(source)
        for i, source in enumerate(sources)
    ]
    report = sandbox.run(new_notebook(cells=cells))
    return cells, report


def running(mark):
    """The processes that have this mark among their arguments."""
    processes = psutil.process_iter(["cmdline"])
    return [p for p in processes if mark in (p.info["cmdline"] or [])]


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def failed(cell):
    return any(output.output_type == "error" for output in cell.outputs)


def said(cell):
    return " ".join(str(o.get("text", "")) + str(o.get("evalue", "")) for o in cell.outputs)


@pytest.fixture
def isolated(sandbox):
    """For what only namespaces can do."""
    _, report = run(sandbox, "1")
    if {"network", "processes", "files"} - set(report.protected):
        pytest.skip(f"this system gives a process no namespaces of its own: {report.protected}")


def test_outputs_and_verdicts_come_back(sandbox):
    cells, report = run(sandbox, "x = 3\nprint('hi')\nx", "assert x == 3", "assert x == 4, 'four'")
    assert "hi" in said(cells[0]) and cells[0].outputs[1].data["text/plain"] == "3"
    assert not cells[1].outputs and said(cells[2]) == "four"
    assert report.remarks == []


def test_a_test_may_give_part_of_its_points_and_never_more(sandbox):
    cells, _ = run(sandbox, "0", "import math\n1.5", "import math\n99", "import math\n-1")
    points = [float(cell.outputs[0].data["text/plain"]) for cell in cells[1:]]
    assert points == [1.5, 2, 0]


def test_what_is_printed_in_a_test_costs_nothing_and_is_not_kept(sandbox):
    cells, _ = run(sandbox, "0", "import sys\nprint('out')\nprint('warning', file=sys.stderr)")
    assert not cells[1].outputs  # nbgrader takes text on stderr for a failure


def test_an_endless_loop_ends_and_the_rest_is_graded(sandbox):
    cells, _ = run(sandbox, "x = 1", "while True:\n    pass", "assert x == 1")
    assert "longer than" in said(cells[1]) and not failed(cells[2])


def test_a_loop_that_catches_all_is_ended_with_its_process(sandbox):
    stubborn = (
        "while True:\n    try:\n        for i in range(10**9):\n            j = i\n"
        "    except BaseException:\n        continue"
    )
    cells, report = run(sandbox, "x = 1", stubborn, "assert x == 1")
    assert failed(cells[1]) and not failed(cells[2])
    assert "the limit" in report.remarks[0]


def test_printing_for_ever_is_cut(sandbox):
    cells, _ = run(sandbox, "while True:\n    print('x' * 10_000)", "assert True")
    assert len(said(cells[0])) < 30_000 and not failed(cells[1])


@pytest.mark.parametrize("ending", ["import os\n    os._exit(0)", "raise SystemExit(0)"])
def test_an_end_of_the_process_loses_only_the_test_that_met_it(sandbox, ending):
    cells, _ = run(
        sandbox, "y = 2", f"def f():\n    {ending}", "assert f() is None", "assert y == 2"
    )
    assert failed(cells[2]) and not failed(cells[3])


def test_too_many_ends_are_the_end(sandbox):
    ends = ["0 or __import__('os')._exit(0)"] * 6
    cells, _ = run(sandbox, *ends, "assert True")
    assert "too often" in said(cells[-1]) and failed(cells[-1])


def test_memory_has_a_limit(sandbox):
    cells, _ = run(sandbox, "x = bytearray(2 * 10**9)", "assert True")
    assert failed(cells[0]) and not failed(cells[1])


def test_memory_of_children_counts(sandbox):
    hog = (
        "0\nimport os, time\nfor _ in range(4):\n    if os.fork() == 0:\n"
        "        x = bytearray(os.urandom(1000) * 300_000)\n        time.sleep(60)\ntime.sleep(60)"
    )
    cells, report = run(sandbox, hog, "assert True")
    assert "MB of memory" in report.remarks[0] and not failed(cells[1])


def test_processes_have_a_limit_and_end_with_the_notebook(sandbox):
    mark = f"marker-{os.getpid()}-{time.time()}"
    bomb = (
        "0\nimport os, subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', '{mark}'])\n"
        "for _ in range(60):\n    if os.fork() == 0:\n        os.setsid()\n"
        "        time.sleep(600)\ntime.sleep(60)"
    )
    cells, report = run(sandbox, bomb, "assert True")
    assert failed(cells[0]) and not failed(cells[1]), report.remarks
    assert running(mark) == []


def test_the_disk_has_a_limit(sandbox, isolated):
    fill = "0\nfor i in range(100):\n    open(f'f{i}', 'wb').write(bytes(10**6))"
    cells, _ = run(sandbox, fill, "assert True")
    assert "No space left" in said(cells[0]) and not failed(cells[1])


def test_one_file_has_a_limit(sandbox):
    cells, _ = run(sandbox, "0\nopen('f', 'wb').write(bytes(10**8))", "assert True")
    assert failed(cells[0]) and not failed(cells[1])


def test_what_is_visible_can_be_read_and_not_written(sandbox, isolated):
    path = sandbox.visible / "open.txt"
    cells, _ = run(sandbox, f"print(open('{path}').read())", f"0\nopen('{path}', 'w').write('!')")
    assert "for all" in said(cells[0]) and failed(cells[1])
    assert path.read_text() == "for all"


def test_nothing_else_can_be_read(sandbox, isolated, tmp_path):
    (tmp_path / "gradebook.db").write_text(SECRET)
    home, here = Path.home(), Path(__file__)
    looks = [f"print(open('{p}').read())" for p in (tmp_path / "gradebook.db", here)]
    cells, _ = run(sandbox, *looks, f"0\nimport os\nprint(os.listdir('{home}'))")
    assert failed(cells[0]) and failed(cells[1])
    assert SECRET not in said(cells[0])
    names = [p.name for p in home.iterdir() if p.is_file()]
    assert failed(cells[2]) or not any(name in said(cells[2]) for name in names)


def test_other_processes_cannot_be_seen_or_ended(sandbox, isolated):
    look = "0\nimport os\nprint(sorted(int(p) for p in os.listdir('/proc') if p.isdigit()))"
    cells, _ = run(sandbox, look, f"0\nimport os\nos.kill({os.getpid()}, 9)", "assert True")
    assert max(eval(said(cells[0]))) < 50
    assert failed(cells[1]) and not failed(cells[2])


def test_there_is_no_network(sandbox, isolated):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        call = f"0\nimport socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=2)"
        cells, _ = run(sandbox, call)
    assert failed(cells[0])


def test_later_cells_cannot_be_read(sandbox):
    """The hidden tests come one by one: before its turn a test is nowhere in the process."""
    look = "0\nimport sys\nprint(sys.argv, sys.orig_argv, open('/proc/self/cmdline').read())"
    everything = "0\nimport gc\nprint(gc.get_objects())"
    cells, report = run(sandbox, look, everything, "assert 'never to be guessed'")
    assert not failed(cells[0]) and "guessed" not in said(cells[0])
    assert failed(cells[1]) and "looked into the interpreter" in report.remarks[0]


def test_names_that_tests_use_cannot_be_replaced(sandbox):
    cells, _ = run(
        sandbox,
        "len = lambda x: 3\nall = lambda x: True\nAssertionError = KeyboardInterrupt\nx = [1]",
        "assert len(x) == 3 and all([False])",
        "0\nimport builtins, math\nbuiltins.any = lambda x: True\nmath.sqrt = lambda x: 0",
        "import math\nassert any([False])",
        "import math\nassert math.sqrt(4) == 2",
    )
    assert [failed(cell) for cell in cells] == [False, True, False, True, False]


def test_hooks_that_drop_tests_do_not_see_them(sandbox):
    hooks = (
        "0\nip = get_ipython()\nip.input_transformers_cleanup.append(lambda lines: [])\n"
        "ip.run_cell = lambda *a, **k: None\nimport sys\nsys.settrace(lambda *a: None)"
    )
    cells, _ = run(sandbox, hooks, "assert False")
    assert failed(cells[1])


def test_the_judge_cannot_be_imported(sandbox):
    cells, _ = run(sandbox, "0\nfrom grading import worker", "0\nimport grading.guard")
    assert failed(cells[0]) and failed(cells[1])


def test_what_one_submission_does_the_next_does_not_meet(sandbox):
    run(sandbox, "0\nimport math, os\nmath.pi = 3\nos.environ['MARK'] = '1'\nopen('left', 'w')")
    cells, _ = run(
        sandbox,
        "print(math.pi if 'math' in globals() else '')",
        "import math, os\n"
        "assert math.pi > 3.1 and 'MARK' not in os.environ and os.listdir('.') == []",
    )
    assert not failed(cells[1])


@pytest.mark.skipif(os.getuid() == 0, reason="root becomes nobody, who may not read Python's files")
def test_without_namespaces_the_other_limits_hold():
    mark = f"alone-{os.getpid()}-{time.time()}"
    leave = (
        "0\nimport os, subprocess, sys\nif os.fork() == 0:\n    os.setsid()\n"
        "    wait = 'import time; time.sleep(600)'\n"
        f"    os.execv(sys.executable, [sys.executable, '-c', wait, '{mark}'])"
    )
    with Sandbox(sys.executable, limits=LIMITS, isolate=False) as sandbox:
        cells, report = run(
            sandbox, leave, "while True:\n    pass", "x = bytearray(2 * 10**9)", "assert True"
        )
    assert [failed(cell) for cell in cells] == [False, True, True, False]
    assert report.protected == (["network", "calls"] if calls.program() else [])
    assert running(mark) == []


def test_the_whole_notebook_has_a_limit():
    limits = Limits(cell_seconds=5, grace_seconds=1, total_seconds=6, nice=0)
    with Sandbox(sys.executable, limits=limits) as sandbox:
        cells, _ = run(sandbox, *["0\nimport time\ntime.sleep(30)"] * 4, "assert True")
    assert failed(cells[-1])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux'")
def test_nothing_is_left_when_the_grader_itself_is_killed():
    mark = f"orphan-{os.getpid()}-{time.time()}"
    loop = (
        f"0\nimport subprocess, sys\nsubprocess.run([sys.executable, '-c', 'while 1: 0', '{mark}'])"
    )
    code = (
        "import sys\nfrom nbformat.v4 import new_code_cell, new_notebook\n"
        "from grading.sandbox import Sandbox\n"
        f"Sandbox(sys.executable).run(new_notebook(cells=[new_code_cell({loop!r})]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "assignments")}
    grader = subprocess.Popen([sys.executable, "-c", code], env=environment)
    assert wait_for(lambda: running(mark)), "the cell should have begun"
    grader.kill()
    grader.wait()
    assert wait_for(lambda: not running(mark))


def test_no_thread_is_left(sandbox):
    assert threading.active_count() == 1
