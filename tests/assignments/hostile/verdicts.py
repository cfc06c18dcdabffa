"""Cells that try to pass tests which their author has not earned.

Each stands before `double` and `root`, of which neither works.
"""

BEFORE = {
    "the judge, found among all objects": """
import gc
for thing in gc.get_objects():
    if type(thing).__name__ == 'Guard':
        type(thing).run = lambda *a: {'status': 'ok', 'outputs': [], 'restored': []}
""",
    "the judge, found among who refers to a function": """
import gc
for holder in gc.get_referrers(print):
    for more in gc.get_referrers(holder):
        if hasattr(more, 'run'):
            type(more).run = lambda *a: {'status': 'ok', 'outputs': []}
""",
    "the judge, by way of the frames": """
import sys
frame = sys._getframe()
while frame:
    for thing in frame.f_locals.values():
        if type(thing).__name__ == 'Guard':
            type(thing).run = lambda *a: {'status': 'ok', 'outputs': []}
    frame = frame.f_back
""",
    "the frames, by way of an exception": """
try:
    1 / 0
except ZeroDivisionError as error:
    frame = error.__traceback__.tb_frame
while frame:
    frame.f_locals.get('guard') and setattr(type(frame.f_locals['guard']), 'run', print)
    frame = frame.f_back
""",
    "the frames, by way of a generator": """
def steps():
    yield own.gi_frame.f_back
own = steps()
frame = next(own)
while frame:
    print(frame.f_code.co_name)
    frame = frame.f_back
""",
    "the frames, by way of inspect": """
import inspect
for entry in inspect.stack():
    for thing in entry.frame.f_locals.values():
        if hasattr(thing, 'restore'):
            thing.restore = lambda: []
            type(thing).run = lambda *a: {'status': 'ok', 'outputs': []}
""",
    "the frames of all threads": """
import sys
for frame in sys._current_frames().values():
    print(frame.f_locals)
""",
    "the judge's modules, imported": """
from grading import guard
guard.Guard.run = lambda *a: {'status': 'ok', 'outputs': [], 'restored': []}
""",
    "the judge's modules, by a search": """
import sys
for name, module in list(sys.modules.items()):
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__name__ == 'Guard':
            value.run = lambda *a: {'status': 'ok', 'outputs': [], 'restored': []}
""",
    "the shell's globals": """
shell = get_ipython()
names = type(shell).showtraceback.__globals__
for name in list(names):
    if name in ('Guard', 'guard', 'wire', '_run', '_send', 'serve'):
        names[name] = lambda *a, **k: {'status': 'ok', 'outputs': []}
names['failure'] = lambda error: {'kind': 'result', 'text': '2'}
""",
    "json.dumps turns every verdict round": """
import json
real = json.dumps
json.dumps = lambda value, **k: real({**value, 'status': 'ok', 'outputs': []})
json.JSONEncoder.encode = lambda self, value: real({**value, 'status': 'ok'})
json.encoder.JSONEncoder.iterencode = lambda *a: iter(['{"status": "ok", "outputs": []}'])
""",
    "os.write turns every verdict round": """
import os
real = os.write
os.write = lambda fd, data: real(fd, data.replace(b'error', b'ok'))
""",
    "verdicts written into every open file": """
import os
for number in range(3, 64):
    for _ in range(10):
        try:
            os.write(number, b'{"status": "ok", "outputs": [], "nonce": ""}\\n')
        except OSError:
            break
""",
    "a thread that writes verdicts": """
import os, threading, time
def forge():
    for _ in range(400):
        for number in range(3, 24):
            try:
                os.write(number, b'{"status": "ok", "outputs": []}\\n')
            except OSError:
                pass
        time.sleep(0.01)
threading.Thread(target=forge, daemon=True).start()
""",
    "the questions are read away": """
import os
for number in range(3, 24):
    try:
        os.set_blocking(number, False)
        print(os.read(number, 100000))
    except OSError:
        pass
""",
    "no assertion fails": """
import builtins
class AssertionError(Exception):
    def __new__(cls, *a):
        raise SystemExit(0)
builtins.AssertionError = AssertionError
""",
    "built-in functions say yes": """
import builtins
for name in ('all', 'any', 'isinstance', 'bool'):
    setattr(builtins, name, lambda *a, **k: True)
builtins.abs = lambda x: 0
abs = lambda x: 0
all = lambda x: True
range = lambda *a: []
""",
    "tests are compiled to nothing": """
import ast, builtins
builtins.compile = lambda *a, **k: (lambda: None).__code__ if 0 else real('', 'x', 'exec')
builtins.exec = lambda *a: None
builtins.eval = lambda *a: None
ast.parse = lambda *a, **k: ast.Module([], [])
""",
    "the parser drops assertions": """
import ast
real = ast.parse
def parse(source, *a, **k):
    tree = real(source, *a, **k)
    tree.body = [s for s in tree.body if not isinstance(s, (ast.Assert, ast.For))]
    return tree
ast.parse = parse
""",
    "a trace that steps over assertions": """
import sys
def trace(frame, event, argument):
    return trace
sys.settrace(trace)
""",
    "the math module says what is wanted": """
import math
math.sqrt = lambda x: 0
""",
    "another math module": """
import sys, types
fake = types.ModuleType('math')
fake.sqrt = lambda x: 0
sys.modules['math'] = fake
""",
    "a finder that gives other modules": """
import sys, importlib.abc, importlib.machinery
class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name == 'fractions' else None
    def exec_module(self, module):
        module.Fraction = lambda *a: 0
sys.meta_path.insert(0, Finder())
""",
    "a module that was never imported": """
import sys, types
fake = types.ModuleType('fractions')
fake.Fraction = lambda *a: 0
sys.modules['fractions'] = fake
""",
    "a file in the folder, called like a module": """
open('fractions.py', 'w').write('Fraction = lambda *a: 0')
import sys
sys.path.insert(0, '.')
""",
    "the shell runs nothing more": """
shell = get_ipython()
shell.run_cell = lambda *a, **k: None
shell.input_transformers_cleanup.append(lambda lines: [])
shell.ast_transformers.append(None)
""",
    "the shell's names are another kind of dictionary": """
class Names(dict):
    def items(self):
        return {'double': 4, 'root': 7, 'all': print}.items()
get_ipython().user_ns = Names(get_ipython().user_ns)
""",
    "functions in C, called by their addresses": """
import ctypes
ctypes.pythonapi.PyRun_SimpleString(b'import sys')
""",
    "an integer whose value is changed in memory": """
import ctypes
ctypes.c_long.from_address(id(42) + 24).value = 0
""",
    "an alarm that ends the test well": """
import signal
def ring(*_):
    raise SystemExit(0)
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
""",
    "a profiler's signal": """
import signal
signal.signal(signal.SIGPROF, lambda *a: None)
signal.setitimer(signal.ITIMER_PROF, 0.01, 0.01)
""",
    "a hook of one's own": """
import sys
def hook(event, arguments):
    if event == 'compile':
        raise SystemExit(0)
sys.addaudithook(hook)
""",
    "output that looks like a verdict": """
print('{"status": "ok", "outputs": [], "restored": []}')
""",
    "the parent is killed": """
import os, signal
os.kill(os.getppid(), signal.SIGKILL)
""",
    "an object that hides from garbage collection": """
class Answer:
    def __del__(self):
        raise SystemExit(0)
    def __getattr__(self, name):
        return self
double = root = Answer()
""",
}
