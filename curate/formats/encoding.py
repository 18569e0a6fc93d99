"""Which characters a file's bytes mean: bytes in, text out, such that the text gives the same bytes again.

The encoding is judged by the bytes; what the XML declaration claims is recorded beside it and believed only
where the bytes allow it. Text that carries a byte no encoding explains keeps it as a private-use character
(U+F780..U+F7FF, as `tree.py` does for names), because tables and JSON accept no lone surrogates.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace

from curate.formats.elements import Problem
from curate.tree import name_to_text, text_to_name

_BOMS = (  # UTF-32 first: its little-endian BOM begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The name is bounded, because Python looks for a module of that name.
_DECLARED = re.compile(
    r"\s*<\?xml\b[^>]{,400}?\bencoding\s*=\s*[\"']\s*([^\"'\s>]{1,80})\s*[\"']", re.IGNORECASE
)
# Python's gb2312 and gbk refuse characters that their superset gb18030 knows; files do not keep to subsets.
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz": "gb18030",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}
_LEGACY = frozenset({"gb18030", "big5", "big5hkscs", "cp950", "cp932", "euc_jp", "euc_kr", "cp949", "johab"})
_UNICODE = frozenset(
    {"utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-7"}
)
# Python's own codecs for literals and host names: no file is written in them, and some make lone surrogates.
_NO_FILES = frozenset({"unicode_escape", "raw_unicode_escape", "unicode-escape", "raw-unicode-escape"}) | {
    "punycode",
    "idna",
}
_WIDE_STARTS = (
    ("utf-32-le", re.compile(rb"(?:[\t\n\r ]\0\0\0)*<\0\0\0")),
    ("utf-32-be", re.compile(rb"(?:\0\0\0[\t\n\r ])*\0\0\0<")),
    ("utf-16-le", re.compile(rb"(?:[\t\n\r ]\0)*<\0[^\0]")),
    ("utf-16-be", re.compile(rb"(?:\0[\t\n\r ])*\0<\0[^\0]")),
)
# Two bytes of GB 2312 (rows 1-9 signs, 16-55 common and 56-87 further characters)
_GB2312_PAIRS = re.compile(rb"(?:[\xa1-\xa9\xb0-\xf7][\xa1-\xfe]){1,64}")  # bounded: each pair takes memory
_HIGH = re.compile(rb"[\x80-\xff]")
_HIGH_BYTES = bytes(range(0x80, 0x100))


@dataclass(frozen=True)
class Decoded:
    """A file's text, and what is needed to write another text as the same kind of file."""

    text: str
    encoding: str  # a Python codec
    declared: str | None  # as written
    problems: tuple[Problem, ...]
    mark: bytes = b""  # the BOM
    tail: bytes = b""  # part of a character that the file ends in
    carried: bool = False  # single bytes stand in the text as U+F780..U+F7FF

    @property
    def bom(self) -> bool:
        """Whether the file begins with a byte order mark."""
        return bool(self.mark)

    def encode(self, text: str) -> bytes:
        """A text as bytes of this encoding; `encode(self.text)` is the file. Raises UnicodeEncodeError."""
        if self.carried:
            body = text_to_name(text).encode("utf-8", "surrogateescape")
        else:
            body = text.encode(self.encoding)
        return self.mark + body + self.tail


def decode(raw: bytes) -> Decoded:
    """Decode a file that may hold anything. Never raises."""
    mark, codec = next(((mark, codec) for mark, codec in _BOMS if raw.startswith(mark)), (b"", ""))
    if not mark:
        return _decode_unmarked(raw)
    body = raw[len(mark) :]
    decoded = _unicode(body, codec)
    if decoded is None:
        return replace(_not_unicode(body, _declared(body[:400].decode("latin-1"))), mark=mark)
    text, tail = decoded
    declared = _declared(text)
    problems = _utf8_problems(text, declared) if codec == "utf-8" else (_wrong_unicode(codec, declared),)
    return Decoded(text, codec, declared, problems, mark, tail)


def _decode_unmarked(body: bytes) -> Decoded:
    declared = _declared(body[:400].decode("latin-1"))
    wide = _wide_encoding(body)
    decoded = _unicode(body, wide) if wide else None
    if wide and decoded:
        declared = _declared(decoded[0])
        return Decoded(decoded[0], wide, declared, (_wrong_unicode(wide, declared),), tail=decoded[1])
    if body.isascii():
        return _ascii(body, declared)
    utf8 = _unicode(body, "utf-8")
    if utf8 and not _declared_fits_better(body, declared):
        return Decoded(utf8[0], "utf-8", declared, _utf8_problems(utf8[0], declared), tail=utf8[1])
    return _not_unicode(body, declared)


def _declared(start: str) -> str | None:
    match = _DECLARED.match(start[:4000].lstrip("\ufeff\0 \t\r\n"))
    return match[1] if match else None


def _codec(declared: str | None) -> str | None:
    """Python's name for a declared encoding; None where nothing, or nothing known, is declared."""
    if declared is None:
        return None
    try:
        name = codecs.lookup(declared).name
    except (LookupError, ValueError):  # ValueError: a name with a NUL
        return None
    return None if name in _NO_FILES else _SUPERSETS.get(name, name)


def _round_trip(raw: bytes, codec: str) -> str | None:
    try:
        text = raw.decode(codec)
        return text if text.encode(codec) == raw else None
    except (UnicodeError, LookupError):
        return None


def _unicode(body: bytes, codec: str) -> tuple[str, bytes] | None:
    """Text and the rest of a character that the body ends in; None where the bytes are something else."""
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        text = decoder.decode(body, final=False)
    except UnicodeError:
        return None
    return text, decoder.getstate()[0]


def _ascii(body: bytes, declared: str | None) -> Decoded:
    text = body.decode("ascii")
    codec = _codec(declared)
    if codec is not None and codec in _LEGACY:
        return Decoded(text, codec, declared, (Problem("legacy-encoding-declared", 0, declared or ""),))
    return Decoded(text, "utf-8", declared, _utf8_problems(text, declared))


def _utf8_problems(text: str, declared: str | None) -> tuple[Problem, ...]:
    """What is wrong with the declaration of a text that is UTF-8."""
    codec = _codec(declared)
    if declared is None or codec == "utf-8" or (text.isascii() and codec and codec not in _UNICODE):
        return ()
    claim = f"declared as {declared}" + ("" if codec else ", which is no known encoding")
    return (Problem("wrong-unicode-declaration", 0, f"UTF-8 {claim}"),)


def _wrong_unicode(codec: str, declared: str | None) -> Problem:
    claim = f"declared as {declared}" if declared else "without declaration"
    return Problem("wrong-unicode-declaration", 0, f"{codec.upper()} {claim}")


def _wide_encoding(body: bytes) -> str | None:
    """UTF-16 or UTF-32 without BOM, known by the NULs around the first `<` (XML 1.0, appendix F)."""
    return next((codec for codec, start in _WIDE_STARTS if start.match(body)), None)


def _declared_fits_better(body: bytes, declared: str | None) -> bool:
    """Bytes that are UTF-8 as well as the declared legacy encoding: pairs alone rather are the latter.

    U+8292 in GBK is C3 A2, which is also a valid UTF-8 pair; Chinese in UTF-8 has three bytes a character.
    """
    codec = _codec(declared)
    if codec not in _LEGACY or codec is None or _round_trip(body, codec) is None:
        return False
    return not re.search(rb"[\xe0-\xf4][\x80-\xbf]{2}", body)


def _not_unicode(body: bytes, declared: str | None) -> Decoded:
    """Bytes that are no UTF: the declared encoding if it fits, GBK if it reads as such, else single bytes."""
    codec = _codec(declared)
    declared_text = _round_trip(body, codec) if codec and codec not in _UNICODE else None
    if codec and declared_text is not None and codec in _LEGACY:
        return Decoded(
            declared_text, codec, declared, (Problem("legacy-encoding-declared", 0, declared or ""),)
        )
    high = _HIGH.search(body)
    first = high.start() if high else 0
    gbk = _gb18030(body)
    if gbk is not None and _reads_as_chinese(body, certain=declared_text is not None):
        problem = Problem("undeclared-gbk", first, _claim(declared))
        return Decoded(gbk[0], "gb18030", declared, (problem,), tail=gbk[1])
    if codec and declared_text is not None:
        return Decoded(declared_text, codec, declared, ())
    return _mixed(body, declared) or _single_bytes(body, first, declared)


def _mixed(body: bytes, declared: str | None) -> Decoded | None:
    """UTF-8 with a few foreign bytes in it, which are carried through; None where UTF-8 is the exception."""
    text = name_to_text(body.decode("utf-8", "surrogateescape"))
    if text_to_name(text).encode("utf-8", "surrogateescape") != body:
        return None  # it has private-use characters of its own
    bad = re.search("[\uf780-\uf7ff]", text)
    # lengths rather than lists of what is found: a list of a million characters takes 80 MB
    foreign = len(text) - len(re.sub("[\uf780-\uf7ff]+", "", text))
    if bad is None or len(text) - len(re.sub("[\u0800-\uf77f]+", "", text)) <= foreign:
        return None
    detail = f"byte 0x{ord(bad.group()) - 0xF700:02X} in a text that is UTF-8 otherwise"
    return Decoded(text, "utf-8", declared, (Problem("malformed", bad.start(), detail),), carried=True)


def _single_bytes(body: bytes, first: int, declared: str | None) -> Decoded:
    text = _round_trip(body, "cp1252")
    encoding = "latin-1" if text is None else "cp1252"  # cp1252 leaves five bytes undefined
    detail = f"byte 0x{body[first]:02X}, {_claim(declared)}"
    problem = Problem("single-byte-text", first, detail)
    return Decoded(body.decode("latin-1") if text is None else text, encoding, declared, (problem,))


def _claim(declared: str | None) -> str:
    return f"declared as {declared}" if declared else "without declaration"


def _gb18030(body: bytes) -> tuple[str, bytes] | None:
    """The body as GB18030, and the half character it ends in."""
    decoded = _unicode(body, "gb18030")
    if decoded is None:
        return None
    text, tail = decoded
    try:
        return decoded if text.encode("gb18030") + tail == body else None
    except UnicodeEncodeError:
        return None


def _reads_as_chinese(body: bytes, certain: bool) -> bool:
    """Pairs of high bytes, as in Chinese text, rather than single accents between ASCII letters.

    Most pairs must lie in GB 2312; where a single-byte encoding is declared (`certain`), all of them, and
    one run must hold two characters.
    """
    high = len(body) - len(body.translate(None, _HIGH_BYTES))
    inside = longest = 0
    for run in _GB2312_PAIRS.finditer(body):
        length = run.end() - run.start()
        inside += length
        longest = max(longest, length)
    return inside == high and longest >= 4 if certain else inside * 2 > high
