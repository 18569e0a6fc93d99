"""path-traversal: `<filename>` leaves the folder of images.

## What
It holds `..`, an absolute path or a drive letter.

## Why it hurts training
A reader that joins the folder of images and this name opens a file outside the data set, or, on another
machine, none at all. curate never follows it.

## Example
`<filename>C:\\Users\\li\\Desktop\\img\\a.jpg</filename>`, `<filename>../../secret.jpg</filename>`

## Repair
Safe where the image beside it has this base name: only the base name is kept. Otherwise only a person can.

## Evidence
CWE-22, path traversal. Absolute paths come from tools that write where the picture lay on the labeller's
machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.filenames import ESCAPES, disagreements, set_filename
from curate.rules.model import Facts, Rule


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for found in disagreements(facts, ESCAPES):
        base = found.written.replace("\\", "/").rpartition("/")[2]
        exists = found.image is not None and base == found.image
        yield rule.finding(
            found.row,
            f"<filename> {found.written!r} leaves the folder of images",
            "Readers that follow it open a file outside the data set, or find none and lose the image.",
            safety=FixClass.SAFE if exists else FixClass.MANUAL,
            fix=f"keep the base name {base!r}" if exists else "name the image's file, without a folder",
            facts={"name": base},
            line=found.row["filename_line"],
            column=found.row["filename_column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    return [] if document is None else set_filename(document, finding.fix.facts["name"])


RULE = Rule(
    code="SEC002",
    name="path-traversal",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
