"""A tolerant XML scanner: decoded text in, elements with their places out, whatever is wrong with the text.

It never expands an entity, never fetches anything, never recurses, and stops at fixed bounds. What it accepts
without a problem, libxml2 accepts too, unless `Markup.unusual` says that the text uses something the scanner
leaves to libxml2 (namespaces, DOCTYPE, processing instructions, names that are not ASCII).
Grammar: W3C, Extensible Markup Language (XML) 1.0, Fifth Edition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from curate.formats.elements import (
    ANY_NAME,
    ILL_FORMED,
    ILLEGAL,
    PREDEFINED,
    REFERENCE,
    Element,
    Markup,
    Problem,
    character_data,
    code_point,
)
from curate.patterns import later

__all__ = ["ILL_FORMED", "Element", "Markup", "Problem", "character_data", "scan"]

MAX_DEPTH = 256  # libxml2's own bound
MAX_ELEMENTS = 500_000  # about 40,000 objects, and 400 MB; more in one file is no annotation of one picture
MAX_PROBLEMS = 1000
MAX_ERRORS = 100_000  # after so many more, whatever follows is no annotation
MAX_ATTRIBUTES = 512  # of one element; each costs the regular expression a place to come back to
MAX_EXPANSION = 8 << 20  # characters; expat refuses entities that expand to more

_SPACE = r"[ \t\r\n]"
_NAME = r"[A-Za-z_][A-Za-z0-9_.\-]{0,255}"  # libxml2 bounds names too
_VALUE = r"(?:\"[^\"<]*\"|'[^'<]*')"


def _tag(name: str) -> str:
    attribute = rf"{_SPACE}+{name}{_SPACE}*={_SPACE}*{_VALUE}"
    return rf"<({name})((?:{attribute}){{0,{MAX_ATTRIBUTES}}}){_SPACE}*(/?)>"


# A whole `<tag>text</tag>` is one token, because nine tenths of an annotation consist of them.
_TOKEN = re.compile(
    rf"{_SPACE}*(?:"
    rf"<({_NAME})>([^<&]*)</\1{_SPACE}*>"  # 1, 2
    rf"|</({_NAME}){_SPACE}*>"  # 3
    rf"|{_tag(_NAME)}"  # 4, 5, 6
    r"|([^<]+)"  # 7
    r"|(<)"  # 8: everything rare
    r")"
)
_LEAF, _CLOSE, _OPEN, _TEXT = 2, 3, 6, 7
_ANY_OPEN = later(_tag(ANY_NAME))
_TAG_EDGE = re.compile("[<>]")
# These two are tried only where a ">" comes before the next "<": else they are quadratic in a long name.
_BROKEN_OPEN = later(rf"<({ANY_NAME})([^<>]*?)(/?)>")
_ANY_CLOSE = later(rf"</({ANY_NAME}){_SPACE}*>")
_BROKEN_CLOSE = later(rf"</\s*({ANY_NAME})?[^<>]*>")
_ATTRIBUTE = later(rf"({ANY_NAME}){_SPACE}*={_SPACE}*({_VALUE})")
_DECLARATION = re.compile(
    rf"<\?xml{_SPACE}+version{_SPACE}*={_SPACE}*(?:\"1\.0\"|'1\.0')"
    rf"(?:{_SPACE}+encoding{_SPACE}*={_SPACE}*(?:\"[A-Za-z][A-Za-z0-9._\-]*\"|'[A-Za-z][A-Za-z0-9._\-]*'))?"
    rf"(?:{_SPACE}+standalone{_SPACE}*={_SPACE}*(?:\"(?:yes|no)\"|'(?:yes|no)'))?{_SPACE}*\?>"
)
_DOCTYPE_PART = re.compile(r"[\"'\[\]>]|<!--|<\?")
_DOCTYPE_ENDS = {'"': '"', "'": "'", "<!--": "-->", "<?": "?>"}  # what may hide a bracket
_ENTITY = later(rf"<!ENTITY\s+(%\s+)?({ANY_NAME})\s+(\"[^\"]*\"|'[^']*'|SYSTEM\b|PUBLIC\b)")
_BLANK = " \t\r\n"
_JUNK = _BLANK + "\0\ufeff\u200b"  # what editors and interrupted writes leave around a document
_NO_ATTRIBUTES: Mapping[str, str] = {}


def scan(text: str) -> Markup:
    """Scan a whole document. Never raises: what cannot be understood becomes a problem with its place."""
    return _Scanner(text).run()


class _Scanner:
    """The state of one scan. `run` reads tokens; everything rare has its own method."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.limit = len(text.rstrip("\0" + _BLANK))  # a file cut by a power loss is filled up with NULs
        self.root: Element | None = None
        self.stack: list[Element] = []
        self.too_deep = 0  # open elements below MAX_DEPTH, which are counted but not kept
        self.count = 0
        self.problems: list[Problem] = []
        self.unusual = len(text) > 9_000_000  # libxml2 bounds a single text at 10^7
        self.errors = 0  # beyond MAX_PROBLEMS
        self.entities: set[str] | None = set()  # None: an external DTD may define any
        self.entity_lengths: dict[str, int] = {}
        self.expansion = 0  # characters that the references to entities stand for
        self.exhausted: set[str] = set()  # terminators that do not occur again; keeps hostile texts linear
        self.doctype_seen = False
        self.stopped = False

    def run(self) -> Markup:
        text = self.text
        if not text.strip(_JUNK):
            return Markup(text, None, (Problem("empty-file", 0, f"{len(text)} characters, all blank"),))
        self._illegal_characters()
        self._tokens(self._prologue())
        self._ending()
        if self.expansion > MAX_EXPANSION:
            where = text.find("<!DOCTYPE")
            self._grave("entity-expansion", where, f"entities that expand to {self.expansion:,} characters")
        problems = tuple(sorted(self.problems[:MAX_PROBLEMS], key=lambda problem: problem.offset))
        return Markup(text, self.root, problems, self.unusual)

    def _problem(self, kind: str, offset: int, detail: str = "") -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(kind, offset, detail))
            return
        self.errors += 1
        if self.errors > MAX_ERRORS and not self.stopped:
            self._grave("oversized", offset, f"more than {MAX_ERRORS:,} errors")
            self.stopped = True

    def _grave(self, kind: str, offset: int, detail: str) -> None:
        """A problem that is told even where there are too many."""
        self.problems[MAX_PROBLEMS - 1 :] = [Problem(kind, offset, detail)]

    def _illegal_characters(self) -> None:
        for match in ILLEGAL.finditer(self.text, 0, self.limit):
            if len(self.problems) >= 100:
                break
            self._problem("illegal-character", match.start(), f"U+{ord(match.group()):04X}")

    def _prologue(self) -> int:
        """Check what stands at the very beginning; the offset at which tokens start."""
        text = self.text
        first = text.find("<")
        if first < 0:
            self._problem("malformed", 0, "no markup at all")
            self.stopped = True
            return self.limit
        declaration = text.startswith("<?xml", first) and text[first + 5 : first + 6] in _BLANK
        if first > 0 and text[:first].strip(_BLANK) + ("?" if declaration else ""):
            if not text[:first].strip(_JUNK):
                self._problem("text-before-declaration", 0, f"{first} blank characters")
            elif declaration:
                self._problem("text-before-declaration", 0, text[:first][:40])
            else:
                self._problem("malformed", 0, "text before the first element")
        if not declaration:
            return first
        match = _DECLARATION.match(text, first)
        if match:
            return match.end()
        self.unusual = True
        end = text.find("?>", first)
        closing = text.find(">", first)
        if 0 <= end <= closing:
            return end + 2
        self._problem("malformed", first, "the XML declaration does not end with ?>")
        return closing + 1 if closing >= 0 else self.limit

    def _tokens(self, position: int) -> None:
        text, stack = self.text, self.stack
        simple = "]]>" not in text  # then no short text can be at fault
        while position < self.limit and not self.stopped:  # `_cut` lowers the limit
            for match in _TOKEN.finditer(text, position, self.limit):
                kind = match.lastindex
                if kind == _LEAF and 0 < len(stack) < MAX_DEPTH and simple and self.count < MAX_ELEMENTS:
                    tag, content = match.group(1, 2)
                    inner_start, inner_end = match.span(2)
                    if "\r" in content:
                        content = character_data(content)
                    start = inner_start - len(tag) - 2
                    leaf = Element(
                        tag, start, match.end(), inner_start, inner_end, _NO_ATTRIBUTES, [], content
                    )
                    stack[-1].children.append(leaf)
                    self.count += 1
                elif kind == _LEAF:
                    inner_start, inner_end = match.span(2)
                    self._open(match[1], "", inner_start - len(match[1]) - 2, inner_start, False)
                    self._text(inner_start, inner_end)
                    self._close(match[1], inner_end, match.end())
                elif kind == _CLOSE:
                    self._close(match[3], match.start(3) - 2, match.end())
                elif kind == _OPEN:
                    self._open(match[4], match[5], match.start(4) - 1, match.end(), bool(match[6]))
                elif kind == _TEXT:
                    self._text(match.start(7), match.end(7))
                else:
                    position = self._special(match.start(8))
                    break
                if self.stopped:
                    return
            else:
                return

    def _open(self, tag: str, attributes: str, start: int, inner_start: int, empty: bool) -> None:
        if self.root is not None and not self.stack:
            self._problem("malformed", start, f"a second outermost element <{tag}>")
            self.stopped = True
            return
        if len(self.stack) >= MAX_DEPTH:
            if not self.too_deep:
                self._problem("oversized", start, f"elements more than {MAX_DEPTH} deep")
            self.too_deep += not empty
            return
        self.count += 1
        if self.count > MAX_ELEMENTS:
            self._problem("oversized", start, f"more than {MAX_ELEMENTS:,} elements")
            self.stopped = True
            return
        values = self._attributes(attributes, start) if attributes else _NO_ATTRIBUTES
        element = Element(tag, start, inner_start, inner_start, inner_start, values, [], "")
        if self.stack:
            self.stack[-1].children.append(element)
        else:
            self.root = element
        if not empty:
            self.stack.append(element)

    def _attributes(self, written: str, offset: int) -> Mapping[str, str]:
        values: dict[str, str] = {}
        for name, quoted in _ATTRIBUTE.findall(written):
            if name in values:
                self._problem("malformed", offset, f"attribute {name} is given twice")
            if name.startswith("xmlns") or ":" in name:
                self.unusual = True
            if "&" in quoted:
                self._references(quoted, offset, every=False)
            values[name] = character_data(re.sub(r"\r\n|[\t\r\n]", " ", quoted[1:-1]))
        return values

    def _close(self, tag: str, start: int, end: int) -> None:
        if self.too_deep:
            self.too_deep -= 1
            return
        stack = self.stack
        if not stack or stack[-1].tag != tag:
            expected = f"expected </{stack[-1].tag}>" if stack else "nothing is open"
            self._problem("malformed", start, f"</{tag}> where {expected}")
            depth = next((i for i in range(len(stack), 0, -1) if stack[i - 1].tag.lower() == tag.lower()), 0)
            if not depth:
                return
            while len(stack) > depth:
                self._finish(stack.pop(), start, start)
        self._finish(stack.pop(), start, end)

    def _finish(self, element: Element, inner_end: int, end: int) -> None:
        element.inner_end, element.end = inner_end, end
        if not element.children:
            element.text = character_data(self.text[element.inner_start : inner_end])

    def _text(self, start: int, end: int) -> None:
        content = self.text[start:end]
        if not self.stack:
            if self.root is not None and content.strip(_JUNK):
                self._problem("malformed", start, "text after the last element")
                self.stopped = True
            elif self.root is None and content.strip(_BLANK):
                self._problem("malformed", start, "text before the first element")
            return
        if "&" in content:
            self._references(content, start)
        if "]]>" in content:
            self._problem("malformed", start + content.index("]]>"), "]]> in text")

    def _references(self, content: str, start: int, every: bool = True) -> None:
        """Check each `&`; offsets count from `start`, or are `start` itself without `every`."""
        for at in (match.start() for match in re.finditer("&", content)):
            if self.stopped:
                return
            match = REFERENCE.match(content, at)
            offset = start + at if every else start
            if match is None:
                self._problem("unescaped-markup", offset, content[at : at + 20])
            elif match[3] is None:
                if code_point(match.group()[1:-1]) is None:
                    self._problem("illegal-character", offset, match.group()[:20])
            elif match[3] not in PREDEFINED:
                self.unusual = True
                self.expansion += self.entity_lengths.get(match[3], 0)
                if self.entities is not None and match[3] not in self.entities:
                    self._problem("malformed", offset, f"entity {match[3][:40]} is not defined")

    # --- everything rare: each takes the offset of a `<` and gives the offset at which tokens go on ------

    def _special(self, at: int) -> int:
        text = self.text
        if text.startswith("<!--", at):
            return self._comment(at)
        if text.startswith("<![CDATA[", at) and self.stack:
            end = self._find("]]>", at + 9)
            return end + 3 if end >= 0 else self._cut(at)
        if text.startswith("<?", at):
            return self._instruction(at)
        if text.startswith("<!DOCTYPE", at) and self.root is None and not self.doctype_seen:
            return self._doctype(at)
        return self._odd_tag(at)

    def _find(self, terminator: str, start: int) -> int:
        if terminator in self.exhausted:
            return -1
        found = self.text.find(terminator, start, self.limit)
        if found < 0:
            self.exhausted.add(terminator)
        return found

    def _cut(self, at: int) -> int:
        """The text ends inside the markup that begins at `at`; `_ending` reports it."""
        self.limit = at
        return at

    def _comment(self, at: int) -> int:
        end = self._find("-->", at + 4)
        if end < 0:
            return self._cut(at)
        if "--" in self.text[at + 4 : end] or (self.text[end - 1] == "-" and end > at + 4):
            self._problem("malformed", at, "-- inside a comment")
        return end + 3

    def _instruction(self, at: int) -> int:
        self.unusual = True
        end = self._find("?>", at + 2)
        if end < 0:
            self._problem("malformed", at, "a processing instruction without ?>")
            return at + 2
        if self.text[at + 2 : at + 6].lower() in ("xml", "xml?", *(f"xml{c}" for c in _BLANK)):
            self._problem("malformed", at, "an XML declaration that is not at the beginning")
        return end + 2

    def _doctype(self, at: int) -> int:
        self.unusual = self.doctype_seen = True
        depth, position = 0, at + 9
        while match := _DOCTYPE_PART.search(self.text, position, self.limit):
            part, position = match.group(), match.end()
            if part in _DOCTYPE_ENDS:
                end = self._find(_DOCTYPE_ENDS[part], position)
                position = position if end < 0 else end + len(_DOCTYPE_ENDS[part])
            depth += (part == "[") - (part == "]")
            if part == ">" and depth <= 0:
                self._entities(at, position)
                return position
        return self._cut(at)

    def _entities(self, start: int, end: int) -> None:
        written = self.text[start:end]
        danger = ""
        for percent, name, value in _ENTITY.findall(written):
            if self.entities is not None:
                self.entities.add(name)
            self.entity_lengths.setdefault(name, max(len(value) - 2, 0))
            nested = [n for n in re.findall(rf"&({ANY_NAME});", value) if n not in PREDEFINED]
            if percent:
                danger = danger or f"parameter entity {name[:40]}"
            elif not value.startswith(("'", '"')):
                danger = danger or f"external entity {name[:40]}"
            elif nested:
                danger = danger or f"entity {name[:40]} is made of other entities"
        names = ", ".join(name[:40] for name in sorted(self.entities or ())[:10])
        if re.match(rf"<!DOCTYPE\s+{ANY_NAME}\s+(?:SYSTEM|PUBLIC)\b", written):
            self.entities = None
        if danger:
            self._problem("entity-expansion", start, danger)
        else:
            self._problem("doctype", start, f"entities: {names}" if names else "")

    def _odd_tag(self, at: int) -> int:
        """A tag with a name that is not ASCII or is broken, or a `<` that is meant as text."""
        text, limit = self.text, self.limit
        closing = text.startswith("</", at)
        match = (_ANY_CLOSE if closing else _ANY_OPEN).match(text, at, limit)
        broken = match is None
        edge = _TAG_EDGE.search(text, at + 1, limit)
        if match is None and edge is not None and edge.group() == ">":
            match = (_BROKEN_CLOSE if closing else _BROKEN_OPEN).match(text, at, limit)
        if match is None:
            return self._stray(at)
        if broken:
            self._problem("malformed", at, text[at : at + 40])
        self.unusual = True
        if closing:
            if match[1]:
                self._close(match[1], at, match.end())
        else:
            attributes = match[2] if not broken else ""
            self._open(match[1], attributes, at, match.end(), bool(match[3]))
        return match.end()

    def _stray(self, at: int) -> int:
        follower = self.text[at + 1 : at + 2]
        tag_like = not follower or follower in "/!" or re.match(ANY_NAME, follower)
        if tag_like and self.text.find("<", at + 1, self.limit) < 0:
            return self._cut(at)
        if self.stack and follower not in ("/", "!"):
            self._problem("unescaped-markup", at, self.text[at : at + 20])
        else:
            self._problem("malformed", at, self.text[at : at + 40])
        return at + 1

    def _ending(self) -> None:
        """Close what is still open and say whether the text ends too early or too late."""
        text, limit = self.text, self.limit
        for element in reversed(self.stack):
            element.closed = False
            self._finish(element, limit, limit)
        if self.stopped:
            return
        padding = text.count("\0", len(text.rstrip("\0" + _BLANK)))
        if self.stack or self.too_deep or self.root is None or limit < len(text.rstrip("\0" + _BLANK)):
            inside = (
                f"inside <{self.stack[-1].tag}>" if self.stack else "before the first element is complete"
            )
            self._problem("truncated", limit, inside + (f", then {padding} NUL bytes" if padding else ""))
        elif padding:
            self._problem("illegal-character", text.index("\0", limit), f"{padding} NUL bytes at the end")
