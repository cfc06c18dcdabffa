"""The picture that other sites show beside a link to the book: title, question, a block."""

from __future__ import annotations

from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

NAME = "card.png"
ALTERNATIVE = (
    "Residual Networks, from the degradation problem to ResNet-50. Beside the title a residual "
    "block: two layers, and a shortcut around them."
)
SIZE = (1200, 630)
GROUND, INK, BLUE, ORANGE = "#121212", "#ebebeb", "#4ea9ed", "#e16a20"


def _font(points: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return ImageFont.truetype(folder / f"DejaVuSans{'-Bold' if bold else ''}.ttf", points)


def draw() -> Image.Image:
    """The card, 1200 by 630 pixels as the Open Graph asks for."""
    picture = Image.new("RGB", SIZE, GROUND)
    pen = ImageDraw.Draw(picture)
    pen.text((80, 150), "Residual\nNetworks", INK, _font(104, bold=True), spacing=18)
    pen.text((84, 420), "From the degradation problem\nto ResNet-50", INK, _font(40), spacing=14)
    x, thick = 940, 9
    pen.line([(x, 70), (x, 560)], BLUE, thick)
    pen.line([(x, 110), (1110, 110), (1110, 488), (x, 488)], ORANGE, thick, joint="curve")
    for top in (160, 300):
        pen.rounded_rectangle([x - 95, top, x + 95, top + 90], 18, BLUE)
    pen.ellipse([x - 36, 452, x + 36, 524], GROUND, BLUE, thick)
    pen.line([(x - 18, 488), (x + 18, 488)], BLUE, thick)
    pen.line([(x, 470), (x, 506)], BLUE, thick)
    return picture
