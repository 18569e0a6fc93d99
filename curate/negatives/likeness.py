"""How much a picture without a label looks like the objects that are labelled: labels are missed.

A linear judge learns from windows on the labelled objects and windows beside them: gradients (HOG, Dalal and
Triggs 2005) and the colours of a coarse grid; ridge regression, both sides weighing the same. It is no
detector, but it puts parts that hold an object nobody labelled behind those that do not. Measured by eye on
120 parts of `hands_phone_voc`, in which not every hand is labelled: a hand is left in 16 of all, in one of
the 40 that look least like one; and on all 21 parts of `bccd_voc`: 20 show blood cells that nobody labelled,
and only the other one looks like what lies beside objects.

Likeness is told on a scale on which 0 is the usual window beside objects and 1 the usual object, as the judge
sees those that it did not learn from. A part counts by its most suspicious window.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curate import geometry
from curate.arrays import Pixels
from curate.engine.local import map_shards
from curate.formats.images import read_pixels
from curate.negatives.crops import Rectangle
from curate.negatives.labelled import Frame
from curate.tree import Tree

FEWEST = 30  # objects; from fewer nothing is learnt
MOST_IMAGES = 400  # that are learnt from
IN_A_CROWD = 0.5  # likeness up to which a part is taken where objects are everywhere
_SIDE = 48  # pixels of a window as the judge sees it
_GRID = 6  # colours a side; its cells divide both _SIDE and _STEP
_CONTEXT = 1.1  # of a box's longer side
_BESIDE = 8  # windows without an object, an image
_FOLDS = 4
_RIDGE = 1.0
_SCALES = (0.1, 0.3, 0.5, 0.7, 0.9)  # quantiles of the sides of objects: the windows that are looked through
_STEP = _SIDE // 3  # pixels from one window to the next, as the judge sees them
_LEAST = 8  # pixels of a window

Part = tuple[Frame, Rectangle]
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Judge:
    """What was learnt. `sides` are those of windows, in shares of an image's longer side."""

    mean: Vector
    spread: Vector
    weights: Vector  # the last one is the constant
    sides: tuple[float, ...]
    usual: tuple[float, float]  # median scores of windows beside objects and of objects, not learnt from

    def likeness(self, part: Pixels, longer: int) -> float:
        """How much the most suspicious window of a part looks like an object.

        `longer` is the longer side of the image that the part is cut from.
        """
        windows = np.concatenate([_all_windows(part, side) for side in self._pixels(part, longer)])
        best = float(_scores(windows, self.mean, self.spread, self.weights).max())
        beside, on = self.usual
        return round((best - beside) / (on - beside), 3)

    def _pixels(self, part: Pixels, longer: int) -> list[int]:
        """Sides of windows in pixels, each once."""
        most = min(part.shape[:2])
        return sorted({min(max(int(_CONTEXT * side * longer), _LEAST), most) for side in self.sides})


def learn(frames: Sequence[Frame], root: Path, *, seed: int = 0, workers: int | None = None) -> Judge | None:
    """A judge of the objects of a set; None where there are too few to learn from."""
    if sum(len(frame.boxes) for frame in frames) < FEWEST:
        return None
    order = np.random.default_rng([seed, 9]).permutation(len(frames))[:MOST_IMAGES]
    some = [frames[i] for i in sorted(order)]
    work = partial(_examples, root=root, seed=seed)
    shards = map_shards(work, some, workers=workers, shard=16, in_process_below=32)
    rows = [row for shard in shards for row in shard]
    x = np.array([row[2] for row in rows], dtype=np.float64)
    fold = np.array([sum(row[0]) % _FOLDS for row in rows], dtype=np.int64).reshape(-1)
    is_object = np.array([row[1] for row in rows], dtype=bool)
    if not _teachable(is_object, fold):
        return None
    held_out = np.zeros(len(rows))
    for number in range(_FOLDS):
        mean, spread, weights = _fit(x[fold != number], is_object[fold != number])
        held_out[fold == number] = _scores(x[fold == number], mean, spread, weights)
    mean, spread, weights = _fit(x, is_object)
    longest = [
        (max(box[2] - box[0], box[3] - box[1])) / max(frame.width, frame.height)
        for frame in some
        for box in frame.boxes
    ]
    quantiles: list[float] = [float(np.round(np.quantile(longest, at), 4)) for at in _SCALES]
    sides = tuple(dict.fromkeys(quantiles))
    beside, on = float(np.median(held_out[~is_object])), float(np.median(held_out[is_object]))
    return Judge(mean, spread, weights, sides, (beside, on)) if on > beside else None


def _teachable(is_object: NDArray[np.bool_], fold: NDArray[np.int64]) -> bool:
    """Whether every fold leaves enough of both kinds to learn from."""
    rests = [is_object[fold != number] for number in range(_FOLDS)]
    return all(rest.sum() >= FEWEST // 2 and (~rest).sum() >= FEWEST // 2 for rest in rests)


def judged(judge: Judge, parts: Sequence[Part], root: Path, *, workers: int | None = None) -> list[float]:
    """The likeness of parts of images, in the order given. What cannot be decoded looks like an object."""
    order = sorted(range(len(parts)), key=lambda i: (parts[i][0].image, parts[i][1]))
    shards = map_shards(
        partial(_judge_shard, judge=judge, root=root),
        [parts[i] for i in order],
        workers=workers,
        shard=8,
        in_process_below=24,
    )
    found = [likeness for shard in shards for likeness in shard]
    return [likeness for _, likeness in sorted(zip(order, found, strict=True))]


def least_alike(
    parts: Sequence[Part], likeness: Sequence[float], boxes_per_image: float
) -> tuple[list[Part], int, int]:
    """Parts in the order in which they are to be taken; how many were left aside; how many for the crowd.

    The half that looks most like objects is left aside. Of the others the first part of each image stays
    before the second ones; among those, what looks least like an object goes first. Where objects are so
    dense that a part of that size holds one on average, an empty part is likelier one that nobody labelled:
    there it must look more like what lies beside objects than like them.
    """
    turn: Counter[str] = Counter()
    rows: list[tuple[int, float, int, Part]] = []
    middle = float(np.median(likeness)) if likeness else 0.0
    crowded = 0
    for part, alike in zip(parts, likeness, strict=True):
        frame, (x0, y0, x1, y1) = part
        expected = boxes_per_image * (x1 - x0) * (y1 - y0) / (frame.width * frame.height)
        if expected > 1 and alike > IN_A_CROWD:
            crowded += 1
        elif alike <= middle:
            rows.append((turn[frame.image], alike, len(rows), part))
        turn[frame.image] += 1
    rows.sort(key=lambda row: row[:3])
    return [part for *_, part in rows], len(parts) - len(rows) - crowded, crowded


def _judge_shard(parts: Sequence[Part], *, judge: Judge, root: Path) -> list[float]:
    cv2.setNumThreads(1)
    found = []
    last: tuple[str, Pixels | None] = ("", None)
    for frame, (x0, y0, x1, y1) in parts:
        if last[0] != frame.image:
            last = frame.image, read_pixels(Tree(root), frame.image)
        pixels = last[1]
        if pixels is None:
            found.append(np.inf)
        else:
            found.append(judge.likeness(pixels[y0:y1, x0:x1], max(frame.width, frame.height)))
    return found


def features(window: Pixels) -> NDArray[np.float32]:
    """Gradients and colours of one window, whatever its size: (F,)."""
    small = cv2.resize(window, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    gradients = np.asarray(_hog().compute(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))).ravel()
    colours = cv2.resize(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), (_GRID, _GRID), interpolation=cv2.INTER_AREA)
    return np.concatenate([gradients, colours.ravel().astype(np.float32) / 128])


def _hog() -> cv2.HOGDescriptor:
    return cv2.HOGDescriptor((_SIDE, _SIDE), (16, 16), (8, 8), (8, 8), 9)


def _examples(
    frames: Sequence[Frame], *, root: Path, seed: int
) -> list[tuple[bytes, bool, NDArray[np.float32]]]:
    """(image, whether it is an object, features) of windows on and beside the objects of some images."""
    cv2.setNumThreads(1)
    rows: list[tuple[bytes, bool, NDArray[np.float32]]] = []
    for frame in frames:
        pixels = read_pixels(Tree(root), frame.image)
        if pixels is None:
            continue
        name = frame.image.encode("utf-8", "replace")
        rng = np.random.default_rng([seed, *name])
        for x0, y0, side in _on(frame):
            rows.append((name, True, features(pixels[y0 : y0 + side, x0 : x0 + side])))
        for x0, y0, side in _beside(frame, rng):
            rows.append((name, False, features(pixels[y0 : y0 + side, x0 : x0 + side])))
    return rows


def _on(frame: Frame) -> Iterator[tuple[int, int, int]]:
    """(x, y, side) of a square window around each object, moved into the image."""
    for x0, y0, x1, y1 in frame.boxes:
        side = int(min(_CONTEXT * max(x1 - x0, y1 - y0), frame.width, frame.height))
        if side >= _LEAST:
            x = int(np.clip((x0 + x1 - side) / 2, 0, frame.width - side))
            y = int(np.clip((y0 + y1 - side) / 2, 0, frame.height - side))
            yield x, y, side


def _beside(frame: Frame, rng: np.random.Generator) -> Iterator[tuple[int, int, int]]:
    """(x, y, side) of windows of the size of objects that lie beside them."""
    found = 0
    for _ in range(6 * _BESIDE):
        box = frame.boxes[int(rng.integers(len(frame.boxes)))]
        side = int(_CONTEXT * max(box[2] - box[0], box[3] - box[1]) * rng.uniform(0.8, 1.25))
        side = min(max(side, _LEAST), frame.width, frame.height)
        x, y = int(rng.integers(frame.width - side + 1)), int(rng.integers(frame.height - side + 1))
        window = geometry.as_boxes([x, y, x + side, y + side])
        if (
            geometry.covered(frame.boxes, window).max() > 0.2
            or geometry.iou_pairwise(window, frame.boxes).max() > 0.1
        ):
            continue
        yield x, y, side
        found += 1
        if found == _BESIDE:
            return


def _all_windows(part: Pixels, side: int) -> NDArray[np.float32]:
    """`features` of every window of one size, each a third of it further: (N, F), N > 0.

    All of them at once, on the part brought to the scale at which a window is _SIDE pixels.
    """
    height, width = part.shape[:2]
    zoom = _SIDE / side
    size = (max(round(width * zoom), _SIDE), max(round(height * zoom), _SIDE))
    scaled = cv2.resize(part, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
    columns, rows = ((length - _SIDE) // _STEP + 1 for length in size)
    hog = _hog()
    gradients = hog.compute(cv2.cvtColor(scaled, cv2.COLOR_RGB2GRAY), (_STEP, _STEP), (0, 0))
    cell = _SIDE // _GRID
    whole = cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB)[: size[1] // cell * cell, : size[0] // cell * cell]
    grid = cv2.resize(whole, (size[0] // cell, size[1] // cell), interpolation=cv2.INTER_AREA)
    looks = np.lib.stride_tricks.sliding_window_view(grid, (_GRID, _GRID, 3))[:, :, 0]
    looks = looks[:: _STEP // cell, :: _STEP // cell][:rows, :columns]  # (rows, columns, _GRID, _GRID, 3)
    colours = looks.reshape(rows * columns, -1).astype(np.float32) / 128
    return np.hstack([np.asarray(gradients).reshape(rows * columns, -1), colours])


def _fit(x: Vector, is_object: NDArray[np.bool_]) -> tuple[Vector, Vector, Vector]:
    """Weighted ridge regression onto -1 and 1: mean, spread, weights."""
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-3
    z = np.hstack([(x - mean) / spread, np.ones((len(x), 1))])
    weight = np.where(is_object, 0.5 / is_object.sum(), 0.5 / (~is_object).sum())
    weighed = z * weight[:, None]
    left = z.T @ weighed + _RIDGE * np.eye(z.shape[1])
    return mean, spread, np.linalg.solve(left, weighed.T @ np.where(is_object, 1.0, -1.0))


def _scores(x: NDArray[Any], mean: Vector, spread: Vector, weights: Vector) -> Vector:
    found: Vector = ((x - mean) / spread) @ weights[:-1] + weights[-1]
    return found
