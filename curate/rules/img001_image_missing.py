"""image-missing: an annotation without its image.

## What
No image has the annotation's stem, and none is called what `<filename>` says.

## Why it hurts training
The labels are lost, or the loader stops at the missing file.

## Example
`a.xml` says `a.jpg`; there is an `a_.jpg`, and no `a.jpg`.

## Repair
Unsafe where exactly one image that no annotation claims has a similar name: it is renamed. Otherwise only a
person can find the image.

## Evidence
hding2455/DSC#12: "FileNotFoundError ... DSC01274.png"; the images are `.jpg`.
"""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, Rename, Severity
from curate.formats.voc import Document
from curate.rules.class_names import fold
from curate.rules.filenames import ANOTHER, disagreements, set_filename
from curate.rules.garbled_names import garbled_filenames
from curate.rules.model import Facts, Rule, Stage

SIMILAR = 0.85  # difflib's ratio of the folded stems; frame_1 and frame_2 have 0.86, but differ in a digit
COMPARISONS = 200_000  # of names; where thousands of images are missing, no slip of a pen is the reason


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    rows = facts.data.images.filter(pl.col("annotation").is_not_null() & pl.col("image").is_null())
    if rows.is_empty():
        return
    elsewhere = {row["image_id"] for row in facts.problems("not-voc")}
    elsewhere |= {found.row["image_id"] for found in disagreements(facts, ANOTHER)}  # HDR009
    elsewhere |= {found.row["image_id"] for found in facts.once(garbled_filenames)}  # ENC005
    missing = [row for row in rows.iter_rows(named=True) if row["image_id"] not in elsewhere]
    free = facts.data.images.filter(pl.col("annotation").is_null())["image"].drop_nulls().to_list()
    by_digits: dict[str, list[str]] = defaultdict(list)
    for image in free:
        by_digits[_digits(image.rpartition("/")[2].rpartition(".")[0])].append(image)
    claims: dict[str, list[str]] = {}
    compared = 0
    for row in missing:
        rivals = by_digits[_digits(row["stem"])]
        compared += len(rivals)
        claims[row["annotation"]] = _similar(row["stem"], rivals) if compared <= COMPARISONS else []
    wanted = Counter(images[0] for images in claims.values() if len(images) == 1)
    for row in missing:
        images = claims[row["annotation"]]
        target = images[0] if len(images) == 1 and wanted[images[0]] == 1 else None
        to = None if target is None else _renamed(target, row["stem"])
        safe = to is not None and to not in facts.names
        yield rule.finding(
            row,
            f"no image belongs to this annotation; it names {row['filename']!r}",
            "The labels are lost, or the loader stops at the missing file.",
            safety=FixClass.UNSAFE if safe else FixClass.MANUAL,
            fix=f"rename {target} to {to}" if safe else _advice(images),
            facts={"image": target, "to": to},
            line=row["filename_line"] or 1,
            column=row["filename_column"] or 1,
        )


def _digits(stem: str) -> str:
    return "".join(filter(str.isdigit, stem))


def _similar(stem: str, free: list[str]) -> list[str]:
    """Images, of unclaimed ones with the same digits, whose stem is nearly this one: digits count frames."""
    found = []
    for image in free:
        other = image.rpartition("/")[2].rpartition(".")[0]
        matcher = difflib.SequenceMatcher(None, fold(stem), fold(other))
        # the first two are upper bounds of the third, and quickly known
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) >= SIMILAR and matcher.ratio() >= SIMILAR:
            found.append(image)
    return found


def _renamed(image: str, stem: str) -> str:
    folder, slash, base = image.rpartition("/")
    return f"{folder}{slash}{stem}.{base.rpartition('.')[2]}"


def _advice(images: list[str]) -> str:
    if images:
        return f"similar names: {', '.join(images[:3])}; rename the right one"
    return "bring the image back, or delete the annotation"


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    known = finding.fix.facts
    edits: list[Edit] = [Rename(known["image"], known["to"])]
    if document is not None and facts.data.format == "voc":
        edits += set_filename(document, known["to"].rpartition("/")[2])
    return edits


RULE = Rule(
    code="IMG001",
    name="image-missing",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
