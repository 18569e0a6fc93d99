"""image-truncated: the image does not end as it should.

## What
A JPEG without its end marker, a PNG without `IEND`; or bytes that follow the end.

## Why it hurts training
Where scan data is missing, the lower part is grey and its boxes lie on nothing; Pillow refuses the image.
Trainers that check the last two bytes of a JPEG write the file anew, with loss, or drop it.

## Example
A download that stopped at 80 %; a file with zeros and a log line behind `FF D9`.

## Repair
- Safe, nothing is encoded anew: bytes after the end are cut off; a baseline JPEG whose scan is complete
  gets its end marker. That it is complete is proven by decoding it twice with different bytes appended: the
  pixels are the same only if the decoder did not need more.
- Unsafe: a phone's own trailer, such as the video of a motion photo, is cut off; the picture does not need
  it.
- Otherwise scan data is missing and only a person can get the image again.

## Evidence
Measured: Pillow stops with "image file is truncated". ultralytics/yolov5 PR#4548,
ultralytics/ultralytics#22917: the trainer rewrites the user's JPEG files on disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from curate.errors import UnsafePath
from curate.findings import Edit, Finding, FixClass, ReplaceBytes, Severity
from curate.formats.images import decode_pixels, facts_of_bytes
from curate.formats.voc import Document
from curate.rules.model import Facts, Rule, Stage

START_OF_SCAN = b"\xff\xda"
END_OF_IMAGE = b"\xff\xd9"
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
# bytes without FF are more scan data to a decoder; these two differ in nearly every bit
FILLERS = (bytes(1024), b"\xfe" * 1024)
# A repair is proven by decoding twice, which for larger pictures takes more memory or time than it is worth.
MAX_BYTES = 256 << 20
MAX_PIXELS = 120_000_000
MAX_SCANS = 100  # of a progressive JPEG, whose decoder goes over the whole picture for each


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    rows = facts.data.images.filter(pl.col("image_problem").is_in(["truncated", "trailing-bytes"]))
    for row in rows.iter_rows(named=True):
        edit = _edit(facts, row["image"])
        junk = row["image_problem"] == "trailing-bytes"
        safety, fix = _class(row, edit is not None, junk)
        yield rule.finding(
            row,
            f"there are {row['image_problem_detail']}"
            if junk
            else f"the image {row['image_problem_detail']}",
            "Trainers that check the end of the file encode it anew or drop it."
            if edit is not None
            else "The lower part is missing: readers refuse the image, or train on grey where objects were.",
            safety=safety,
            fix=fix,
            path=row["image"],
            severity=Severity.WARNING if edit is not None else None,
        )


def _class(row: Mapping[str, Any], mendable: bool, junk: bool) -> tuple[FixClass, str]:
    if not mendable:
        return FixClass.MANUAL, "get the image again; what is missing is nowhere else"
    if not junk:
        return FixClass.SAFE, "append the end marker; the picture is complete"
    if "(" in (row["image_problem_detail"] or ""):
        return FixClass.UNSAFE, "cut off what follows the picture"
    return FixClass.SAFE, "cut off what follows the picture"


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    edit = _edit(facts, finding.path)
    return [] if edit is None else [edit]


def _edit(facts: Facts, path: str) -> ReplaceBytes | None:
    try:
        content = facts.tree.read(path, MAX_BYTES)
    except (OSError, UnsafePath):
        return None  # too large, or its end cannot be read: for a person, like a picture that is not complete
    known = facts_of_bytes(content)
    if (known.width or 0) * (known.height or 0) > MAX_PIXELS or content.count(START_OF_SCAN) > MAX_SCANS:
        return None
    return _mend(content, path)


def _mend(content: bytes, path: str) -> ReplaceBytes | None:
    """The bytes to cut or to append so that the file ends where its picture does; None if none would do."""
    end = _picture_end(content)
    if end is not None:
        edit = ReplaceBytes(path, end, len(content), b"")
    elif content.startswith(b"\xff\xd8") and _scan_is_complete(content):
        edit = ReplaceBytes(path, len(content), len(content), END_OF_IMAGE)
    else:
        return None
    mended = content[: edit.start] + edit.new
    if facts_of_bytes(mended).problem is not None or (end is not None and not _same(content, mended)):
        return None
    return edit


def _same(a: bytes, b: bytes) -> bool:
    """Whether two image files decode to the same pixels."""
    import numpy as np  # takes longer to load than most checks take

    first, second = decode_pixels(a), decode_pixels(b)
    return first is not None and second is not None and np.array_equal(first, second)


def _picture_end(content: bytes) -> int | None:
    """The offset behind the end marker of the (first) picture; None where there is none."""
    if content.startswith(b"\x89PNG"):
        at = content.find(PNG_END)
        return at + len(PNG_END) if at >= 0 else None
    scan = _first_scan(content)
    if scan is None:
        return None
    at = content.find(END_OF_IMAGE, scan)  # in scan data FF is followed by 00 or a restart marker
    return at + len(END_OF_IMAGE) if at >= 0 else None


def _first_scan(content: bytes) -> int | None:
    """The offset of the first start-of-scan marker of a JPEG, found by walking its segments."""
    position = 2
    while content.startswith(b"\xff\xd8") and position + 4 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker == 0xDA:
            return position
        if marker == 0xFF:
            position += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            position += 2
        else:
            position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    return None


def _scan_is_complete(content: bytes) -> bool:
    """Whether a baseline JPEG without end marker holds every pixel; progressive ones are not judged."""
    scan = _first_scan(content)
    if scan is None or not (b"\xff\xc0" in content[:scan] or b"\xff\xc1" in content[:scan]):
        return False
    bare = content.rstrip(b"\xff")  # half a marker
    return _same(bare + FILLERS[0] + END_OF_IMAGE, bare + FILLERS[1] + END_OF_IMAGE)


RULE = Rule(
    code="IMG003",
    name="image-truncated",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
