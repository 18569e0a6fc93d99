"""Whether a confidence means what it says: of the detections of confidence .8, are 8 of 10 right?

A detection is right where it matches a label at IoU .50 by COCO's rule. The error of calibration is the mean
over bins of |precision - mean confidence|, each bin weighted by its detections:

- ECE over bins of confidence (Naeini et al., AAAI 2015; for detections Kueppers et al., CVPR Workshops 2020,
  arXiv:2004.13546, where it is D-ECE of the confidence alone);
- D-ECE over bins of confidence, centre and size of the box together (Kueppers et al., eq. 5): confidences
  that are right on the whole may be too high at the border of the image and too low in its middle.

Both are over detections of at least `FLOOR`, as there: AP wants thousands of detections of confidence .01,
which nobody takes and which would hide the rest. Recall plays no part (Kuzucu et al., ECCV 2024,
arXiv:2405.20459, on what D-ECE cannot see), so this stands beside AP and never in its place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.matching import Matching

FLOOR = 0.3  # least confidence that the errors are about
ECE_BINS = 20
DECE_BINS = 5  # of each of confidence, cx, cy, width, height
LEAST_IN_BIN = 8  # a bin of D-ECE with fewer says nothing and is left out
SHOWN_BINS = 10  # of the reliability curve, over all confidences


@dataclass(frozen=True)
class Bin:
    """Detections of `low` up to `high` confidence."""

    low: float
    high: float
    count: int
    confidence: float  # mean; nan in an empty bin
    precision: float
    precision_low: float  # ends of its 95 % interval (Wilson, JASA 1927)
    precision_high: float


@dataclass(frozen=True)
class Calibration:
    """Confidence against precision. Errors are in 0..1, nan where no detection reaches the floor."""

    bins: tuple[Bin, ...]
    floor: float
    count: int  # detections of at least that confidence
    ece: float
    dece: float
    dece_count: int  # detections in bins with enough of them
    mean_excess: float  # mean confidence - precision: above 0 the detector is too sure of itself


def calibration(matching: Matching, sizes: Sequence[tuple[int, int]], *, floor: float = FLOOR) -> Calibration:
    """Judge the confidences of a matching; `sizes[i]` is (width, height) of image i."""
    right = matching.took() >= 0
    kept = matching.score >= floor
    score, hit = matching.score[kept], right[kept]
    boxes = matching.xyxy[kept] / np.tile(np.array(sizes, np.float64).reshape(-1, 2)[matching.image[kept]], 2)
    table = np.column_stack((score, (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]))
    ece, _ = _error(score[:, None], hit, ECE_BINS, 1)
    dece, used = _error(table, hit, DECE_BINS, LEAST_IN_BIN)
    return Calibration(
        bins=reliability(matching.score, right),
        floor=floor,
        count=len(score),
        ece=ece,
        dece=dece,
        dece_count=used,
        mean_excess=float(score.mean() - hit.mean()) if len(score) else math.nan,
    )


def reliability(
    score: NDArray[np.float64], right: NDArray[np.bool_], bins: int = SHOWN_BINS
) -> tuple[Bin, ...]:
    """Detections in `bins` equal steps of confidence."""
    step = _step(score, bins)
    result = []
    for i in range(bins):
        mine = step == i
        n, hits = int(mine.sum()), int(right[mine].sum())
        low, high = wilson(hits, n)
        mean = float(score[mine].mean()) if n else math.nan
        result.append(Bin(i / bins, (i + 1) / bins, n, mean, hits / n if n else math.nan, low, high))
    return tuple(result)


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, JASA 1927): good for few and for none; nan without a trial."""
    if not count:
        return math.nan, math.nan
    z = 1.959964
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _error(table: NDArray[np.float64], hit: NDArray[np.bool_], bins: int, least: int) -> tuple[float, int]:
    """Error of calibration over `bins` of every column, the first being confidence; and how many detections
    lie in bins with at least `least`, which alone are counted.
    """
    steps = _step(table, bins)
    cell = (steps * bins ** np.arange(table.shape[1])).sum(axis=1)
    _, cell = np.unique(cell, return_inverse=True)
    counts = np.bincount(cell)
    gap = np.abs(np.bincount(cell, table[:, 0]) - np.bincount(cell, hit))  # times the count
    enough = counts >= least
    used = int(counts[enough].sum())
    return (float(gap[enough].sum() / used) if used else math.nan), used


def _step(values: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    return np.clip((values * bins).astype(np.int64), 0, bins - 1)
