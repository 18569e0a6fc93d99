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
`<annotation>`, or `curate negatives PATH --verify FILE`, which records the decision; both silence this rule.
A decision is about bytes: it is asked for again where the image was changed since. One that a model alone has
made is shown as an info, because nobody has looked. A line of a ledger that cannot be read is told here, too.

## Evidence
bubbliiiing/efficientdet-pytorch#44 asks how to write a negative at all. YOLOv5's "Tips for best training
results": up to 10 % of background images reduce false positives.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, Severity
from curate.rules.decided import by_model, changed, standings
from curate.rules.model import Facts, Rule
from curate.rules.sizes import annotated
from curate.tree import display

DECIDE = 'look at the picture; label it, mark it verified="yes", or: curate negatives PATH --verify FILE'


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    rows = facts.once(annotated).filter(~pl.col("image_id").is_in(facts.data.objects["image_id"].implode()))
    decided = facts.once(standings)
    for row in rows.iter_rows(named=True):
        standing = decided.of.get(row["image_id"])
        if (told := by_model(rule, row, standing, line=1, column=1)) is not None:
            yield told
        elif standing is None or not standing.is_negative:
            yield rule.finding(
                row,
                changed(standing) or "the annotation names no object",
                "Trained as background: right if nothing is there, harmful if it was never labelled.",
                fix=DECIDE,
                line=1,
                column=1,
            )
    for line in decided.ledger.unread:
        yield rule.finding(
            {},
            f"the ledger of negatives cannot be read here: {display(line.why)}",
            "What it decides is not known, so the image is asked about again.",
            fix="correct the line or take it out",
            path=line.file,
            line=line.line or None,
            column=1 if line.line else None,
        )


RULE = Rule(
    code="OBJ001",
    name="no-objects",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
