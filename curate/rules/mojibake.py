"""Text that was decoded with the wrong encoding and saved again: which it was, and how it happened.

Two ways lead back. Forwards: each known name is garbled in all the usual ways, and a text that equals one of
the results was that name, even where a byte was lost on the way. Backwards: the text is encoded with the
wrong encoding and decoded with the right one; that proves nothing about short texts, so what comes out must
be everyday text, and what stands there must not be.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from curate.patterns import later


class Reading(NamedTuple):
    """A text in the encoding `right`, read as `wrong`; both as people call them and as Python does."""

    right: str
    right_codec: str
    wrong: str
    wrong_codec: str

    @property
    def words(self) -> str:
        """For messages."""
        return f"{self.right} read as {self.wrong}"


_WESTERN = "windows-western"  # cp1252, and Latin-1 for the five bytes that cp1252 leaves undefined
_UTF8, _GBK = ("UTF-8", "utf-8"), ("GBK", "gbk")
# Those that are reversed without a known name: honest text hardly ever looks like them.
_TELLING = (
    Reading(*_UTF8, "Windows-1252", _WESTERN),
    Reading(*_UTF8, "Latin-1", "latin-1"),
    Reading(*_UTF8, "CP437", "cp437"),
    Reading(*_UTF8, *_GBK),
    Reading(*_GBK, "Windows-1252", _WESTERN),
    Reading(*_GBK, "Latin-1", "latin-1"),
    Reading(*_GBK, "CP437", "cp437"),
)
# Those that give other everyday characters of the same script: only a known name tells.
_ONLY_KNOWN = (
    Reading(*_UTF8, "Big5", "big5hkscs"),
    Reading(*_UTF8, "Shift_JIS", "cp932"),
    Reading(*_UTF8, "CP850", "cp850"),
    Reading(*_GBK, "Big5", "big5hkscs"),
    Reading(*_GBK, "Shift_JIS", "cp932"),
    Reading("Big5", "big5hkscs", *_GBK),
    Reading("Big5", "big5hkscs", "Windows-1252", _WESTERN),
    Reading("Shift_JIS", "cp932", *_GBK),
    Reading("Shift_JIS", "cp932", "Windows-1252", _WESTERN),
)
_WESTERN_TO_TEXT = {
    byte: bytes([byte]).decode("cp1252" if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "latin-1")
    for byte in range(256)
}
_WESTERN_TO_BYTE = {character: byte for byte, character in _WESTERN_TO_TEXT.items()}
LOST = "\ufffd"
# Two U+FFFD in UTF-8, read as GBK: what is left of a text after its characters were replaced.
_REPLACED_TWICE = "锟斤拷"
# Marks that may stand behind any word; UTF-8 uses the same bytes for the rest of a character.
_ORDINARY = frozenset("–—‘’“”„‚…«»‹›•·®™¡¿\u00a0")
_EVERYDAY = later(
    "[\u00a0-\u017f\u0370-\u03ff\u0400-\u04ff\u05d0-\u05ea\u0620-\u064a\u0e00-\u0e7f\u1e00-\u1eff\u2010-\u2044"
    "\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef\U0001f300-\U0001faff]"
)
_NEAR = later("[\u00a1-\u017f]")  # signs and letters of Western and Central Europe
_WIDE = later("[\u2010-\uffff\U00010000-\U0010ffff]")
_HIGH_RUN = later("[^\x00-\x7f]+")


def garbled_forms(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """What known names become: garbled text, as `comparable` gives it -> (name, how it happened).

    What two names become is left out. Names of a single character are garbled only into what no honest text
    is, because another character may be honest.
    """
    forms: dict[str, tuple[str, str] | None] = {}
    known = set(names)
    for name in sorted(known):
        high = sum(not c.isascii() for c in name)
        for reading in (*_TELLING, *_ONLY_KNOWN) if high > 1 else _TELLING[: 3 * bool(high)]:
            wrong = _read_wrongly(name, reading)
            if wrong is None or wrong == name or wrong.isascii() or wrong in known:
                continue
            form = comparable(wrong)
            if form.replace("?", "").isascii():
                continue  # nothing of it is left
            first = forms.setdefault(form, (name, reading.words))
            if first is not None and first[0] != name:
                forms[form] = None
    return {form: origin for form, origin in forms.items() if origin is not None}


def comparable(text: str) -> str:
    """Lost characters and no-break spaces as editors write them, so that texts of both kinds are equal."""
    return text.strip().replace(LOST, "?").replace("\u00a0", " ").strip()


def reversed_text(text: str) -> tuple[str | None, str] | None:
    """(what the text was, how it was garbled), without a known name; None for text that may be honest.

    The first part is None where characters were replaced and are lost.
    """
    if text.isascii():
        return None
    if LOST in text or _REPLACED_TWICE in text:
        return None, "characters were replaced because they could not be decoded"
    for reading in _TELLING:
        original = _reread(text, reading)
        if original is not None and _tells(text, original, reading):
            return original, reading.words
    return None


def _read_wrongly(name: str, reading: Reading) -> str | None:
    try:
        raw = name.encode(reading.right_codec)
    except UnicodeEncodeError:
        return None
    if reading.wrong_codec == _WESTERN:
        return "".join(_WESTERN_TO_TEXT[byte] for byte in raw)
    return raw.decode(reading.wrong_codec, "replace")


def _reread(text: str, reading: Reading) -> str | None:
    try:
        if reading.wrong_codec == _WESTERN:
            raw = bytes(_WESTERN_TO_BYTE[character] for character in text)
        else:
            raw = text.encode(reading.wrong_codec)
        return raw.decode(reading.right_codec)
    except (UnicodeError, KeyError):
        return None


def _tells(text: str, original: str, reading: Reading) -> bool:
    """Whether `original` is everyday text and `text` is not."""
    if reading.right == "GBK":
        return _tells_gbk(text, original)
    found = [c for c in original if not c.isascii()]
    if not all(_EVERYDAY.match(c) for c in found):
        return False
    if reading.wrong == "GBK":
        # three bytes a character on the one side, two on the other: common characters here, rare ones there
        return len(found) > 1 and all(map(_is_common, found)) and not all(map(_is_common, _high(text)))
    rests = [c for run in _HIGH_RUN.findall(text) for c in run[1:]]
    if all(c in _ORDINARY for c in rests):
        return False
    return len(found) > 1 or bool(_NEAR.match(found[0]) or _WIDE.match(found[0]))


def _tells_gbk(text: str, original: str) -> bool:
    """Pairs of letters and signs that are two or more common characters, and in no language a word."""
    if not all(map(_is_common, _high(original))):
        return False
    runs = _HIGH_RUN.findall(text)
    longest = max(runs, key=len)
    frames = [c for c in longest if "\u2500" <= c <= "\u259f"]  # what CP437 has in place of capitals
    if frames:
        return len(longest) >= 4 and len(frames) < len(longest)
    letters = [c for c in longest if c.isalpha()]
    mixed = len(letters) < len(longest) or not all(c.isupper() for c in letters)
    return len(longest) >= 4 and bool(letters) and mixed


def _high(text: str) -> list[str]:
    return [c for c in text if not c.isascii()]


def _is_common(character: str) -> bool:
    """Level 1 of GB 2312: the 3,755 most frequent Chinese characters, rows 16 to 55."""
    try:
        return 0xB0 <= character.encode("gb2312")[0] <= 0xD7
    except UnicodeEncodeError:
        return False
