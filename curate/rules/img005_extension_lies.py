"""extension-lies: the file is of another format than its extension says.

## What
A PNG, WebP, GIF, BMP or HEIC named `.jpg`, and so on. Browsers that save images do this.

## Why it hurts training
Readers that choose the decoder by the extension fail; HEIC is read by none of them, whatever it is called.

## Example
`photo_12.jpg` that begins with `89 50 4E 47`, a PNG.

## Repair
Safe: the file gets the extension of its format, and `<filename>` follows; the journal keeps the old name.
Where a file of the new name is there already, a person has to choose. A multi-picture JPEG (MPO) named
`.jpg` is only worth knowing: every reader takes its first picture, and fewer know the extension `.mpo`.

## Evidence
GT-Vision-Lab/VQA_LSTM_CNN#8: `COCO_val2014_000000320612.jpg` is a PNG; ymy-k/DPText-DETR#1: WebP named
`.jpg` in a published set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, Rename, Severity
from curate.formats.voc import Document
from curate.rules.edits import rewritten
from curate.rules.filenames import set_filename
from curate.rules.model import Facts, Rule, Stage
from curate.rules.rereading import reread

EXTENSIONS = {
    "jpeg": ("jpg", "jpeg", "jpe", "jfif", "mpo"),
    "mpo": ("mpo",),
    "png": ("png",),
    "gif": ("gif",),
    "bmp": ("bmp", "dib"),
    "webp": ("webp",),
    "tiff": ("tif", "tiff"),
    "heic": ("heic", "heif", "avif"),
}


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    images = facts.data.images
    right = pl.lit(value=False)
    for kind in images["image_format"].unique().drop_nulls().sort():
        ends = [pl.col("image").str.to_lowercase().str.ends_with(f".{each}") for each in EXTENSIONS[kind]]
        right = right | ((pl.col("image_format") == kind) & pl.any_horizontal(ends))
    extension = pl.col("image").str.extract(r"\.([^./]+)$").str.to_lowercase()
    rows = images.filter(pl.col("image_format").is_not_null() & ~right).with_columns(extension=extension)
    for row in rows.iter_rows(named=True):
        kind = row["image_format"]
        to = f"{row['image'].rpartition('.')[0]}.{EXTENSIONS[kind][0]}"
        harmless = kind == "mpo" and row["extension"] in EXTENSIONS["jpeg"]
        free = to not in facts.names and facts.data.format == "voc"
        if harmless:
            safety, fix = FixClass.MANUAL, "nothing; every reader takes the first picture of the file"
        elif free:
            safety, fix = FixClass.SAFE, f"rename it to {to.rpartition('/')[2]}"
        else:
            safety, fix = FixClass.MANUAL, f"convert it, or rename it; mind {to}"
        yield rule.finding(
            row,
            f"the file is {kind.upper()}, its extension says {row['extension']}",
            "Readers that choose the decoder by the extension fail at this image.",
            safety=safety,
            fix=fix,
            facts={"to": to, "annotation": row["annotation"]},
            path=row["image"],
            severity=Severity.INFO if harmless else None,
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    edits: list[Edit] = [Rename(finding.path, finding.fix.facts["to"])]
    annotation = finding.fix.facts["annotation"]
    if annotation is not None:
        edits += _say(facts, annotation, finding.path.rpartition("/")[2], finding.fix.facts["to"])
    return edits


def _say(facts: Facts, annotation: str, old: str, to: str) -> Iterator[Edit]:
    """Make `<filename>` follow, where it said the old name; in bytes, since the finding names the image."""
    document = reread(facts, annotation)
    element = document.find("filename")
    if element is None or element.text.strip() != old:
        return
    yield from rewritten(annotation, document, set_filename(document, to.rpartition("/")[2]))


RULE = Rule(
    code="IMG005",
    name="extension-lies",
    severity=Severity.WARNING,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
