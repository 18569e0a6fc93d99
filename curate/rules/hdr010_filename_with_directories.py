"""filename-with-directories: a folder stands in front of the name in `<filename>`.

## What
`<filename>` holds more than a file's name, and the folder it names is not where the image lies.

## Why it hurts training
Readers join the folder of images and this name, find nothing and lose the image.

## Example
`<filename>images/a.jpg</filename>` where the image is `JPEGImages/a.jpg`

## Repair
Safe where the base name is that of the annotation's image: only it is kept. Otherwise only a person can.

## Evidence
cvat-ai/cvat#6319: `<filename>prefix/100114004_186_44624.rgb.jpg</filename>` is matched with no image.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.filenames import DIRECTORIES, disagreements, set_filename
from curate.rules.model import Facts, Rule


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for found in disagreements(facts, DIRECTORIES):
        base = found.written.replace("\\", "/").rpartition("/")[2]
        exists = base == found.image
        yield rule.finding(
            found.row,
            f"<filename> {found.written!r} names a folder; the image is {found.row['image']!r}",
            "Readers that look for the named file below the folder of images lose this image.",
            safety=FixClass.SAFE if exists else FixClass.MANUAL,
            fix=f"keep the base name {base!r}" if exists else "write the name of the image's file",
            facts={"name": base},
            line=found.row["filename_line"],
            column=found.row["filename_column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    return [] if document is None else set_filename(document, finding.fix.facts["name"])


RULE = Rule(
    code="HDR010",
    name="filename-with-directories",
    severity=Severity.WARNING,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
