"""coordinate-base: does the data set count pixels from 0 or from 1?

## What
VOC's first pixel is number 1; many tools count from 0. The sides of boxes that are cut by the edge of their
image tell, and one verdict is made from their counts. Below ten such sides nothing is said.

## Why it hurts training
One and the same box is read one pixel larger, smaller or elsewhere by different readers; on an object of ten
pixels that is a tenth of its overlap. Worse is a mixture, which no reader can get right.

## Example
`<xmin>0</xmin>` in 212 boxes and `<xmax>639</xmax>` in 198, in images of 640 pixels.

## Repair
Counted from 1: nothing to do. Counted from 0: unsafe, every annotation is rewritten to count from 1 (where
the far sides are the edge behind the last pixel, these stay). Not where polygons or rotated boxes would stay
behind; and where both ways are mixed, a person has to find out which files come from which tool.
`coordinate-base = 0` or `1` under [validate] of the configuration pins the base; then nothing is said unless
the counts are against it.

## Evidence
VOC2012 development kit: the top left pixel is (1,1). microsoft/VoTT#923, HumanSignal/labelImg#385: tools
that write 0, or 640 of 640. Measured: one XML box 10,20,80,90 is read as (10,20,80,90), (9,19,80,90) or
(9,19,79,89) by eight readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.coordinate_base import Evidence, Verdict, coordinate_base
from curate.rules.corners import CORNERS
from curate.rules.model import Facts, Rule
from curate.rules.whole_set import edited, every_box, with_boxes
from curate.rules.writing_tool import COUNTS, writing_tool

CONSEQUENCE = {
    1: "It is what the format says; readers that do not subtract 1 see every box a pixel further right.",
    0: "Readers that count as VOC does see every box a pixel further left, and 0 outside the image.",
    None: "Whatever a reader assumes, a part of the boxes is one pixel off.",
}


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    verdict = facts.once(coordinate_base)
    pinned = facts.limits.coordinate_base
    if verdict is None or (pinned is not None and verdict.base == pinned):
        return
    says = {0: "from 0", 1: "from 1, as VOC does", None: "in both ways"}[verdict.base]
    tool = facts.once(writing_tool)
    signed = ""
    if tool is not None:
        name, count, of = tool
        signed = f"; {count} of {of} files looked at bear the marks of {name}"
        signed += f", which {COUNTS[name]}" if name in COUNTS else ""
    against = f", though the configuration pins {pinned}" if pinned is not None else ""
    shift = _shift(verdict)
    convertible = shift is not None and pinned is None and _only_boxes(facts)
    if pinned is not None:
        fix = "pin the other base, or convert the data set"
    elif verdict.base == 1:
        fix = "nothing to do"
    elif verdict.base is None:
        fix = "find out which files come from which tool, and convert those that count from 0"
    elif shift is None:
        fix = "convert it with the tool that wrote it: too few far sides tell whether they count as well"
    elif not convertible:
        fix = "convert it with the tool that wrote it: polygons and rotated boxes must move too"
    else:
        fix = f"add 1 to {', '.join(shift)} of every box"
    yield rule.finding(
        {},
        f"pixels are counted {says}{against}: {_counts(verdict.evidence)}{signed}",
        CONSEQUENCE[verdict.base],
        safety=FixClass.UNSAFE if convertible else FixClass.MANUAL,
        fix=fix,
        facts={"corners": list(shift or ())},
        path=".",
    )


def _counts(found: Evidence) -> str:
    at_0, at_1, size, last = (
        f"{count:,}" if count else "none" for count in (found.at_0, found.at_1, found.at_size, found.at_last)
    )
    return (
        f"in {found.boxes:,} boxes {at_0} of the left and top sides are 0 and {at_1} are 1, "
        f"{size} of the right and bottom sides are the size of the image and {last} are one less"
    )


def _shift(verdict: Verdict) -> tuple[str, ...] | None:
    """The corners that must grow by 1 to count as VOC does; None where that is not known or not needed."""
    if verdict.base != 0 or verdict.far_is_pixel is None:
        return None
    return CORNERS if verdict.far_is_pixel else ("xmin", "ymin")


def _only_boxes(facts: Facts) -> bool:
    return facts.data.objects.filter(pl.col("polygon") | pl.col("rotated")).is_empty()


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    corners = finding.fix.facts["corners"]
    return edited(
        facts,
        with_boxes(facts),
        lambda own: every_box(own, lambda old: {c: old[c] + 1 for c in corners if c in old}),
    )


RULE = Rule(
    code="BOX013",
    name="coordinate-base",
    severity=Severity.INFO,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
