"""The same figures for parts of the images: by source, by camera, by whatever a table says of each image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.metrics.bootstrap import (
    RESAMPLES,
    Difference,
    Interval,
    differences,
    figures,
    interval,
    resamples,
)
from trainer.metrics.coco import average_precision
from trainer.metrics.matching import Matching


@dataclass(frozen=True)
class Slice:
    """Images that share a value of a column. Classes that have no label there stay out of its AP."""

    name: str
    images: int
    boxes: int
    classes: int  # that have labels in it
    ap: Interval
    ap50: Interval
    against_rest: Difference | None  # AP50 of the other images (a) and of these (b); None where all are these


def by_slice(
    matching: Matching, values: Sequence[str], count: int = RESAMPLES, seed: int = 0
) -> tuple[Slice, ...]:
    """AP of the images of each value, with intervals; `values` (images,), slices in order of their names.

    A slice and the rest share no image, so they are drawn each for itself. Slices of fewer than
    `LEAST_IMAGES` images have figures, but no interval.
    """
    column = np.array(values, dtype=object)
    result = []
    for name in sorted(set(values)):
        inside = column == name
        once = average_precision(matching, np.stack((inside, ~inside)).astype(np.int32))
        mine = average_precision(matching, resamples(matching.images, count, seed, among=inside))
        rest = None
        if not inside.all():
            others = average_precision(matching, resamples(matching.images, count, seed + 1, among=~inside))
            rest = differences(once[1:], once[:1], others, mine)["ap50"]
        points, draws = figures(once[:1]), figures(mine)
        labels = matching.truth_label[inside[matching.truth_image].astype(bool)]
        result.append(
            Slice(
                name=name,
                images=int(inside.sum()),
                boxes=len(labels),
                classes=len(np.unique(labels)),
                ap=interval(float(points["ap"][0]), draws["ap"], least=0.0),
                ap50=interval(float(points["ap50"][0]), draws["ap50"], least=0.0),
                against_rest=rest,
            )
        )
    return tuple(result)
