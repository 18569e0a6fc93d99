"""Texts made to take long: a careless reader needs quadratic time or boundless memory for each."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

from curate.formats.classlist import parse_class_file
from curate.formats.encoding import decode
from curate.formats.images import facts_of_bytes
from curate.formats.voc import facts
from curate.formats.voc_document import parse
from curate.formats.voc_plain import plain_facts
from curate.formats.yolo import parse as parse_labels

# what is repeated to fill a text that begins with "<annotation>", and what is put before all of it
FILLERS: dict[str, tuple[str, str]] = {
    "comments begun": ("", "<!--"),
    "comments": ("", "<!---->"),
    "comments and text": ("", "<!-- --"),
    "instructions begun": ("", "<?a"),
    "CDATA begun": ("", "<![CDATA["),
    "CDATA ended": ("", "]]>"),
    "less than": ("", "<"),
    "ends begun": ("", "</"),
    "end with a long name": ("</", "a"),
    "end with blanks": ("</a", " "),
    "a long name": ("<", "a"),
    "a long Chinese name": ("<", "标"),
    "a long name of an attribute": ("<标 ", "a"),
    "blanks in a tag": ("<a", " "),
    "attributes": ("<a", " b=''"),
    "attributes of a Chinese tag": ("<标", " 注=''"),
    "attributes begun": ("", "<a b='"),
    "tags begun": ("", "<a "),
    "ampersands": ("", "&"),
    "references": ("", "&a;"),
    "references begun": ("&", "a"),
    "character references": ("", "&#65;"),
    "a long number": ("&#", "9"),
    "empty elements": ("", "<a/>"),
    "elements": ("", "<a>1</a>"),
    "nested elements": ("", "<a>"),
    "wrong ends": ("<a>" * 250, "</b>"),
    "objects": ("", "<object><name>a</name></object>"),
    "odd tags": ("", "<Object/>"),
    "flags begun": ("<object/>", "<difficult "),
    "line ends": ("", "\n"),
    "carriage returns": ("", "\r"),
    "GBK, one by one": ("", "香 "),
    "control characters": ("", "\x01"),
    "declarations": ("", "<?xml "),
    "encodings": ('<?xml version="1.0" ', "encoding "),
    "doctypes": ("", "<!DOCTYPE "),
    "brackets in a doctype": ("!DOCTYPE", "["),
    "comments begun in a doctype": ("!DOCTYPE", "<!--"),
    "instructions begun in a doctype": ("!DOCTYPE", "<?"),
    "quotes in a doctype": ("!DOCTYPE", "\"'"),
    "entities": ("!DOCTYPE", '<!ENTITY a "b">'),
    "entities begun": ("!DOCTYPE", "<!ENTITY a '"),
    "blanks in an entity": ("!DOCTYPE", "<!ENTITY "),
}


def text(name: str, size: int) -> str:
    """A text of about that many characters."""
    before, filler = FILLERS[name]
    body = filler * (size // len(filler))
    if before.startswith("!"):
        return f"<{before} a [{body}"
    return before + body if before.startswith("<?xml") else f"<annotation>{before}{body}"


def read_annotation(content: str) -> None:
    """All that is done with an annotation before the rules ask."""
    for codec in ("utf-8", "gb18030"):
        raw = content.encode(codec)
        document = parse(raw)
        facts(document)
        plain_facts(raw)
        document.to_bytes(document.text, recode=True)


def read_list(content: str) -> None:
    """A class list and a label file."""
    raw = content.encode("gb18030")
    decode(raw)
    parse_class_file("labelmap.txt", raw)
    parse_labels(content[: 1 << 20])


def read_image(content: bytes) -> None:
    """The headers of a JPEG with this behind its start, and of the other formats."""
    for head in (
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\0WEBP",
        b"II*\0\x08\0\0\0",
        b"\0\0\0\0ftypheic",
    ):
        facts_of_bytes(head + content)


def measure(deed: Callable[[], object]) -> tuple[float, int]:
    """Processor seconds of a deed, and the peak memory of the process so far in MiB."""
    start = time.process_time()
    deed()
    return time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def table(megabytes: float) -> None:
    """Print the time for a tenth of the size and for the size; ten times as long is linear."""
    size = int(megabytes * 1_000_000)
    print(f"{'text':<34}{size // 10 / 1e6:>9} MB{size / 1e6:>9} MB   ratio   peak MiB")
    for name in FILLERS:
        small, _ = measure(lambda name=name: read_annotation(text(name, size // 10)))  # type: ignore[misc]
        large, peak = measure(lambda name=name: read_annotation(text(name, size)))  # type: ignore[misc]
        print(
            f"{name:<34}{small:>10.2f} s{large:>10.2f} s{large / max(small, 1e-3):>8.1f}{peak:>10}",
            flush=True,
        )
