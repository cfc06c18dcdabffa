"""Every figure twice: as it was drawn, on white, and for the dark theme.

A figure is drawn once, on white, as an SVG. This extension derives its dark twin while the book
is built: each colour keeps its hue and takes the lightness that stands out from a dark ground as
the first did from white (`darkened`). Pixels inside an SVG, of training images and maps of heat,
stay as they are, which a filter of the style sheet cannot spare: inverted, the yellow of a
photograph turns brown. So does a PNG, such as another program's window. The white sheet becomes
transparent. The page shows one of the two, and paper always the first. Sizes are written beside
each picture, so that nothing moves when it comes. With them goes the width below which its letters
would be too small to read (`legible`): on a phone a picture keeps it, and scrolls in its place.
"""

from __future__ import annotations

import html
import math
import re
from pathlib import Path

import numpy as np
from PIL import Image

GROUND = "#121212"  # of the theme's dark pages
BRIGHTEST = 0.94  # what black becomes, as a lightness
RISE = 0.5  # below 1 it lifts the middle of the scale, where the colours of lines are
LETTERS = 9  # pixels that the smallest letters of a picture have at least
IN_PNG = 11.5  # pixels of the letters in a PNG, which cannot be measured
GLYPHS = re.compile(r"scale\((0\.\d+) -\1\)")  # Matplotlib's letters: 0.1 is 10 pt

HEX = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b")
PATCHES = re.compile(r'(<g id="patch_\d+">\s*<path d="[^"]*"\s*style="fill: )#ffffff("/>)')
PICTURE = re.compile(r'<img (?P<rest>[^>]*?src="(?P<src>[^"]*_images/(?P<name>[^"/]+))"[^>]*)>')

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Lightness and two axes of hue, as the eye sees them. Source: Ottosson 2020, "Oklab"."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T


def from_oklab(lab: np.ndarray) -> np.ndarray:
    """The way back; what no screen can show is cut off."""
    linear = (lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_LMS).T
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def numbers(colour: str) -> np.ndarray:
    """Red, green and blue, 0 to 1, of "#0072B2" or "#07b"."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    return np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255


def darkened(rgb: np.ndarray) -> np.ndarray:
    """Colours (..., 3) that were chosen for white paper, for a dark ground."""
    lab, ground = oklab(rgb), oklab(numbers(GROUND))
    white = np.clip(lab[..., :1], 0, 1)
    lightness = ground[0] + (BRIGHTEST - ground[0]) * (1 - white) ** RISE
    return from_oklab(np.concatenate([lightness, lab[..., 1:] + white**4 * ground[1:]], axis=-1))


def dark_svg(text: str) -> str:
    """An SVG for the dark ground; the white sheet and the white panels become transparent."""

    def other(match):
        red, green, blue = np.rint(255 * darkened(numbers(match[0]))).astype(int)
        return f"#{red:02x}{green:02x}{blue:02x}"

    # Letters have no colour of their own, and so are black.
    text = text.replace("<svg ", '<svg fill="#000000" ', 1)
    return HEX.sub(other, PATCHES.sub(r"\1none\2", text))


def size(path: Path) -> tuple[int, int]:
    """The width and height of a picture in the pixels of a style sheet."""
    if path.suffix == ".png":
        with Image.open(path) as picture:
            return picture.size
    head = re.search(r"<svg[^>]*>", path.read_text("utf-8"))[0]
    sides = [re.search(rf'\b{side}="([\d.]+)pt"', head) for side in ("width", "height")]
    if not all(sides):
        raise ValueError(f"{path.name}: expected `width` and `height` in pt, as Matplotlib writes")
    width, height = (round(float(side[1]) * 4 / 3) for side in sides)
    return width, height


def legible(path: Path) -> int:
    """The width of a picture at which its smallest letters are `LETTERS` pixels high."""
    width, letters = size(path)[0], IN_PNG
    if path.suffix == ".svg":
        scales = [float(scale) for scale in GLYPHS.findall(path.read_text("utf-8"))]
        letters = 100 * min(scales) * 4 / 3 if scales else math.inf
    return min(width, math.ceil(width * LETTERS / letters))


def twins(page: str, sizes: dict[str, tuple[int, int, int]]) -> str:
    """A page with both pictures of each drawing; by the name of the file width, height and the
    width at which it is `legible`."""

    def both(match):
        if match["name"] not in sizes or "only-light" in match["rest"]:
            return match[0]
        width, height, least = sizes[match["name"]]
        rest = match["rest"].rstrip(" /")
        classes = re.search(r'\s*class="([^"]*)"', rest)
        rest = rest.replace(classes[0], "") if classes else rest
        more = f'width="{width}" height="{height}" loading="lazy" decoding="async"'
        stem, ending = match["src"].rsplit(".", 1)
        dark = rest.replace(match["src"], f"{stem}-dark.{ending}")
        known = html.escape(classes[1]) + " " if classes else ""
        span = f'<span class="picture" style="--legible: {least}px">'
        if ending != "svg":
            return f'{span}<img class="{known.strip()}" {rest} {more}/></span>'
        return (
            f"{span}"
            f'<img class="{known}only-light" {rest} {more}/>'
            f'<img class="{known}only-dark pst-js-only" {dark} {more}/></span>'
        )

    return PICTURE.sub(both, page)


def _write(app, exception):
    if exception is not None or app.builder.name != "html":
        return
    out = Path(app.outdir)
    sizes = {}
    for path in sorted((out / "_images").glob("*")):
        if path.suffix not in (".svg", ".png") or path.stem.endswith("-dark"):
            continue
        if path.suffix == ".svg":
            twin = path.with_stem(path.stem + "-dark")
            twin.write_text(dark_svg(path.read_text("utf-8")), "utf-8")
        sizes[path.name] = (*size(path), legible(path))
    for page in out.rglob("*.html"):
        if out / "_static" not in page.parents:
            page.write_text(twins(page.read_text("utf-8"), sizes), "utf-8")


def setup(app):
    """Sphinx calls this."""
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
