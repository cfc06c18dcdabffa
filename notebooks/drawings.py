"""A step of `make notebooks`: drawings have as many digits as a screen shows."""

import base64
import io
import re

from nbconvert.preprocessors import Preprocessor
from PIL import Image

METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
PATHS = re.compile(r'\bd="([^"]*)"')
PIXELS = re.compile(r"base64,\s*([^\"]+)")
BETWEEN = re.compile(r">\s+<")
DIGITS = re.compile(r"-?\d+\.\d{3,}")


def smaller(drawing: str) -> str:
    """An SVG with paths to 0.01 points, images packed tighter, no metadata."""

    def short(number):
        return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")

    def path(match):
        return f'd="{" ".join(DIGITS.sub(short, match[1]).split())}"'

    def packed(match):
        data = base64.b64decode(match[1])
        file = io.BytesIO()
        Image.open(io.BytesIO(data)).save(file, "png", optimize=True)
        best = min(data, file.getvalue(), key=len)
        return "base64," + base64.b64encode(best).decode("ascii")

    drawing = PIXELS.sub(packed, PATHS.sub(path, METADATA.sub("", drawing, count=1)))
    return BETWEEN.sub("><", drawing)


class Drawings(Preprocessor):
    """nbconvert calls it for every cell, after the cells have run."""

    enabled = True

    def preprocess_cell(self, cell, resources, index):
        """The cell with smaller drawings."""
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/svg+xml" in data:
                data["image/svg+xml"] = smaller(data["image/svg+xml"])
        return cell, resources
