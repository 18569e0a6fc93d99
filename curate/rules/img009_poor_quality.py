"""poor-quality: the picture is black, white, of one colour, or blurred. Asked with `--pixels` only.

## What
99 % of the picture is darker than 16 or lighter than 240 of 255, or all grey values lie within 8; or it has
almost no fine detail, measured at 160 pixels of the short side or a little more.

## Why it hurts training
A detector learns nothing from a lens cap, and from a box on something that cannot be seen it learns to guess.
Blur that the camera of later use does not have is lost time; blur that it has is worth keeping.

## Example
The first frame of a video, which is black.

## Repair
Only a person can say whether the picture is of use.

## Evidence
The limits leave all photographs of `bccd_voc`, `raccoon_voc` and `hands_phone_voc` in peace, public sets of
839 in all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from curate.findings import Finding, Severity
from curate.rules.model import Facts, Rule, Stage

DARK, LIGHT = 16, 240  # grey values of 255
ONE_COLOUR = 8  # grey values apart
BLURRED = 0.002  # of `Look.sharpness`


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    if facts.pixels is None:
        return
    for row, look in enumerate(facts.pixels.table.iter_rows(named=True)):
        words = _words(look) if look["sharpness"] is not None else None
        if words is not None:
            image = facts.data.images.row(row, named=True)
            yield rule.finding(
                image,
                words,
                "There is little in it to learn from.",
                fix="look at it; keep it if the camera of later use makes such pictures",
                path=image["image"],
            )


def _words(look: Mapping[str, Any]) -> str | None:
    if look["brightest"] < DARK:
        return "the picture is black"
    if look["darkest"] > LIGHT:
        return "the picture is white"
    if look["brightest"] - look["darkest"] < ONE_COLOUR:
        return "the picture has one colour"
    return "the picture is blurred" if look["sharpness"] < BLURRED else None


RULE = Rule(
    code="IMG009",
    name="poor-quality",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
    stage=Stage.FILES,
    needs_pixels=True,
)
