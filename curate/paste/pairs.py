"""Labelled things with the hosts that hold them: how large, where, and by the pixels at which angle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from curate.engine.local import map_shards
from curate.formats.images import read_pixels
from curate.geometry import as_boxes, covered
from curate.paste.cutouts.bars import find_bars
from curate.paste.hosts import hands
from curate.paste.hosts.model import HAND
from curate.paste.targets import Target
from curate.tree import Tree

_TOUCHES = 0.1  # share of a thing's box inside its host's
_MOST_LOOKED_AT = 300  # pairs whose angle is measured; more would not change it
_CLEAR = 6.0  # score of a bar whose angle is believed, see bars.find_bars
_BAR = 0.45  # thickness / length


@dataclass(frozen=True)
class Pair:
    """A thing and its host in one picture. Offsets are in sizes of the host; `turn` is None where unknown."""

    image: str
    thing: int  # 1-based, in the annotation
    host: int
    ratio: float  # long side of the thing / size of the host
    dx: float
    dy: float
    row: float  # of the thing's foot in the host's box: 0 top, 1 bottom
    turn: float | None = None  # angle of the thing to the host's axis, radians


def pairs(images: Sequence[Target], hosts: Sequence[str], name: str) -> list[Pair]:
    """Every labelled thing of a class with the host that covers most of its box, at least a tenth."""
    found = []
    for target in images:
        own = [label for label in target.labels if label.name in hosts]
        for label in target.labels:
            if label.name != name or not own:
                continue
            shares = covered(as_boxes([label.xyxy]), as_boxes([h.xyxy for h in own]))[0]
            best = int(shares.argmax())
            if shares[best] < _TOUCHES:
                continue
            x0, y0, x1, y1 = label.xyxy
            hx0, hy0, hx1, hy1 = own[best].xyxy
            size = math.sqrt((hx1 - hx0) * (hy1 - hy0))
            found.append(
                Pair(
                    target.image,
                    label.object,
                    own[best].object,
                    max(x1 - x0, y1 - y0) / size,
                    (x0 + x1 - hx0 - hx1) / 2 / size,
                    (y0 + y1 - hy0 - hy1) / 2 / size,
                    (y1 - hy0) / (hy1 - hy0),
                )
            )
    return found


def measured(
    images: Sequence[Target],
    hosts: Sequence[tuple[str, str]],
    names: Sequence[str],
    root: Path,
    workers: int | None,
) -> list[Pair]:
    """`pairs` of several classes, with the angle where the host is a hand and the thing a clear bar.

    `hosts` are (class, kind).
    """
    found = [pair for name in names for pair in pairs(images, [host for host, _ in hosts], name)]
    held = {name for name, kind in hosts if kind == HAND}
    by_image: dict[str, list[int]] = {}
    for index, pair in enumerate(found[:_MOST_LOOKED_AT]):
        by_image.setdefault(pair.image, []).append(index)
    if not held or not by_image:
        return found
    targets = {target.image: target for target in images}
    work = [(targets[image], [found[i] for i in indices]) for image, indices in by_image.items()]
    shards = map_shards(
        partial(_turned, root=root, held=held), work, workers=workers, shard=8, in_process_below=16
    )
    turned = [pair for shard in shards for pair in shard]
    order = [index for indices in by_image.values() for index in indices]
    for index, pair in zip(order, turned, strict=True):
        found[index] = pair
    return found


def _turned(shard: Sequence[tuple[Target, list[Pair]]], *, root: Path, held: set[str]) -> list[Pair]:
    tree, out = Tree(root), []
    for target, own in shard:
        image = target.picture(read_pixels(tree, target.image))
        labels = {label.object: label for label in target.labels}
        for pair in own:
            host = labels[pair.host]
            if image is None or host.name not in held:
                out.append(pair)
                continue
            axis = hands.describe(image, host.xyxy).axis
            angle = _angle(image, labels[pair.thing].xyxy)
            if axis is None or angle is None:
                out.append(pair)
            else:
                turn = math.remainder(angle - math.atan2(axis[1], axis[0]), math.pi)
                out.append(replace(pair, turn=turn))
    return out


def _angle(image: np.ndarray, box: tuple[float, float, float, float]) -> float | None:
    """Of the long axis of a thin thing in its box, radians; None where no bar can be seen clearly."""
    x0, y0, x1, y1 = box
    pad = 4 + 0.2 * max(x1 - x0, y1 - y0)
    left, top = max(int(x0 - pad), 0), max(int(y0 - pad), 0)
    crop = image[top : math.ceil(y1 + pad), left : math.ceil(x1 + pad)]
    lab = cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    bars = find_bars(lab, (x0 - left, y0 - top, x1 - left, y1 - top), most=1)
    if not bars or bars[0].score < _CLEAR or bars[0].thickness > _BAR * bars[0].length:
        return None
    return bars[0].angle
