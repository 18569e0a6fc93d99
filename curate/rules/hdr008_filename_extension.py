"""filename-extension: `<filename>` has the right stem but not the file's extension.

## What
The extension is missing, of another format, or in other letter case.

## Why it hurts training
Readers that open the named file find nothing and lose the image; `a.JPG` for `a.jpg` goes unnoticed on
Windows and fails on the training machine.

## Example
`<filename>frame_12</filename>` beside `frame_12.png`.

## Repair
Safe where exactly one image of the folder has this stem. With several, only a person can choose.

## Evidence
datitran/raccoon_dataset PR#27: a public data set whose annotations say `.png` for `.jpg` files;
cvat-ai/cvat#54, HumanSignal/label-studio-converter#106: tools that write a wrong extension or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.filenames import EXTENSION, disagreements, set_filename
from curate.rules.model import Facts, Rule


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for found in disagreements(facts, EXTENSION):
        single = len(found.rivals) == 1
        choices = ", ".join(path.rpartition("/")[2] for path in found.rivals)
        yield rule.finding(
            found.row,
            f"<filename> says {found.written!r}, the file is {found.image!r}",
            "Readers that look for the named file lose this image.",
            safety=FixClass.SAFE if single else FixClass.MANUAL,
            fix=f"write {found.image!r}" if single else f"choose between {choices}",
            facts={"name": found.image},
            line=found.row["filename_line"],
            column=found.row["filename_column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    return [] if document is None else set_filename(document, finding.fix.facts["name"])


RULE = Rule(
    code="HDR008",
    name="filename-extension",
    severity=Severity.WARNING,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
