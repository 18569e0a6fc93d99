"""Which pictures a paste may use: tables in, targets out. No pixels are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from curate import splits
from curate.arrays import Pixels
from curate.dataset import NOT_WHOLE, Dataset, drawn_on
from curate.geometry import as_boxes, clip, covered, displayed, opposite, rotate_for_exif
from curate.paste.hosts.model import HAND, MOUTH

# what an annotation must not have: labels may be missing from it, or be wrong
_UNSURE = ("malformed", "truncated", "unreadable", "not-voc", "unknown-root")
_HOLDS = 0.15  # share of another label's box inside the host's: the host already holds that
NOT_TRAINING = "not in the training split"


@dataclass(frozen=True)
class Label:
    """One labelled box on its target; `object` is 1-based in its annotation."""

    object: int
    name: str
    xyxy: tuple[float, float, float, float]
    difficult: bool
    truncated: bool


@dataclass(frozen=True)
class Target:
    """An image all of whose labels are known, so that a new image made of it can carry them all."""

    image: str
    stem: str
    annotation: str
    width: int  # pixels of the picture on which the labels lie
    height: int
    labels: tuple[Label, ...]
    orientation: int = 1  # EXIF; what makes that picture of the stored pixels, 1 where it is those

    def picture(self, stored: Pixels | None) -> Pixels | None:
        """The pixels on which the labels lie, (H, W, 3); None where the image cannot be decoded."""
        return None if stored is None else displayed(stored, self.orientation)


def targets(dataset: Dataset, *, upright: bool = False) -> tuple[list[Target], Counter[str]]:
    """(images that can be used, in order of their path; why others cannot, counted).

    With `upright` they are pictures as they are displayed, in which hands and faces stand as they do in the
    world; else their pixels as stored. Where the set has split lists, only training images are used: a piece
    of a test image in a training image would be learnt by heart.
    """
    training = training_images(dataset)
    problems = dataset.problems.filter(pl.col("kind").is_in(_UNSURE))
    unsure = set(problems["image_id"].to_list())
    rows: dict[int, list[dict[str, Any]]] = {}
    for row in dataset.boxes.iter_rows(named=True):
        rows.setdefault(row["image_id"], []).append(row)
    found, left = [], Counter[str]()
    for image in dataset.images.iter_rows(named=True):
        reason = _why_not(image, training, unsure)
        if reason is None:
            made = _target(image, rows.get(image["image_id"], []), dataset.format, upright)
            if isinstance(made, Target):
                found.append(made)
                continue
            reason = made
        left[reason] += 1
    found.sort(key=lambda t: t.image)
    return found, left


def training_images(dataset: Dataset) -> set[int] | None:
    """Image ids of the training split; None where no list says train, val or test.

    Where there are lists but none for training, what no list names is for training.
    """
    own = splits.own(dataset)
    if own is None:
        return None
    wanted = "train" if "train" in own else None
    return {i for i, split in enumerate(own) if split == wanted}


def _why_not(image: Mapping[str, object], training: set[int] | None, unsure: set[int]) -> str | None:
    if image["image"] is None or image["annotation"] is None:
        return "no image or no annotation"
    if image["image_problem"] in NOT_WHOLE or not image["image_width"] or not image["image_height"]:
        return "the image cannot be read"
    if image["synthetic"]:
        return "drawn by curate already"
    if not image["readable"] or image["image_id"] in unsure:
        return "the annotation cannot be read in full"
    if training is not None and image["image_id"] not in training:
        return NOT_TRAINING
    return None


def _target(image: Mapping[str, Any], rows: list[dict[str, Any]], layout: str, upright: bool) -> Target | str:
    stored_size = width, height = int(str(image["image_width"])), int(str(image["image_height"]))
    orientation = image["orientation"] or 1 if upright else 1
    if orientation >= 5:
        width, height = height, width
    labels = []
    for row in rows:
        corners = [row[k] for k in ("xmin", "ymin", "xmax", "ymax")]
        if row["name"] is None or any(c is None for c in corners) or int(str(row["box"])) != 1:
            return "a label without exactly one box and one name"
        box = as_boxes([[float(str(c)) for c in corners]])
        box = rotate_for_exif(box, drawn_on(layout, image, row["frame_width"]), *stored_size)
        box = rotate_for_exif(box, opposite(orientation), width, height)
        x0, y0, x1, y1 = (float(v) for v in clip(box, width, height)[0])
        if x1 - x0 < 1 or y1 - y0 < 1:
            return "a label without area"
        labels.append(
            Label(
                int(str(row["object"])),
                str(row["name"]),
                (x0, y0, x1, y1),
                bool(row["difficult"]),
                bool(row["truncated"]),
            )
        )
    names = str(image["image"]), str(image["stem"]), str(image["annotation"])
    return Target(*names, width, height, tuple(labels), orientation)


def free(target: Target, hosts: Sequence[Label], kinds: Mapping[str, str]) -> list[Label]:
    """The hosts that hold nothing else that is labelled; what only carries things is always free.

    `kinds` says of each host class whether it is a hand, a mouth or a thing.
    """
    others = as_boxes([label.xyxy for label in target.labels if label.name not in kinds])
    if not len(others) or not hosts:
        return list(hosts)
    held = covered(others, as_boxes([h.xyxy for h in hosts]))  # (others, hosts)
    smaller = [[_area(h.xyxy) > _area(o) for h in hosts] for o in others]
    return [
        host
        for i, host in enumerate(hosts)
        if kinds[host.name] not in (HAND, MOUTH)
        or not any(held[j, i] > _HOLDS and smaller[j][i] for j in range(len(others)))
    ]


def _area(box: Sequence[float]) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))
