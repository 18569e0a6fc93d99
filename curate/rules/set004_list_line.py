"""list-line: a line of a split list is more than the bare name.

## What
A second field, blanks around the name, an extension, or a path; or a remark after a #.

## Why it hurts training
Readers paste `.jpg` and `.xml` to the line as it is: `a.jpg.jpg`, `a 1.xml`. The file is not found.

## Example
`JPEGImages/000042.jpg` instead of `000042` in `train.txt`.

## Repair
Safe: the line becomes the name of the file it means, without folder and extension. Where several files have
this name, only a person can choose. Unsafe for a remark: the line is taken out.

## Evidence
VOC2012 development kit: the lists of a class have a second field (-1, 0, 1); those of a split have one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, ReplaceBytes, Severity
from curate.formats.voc import Document
from curate.rules.model import Facts, Rule, Stage
from curate.rules.split_lists import listed


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    listed = facts.data.splits.filter(pl.col("list").is_not_null() & pl.col("image_id").is_not_null())
    images = facts.data.images.select("image_id", "stem", "annotation", "image")
    rows = listed.join(images, on="image_id", maintain_order="left").filter(pl.col("id") != pl.col("stem"))
    yield from _remarks(rule, facts)
    if rows.is_empty():
        return
    single = set(facts.data.images.filter(~pl.col("stem").is_duplicated())["image_id"])
    for row in rows.iter_rows(named=True):
        path = row["annotation"] or row["image"]
        if f"/{path.rpartition('.')[0]}".endswith(f"/{row['id']}"):
            continue  # a folder below the annotations' folder, as nested data sets need it
        safe = row["image_id"] in single
        yield rule.finding(
            {},
            f"the line {row['id']!r} is more than the name {row['stem']!r}",
            "Readers that paste an extension to the line do not find the file.",
            safety=FixClass.SAFE if safe else FixClass.MANUAL,
            fix=f"write {row['stem']!r}"
            if safe
            else f"say which of the files called {row['stem']!r} is meant",
            facts={"stem": row["stem"], "id": row["id"]},
            path=row["list"],
            line=row["line"],
            column=1,
        )


def _remarks(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """Lines that begin with # and mean no file."""
    remark = pl.col("id").str.strip_chars().str.starts_with("#")
    lines = facts.data.splits.filter(pl.col("list").is_not_null() & pl.col("image_id").is_null() & remark)
    for row in lines.iter_rows(named=True):
        yield rule.finding(
            {},
            f"the line {row['id'].strip()!r} is a remark, which lists do not have",
            "Readers take it for the name of an image and stop or skip it.",
            safety=FixClass.UNSAFE,
            fix="take the line out",
            facts={"id": None},
            path=row["list"],
            line=row["line"],
            column=1,
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    if finding.line is None:
        return []
    known = finding.fix.facts
    own = listed(facts, finding.path)
    if known["id"] is None:
        return [own.without(finding.path, finding.line)]
    start = own.start(finding.line)
    end = start + len(own.encoded(known["id"]))
    return [ReplaceBytes(finding.path, start, end, own.encoded(known["stem"]))]


RULE = Rule(
    code="SET004",
    name="list-line",
    severity=Severity.WARNING,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.FILES,
    formats=("voc",),
)
