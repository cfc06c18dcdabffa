"""Cells and answers that try to show a hidden test, to read what is not theirs, or to take more
of the machine than there is for them."""

# Answers that look at the test that calls them; what they find is printed by a cell behind it.
FINDERS = {
    "from the frame above": "import sys\ndef find(): return sys._getframe(2).f_code.co_consts",
    "from the traceback of an error": (
        "def find():\n    try:\n        1 / 0\n    except ZeroDivisionError as e:\n"
        "        return e.__traceback__.tb_frame.f_back.f_back.f_code.co_consts"
    ),
    "from inspect": "import inspect\ndef find(): return str(inspect.stack())",
    "from all objects": (
        "import gc\ndef find(): return [o for o in gc.get_objects() if isinstance(o, (str, dict))]"
    ),
    "from the lines that tracebacks show": (
        "import linecache, traceback\n"
        "def find(): return [linecache.getlines(n) for n in ['<test>', *linecache.cache]]"
        " + traceback.format_stack()"
    ),
    "from its own memory": (
        "def find():\n    found = b''\n    for line in open('/proc/self/maps'):\n"
        "        a, b = (int(n, 16) for n in line.split()[0].split('-'))\n"
        "        if b - a < 5_000_000 and 'rw' in line:\n"
        "            with open('/proc/self/mem', 'rb') as memory:\n"
        "                memory.seek(a)\n                found += memory.read(b - a)\n"
        "    at = found.find(b'nobody may')\n    return found[at - 50 : at + 50]"
    ),
    "from its memory, by a child": (
        "import os, subprocess, sys\n"
        'code = \'print(open("/proc/{}/mem", "rb").read(1))\'\n'
        "def find():\n    told = subprocess.run([sys.executable, '-c', code.format(os.getpid())],"
        " capture_output=True)\n    return told.stdout + (told.stderr[-60:] if 0 else b'')"
    ),
    "from the questions": (
        "import io, gc\ndef find():\n    return [o for o in gc.get_objects()"
        " if isinstance(o, io.TextIOWrapper)]"
    ),
}

# How a thief who had got the source might write it into a page; `stolen` is a line of it.
DISGUISES = {
    "plain": "print(stolen)",
    "backwards": "print(stolen[::-1])",
    "with spaces": "print(' '.join(stolen))",
    "in base 64": "import base64\nprint(base64.b64encode(stolen.encode()).decode())",
    "in base 64, behind a word": (
        "import base64\nprint('data' + base64.b64encode(stolen.encode()).decode())"
    ),
    "in base 32": "import base64\nprint(base64.b32encode(stolen.encode()).decode())",
    "in base 16": "print(stolen.encode().hex())",
    "rotated": "import codecs\nprint(codecs.encode(stolen, 'rot13'))",
    "as numbers": "print([ord(c) for c in stolen])",
    "as an error": "raise ValueError(stolen)",
    "as a result": "stolen",
}

# Calls that the kernel refuses, made by a child, which no hook of Python's watches; each prints
# "refused" where they are.
CALLS = {
    "new namespaces": "libc.unshare(0x10000000)",
    "io_uring": "libc.syscall(425, 1, 0)",
    "userfaultfd": "libc.syscall(323, 0)",
    "a key ring": "libc.syscall(250, 0, -3, 0)",
    "another's memory": "libc.syscall(101, 16, os.getppid(), 0, 0)",
    "memory without a name": "libc.memfd_create(b'x', 0)",
    "shared memory of System V": "libc.shmget(1, 4096, 0o1600)",
    "a mount": "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
    "a packet socket": "libc.socket(17, 3, 0)",
    "an internet socket": "libc.socket(2, 1, 0)",
    "a program in the kernel": "libc.syscall(321, 0, 0, 0)",
    "another's clone": "libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)",
}
