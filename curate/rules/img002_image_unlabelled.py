"""image-unlabelled: an image without annotation.

## What
No annotation has its stem, and none names it.

## Why it hurts training
VOC readers never see it; YOLO trainers take it for background, which is harmful where an object is in it.

## Example
`b.jpg` without `b.xml`

## Repair
Only a person can tell whether it is a negative or was never labelled. `curate negatives PATH --verify FILE`
records the decision, which holds as long as the image keeps its bytes. One that a model alone has made is
shown as an info.

## Evidence
ultralytics/ultralytics PR#24164: a wrong path "silently produces zero labels".
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, Severity
from curate.rules.decided import by_model, changed, standings
from curate.rules.garbled_names import garbled_filenames
from curate.rules.img007_stem_shared import shared_stems
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    used = facts.data.format == "yolo"
    shared = facts.once(shared_stems)
    rows = facts.data.images.filter(pl.col("annotation").is_null() & pl.col("image").is_not_null())
    decided = facts.once(standings).of
    named = {found.image_id for found in facts.once(garbled_filenames)}  # ENC005: by a garbled name
    for row in rows.filter(~pl.col("image_id").is_in(list(named))).iter_rows(named=True):
        if row["image_id"] in shared:  # IMG007
            continue
        standing = decided.get(row["image_id"])
        if (told := by_model(rule, row, standing)) is not None:
            yield told
            continue
        if standing is not None and standing.is_negative:
            continue
        yield rule.finding(
            row,
            changed(standing) or "the image has no annotation",
            "Trained as background: harmful if an object is in it."
            if used
            else "Readers that go by the annotations never see the image.",
            fix="label it, or record that nothing is in it: curate negatives PATH --verify FILE",
        )


RULE = Rule(
    code="IMG002",
    name="image-unlabelled",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
