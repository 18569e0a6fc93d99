"""Cut-outs to paste: the folder that `curate cutouts PATH -o DIR` writes.

DIR/cutouts.json names them with their classes and how they lay, DIR/cutouts/*.png holds them. A PNG that
somebody has deleted is one that is not wanted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.folder import Split
from trainer.data.images import Image
from trainer.errors import TrainerError

SCHEMA = 1
OPAQUE = 128  # alpha from which a pixel belongs to the thing
GROWTH = 1.3  # a thing is pasted up to that many times larger or smaller than an object of its class


@dataclass(frozen=True, eq=False)
class Cutout:
    """One thing without its background."""

    premultiplied: Image  # (h, w, 4) uint8 RGBA, colours times alpha
    label: int
    angle: float  # radians, clockwise: turned by it, it lies as in its photograph
    hull: NDArray[np.float64]  # (k, 2) corners around its opaque pixels

    @classmethod
    def of(cls, premultiplied: Image, label: int, angle: float) -> Cutout:
        """One from its pixels, of which some must be opaque."""
        rows, columns = np.nonzero(premultiplied[..., 3] >= OPAQUE)
        low = np.stack((columns, rows), axis=1)
        corners = np.concatenate([low + step for step in ((0, 0), (1, 0), (0, 1), (1, 1))])
        hull = cv2.convexHull(corners.astype(np.float32)).reshape(-1, 2).astype(np.float64)
        return cls(premultiplied, label, angle, hull)


class Cutouts:
    """All of them, by class, and how large the objects of each class are."""

    def __init__(self, cutouts: Sequence[Cutout], sides: Mapping[int, NDArray[np.float64]]) -> None:
        """`sides` are the longer sides of each class's objects as shares of their image's longer side."""
        self.by_class = {
            label: [cutout for cutout in cutouts if cutout.label == label]
            for label in sorted({cutout.label for cutout in cutouts})
        }
        every = np.concatenate([np.zeros(0), *(sides[label] for label in sorted(sides))])
        if not len(every):
            every = np.array([0.1])
        self.sides = {label: sides[label] if len(sides.get(label, ())) else every for label in self.by_class}

    def __len__(self) -> int:
        return sum(len(cutouts) for cutouts in self.by_class.values())

    def drawn(self, rng: np.random.Generator) -> Cutout:
        """One of any class, then any of it."""
        labels = list(self.by_class)
        cutouts = self.by_class[labels[int(rng.integers(len(labels)))]]
        return cutouts[int(rng.integers(len(cutouts)))]

    def side(self, label: int, rng: np.random.Generator) -> float:
        """The longer side of an object of that class, a share of the sample's."""
        sides = self.sides[label]
        return float(sides[int(rng.integers(len(sides)))])


def read_cutouts(folder: Path, classes: Sequence[str], train: Split, long_side: int) -> tuple[Cutouts, str]:
    """The cut-outs of these classes, and a line that says how many of which were taken and left out.

    They are shrunk to the largest at which they are pasted into samples of `long_side` pixels.

    Raises TrainerError where the folder is none, a file of it is damaged, or nothing fits the classes.
    """
    cure = "name the folder that `curate cutouts PATH -o DIR` wrote"
    index = folder / "cutouts.json"
    try:
        content = json.loads(index.read_bytes())
        if content["schema"] != SCHEMA:
            raise ValueError(f"schema {content['schema']}, where {SCHEMA} is known")
        rows = [(str(row["file"]), str(row["name"]), float(row["angle"])) for row in content["cutouts"]]
    except OSError as error:
        raise TrainerError(f"{index} cannot be read: {error.strerror or error}", cure) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise TrainerError(f"{index} is not of the kind that is known: {error}", cure) from error
    sides = _sides(train)
    largest = max((float(of_class.max()) for of_class in sides.values()), default=1.0) * GROWTH * long_side
    numbers = {name.strip().casefold(): number for number, name in enumerate(classes)}
    found, taken, strange = [], Counter[str](), Counter[str]()
    for file, name, angle in rows:
        if "/" in file or "\\" in file or not np.isfinite(angle):
            raise TrainerError(f"{index} names {file!r}, which is no file of its folder", cure)
        path = folder / "cutouts" / file
        label = numbers.get(name.strip().casefold())
        if label is None:
            strange[name] += 1
        elif path.is_file():
            found.append(Cutout.of(_read(path, largest), label, angle))
            taken[name] += 1
    if not found:
        raise TrainerError(
            f"{folder} holds no cut-out of {', '.join(classes)}",
            f"its classes are: {', '.join(sorted(strange)) or 'none'}",
        )
    line = f"cut-outs: {_counts(taken)}"
    if strange:
        line += f"; not of these classes, left out: {_counts(strange)}"
    return Cutouts(found, sides), line


def _counts(names: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(names.items()))


def _sides(train: Split) -> dict[int, NDArray[np.float64]]:
    sizes = train.box_sizes(1).max(axis=1, initial=0.0)
    labels = np.concatenate([np.zeros(0), *(rows[:, 0] for rows in train.labels)]).astype(int)
    return {int(label): sizes[labels == label] for label in np.unique(labels)}


def _read(path: Path, largest: float) -> Image:
    """Its pixels, premultiplied, no side longer than `largest`."""
    data = np.fromfile(path, dtype=np.uint8)
    try:
        picture: Any = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if len(data) else None
    except cv2.error:
        picture = None
    if picture is None or picture.ndim != 3 or picture.shape[2] != 4 or picture.dtype != np.uint8:
        raise TrainerError(f"{path} is no PNG with alpha", "delete it, or make the cut-outs again")
    if not (picture[..., 3] >= OPAQUE).any():
        raise TrainerError(f"{path} shows nothing", "delete it, or make the cut-outs again")
    rgba = cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA)
    alpha = rgba[..., 3:].astype(np.uint16)
    rgba[..., :3] = (rgba[..., :3] * alpha + 127) // 255
    scale = largest / max(rgba.shape[:2])
    if scale < 1:
        size = tuple(max(round(side * scale), 1) for side in rgba.shape[1::-1])
        rgba = cv2.resize(rgba, size, interpolation=cv2.INTER_AREA)
    return np.asarray(rgba, dtype=np.uint8)
