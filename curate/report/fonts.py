"""Fonts for plots: one that has every character of a text, because matplotlib's own has no Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from unicodedata import east_asian_width

from matplotlib.font_manager import FontProperties, findfont, findSystemFonts
from matplotlib.ft2font import FT2Font

_CJK = (
    "NotoSansCJK",
    "NotoSansSC",
    "SourceHanSans",
    "wqy",
    "DroidSansFallback",
    "msyh",
    "simhei",
    "PingFang",
)


def can_write(text: str) -> bool:
    """Whether this machine has a font for all of a text."""
    characters = _unusual(text)
    return _draws(_usual_file(), characters) or _file_for(characters) is not None


def can_draw(words: Mapping[str, str]) -> bool:
    """Whether this machine has a font for all of a language's words."""
    return can_write("".join(words.values()))


def writable(text: str) -> str:
    """The text where this machine has a font for it, else with \\uNNNN for what is beyond ASCII."""
    return text if can_write(text) else text.encode("ascii", "backslashreplace").decode()


def width_of(text: str) -> int:
    """Columns of a text; a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def font_for(text: str, size: float, weight: str = "normal") -> FontProperties:
    """A font that can draw all of a text, where the machine has one; matplotlib's own has no Chinese."""
    path = _file_for(_unusual(text))
    return FontProperties(fname=path, size=size) if path else FontProperties(size=size, weight=weight)


def _unusual(text: str) -> frozenset[str]:
    return frozenset(c for c in text if ord(c) > 0x2FF and not c.isspace())


@lru_cache(maxsize=64)
def _file_for(characters: frozenset[str]) -> str | None:
    if not characters or _draws(_usual_file(), characters):
        return None
    for path in _candidates():
        if _draws(path, characters):
            return path
    return None


def _usual_file() -> str:
    return str(findfont(FontProperties()))


@lru_cache(maxsize=1)
def _candidates() -> tuple[str, ...]:
    found = [path for path in sorted(findSystemFonts()) if any(name in Path(path).name for name in _CJK)]
    return tuple(sorted(found, key=lambda path: "Serif" in path or "Bold" in path))


def _draws(path: str, characters: frozenset[str]) -> bool:
    try:
        face = FT2Font(path)
    except (OSError, RuntimeError):  # no font after all
        return False
    return all(face.get_char_index(ord(character)) for character in characters)
