"""How many backgrounds a data set should have, with the reasons: counts in, a range and sentences out.

Sources. 0 to 10 % of the images, to have fewer false positives, and about 1 % in COCO: Ultralytics, "Tips for
Best Training Results" (YOLOv5). The rest is our judgement and is said to be: where every labelled image shows
an object, a set says nothing of empty scenes, so the upper half of the range; where many boxes fill the
images, the camera never sees an empty scene, so the lower half; where it sees empty scenes most of the time,
more than 10 %, because the share of false alarms counts on what the camera sees, not on what the set holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from curate import geometry
from curate.dataset import Dataset
from curate.errors import CurateError
from curate.negatives.ledger import BY_MODEL, NEVER, STATES, VERIFIED
from curate.negatives.standing import Standings

USUAL = (0.0, 0.1)  # share of all images
MOST = 0.3  # where nearly everything the camera sees is empty; more starves the classes of steps
CROWDED = 5.0  # boxes an image, from which ...
FULL = 0.4  # ... together with this share of the picture, empty scenes are rare
SOURCE = 'YOLOv5, "Tips for Best Training Results"'


@dataclass(frozen=True)
class Advice:
    """`share` is backgrounds / (labelled + backgrounds) now; `low` and `high` are what is advised."""

    labelled: int
    backgrounds: int
    share: float
    low: float
    high: float
    boxes_per_image: float  # of labelled images
    covered: float  # share of the picture that boxes cover, the median of labelled images
    states: Mapping[str, int]  # of the images without objects
    reasons: tuple[str, ...]

    @property
    def wanted(self) -> tuple[int, int]:
        """How many backgrounds the advised range is, beside the labelled images."""
        return wanted(self.labelled, self.low), wanted(self.labelled, self.high)


def wanted(labelled: int, ratio: float) -> int:
    """How many backgrounds make up `ratio` of all images beside so many labelled ones: 90 and 0.1 -> 10."""
    return round(labelled * ratio / (1 - ratio))


def checked_ratio(ratio: float) -> float:
    """The ratio itself. Raises CurateError for one that cannot be."""
    if not 0 < ratio < 1:
        raise CurateError(f"A ratio of {ratio:g} cannot be.", "Give a share of all images, such as 0.1.")
    return ratio


def advise(data: Dataset, standings: Standings, *, empty_scenes: float | None = None) -> Advice:
    """Advice for a data set; `empty_scenes` is the share of what the camera sees that holds no object.

    Images that nobody has decided upon count as nothing, but in YOLO and COCO sets, where an image with an
    empty list of objects is a background by the format itself. Raises CurateError for a share that cannot be.
    """
    if empty_scenes is not None and not 0 <= empty_scenes <= 1:
        raise CurateError(f"A share of {empty_scenes:g} empty scenes cannot be.", "Give one from 0 to 1.")
    labelled = data.objects["image_id"].n_unique()
    states = dict.fromkeys(STATES, 0)
    for standing in standings.of.values():
        states[standing.state] += 1
    stated = _stated(data, standings)
    backgrounds = states[VERIFIED] + states[BY_MODEL] + stated
    total = labelled + backgrounds
    boxes = data.objects.height / labelled if labelled else 0.0
    covered = _covered(data)
    share = backgrounds / total if total else 0.0
    low, high, reasons = _range(boxes, covered, share, empty_scenes)
    if states[BY_MODEL]:
        reasons.append(f"{states[BY_MODEL]:,} of them by the word of a model alone: look at them (--list)")
    open_ = states[NEVER] - stated
    if open_:
        reasons.append(
            f"{open_:,} images without objects are on no record: they count as nothing until somebody decides"
            " (--list, --verify)"
        )
    if stated:
        reasons.append(f"{stated:,} are backgrounds by their empty {data.format.upper()} label alone")
    return Advice(labelled, backgrounds, share, low, high, boxes, covered, states, tuple(reasons))


def _range(
    boxes: float, covered: float, share: float, empty_scenes: float | None
) -> tuple[float, float, list[str]]:
    reasons = [f"0-10 % is usual ({SOURCE}); COCO has about 1 %"]
    each = f"{boxes:.1f} boxes an image, which cover {covered:.0%} of the picture"
    if empty_scenes is not None and empty_scenes > 0.5:
        low, high = USUAL[1], max(MOST * empty_scenes, USUAL[1])
        reasons.append(
            f"the camera sees an empty scene {empty_scenes:.0%} of the time: every false alarm there counts,"
            f" so more than usual, up to {high:.0%} (our judgement; beyond it the classes get too few steps)"
        )
    elif boxes >= CROWDED and covered >= FULL:
        low, high = USUAL[0], USUAL[1] / 2
        reasons.append(f"{each}: empty scenes are rare there, so the lower half (our judgement)")
    elif share < USUAL[1] / 2:
        low, high = USUAL[1] / 2, USUAL[1]
        reasons.append(
            f"{each}, and hardly any image is empty: the set says that something is always there,"
            " so the upper half (our judgement)"
        )
    else:
        low, high = USUAL
        reasons.append(each)
    return low, high, reasons


def _stated(data: Dataset, standings: Standings) -> int:
    """Images that the format itself calls backgrounds and nobody has decided upon."""
    if data.format not in ("yolo", "coco"):
        return 0
    open_ = [
        i for i, standing in standings.of.items() if standing.state == NEVER and standing.decision is None
    ]
    rows = data.images.filter(pl.col("image_id").is_in(open_) & pl.col("annotation").is_not_null())
    return rows.height


def _covered(data: Dataset) -> float:
    """The median share of the picture that boxes cover; boxes that lie over each other count once each."""
    rows = data.boxes.select(
        "image_id", "xmin", "ymin", "xmax", "ymax", "frame_width", "frame_height"
    ).drop_nulls()
    if rows.is_empty():
        return 0.0
    corners = geometry.as_boxes(rows.select("xmin", "ymin", "xmax", "ymax").to_numpy())
    shares = rows.select(
        "image_id", share=pl.Series(geometry.area(corners)) / (pl.col("frame_width") * pl.col("frame_height"))
    )
    shares = shares.filter(pl.col("share").is_finite())
    each = shares.group_by("image_id").agg(pl.col("share").sum().clip(0, 1))
    median = each["share"].median()
    return float(median) if isinstance(median, float) else 0.0


def describe(advice: Advice) -> list[str]:
    """For people: what there is, what is advised, and why."""
    low, high = advice.wanted
    return [
        f"backgrounds now: {advice.backgrounds:,} beside {advice.labelled:,} labelled images"
        f" ({advice.share:.1%}); advised: {low:,} to {high:,} ({advice.low:.0%} to {advice.high:.0%})",
        *(f"  {reason}" for reason in advice.reasons),
    ]
