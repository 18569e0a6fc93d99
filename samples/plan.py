"""Which pictures the set holds: a seed in, the specs with their splits and planted defects out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from . import defects
from .drawing.places import PLACES
from .scene import Spec

COUNTS = {"cigarette": 97, "pen": 25, "chopstick": 21, "empty": 19}
SPLITS = {"train": 0.65, "val": 0.15, "test": 0.20}
LANDSCAPE, PORTRAIT = (416, 312), (312, 416)
ODD = ((400, 300), (384, 384), (448, 336), (400, 320))
BACKGROUNDS = 28

# which kind of picture each defect needs, in the order in which pictures are taken for them
PLANTED: tuple[tuple[str, defects.Plant], ...] = (
    ("cigarette", defects.gbk_folder),
    ("pen", defects.gbk_folder),
    ("cigarette", defects.gbk_folder),
    ("cigarette", defects.unknown_class),
    ("cigarette", defects.class_variant),
    ("empty", defects.no_objects),
    ("cigarette", defects.size_zero),
    ("cigarette", defects.size_transposed),
    ("cigarette", defects.corners_swapped),
    ("empty", partial(defects.past_edge, by=2)),
    ("empty", partial(defects.past_edge, by=9)),
    ("chopstick", defects.several_boxes),
    ("cigarette", defects.duplicate),
    ("cigarette", defects.bare_ampersand),
    ("cigarette", defects.zero_area),
    ("cigarette", defects.exif_rotated),
    ("cigarette", defects.png_named_jpg),
)


@dataclass(frozen=True)
class Item:
    """One picture of the plan."""

    spec: Spec
    split: str
    plant: defects.Plant | None = None
    copy_of: int | None = None  # number of the picture this one repeats

    @property
    def stem(self) -> str:
        return f"{self.spec.number:06d}"


def items(seed: int) -> list[Item]:
    """The labelled pictures in the order of their numbers."""
    rng = np.random.default_rng([seed, 1])
    kinds = [kind for kind, count in COUNTS.items() for _ in range(count)]
    splits = [_split(place, COUNTS[kind]) for kind in COUNTS for place in range(COUNTS[kind])]
    order = rng.permutation(len(kinds))
    places = list(PLACES)
    free = {kind: [p for kind_, p in PLANTED if kind_ == kind] for kind in COUNTS}
    made: list[Item] = []
    for number, index in enumerate(order, start=1):
        kind, split = kinds[index], splits[index]
        size = (LANDSCAPE, PORTRAIT, ODD[rng.integers(len(ODD))])[rng.choice(3, p=(0.76, 0.14, 0.10))]
        hands = 2 if rng.random() < 0.08 and size[0] > size[1] else 1
        place = places[(number * 7 + int(rng.integers(3))) % len(places)]
        plant = (
            free[kind].pop(0) if free[kind] and split == "train" and number > 6 and number % 3 == 0 else None
        )
        spec = Spec(number, kind, place, size, hands)
        made.append(Item(_suited(spec, plant), split, plant))
    original = next(i for i in made if i.spec.kind == "cigarette" and i.split == "train" and i.plant is None)
    last = made[-1].spec.number + 1
    copy = Item(
        Spec(last, original.spec.kind, original.spec.place, original.spec.size),
        "test",
        copy_of=original.spec.number,
    )
    left = [plant for plants in free.values() for plant in plants]
    if left:
        raise RuntimeError(f"{len(left)} defects found no picture")
    return [*made, copy]


def _split(place: int, count: int) -> str:
    """Splits of equal shares within each kind: the first of a kind train, then val, then test."""
    share = (place + 0.5) / count
    if share < SPLITS["train"]:
        return "train"
    return "val" if share < SPLITS["train"] + SPLITS["val"] else "test"


def _suited(spec: Spec, plant: defects.Plant | None) -> Spec:
    """The spec as its defect needs it: upright for EXIF, small and smooth for a PNG, no square for sizes."""
    if plant is None:
        return spec
    if plant is defects.exif_rotated:
        return Spec(spec.number, spec.kind, spec.place, PORTRAIT)
    if plant is defects.png_named_jpg:
        return Spec(spec.number, spec.kind, "window", (240, 180), grain=0.0)
    cut = isinstance(plant, partial) and plant.func is defects.past_edge
    return Spec(spec.number, spec.kind, spec.place, LANDSCAPE, cut=cut)
