"""poor-quality: the picture is black, white, of one colour, or blurred. Asked with `--pixels` only.

## What
99 % of the picture is darker than 16 or lighter than 240 of 255, or all grey values lie within 8; or it has
almost no fine detail, measured where the short side has 96 pixels or up to twice as many. The detail of
smaller pictures is not judged.

## Why it hurts training
A detector learns nothing from a lens cap, and from a box on something that cannot be seen it learns to guess.
Blur that the camera of later use does not have is lost time; blur that it has is worth keeping.

## Example
The first frame of a video, which is black.

## Repair
Only a person can say whether the picture is of use.

## Evidence
Of the 839 photographs of `bccd_voc`, `raccoon_voc` and `hands_phone_voc`, public sets, none has less than 2.6
times the detail that is asked for. Shrunk to 400 pixels of the short side and blurred with a Gaussian of 2 %
of that, 8 % of the first, 73 % of the second and 89 % of the third have less than is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from curate.findings import Finding, Severity
from curate.rules.model import Facts, Rule, Stage

DARK, LIGHT = 16, 240  # grey values of 255
ONE_COLOUR = 8  # grey values apart
LEAST_SIDE = 96  # pixels; `curate.pixels.look.LEAST_SIDE`, which is not loaded for it
BLURRED = 0.01  # of `Figures.sharpness`


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    if facts.pixels is None:
        return
    poor = (
        (pl.col("brightest") < DARK)
        | (pl.col("darkest") > LIGHT)
        | (pl.col("brightest") - pl.col("darkest") < ONE_COLOUR)
        | (pl.col("sharpness") < BLURRED)
    )
    for look in facts.pixels.table.with_row_index("row").filter(poor).iter_rows(named=True):
        image = facts.data.images.row(look["row"], named=True)
        small = min(image["image_width"] or 0, image["image_height"] or 0) < LEAST_SIDE
        words = _words(look, small=small)
        if words is not None:
            yield rule.finding(
                image,
                words,
                "There is little in it to learn from.",
                fix="look at it; keep it if the camera of later use makes such pictures",
                path=image["image"],
            )


def _words(look: Mapping[str, Any], *, small: bool) -> str | None:
    if look["brightest"] < DARK:
        return "the picture is black"
    if look["darkest"] > LIGHT:
        return "the picture is white"
    if look["brightest"] - look["darkest"] < ONE_COLOUR:
        return "the picture has one colour"
    return None if small else "the picture is blurred"


RULE = Rule(
    code="IMG009",
    name="poor-quality",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
    stage=Stage.FILES,
    needs_pixels=True,
)
