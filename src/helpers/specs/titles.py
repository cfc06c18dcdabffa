"""Names of networks as the book's text writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable

WRITTEN = {"plain": "plain", "resnet": "ResNet", "preresnet": "PreResNet", "vgg": "VGG"}
WRITTEN |= {"repvgg": "RepVGG"}
TAGS = {"zerogamma": "zero gamma", "skipinit": "SkipInit", "fixup": "Fixup"}
TAGS |= {"nf": "normaliser-free", "survive": "survival ", "se": "SE "}
CODE = re.compile(rf"({'|'.join(WRITTEN)})(\d+)([-,].+)?")


def titles(names: Iterable[str]) -> dict[str, str]:
    """Names of networks in the code, as the text writes them: `plain20` is plain-20.

    For the networks of one picture: if all of them are narrow ones of one width, `-8filters` is
    left out, since it is the picture's title that says it. Other names stay as they are.
    """
    found = {name: CODE.fullmatch(name) for name in names}
    ends = {match and match[3] for match in found.values()}
    alike = len(ends) == 1 and bool(re.fullmatch(r"-\d+filters", ends.pop() or ""))
    written = {}
    for name, match in found.items():
        written[name] = name if match is None else f"{WRITTEN[match[1]]}-{match[2]}"
        if match is not None and match[3] and not alike:
            rest = re.sub(r"^-", ", ", match[3])
            rest = re.sub(r"(\d+)(filters)", r"\1 \2", rest)
            written[name] += re.sub(r"[a-z]+", lambda word: TAGS.get(word[0], word[0]), rest)
    return written
