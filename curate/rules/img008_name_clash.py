"""name-clash: two files of one folder have names that Windows or macOS take for one.

## What
The names differ only in letter case or in how accents are written (Unicode normal form).

## Why it hurts training
Unpacked on Windows or macOS, one file silently replaces the other: an image is lost, or has the labels of
another.

## Example
`IMG_7.jpg` and `img_7.jpg`

## Repair
Unsafe: the later one gets a stem of its own; its annotation, `<filename>` and lines in lists follow, and the
journal keeps the old names. Where a list names it in a way that cannot be followed only a person can.

## Evidence
NTFS and APFS compare names without regard to case as they are set up by default; APFS and HFS+ also without
regard to the normal form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, Rename, ReplaceBytes, Severity
from curate.formats.pairing import folded, split_name
from curate.formats.voc import Document
from curate.rules.edits import rewritten
from curate.rules.filenames import set_filename
from curate.rules.model import Facts, Rule, Stage
from curate.rules.rereading import reread
from curate.rules.split_lists import listed


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    images = facts.data.images
    names = pl.concat([images["image"].drop_nulls(), images["annotation"].drop_nulls()]).unique()
    if len(names) == _folded(names).n_unique():
        return
    first_of: dict[str, str] = {}
    lists = facts.data.splits.filter(pl.col("list").is_not_null() & pl.col("image_id").is_not_null())
    taken: set[str] = set()  # filled at the first clash, which most sets never have
    for row in images.select("image_id", "image", "annotation").iter_rows(named=True):
        own = [name for name in (row["image"], row["annotation"]) if name is not None]
        if facts.data.format == "coco":
            own = own[:1]  # all of them have one annotation file
        rivals = [first_of.setdefault(folded(name), name) for name in own]
        clash = next(((name, rival) for name, rival in zip(own, rivals, strict=True) if name != rival), None)
        if clash is None:
            continue
        taken |= {folded(name) for name in facts.names} if not taken else set()
        to = _free_stem(own, taken)
        taken |= {folded(_renamed(name, to)) for name in own}
        lines = lists.filter(pl.col("image_id") == row["image_id"])
        followed = all(_once(line, own) for line in lines["id"])
        yield rule.finding(
            row,
            f"{clash[0]} and {clash[1]} are one name on Windows and macOS",
            "Where the set is unpacked there, one of the two replaces the other.",
            safety=FixClass.UNSAFE if followed and facts.data.format == "voc" else FixClass.MANUAL,
            fix=f"rename it to {to}, with its annotation and its lines in lists",
            facts={
                "image": row["image"],
                "annotation": row["annotation"],
                "to": to,
                "lines": lines.select("list", "line").rows(),
            },
            path=clash[0],
        )


def _folded(names: pl.Series) -> pl.Series:
    """`folded` of each name; nearly all are ASCII, of which that is the lower case."""
    plain = names.str.len_bytes() == names.str.len_chars()
    others = [folded(name) for name in names.filter(~plain)]
    return pl.concat([names.filter(plain).str.to_lowercase(), pl.Series(others, dtype=pl.String)])


def _free_stem(own: list[str], taken: set[str]) -> str:
    stem, number = split_name(own[0])[1], 2
    while any(folded(_renamed(name, f"{stem}_{number}")) in taken for name in own):
        number += 1
    return f"{stem}_{number}"


def _renamed(name: str, stem: str) -> str:
    folder, _, suffix = split_name(name)
    return f"{folder}/{stem}{suffix}" if folder else f"{stem}{suffix}"


def _once(line: str, own: list[str]) -> bool:
    """Whether a line says the stem once, so that it can be put in its place."""
    return line.count(split_name(own[0])[1]) == 1


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    known = finding.fix.facts
    image, annotation, to = known["image"], known["annotation"], known["to"]
    yield from (Rename(name, _renamed(name, to)) for name in (image, annotation) if name is not None)
    if annotation is not None and image is not None:
        yield from _follow(facts, annotation, _renamed(image, to).rpartition("/")[2])
    for path, line in known["lines"]:
        yield _line(facts, path, line, split_name(image or annotation)[1], to)


def _follow(facts: Facts, annotation: str, name: str) -> Iterator[Edit]:
    """Make `<filename>` say the new name, in bytes: the file is renamed in the same step."""
    document = reread(facts, annotation)
    yield from rewritten(annotation, document, set_filename(document, name))


def _line(facts: Facts, path: str, line: int, stem: str, to: str) -> Edit:
    own = listed(facts, path)
    new = own.encoded(own.whole(line).replace(stem, to))
    return ReplaceBytes(path, own.start(line), own.end(line), new)


RULE = Rule(
    code="IMG008",
    name="name-clash",
    severity=Severity.WARNING,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
