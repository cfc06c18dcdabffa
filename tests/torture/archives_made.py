"""Zips that nobody should unpack: names that lead elsewhere, links, devices, and bombs."""

from __future__ import annotations

import functools
import io
import random
import stat
import struct
import zipfile
from collections.abc import Iterator

NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
NAMES = ("../../out.ipynb", "/etc/out.ipynb", "..\\..\\out.ipynb", "C:\\out.ipynb", "a/../../../b")
NAMES += ("//host/share/01-a.ipynb", "./01-a.ipynb", "..", "/", "", "x" * 5000, "a/" * 200 + "b")
NAMES += ("01-a.ipynb\x00.zip", "CON", "\x1b[2J.ipynb", "..%2f..%2fout.ipynb", "~/out.ipynb")
NAMES += ("01-a.ipynb", "deep/01-a.ipynb", "01-a.ipynb/01-a.ipynb", "../01-a.ipynb", "in.zip")
KINDS = (stat.S_IFREG, stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK)
TARGETS = (b"/etc/passwd", b"../../../../etc/passwd", b"/dev/zero", b".", b"01-a.ipynb")


def reaching(chance: random.Random) -> Iterator[bytes]:
    """Zips whose entries are called or are what would lead out of a folder."""
    while True:
        entries = []
        for _ in range(chance.randint(1, 5)):
            kind = chance.choice(KINDS)
            content = NOTEBOOK if kind == stat.S_IFREG else chance.choice(TARGETS)
            name = chance.choice(NAMES)
            if name.endswith(".zip") and chance.random() < 0.7:
                content = zipped([(chance.choice(NAMES), stat.S_IFREG, NOTEBOOK)])
            entries.append((name, kind, content))
        made = zipped(entries)
        if chance.random() < 0.2:  # the two places that name an entry do not agree
            made = made.replace(b"01-a.ipynb", b"../../../x", 1)
        yield made


def zipped(entries: list[tuple[str, int, bytes]], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of (name, kind of file, content), whatever the names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, kind, content in entries:
            info = zipfile.ZipInfo("x", (2025, 1, 1, 0, 0, 0))
            info.filename, info.external_attr = name, (kind | 0o777) << 16
            info.create_system, info.compress_type = 3, how
            try:
                archive.writestr(info, content)
            except UserWarning:
                continue
    return file.getvalue()


def endless(chance: random.Random) -> Iterator[bytes]:
    """Zips that would unpack to far more than they are, each kind in turn, at random sizes."""
    kinds = (_large, _many, _nested, _wide, _overlapping, _promising)
    while True:
        for kind in chance.sample(kinds, len(kinds)):
            yield kind(chance)


def _large(chance):
    return _zeros(chance.choice((60, 150)), chance.choice(("01-a.ipynb", "a.zip", "data.bin")))


@functools.cache
def _zeros(megabytes: int, name: str) -> bytes:
    return zipped([(name, stat.S_IFREG, bytes(megabytes * 10**6))])


def _many(chance):
    return _files(chance.choice((5_000, 30_000)))


@functools.cache
def _files(number: int) -> bytes:
    return zipped([(f"{i}.txt", stat.S_IFREG, b"") for i in range(number)], zipfile.ZIP_STORED)


def _nested(chance):
    made = _zeros(60, "01-a.ipynb")
    for depth in range(chance.randint(2, 12)):
        made = zipped([(f"{depth}.zip", stat.S_IFREG, made)])
    return made


def _wide(chance):
    return _tree(chance.choice((8, 12)))


@functools.cache
def _tree(width: int) -> bytes:
    made = zipped([("01-a.ipynb", stat.S_IFREG, NOTEBOOK)])
    for _ in range(4):
        made = zipped([(f"{i}.zip", stat.S_IFREG, made) for i in range(width)])
    return made


def _overlapping(chance):
    """One content of which many entries say that it is theirs."""
    return _same(chance.choice((500, 3000)))


@functools.cache
def _same(number: int) -> bytes:
    made = _zeros(45, "a.zip")
    (directory,) = struct.unpack("<I", made[-6:-2])
    entry, head = made[directory:-22], made[:directory]
    entries = b"".join(entry.replace(b"a.zip", b"%05d" % (i % 10**5)) for i in range(number))
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, number, number, len(entries), directory, 0)
    return head + entries + end


def _promising(chance):
    """It says that its content is as large as can be said, or as small."""
    made = bytearray(zipped([("01-a.ipynb", stat.S_IFREG, NOTEBOOK)]))
    at = made.rindex(b"PK\x01\x02")
    made[at + 24 : at + 28] = struct.pack("<I", chance.choice((2**32 - 2, 0, 2**31)))
    return bytes(made)
