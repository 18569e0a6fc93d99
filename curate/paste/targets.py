"""Which pictures and hosts a paste may use: tables in, targets out. No pixels."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from curate.dataset import NOT_WHOLE, Dataset
from curate.errors import CurateError
from curate.geometry import as_boxes, clip, covered, rotate_for_exif
from curate.paste.hands import HAND_NAMES

# what an annotation must not have: labels may be missing from it, or be wrong
_UNSURE = ("malformed", "truncated", "unreadable", "not-voc", "unknown-root")
_HOLDS = 0.15  # share of another label's box inside the host's: the host already holds that


@dataclass(frozen=True)
class Label:
    """One labelled box on the stored pixels of its image; `object` is 1-based in its annotation."""

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
    width: int  # stored pixels
    height: int
    labels: tuple[Label, ...]


def folded(name: str) -> str:
    """A class name as compared: NFKC, case folded, without blanks, hyphens and underscores."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in plain if not c.isspace() and c not in "-_")


def match_classes(there: Iterable[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """The class names of a data set that were asked for; `hands` stands for every usual name of a hand.

    Raises CurateError, listing the classes there are, where none of them was asked for.
    """
    there = sorted(set(there))
    asked: set[str] = set()
    for name in wanted:
        asked |= {folded(n) for n in HAND_NAMES} if folded(name) in ("hands", "hand") else {folded(name)}
    found = tuple(name for name in there if folded(name) in asked)
    if not found:
        classes = ", ".join(repr(name) for name in there) or "none"
        raise CurateError(
            f"No class is called {' or '.join(wanted)}; the classes there are: {classes}.",
            "Name the ones to paste onto: --onto CLASS,CLASS",
        )
    return found


def targets(dataset: Dataset) -> tuple[list[Target], Counter[str]]:
    """(images that can be used, in order of their path; why others cannot, counted).

    Where the set has split lists, only training images are used: a piece of a test image in a training
    image would be learnt by heart.
    """
    training = training_images(dataset)
    problems = dataset.problems.filter(pl.col("kind").is_in(_UNSURE))
    unsure = set(problems["image_id"].to_list())
    rows: dict[int, list[dict[str, object]]] = {}
    for row in dataset.boxes.iter_rows(named=True):
        rows.setdefault(row["image_id"], []).append(row)
    found, left = [], Counter[str]()
    for image in dataset.images.iter_rows(named=True):
        reason = _why_not(image, training, unsure)
        if reason is None:
            made = _target(image, rows.get(image["image_id"], []))
            if isinstance(made, Target):
                found.append(made)
                continue
            reason = made
        left[reason] += 1
    found.sort(key=lambda t: t.image)
    return found, left


def training_images(dataset: Dataset) -> set[int] | None:
    """Image ids of the training split; None where no list names one."""
    splits = dataset.splits.filter(pl.col("image_id").is_not_null())
    for name in ("train", "trainval"):
        ids = splits.filter(pl.col("split") == name)["image_id"].to_list()
        if ids:
            return set(ids)
    return None


def _why_not(image: dict[str, object], training: set[int] | None, unsure: set[int]) -> str | None:
    if image["image"] is None or image["annotation"] is None:
        return "no image or no annotation"
    if image["image_problem"] in NOT_WHOLE or not image["image_width"] or not image["image_height"]:
        return "the image cannot be read"
    if image["synthetic"]:
        return "drawn by curate already"
    if not image["readable"] or image["image_id"] in unsure:
        return "the annotation cannot be read in full"
    if training is not None and image["image_id"] not in training:
        return "not in the training split"
    return None


def _target(image: dict[str, object], rows: list[dict[str, object]]) -> Target | str:
    width, height = int(str(image["image_width"])), int(str(image["image_height"]))
    labels = []
    for row in rows:
        corners = [row[k] for k in ("xmin", "ymin", "xmax", "ymax")]
        if row["name"] is None or any(c is None for c in corners) or int(str(row["box"])) != 1:
            return "a label without exactly one box and one name"
        box = as_boxes([[float(str(c)) for c in corners]])
        if row["frame_width"] != width and image["orientation"] is not None:
            box = rotate_for_exif(box, int(str(image["orientation"])), width, height)
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
    return Target(
        str(image["image"]), str(image["stem"]), str(image["annotation"]), width, height, tuple(labels)
    )


def free_hosts(target: Target, hosts: Sequence[str]) -> list[Label]:
    """The labels of the host classes that hold nothing else that is labelled."""
    own = [label for label in target.labels if label.name in hosts]
    others = as_boxes([label.xyxy for label in target.labels if label.name not in hosts])
    if not len(others):
        return own
    held = covered(others, as_boxes([h.xyxy for h in own]))  # (others, hosts)
    smaller = [[_area(h) > _area_of(o) for h in own] for o in others]
    return [
        host
        for i, host in enumerate(own)
        if not any(held[j, i] > _HOLDS and smaller[j][i] for j in range(len(others)))
    ]


def _area(label: Label) -> float:
    return (label.xyxy[2] - label.xyxy[0]) * (label.xyxy[3] - label.xyxy[1])


def _area_of(box: Sequence[float]) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))


def held_pairs(images: Sequence[Target], hosts: Sequence[str], name: str) -> list[tuple[float, float, float]]:
    """(long side of an object, size of the host that holds it, distance of their centres), pixels.

    The host is the one that covers most of the object's box, if it covers a tenth of it at all.
    """
    pairs = []
    for target in images:
        own = [label for label in target.labels if label.name in hosts]
        for label in target.labels:
            if label.name != name or not own:
                continue
            shares = covered(as_boxes([label.xyxy]), as_boxes([h.xyxy for h in own]))[0]
            best = int(shares.argmax())
            if shares[best] < 0.1:
                continue
            x0, y0, x1, y1 = label.xyxy
            hx0, hy0, hx1, hy1 = own[best].xyxy
            distance = math.hypot((x0 + x1 - hx0 - hx1) / 2, (y0 + y1 - hy0 - hy1) / 2)
            pairs.append((max(x1 - x0, y1 - y0), math.sqrt((hx1 - hx0) * (hy1 - hy0)), distance))
    return pairs
