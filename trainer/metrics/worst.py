"""Which images to look at first: those whose mistakes cost most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.metrics.matching import Matching
from trainer.metrics.mistakes import KINDS, Mistakes


@dataclass(frozen=True)
class Mistake:
    """One mistake in an image."""

    kind: str  # a key of KINDS
    cost: float  # 0..1: how sure the detector was of what is wrong
    detection: int  # index in the matching, -1 where a label was missed
    label: int  # index of the label it is about, -1 where there is none


@dataclass(frozen=True)
class ImageMistakes:
    """All mistakes of an image, the most costly first."""

    image: int
    mistakes: tuple[Mistake, ...]

    @property
    def cost(self) -> float:
        """Of all of them."""
        return sum(m.cost for m in self.mistakes)

    def cost_of(self, kind: str) -> float:
        """Of one kind."""
        return sum(m.cost for m in self.mistakes if m.kind == kind)


def worst_images(matching: Matching, named: Mistakes) -> list[ImageMistakes]:
    """The images with a mistake at the working confidence, the most costly first.

    A false detection costs its confidence. A missed label costs 1 less the confidence of the detection that
    would have found it, had the working confidence been lower; 1 where there is none.
    """
    rows: list[list[Mistake]] = [[] for _ in range(matching.images)]
    names = list(KINDS)
    wrong = np.flatnonzero((matching.score >= named.confidence) & (named.kind >= 0))
    for i in wrong.tolist():
        mistake = Mistake(names[named.kind[i]], float(matching.score[i]), i, int(named.target[i]))
        rows[matching.image[i]].append(mistake)
    nearly = np.zeros(len(named.missed))
    took = matching.took()
    found = np.flatnonzero(took >= 0)
    nearly[took[found]] = matching.score[found]
    for g in np.flatnonzero(named.missed).tolist():
        rows[matching.truth_image[g]].append(Mistake("missed", 1 - float(nearly[g]), -1, g))
    images = [
        ImageMistakes(i, tuple(sorted(row, key=lambda m: -m.cost))) for i, row in enumerate(rows) if row
    ]
    return sorted(images, key=lambda image: (-image.cost, image.image))


def choose(images: list[ImageMistakes], most: int) -> list[ImageMistakes]:
    """At most `most` of them, so that each kind is there: the worst of all and of every kind in turn."""
    chosen: dict[int, ImageMistakes] = {}
    queues = [list(images)]
    for kind in KINDS:
        costs = [(image.cost_of(kind), image) for image in images]
        queues.append([image for cost, image in sorted(costs, key=lambda pair: -pair[0]) if cost > 0])
    while len(chosen) < most and any(queues):
        for queue in queues:
            while queue and queue[0].image in chosen:
                queue.pop(0)
            if queue and len(chosen) < most:
                chosen[queue[0].image] = queue[0]
    return sorted(chosen.values(), key=lambda image: (-image.cost, image.image))
