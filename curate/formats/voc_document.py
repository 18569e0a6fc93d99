"""One Pascal VOC annotation file: bytes in; text, elements with their places, and problems out. Never raises.

Kinds of problems:

    bytes        undeclared-gbk  legacy-encoding-declared  wrong-unicode-declaration  single-byte-text
    markup       empty-file  truncated  unescaped-markup  text-before-declaration  illegal-character
                 malformed  doctype  entity-expansion  oversized
    vocabulary   namespace  tag-case  unknown-root  not-voc
    reading      unreadable (the file could not be opened; set by `voc_folder.read`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from curate.formats.elements import ILL_FORMED, Element, Markup, Problem
from curate.formats.encoding import Decoded, decode
from curate.formats.libxml import objection
from curate.formats.markup import scan

MAX_BYTES = 64 * 1024 * 1024
MAX_LINES = 2_000_000  # the beginning of each is kept, to tell lines and columns
MAX_ODD_TAGS = 100_000  # that are told of one file

# The tags that some reader looks for, in the case the VOC development kit writes them.
KNOWN_TAGS = frozenset(
    {"annotation", "folder", "filename", "path", "source", "database", "owner", "segmented"}
    | {"size", "width", "height", "depth"}
    | {"object", "name", "pose", "truncated", "difficult", "occluded", "part", "polygon"}
    | {"bndbox", "xmin", "ymin", "xmax", "ymax"}
    | {"robndbox", "cx", "cy", "w", "h", "angle"}
)
_OBJECT_PARTS = frozenset({"name", "bndbox", "robndbox", "polygon"})
_CAPITAL_IN_TAG = re.compile(r"<[a-z0-9_.:\-]*[A-Z]")
_DECLARATION_START = re.compile(r"<\?xml\b", re.IGNORECASE)
_ENCODING_CLAIM = re.compile(r"(<\?xml\b[^>]*?\bencoding\s*=\s*)([\"'])[^\"']*\2", re.IGNORECASE)


def local_name(element: Element) -> str:
    """The tag as readers should see it: without prefix, a known one in its usual case."""
    tag = element.tag
    if tag in KNOWN_TAGS:
        return tag
    bare = tag.rpartition(":")[2]
    lower = bare.lower()
    return lower if lower in KNOWN_TAGS else bare


def child(element: Element, name: str) -> Element | None:
    """The first direct child of that local name."""
    for candidate in element.children:
        if candidate.tag == name or local_name(candidate) == name:
            return candidate
    return None


@dataclass(frozen=True)
class Document:
    """An annotation file as it was found. Offsets count characters of `text`, which has no BOM."""

    raw: bytes
    decoded: Decoded
    markup: Markup
    problems: tuple[Problem, ...]  # by place

    @property
    def text(self) -> str:
        """The decoded file; empty where the file is too big to be read."""
        return self.decoded.text

    @property
    def encoding(self) -> str:
        """The Python codec that decodes the bytes."""
        return self.decoded.encoding

    @property
    def declared(self) -> str | None:
        """The encoding that the XML declaration claims, as written."""
        return self.decoded.declared

    @property
    def bom(self) -> bool:
        """Whether the file begins with a byte order mark."""
        return self.decoded.bom

    @property
    def root(self) -> Element | None:
        """The outermost element; None where there is none."""
        return self.markup.root

    @property
    def well_formed(self) -> bool:
        """False where any XML parser would refuse the decoded text."""
        return not any(problem.kind in ILL_FORMED for problem in self.problems)

    @property
    def is_voc(self) -> bool:
        """Whether there is a root that holds, or could hold, VOC objects."""
        return self.root is not None and not any(problem.kind == "not-voc" for problem in self.problems)

    def without_elements(self) -> Document:
        """The same text, to be changed and written; what was found in it takes twenty times the memory."""
        return replace(self, markup=Markup("", None), problems=())

    def find(self, path: str, within: Element | None = None) -> Element | None:
        """The first element at `path` ("size/width") below `within` (default: the root)."""
        element = within if within is not None else self.root
        for name in path.split("/"):
            if element is None:
                return None
            element = child(element, name)
        return element

    def objects(self) -> list[Element]:
        """The complete `<object>` elements, in order: in a file that ends early, the last may be missing."""
        return self._objects

    @cached_property
    def _objects(self) -> list[Element]:
        if self.root is None or not self.is_voc:
            return []
        return [e for e in self.root.children if e.closed and local_name(e) == "object"]

    @cached_property
    def by_start(self) -> dict[int, Element]:
        """Every element by the offset at which it starts."""
        return {} if self.root is None else {element.start: element for element in _walk(self.root)}

    def line_column(self, offset: int) -> tuple[int, int]:
        """1-based line and column of a character of `text`."""
        return self.markup.line_column(offset)

    def to_bytes(self, text: str, recode: bool = False) -> bytes:
        """A changed text as bytes: in the file's own encoding and BOM, or (`recode`) as plain UTF-8.

        `to_bytes(text)` of the unchanged text is `raw`. A declaration says UTF-8 after recoding. Half a
        character at the end of a cut file stays while the text before it does. Raises UnicodeEncodeError
        where the file's own encoding lacks a character of the new text.
        """
        decoded = self.decoded
        if not text.endswith(self.text[-80:]):
            decoded = replace(decoded, tail=b"")
        if not recode:
            return decoded.encode(text)
        tail = decoded.tail if decoded.encoding == "utf-8" else b""
        start = _DECLARATION_START.search(text)  # only the first can be one; a search from each is quadratic
        claim = _ENCODING_CLAIM.match(text, start.start()) if start else None
        if claim:
            text = f"{text[: claim.end(2)]}UTF-8{text[claim.end() - 1 :]}"
        return replace(decoded, encoding="utf-8", mark=b"", tail=tail).encode(text)


def parse(raw: bytes) -> Document:
    """Read an annotation, whatever its bytes are. Nothing outside them is looked at."""
    if len(raw) > MAX_BYTES:
        size = Problem("oversized", 0, f"{len(raw):,} bytes, more than {MAX_BYTES:,}")
        return Document(raw, Decoded("", "utf-8", None, ()), Markup("", None), (size,))
    decoded = decode(raw)
    if (lines := decoded.text.count("\n")) > MAX_LINES:
        many = Problem("oversized", 0, f"{lines:,} lines, more than {MAX_LINES:,}")
        return Document(raw, replace(decoded, text=""), Markup("", None), (many,))
    markup = scan(decoded.text)
    problems = [*_markup_problems(markup), *islice(_vocabulary(markup), MAX_ODD_TAGS)]
    if markup.root is not None or any(p.kind != "empty-file" for p in problems):
        problems.extend(decoded.problems)  # how blanks are encoded does not matter
    return Document(raw, decoded, markup, tuple(sorted(problems, key=lambda problem: problem.offset)))


def _markup_problems(markup: Markup) -> list[Problem]:
    """The scanner's problems, with libxml2's word on whatever the scanner does not decide alone."""
    problems = list(markup.problems)
    ill_formed = {problem.kind for problem in problems} & ILL_FORMED
    dangerous = any(problem.kind == "entity-expansion" for problem in problems)
    if dangerous or ill_formed - {"malformed"} or not (markup.unusual or ill_formed):
        return problems
    refusal = objection(markup.source)
    if refusal is None:
        return [problem for problem in problems if problem.kind != "malformed"]
    line, column, message = refusal
    where = Problem("malformed", markup.offset(line, column), message)
    first = next((i for i, problem in enumerate(problems) if problem.kind == "malformed"), len(problems))
    return [*problems[:first], where, *problems[first + 1 :]]


def _vocabulary(markup: Markup) -> Iterator[Problem]:
    """Tags that many readers do not recognise, although what they mean is plain."""
    root = markup.root
    if root is None:
        return
    if local_name(root) != "annotation":
        voc_shaped = any(
            local_name(element) == "object"
            and any(local_name(part) in _OBJECT_PARTS for part in element.children)
            for element in root.children
        )
        yield Problem("unknown-root" if voc_shaped else "not-voc", root.start, root.tag)
        if not voc_shaped:
            return
    claims = {name: value for name, value in root.attributes.items() if name.split(":")[0] == "xmlns"}
    # a prefix that is declared and not used, such as xmlns:xsi, puts no element elsewhere
    if "xmlns" in claims or any(":" in element.tag for element in (_walk(root) if claims else [root])):
        yield Problem("namespace", root.start, claims.get("xmlns") or next(iter(claims.values()), root.tag))
    if _CAPITAL_IN_TAG.search(markup.source):
        for element in _walk(root):
            bare = element.tag.rpartition(":")[2]
            if bare not in KNOWN_TAGS and bare.lower() in KNOWN_TAGS:
                yield Problem("tag-case", element.start, element.tag)


def _walk(root: Element) -> Iterator[Element]:
    """All elements in document order, without recursion."""
    pending = [root]
    while pending:
        element = pending.pop()
        yield element
        pending.extend(reversed(element.children))
