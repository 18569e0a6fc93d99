"""no-objects: the annotation names nothing.

## What
The file is fine and holds no `<object>`. Either nothing is in the picture, or nobody labelled it.

## Why it hurts training
A true negative teaches the detector what to leave alone. A picture that was never labelled teaches it to
overlook its object. The file looks the same in both cases.

## Example
`<annotation><filename>a.jpg</filename>...</annotation>` without `<object>`.

## Repair
Only a person can tell. Two ways to say that the picture is a negative: labelImg's `verified="yes"` on
`<annotation>`, or `curate negatives`, which records the decision; both silence this rule.

## Evidence
bubbliiiing/efficientdet-pytorch#44 asks how to write a negative at all. YOLOv5's "Tips for best training
results": up to 10 % of background images reduce false positives.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, Severity
from curate.rules.model import Facts, Rule
from curate.rules.sizes import annotated


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    rows = facts.once(annotated).filter(~pl.col("image_id").is_in(facts.data.objects["image_id"].implode()))
    for row in rows.iter_rows(named=True):
        if facts.data.format == "voc" and _decided(facts, row["annotation"]):
            continue
        yield rule.finding(
            row,
            "the annotation names no object",
            "Trained as background: right if nothing is there, harmful if it was never labelled.",
            fix='look at the picture: mark it verified="yes", record it with `curate negatives`, or label it',
            line=1,
            column=1,
        )


def _decided(facts: Facts, path: str) -> bool:
    """Whether someone has said that nothing is in the picture."""
    document = facts.document(path)
    root = document.root
    verified = root is not None and root.attributes.get("verified", "").strip().lower() in (
        "yes",
        "true",
        "1",
    )
    source = document.find("source/database")
    return verified or (source is not None and source.text.strip().startswith("curate"))


RULE = Rule(
    code="OBJ001",
    name="no-objects",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
