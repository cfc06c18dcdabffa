"""Answers that would pass whatever is asked."""

_YES = """
class Yes:
    def __eq__(self, other): return True
    def __hash__(self): return 0
    {more}
    def __sub__(self, other): return self
    def __abs__(self): return self
    def __lt__(self, other): return True
"""
ANSWERS = {
    "an object that equals everything": (
        _YES.format(more="def __ne__(self, other): return False")
        + "def double(x): return Yes()\ndef root(x): return Yes()"
    ),
    "an object that equals everything, and nothing": (
        _YES.format(more="def __ne__(self, other): return True")
        + "def double(x): return Yes()\ndef root(x): return Yes()"
    ),
    "a list that equals everything": (
        "class Yes(list):\n    __eq__ = __ne__ = __lt__ = __gt__ = lambda *a: True\n"
        "    __sub__ = __abs__ = lambda self, *a: self\n"
        "double = root = lambda x: Yes([x])"
    ),
    "a number that equals everything": (
        "class Yes(float):\n    __eq__ = __lt__ = __gt__ = lambda *a: True\n"
        "    __sub__ = __abs__ = lambda self, *a: self\n    __hash__ = float.__hash__\n"
        "double = root = lambda x: Yes(x)"
    ),
    "leaving with the status of success": (
        "def double(x): raise SystemExit(0)\ndef root(x): raise SystemExit(0)"
    ),
    "leaving the process": "import os\ndef double(x): os._exit(0)\ndef root(x): os._exit(0)",
    "an interruption from the keyboard": (
        "def double(x): raise KeyboardInterrupt\ndef root(x): raise KeyboardInterrupt"
    ),
    "an error that cannot be printed": (
        "class E(BaseException):\n    def __str__(self): raise SystemExit(0)\n"
        "    __repr__ = __str__\ndef double(x): raise E\ndef root(x): raise E"
    ),
    "no end of recursion": "def double(x): return double(x)\ndef root(x): return root(x)",
    "a generator in place of a number": "def double(x): yield 2 * x\ndef root(x): yield 1",
    "math changed while the test runs": (
        "import math\ndef double(x):\n    return None\n"
        "def root(x):\n    math.sqrt = lambda y: 0\n    return 0"
    ),
    "the answer read from the frame above": (
        "import sys\ndef double(x): return sys._getframe(1).f_locals.get('expected')\n"
        "def root(x): return sys._getframe(1).f_globals['math'].sqrt(x)"
    ),
    "the frame above, by an exception": (
        "def above():\n    try:\n        1 / 0\n    except ZeroDivisionError as e:\n"
        "        return e.__traceback__.tb_frame.f_back.f_back\n"
        "def double(x): return above().f_globals['expected']\n"
        "def root(x): return above().f_globals['math'].sqrt(x)"
    ),
    "the frame above, changed": (
        "import sys\ndef double(x):\n    sys._getframe(1).f_globals.update(expected=None)\n"
        "def root(x):\n    sys._getframe(1).f_globals['abs'] = lambda y: 0\n    return 0"
    ),
    "the process that answers is another one": (
        "import os\n"
        "def double(x):\n    if os.fork() == 0:\n        return 2 * x\n    os._exit(0)\n"
        "root = double"
    ),
}
