"""Small edits of an annotation's text: a value, a line, an element. Only what must change, changes.

In: a parsed `Document` and its elements. Out: `ReplaceText`. Indentation and line ends are copied from the
neighbourhood, so that a repaired file still looks like one its author wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from curate.findings import Finding, Recode, ReplaceBytes, ReplaceText, spliced
from curate.formats.elements import escape as escape_markup
from curate.formats.markup import Element
from curate.formats.voc import Document
from curate.rules.model import Facts


def local_name(element: Element) -> str:
    """The tag without prefix, in lower case, as readers that tolerate both would compare it."""
    return element.tag.rpartition(":")[2].casefold()


def children(element: Element, tag: str) -> list[Element]:
    """The direct children with that tag; `<part>` boxes of an object are not its own."""
    return [child for child in element.children if local_name(child) == tag]


def value(document: Document, element: Element) -> str:
    """The element's content without the blanks around it, references not decoded."""
    return document.text[element.inner_start : element.inner_end].strip()


def set_value(document: Document, element: Element, new: str) -> ReplaceText:
    """Replace the content, keep the blanks around it; `new` is plain text and is escaped here."""
    inner = document.text[element.inner_start : element.inner_end]
    if element.inner_start == element.inner_end and document.text[element.start : element.end].endswith("/>"):
        return ReplaceText(element.start, element.end, f"<{element.tag}>{escape_markup(new)}</{element.tag}>")
    start = element.inner_start + len(inner) - len(inner.lstrip()) if inner.strip() else element.inner_start
    end = start + len(inner.strip()) if inner.strip() else element.inner_end
    return ReplaceText(start, end, escape_markup(new))


def lead(document: Document, element: Element) -> str:
    """The blanks before an element, from the last line end on, or "" where it follows on its line."""
    before = document.text[: element.start]
    blanks = before[len(before.rstrip()) :]
    line_end = blanks.rfind("\n")
    if line_end < 0:
        return blanks
    return blanks[line_end - (blanks[line_end - 1 : line_end] == "\r") :]


def step(document: Document, parent: Element) -> str:
    """By how much a child of `parent` is indented further than `parent`: "" where all is on one line."""
    if parent.children:
        inner, outer = lead(document, parent.children[0]), lead(document, parent)
        depth_inner, depth_outer = inner.rpartition("\n")[2], outer.rpartition("\n")[2]
        if "\n" in inner and depth_inner.startswith(depth_outer):
            return depth_inner[len(depth_outer) :]
    return ""


def insert_after(document: Document, element: Element, new: str) -> ReplaceText:
    """Put `new` behind an element, on a line of its own where the element stands on one."""
    return ReplaceText(element.end, element.end, lead(document, element) + new)


def bndbox_after(
    document: Document, holder: Element, anchor: Element, corners: Mapping[str, str]
) -> ReplaceText:
    """Put a `<bndbox>` of these corners behind `anchor`, a child of the object `holder`."""
    outer = lead(document, anchor)
    inner = outer + step(document, holder) if "\n" in outer else ""
    fields = "".join(f"{inner}<{tag}>{text}</{tag}>" for tag, text in corners.items())
    closing = outer if "\n" in outer else ""
    return insert_after(document, anchor, f"<bndbox>{fields}{closing}</bndbox>")


def enclosing_box(
    finding: Finding,
    document: Document | None,
    tag: str,
    corners_of: Callable[[Document, int], Mapping[str, str] | None],
) -> list[ReplaceText]:
    """Put the box that `corners_of` (document, number of the object) gives behind its shape `tag`."""
    if document is None or finding.object is None:
        return []
    corners = corners_of(document, finding.object)
    if corners is None:
        return []
    element = document.objects()[finding.object - 1]
    return [bndbox_after(document, element, children(element, tag)[0], corners)]


def insert_before(document: Document, element: Element, new: str) -> ReplaceText:
    """Put `new` before an element, on a line of its own where the element stands on one."""
    return ReplaceText(element.start, element.start, new + lead(document, element))


def remove(document: Document, element: Element) -> ReplaceText:
    """Take an element out together with its line."""
    return ReplaceText(element.start - len(lead(document, element)), element.end, "")


def drop_box(finding: Finding, document: Document | None, facts: Facts) -> list[ReplaceText]:
    """The repair of a finding whose box is to go; an object goes with its only box."""
    if document is None or finding.object is None:
        return []
    element = document.objects()[finding.object - 1]
    boxes = children(element, "bndbox")
    return [remove(document, boxes[finding.fix.facts["box"] - 1] if len(boxes) > 1 else element)]


def recode(finding: Finding, document: Document | None, facts: Facts) -> list[Recode]:
    """The repair of a finding whose file is to be UTF-8."""
    return [Recode()]


def number_like(written: str, number: float) -> str:
    """A number in the format of another: "12" stays whole, "12.50" keeps two decimals."""
    whole, dot, decimals = written.strip().partition(".")
    del whole
    if dot and decimals.isdigit():
        return f"{number:.{len(decimals)}f}"
    return str(round(number))


def rewritten(path: str, document: Document, edits: Iterable[ReplaceText]) -> Iterator[ReplaceBytes]:
    """Edits of an annotation as one edit of its bytes; nothing where they change nothing.

    For repairs of several files, and of files that are renamed in the same step.
    """
    text = spliced(document.text, [(edit.start, edit.end, edit.new) for edit in edits])
    if text != document.text:
        yield ReplaceBytes(path, 0, len(document.raw), document.to_bytes(text))
