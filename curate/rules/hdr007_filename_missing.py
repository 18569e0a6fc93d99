"""filename-missing: `<filename>` is missing, empty, or names a file that is not there.

## What
The annotation does not say which image it belongs to, or it names one that the data set does not hold
(mostly the name the image had before it was renamed). Its own stem leads to an image.

## Why it hurts training
Readers that look for `<filename>` (many converters do) find nothing and leave the image out or stop.

## Example
`<filename></filename>` in `IMG_7.xml` beside `IMG_7.jpg`.

## Repair
The name of the image with the annotation's stem is written. Safe where the tag is missing or empty, and where
the image has the size that the annotation states; unsafe where a name would be replaced and the size does not
confirm it.

## Evidence
pylabel-project/pylabel PR#118: tools write into `<filename>` and `<path>` what they like, and files are
moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.filenames import MISSING, NOWHERE, disagreements, set_filename
from curate.rules.model import Facts, Rule


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for kind in (MISSING, NOWHERE):
        for found in disagreements(facts, kind):
            row = found.row
            stated, real = (row["width"], row["height"]), (row["image_width"], row["image_height"])
            sure = kind == MISSING or (None not in stated and stated == real)
            if kind == MISSING:
                message = "<filename> is missing" if row["filename"] is None else "<filename> is empty"
            else:
                message = f"<filename> {found.written!r} names no file of this data set"
            yield rule.finding(
                row,
                message,
                "Readers that look for the named file lose this image; those that go by the stem keep it.",
                safety=FixClass.SAFE if sure else FixClass.UNSAFE,
                fix=f"write {found.image!r}, the image with the annotation's stem",
                facts={"name": found.image},
                line=row["filename_line"] or 1,
                column=row["filename_column"] or 1,
            )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    return [] if document is None else set_filename(document, finding.fix.facts["name"])


RULE = Rule(
    code="HDR007",
    name="filename-missing",
    severity=Severity.WARNING,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
