"""stem-shared: two images have one stem, and one annotation serves both.

## What
`a.jpg` and `a.png` lie in one folder and there is one `a.xml`. The reader pairs it with the image that its
`<filename>` names, or else with the first; the other image has no labels of its own. In COCO, which tells
images apart by their ids: one id that two images have.

## Why it hurts training
YOLO trainers find labels by the stem: they put the boxes of one picture onto the other. VOC readers never see
the second image. Readers of COCO keep the one of the two images that comes last, with the boxes of both.

## Example
`IMG_7.jpg` and `IMG_7.png` beside `IMG_7.xml`

## Repair
Only a person can tell whether the two show the same: take one away, or rename it (in COCO: give it another
id) and label it.

## Evidence
YOLO trainers find the label file by replacing the folder and the extension of the image's path, nothing else.
pycocotools keeps images in a dictionary by their ids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from curate.findings import Finding, Severity
from curate.formats.pairing import mirror, split_name
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    images = facts.data.images
    for row, owner in facts.once(shared_stems).items():
        yield rule.finding(
            images.row(row, named=True),
            f"the image shares its stem with {images['image'][owner]}, and"
            f" {images['annotation'][owner]} serves both",
            "Readers that find labels by the stem put the boxes of one picture onto the other.",
            fix="take one of them away, or rename it and label it",
            path=images["image"][row],
        )
    for found in facts.problems("duplicate-id"):
        yield rule.finding(
            found,
            f"{found['filename']!r} is not the only image of its id: {found['detail']}",
            "Readers keep one of the two images, with the boxes of both.",
            fix="give one of the two another id, and its annotations with it",
        )


def shared_stems(facts: Facts) -> dict[int, int]:
    """Row of an image without annotation -> row of the annotated image that has its stem.

    Ask by `facts.once(shared_stems)`.
    """
    if facts.data.format == "coco":  # which names its images with their extensions
        return {}
    images = facts.data.images
    labelled = images["annotation"].is_not_null()
    if labelled.all():
        return {}
    same: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, image in enumerate(images["image"]):
        if image is not None:
            folder, stem, _ = split_name(image)
            same[mirror(folder), stem].append(row)
    found = {}
    for rows in same.values():
        owner = next((row for row in rows if labelled[row]), None) if len(rows) > 1 else None
        if owner is not None:
            found.update({row: owner for row in rows if not labelled[row]})
    return found


RULE = Rule(
    code="IMG007",
    name="stem-shared",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
