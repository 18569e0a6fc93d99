"""filename-names-another: `<filename>` is the name of another image of the data set.

## What
Mostly a copied XML: `b.xml` was made from `a.xml` and still says `a.jpg`.

## Why it hurts training
Readers that follow `<filename>` put these boxes onto the other picture, and train on it twice, once wrongly.

## Example
`<filename>a.jpg</filename>` in `b.xml`, with `a.jpg` and `b.jpg` both there.

## Repair
Unsafe where the annotation's own stem has an image: its name is written. The boxes may have been copied as
well, so look at the picture. Where no image has the stem, only a person can tell.

## Evidence
weecology/DeepForest#157: "file name in the XML file is different with image file".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.filenames import ANOTHER, disagreements, set_filename
from curate.rules.model import Facts, Rule


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for found in disagreements(facts, ANOTHER):
        if found.image is not None:
            message = (
                f"<filename> {found.written!r} is another image; this annotation's own is {found.image!r}"
            )
            fix = f"write {found.image!r}; look whether the boxes belong to it"
        else:
            message = f"<filename> {found.written!r} is another annotation's image; none has this one's stem"
            fix = "delete the annotation if it is a left-over copy, or bring its image back"
        yield rule.finding(
            found.row,
            message,
            "Readers that follow <filename> train these boxes on the wrong picture.",
            safety=FixClass.MANUAL if found.image is None else FixClass.UNSAFE,
            fix=fix,
            facts={"name": found.image},
            line=found.row["filename_line"],
            column=found.row["filename_column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    return [] if document is None else set_filename(document, finding.fix.facts["name"])


RULE = Rule(
    code="HDR009",
    name="filename-names-another",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
