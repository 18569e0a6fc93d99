"""not-an-image: the file with an image's name holds none.

## What
It is empty, an HTML page saved by a downloader, text, or an image without a readable header.

## Why it hurts training
The loader returns nothing or stops in the middle of an epoch; the labels are lost.

## Example
`a.jpg` that begins with `<!DOCTYPE html>`

## Repair
Only a person can: download the image again, or take it and its annotation out.

## Evidence
OpenCV's documentation of `imread`: an image that cannot be read gives an empty result and no error.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, Severity
from curate.rules.model import Facts, Rule, Stage

SAID = {
    "empty": "the file is empty",
    "not-an-image": "the file is no image",
    "no-header": "the image has no readable header",
    "unreadable": "the file cannot be read",
}


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row in facts.data.images.filter(pl.col("image_problem").is_in(list(SAID))).iter_rows(named=True):
        detail = row["image_problem_detail"]
        yield rule.finding(
            row,
            SAID[row["image_problem"]] + (f": {detail}" if detail else ""),
            "The loader stops here or skips the image; its labels are lost.",
            fix="get the image again, or take it and its annotation out",
            path=row["image"],
        )


RULE = Rule(
    code="IMG004",
    name="not-an-image",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
