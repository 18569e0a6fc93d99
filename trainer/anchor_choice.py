"""Fitted anchors or the published ones: both measured on the same boxes, and a verdict with its reasons.

Sizes flow in, a `Choice` flows out. Pure numpy. The one judgement in the house: `trainer fit --anchors auto`
obeys it, `curate anchors` and `curate stats` show it, `curate run` and `curate export` write what it advises.

Anchors that fit their boxes well are all near the same shapes, and two things then go wrong, which
`python -m tests.bench.fitted_heads` shows on blood cells: where most boxes are of one class, nearly all
anchors are shaped like it, and a rare class of small objects keeps one; and with the published threshold of 4
every anchor on every level answers for every box, so that the level of the small objects learns mostly large
ones. So where there are several classes anchors are fitted with each counting alike, and answer within the
least threshold that loses no box. Of one class, real hands, neither was seen to help.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trainer.anchor_search import Objective, fit
from trainer.anchors import PER_LEVEL, THRESHOLD, Grid, Quality, Sizes, answering, default_anchors, judge
from trainer.groups import SURE, Groups

STRIDES = (8, 16, 32, 64, 128)  # levels P3, P4, ... of the head, finest first
ENOUGH = 0.98  # best possible recall from which YOLOv5 keeps the anchors it has (detector facts 3.6)
# Gain in fitness, on boxes that were not fitted to, below which a fit is not worth its risk. Between what
# helped, blood cells with .10, and what did not, hands with .07 (python -m tests.bench.fitted_heads).
WORTH = 0.08
# Share of boxes moved to a level that does not suit them from which fitting does more harm than good:
# clustered anchors cost 1.2 AP where they lost the spread of sizes that levels need (detector facts, row 8).
# The share itself is our judgement.
MISPLACED = 0.25
TOLD = 0.05  # share from which it is told where fitting goes on all the same
AT_HOME = (1.0, 8.0)  # cells along a box's side on a level that suits it; FCOS (2019), section 3.2, ends at 8
PARTS = 2  # of the images; each part judges the anchors that were fitted to the other
CARE = 12  # swaps of a fit that only serves to be judged
MOST = 100_000  # boxes that secondary figures are taken from; evenly spread where there are more
THRESHOLDS = (2.0, 3.0, 4.0, 5.0, 6.0, 8.0)  # of which one is advised; yolov5 searches 2 to 8


@dataclass(frozen=True)
class Judged:
    """Anchors (levels, per level, 2) flattened, smallest level first, and what they are worth."""

    anchors: tuple[tuple[float, float], ...]
    quality: Quality
    at_home: float  # share of the boxes whose nearest anchor is on a level that suits their size
    answering: float  # anchors that answer for a box, the mean

    def as_object(self) -> dict[str, object]:
        """For JSON."""
        return {**_figures(self.quality), "at_home": round(self.at_home, 6)}


@dataclass(frozen=True)
class Threshold:
    """What an anchor_t would do with the anchors that are advised."""

    anchor_t: float
    bpr: float  # share of the boxes that some anchor answers for; of the class that has the least
    answering: float  # anchors that answer for a box, the mean


@dataclass(frozen=True)
class Choice:
    """Anchors (w, h) in pixels at `imgsz`, smallest first; `per_layer` of them belong to each stride."""

    anchors: tuple[tuple[float, float], ...]
    imgsz: int
    strides: tuple[int, ...]
    per_layer: int
    objective: Objective
    anchor_t: float
    boxes: int
    left_out: int  # boxes that were not looked at, because they have no usable shape
    fitted: Judged
    alike: Judged | None  # fitted with every class counting alike; None: no second class has enough boxes
    published: Judged  # YOLOv5's anchors at this size and these strides, on the same boxes
    held_out: Quality | None  # fitted to one half of the images, judged by the other; None: too few images
    thresholds: tuple[Threshold, ...]  # of the anchors that are advised

    @property
    def quality(self) -> Quality:
        """Of the fitted anchors."""
        return self.fitted.quality

    @property
    def default(self) -> Quality:
        """Of the published anchors."""
        return self.published.quality

    @property
    def gain(self) -> float:
        """By how much fitting raises the objective on boxes it was not fitted to."""
        own = self.held_out or self.quality
        return _goal(own, self.objective) - _goal(self.default, self.objective)

    @property
    def verdict(self) -> str:
        """`keep` the published ones; `either`; `fit`: use these."""
        if self.gain <= 0:
            return "keep"
        if self.default.bpr < ENOUGH and self.quality.bpr > self.default.bpr:
            return "fit"
        if self.misplaced >= MISPLACED:
            return "keep"
        return "fit" if self.gain >= WORTH else "either"

    @property
    def misplaced(self) -> float:
        """Share of the boxes that fitting would move to a level that does not suit their size."""
        return max(self.published.at_home - self.own.at_home, 0.0)

    @property
    def default_was_better(self) -> bool:
        """Whether the published anchors serve these boxes as well, for all that can be told."""
        return self.verdict != "fit"

    @property
    def own(self) -> Judged:
        """The fitted anchors to take, where fitted ones are taken: those with every class counting alike."""
        return self.alike or self.fitted

    @property
    def taken(self) -> Judged:
        """Those to take."""
        return self.published if self.default_was_better else self.own

    @property
    def judged(self) -> dict[str, Judged]:
        """All that were judged on these boxes, by what they are."""
        alike = {"alike": self.alike} if self.alike else {}
        return {"fitted": self.fitted, **alike, "published": self.published}

    def at(self, anchor_t: float) -> Threshold:
        """What one of THRESHOLDS would do."""
        return next(one for one in self.thresholds if one.anchor_t == anchor_t)

    @property
    def advised(self) -> tuple[tuple[float, float], ...]:
        """The anchors to take."""
        return self.taken.anchors

    @property
    def grid(self) -> Grid:
        """The same by levels: (levels, per level, 2)."""
        each = len(self.advised) // len(self.strides)
        return tuple(self.advised[i * each : (i + 1) * each] for i in range(len(self.strides)))

    @property
    def advised_t(self) -> float:
        """The anchor_t to train with.

        With anchors that were fitted to several classes the least that loses hardly a box of any; else the
        given one unless a higher one would win boxes.
        """
        if self.verdict == "fit" and self.alike is not None:
            return _least(self.thresholds)
        now = self.taken.quality.bpr
        if now >= ENOUGH:
            return self.anchor_t
        better = [one for one in self.thresholds if one.anchor_t > self.anchor_t and one.bpr > now]
        return _least(better) if better else self.anchor_t

    def as_object(self) -> dict[str, object]:
        """For JSON."""
        return {
            "anchors": [list(anchor) for anchor in self.anchors],
            **self.fitted.as_object(),
            "classes_alike": _judged_object(self.alike) if self.alike else None,
            "imgsz": self.imgsz,
            "strides": list(self.strides),
            "objective": self.objective,
            "anchor_t": self.anchor_t,
            "boxes": self.boxes,
            "left_out": self.left_out,
            "default": _judged_object(self.published),
            "held_out": _figures(self.held_out) if self.held_out else None,
            "gain": round(self.gain, 6),
            "misplaced": round(self.misplaced, 6),
            "verdict": self.verdict,
            "advised_anchors": [list(anchor) for anchor in self.advised],
            "advised_anchor_t": self.advised_t,
            "thresholds": [
                {"anchor_t": t.anchor_t, "bpr": round(t.bpr, 6), "answering": round(t.answering, 4)}
                for t in self.thresholds
            ],
        }


def _figures(quality: Quality) -> dict[str, object]:
    return {
        "fitness": round(quality.fitness, 6),
        "mean_iou": round(quality.mean_iou, 6),
        "bpr": round(quality.bpr, 6),
    }


def _judged_object(one: Judged) -> dict[str, object]:
    return {"anchors": [list(anchor) for anchor in one.anchors], **one.as_object()}


def _least(thresholds: Sequence[Threshold]) -> float:
    """The least that loses hardly a box, or where each does, the one that loses the fewest."""
    enough = [one.anchor_t for one in thresholds if one.bpr >= ENOUGH]
    return enough[0] if enough else max(thresholds, key=lambda one: one.bpr).anchor_t


def _goal(quality: Quality, objective: Objective) -> float:
    return quality.mean_iou if objective == "iou" else quality.fitness


def published(imgsz: int, strides: Sequence[int] = STRIDES[:3]) -> Sizes:
    """The published anchors in pixels at imgsz, one after the other: (3 a level, 2)."""
    return flat(default_anchors(imgsz, strides))


def flat(grid: Grid) -> Sizes:
    """(levels, per level, 2) -> (K, 2)."""
    return np.array(grid, dtype=np.float64).reshape(-1, 2)


def choose(
    wh: Sizes,
    image: NDArray[np.int64],
    *,
    imgsz: int,
    strides: tuple[int, ...] = STRIDES[:3],
    per_layer: int = PER_LEVEL,
    objective: Objective = "ratio",
    anchor_t: float = THRESHOLD,
    seed: int = 0,
    left_out: int = 0,
    classes: NDArray[np.int64] | None = None,
) -> Choice:
    """Fit anchors to boxes `wh` (N, 2), w and h in pixels at `imgsz`, and judge them.

    `image` (N,) numbers the image of each, because boxes of one image are alike: anchors are fitted to one
    half of the images and judged by the other. `classes` (N,) numbers the class of each; None: one class.
    Raises ValueError without any box.
    """
    count = len(strides) * per_layer
    step = -(-len(wh) // MOST) or 1
    some = wh[::step]
    anchors = fit(wh, count, seed, objective=objective, threshold=anchor_t)
    weights = alike(classes)
    even = None
    if weights is not None:
        even = fit(wh, count, seed, objective=objective, threshold=anchor_t, weights=weights)
    known = published(imgsz, strides)
    found = Choice(
        anchors=_pairs(anchors),
        imgsz=imgsz,
        strides=strides,
        per_layer=per_layer,
        objective=objective,
        anchor_t=anchor_t,
        boxes=len(wh),
        left_out=left_out,
        fitted=_judged(wh, some, anchors, strides, anchor_t),
        alike=None if even is None else _judged(wh, some, even, strides, anchor_t),
        published=_judged(wh, some, known, strides, anchor_t),
        held_out=_held_out(wh, image, count, seed, objective, anchor_t),
        thresholds=(),
    )
    groups = Groups(len(some), None if classes is None else classes[::step])
    return replace(found, thresholds=thresholds_of(some, flat(found.grid), groups))


def alike(classes: NDArray[np.int64] | None) -> NDArray[np.float64] | None:
    """Weights (N,) by which every class counts alike, as it does in average precision; None: all boxes do.

    A class of under SURE boxes counts as if each of them were one of SURE: a handful of odd shapes shall not
    take anchors away from all others.
    """
    if classes is None or not len(classes):
        return None
    _, number, counts = np.unique(classes, return_inverse=True, return_counts=True)
    if (counts >= SURE).sum() < 2:
        return None
    weights: NDArray[np.float64] = 1.0 / np.maximum(counts, SURE)[number]
    return weights


def _judged(wh: Sizes, some: Sizes, anchors: Sizes, strides: Sequence[int], anchor_t: float) -> Judged:
    return Judged(
        anchors=_pairs(anchors),
        quality=judge(wh, anchors, anchor_t),
        at_home=_at_home(some, anchors, strides),
        answering=float(answering(some, anchors, anchor_t).mean()),
    )


def thresholds_of(wh: Sizes, anchors: Sizes, groups: Groups) -> tuple[Threshold, ...]:
    """What each of THRESHOLDS would do; a threshold loses as much as it does of the worst group of boxes."""
    found = []
    for anchor_t in THRESHOLDS:
        count = answering(wh, anchors, anchor_t)
        found.append(Threshold(anchor_t, groups.least(count > 0), float(count.mean())))
    return tuple(found)


def least_threshold(wh: Sizes, anchors: Sizes, classes: NDArray[np.int64] | None = None) -> float:
    """The anchor_t for anchors (K, 2) and boxes (N, 2), of these classes (N,) where they were fitted to them.

    Of one class, and for the published anchors, the published one, unless a higher one wins boxes.
    """
    several = alike(classes) is not None
    step = -(-len(wh) // MOST) or 1
    wh, classes = wh[::step], None if classes is None else classes[::step]
    found = thresholds_of(wh, anchors, Groups(len(wh), classes))
    return _least([one for one in found if several or one.anchor_t >= THRESHOLD])


def _at_home(wh: Sizes, anchors: Sizes, strides: Sequence[int]) -> float:
    """Share of the boxes whose nearest anchor is on a level with AT_HOME cells along the box's side.

    Clusters can lose the spread of sizes that levels need: an anchor of large boxes on a fine level asks of
    it to find objects that it sees only a part of.
    """
    apart = np.full(len(wh), np.inf)
    stride = np.zeros(len(wh))
    logs = np.log(wh)
    for number, anchor in enumerate(np.log(anchors)):
        far = np.abs(logs - anchor).max(axis=1)
        stride[far < apart] = strides[number * len(strides) // len(anchors)]
        apart = np.minimum(apart, far)
    cells = np.exp(logs.mean(axis=1)) / stride
    # what is smaller than the finest level's boxes, or larger than the coarsest's, has no other level
    fits = (cells >= AT_HOME[0]) | (stride == strides[0])
    fits &= (cells <= AT_HOME[1]) | (stride == strides[-1])
    return float(fits.mean())


def _held_out(
    wh: Sizes, image: NDArray[np.int64], count: int, seed: int, objective: Objective, anchor_t: float
) -> Quality | None:
    """Quality on boxes that the anchors were not fitted to: the mean over the parts, weighted by boxes."""
    step = -(-len(wh) // MOST) or 1
    # numbered anew: those with boxes may be every second image, and those of evenly spread boxes all even
    wh, part = wh[::step], np.unique(image[::step], return_inverse=True)[1] % PARTS
    sizes = [int((part == i).sum()) for i in range(PARTS)]
    if min(sizes) < 2 * count:
        return None
    judged = []
    for i in range(PARTS):
        anchors = fit(wh[part != i], count, seed, objective=objective, threshold=anchor_t, swaps=CARE)
        judged.append(judge(wh[part == i], anchors, anchor_t))
    return Quality(
        *(
            float(np.average([getattr(one, name) for one in judged], weights=sizes))
            for name in ("fitness", "mean_iou", "bpr")
        )
    )


def _pairs(anchors: Sizes) -> tuple[tuple[float, float], ...]:
    return tuple((float(w), float(h)) for w, h in anchors.tolist())
