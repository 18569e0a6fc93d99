"""A detector that says where hands are: weights of our trainer, or ONNX; photographs in, boxes out.

An ONNX detector takes (1, 3, H, W) RGB, 0 .. 1, letterboxed with grey 114, and gives one of

    (1, N, 6)        x0, y0, x1, y1, score, class         where suppression is part of the network
    (1, N, 5 + C)    cx, cy, w, h, objectness, a score for each of C classes
    (1, 4 + C, N)    cx, cy, w, h, a score for each class, as rows

in pixels of that input. Class names come from its metadata ("names"); without them every class is a hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels
from curate.errors import CurateError, MissingExtra
from curate.geometry import clip
from curate.paste.hosts.model import HAND, Found
from curate.paste.hosts.names import folded, is_hand
from curate.paste.onnx.header import Header, read
from curate.paste.onnx.run import open_network

_CONFIDENCE = 0.35  # a box that is no hand spoils a picture, one that is missed spoils nothing
_OVERLAP = 0.45  # IoU of two boxes that are one hand
_GREY = 114
_FREE_SIZE = 640  # pixels, for networks that take any size
_CURE = "Name weights of `trainer fit` (.pt, or the folder of a run) or an ONNX file: --hands-model FILE"


@dataclass(frozen=True)
class Detector:
    """Where the weights lie and which of its classes are hands; loaded once in every process that asks."""

    path: Path
    classes: tuple[str, ...]  # of the model
    hands: tuple[int, ...]  # which of them

    @property
    def hand_names(self) -> tuple[str, ...]:
        """Its classes that are hands; none where it names none."""
        return tuple(self.classes[i] for i in self.hands if i < len(self.classes))

    def find(self, image: Pixels) -> list[Found]:
        """The hands of an image, (H, W, 3) RGB, the surest first."""
        height, width = image.shape[:2]
        boxes, scores, labels = _loaded(self.path)(image)
        keep = np.isin(labels, self.hands) & (scores >= _CONFIDENCE)
        boxes, scores = clip(boxes[keep], width, height), scores[keep]
        found = [
            Found(HAND, HAND, 0, (float(x0), float(y0), float(x1), float(y1)), "model", float(score))
            for (x0, y0, x1, y1), score in zip(boxes, scores, strict=True)
            if x1 - x0 >= 8 and y1 - y0 >= 8
        ]
        return sorted(found, key=lambda f: (-f.belief, f.box))


_Answer = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]  # (N, 4) xyxy, (N,), (N,)
_Network = Callable[[Pixels], _Answer]


def open_detector(path: Path, names: Sequence[str] = ()) -> Detector:
    """Check the weights and find out which classes are hands: those of `names`, else by their usual names.

    Raises CurateError where the file is none that can be used, or knows no hand.
    """
    if not path.exists():
        raise CurateError(f"There is no {path}.", _CURE)
    classes = _read_onnx(path)[1].names if _is_onnx(path) else _trainer_classes(path)
    asked = {folded(name) for name in names}
    hands = [i for i, name in enumerate(classes) if is_hand(name) or folded(name) in asked]
    if not classes:
        return Detector(path, (), tuple(range(1000)))
    if not hands and len(classes) == 1:
        hands = [0]
    if not hands:
        raise CurateError(
            f"The model {path.name} knows no hand: {', '.join(classes)}.",
            "Name its classes that are hands with --onto, or take a model of hands.",
        )
    return Detector(path, tuple(classes), tuple(hands))


def _is_onnx(path: Path) -> bool:
    return path.suffix.lower() == ".onnx"


def _read_onnx(path: Path) -> tuple[bytes, Header]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CurateError(f"{path} cannot be read: {error.strerror}.", _CURE) from error
    try:
        header = read(content)
    except ValueError as error:
        raise CurateError(f"The hands model {path.name} is no ONNX file: {error}.", _CURE) from error
    if len(header.shape) != 4:
        dimensions = len(header.shape)
        raise CurateError(f"The input of {path.name} has {dimensions} dimensions, not 4.", _CURE)
    return content, header


def _trainer_classes(path: Path) -> tuple[str, ...]:
    if find_spec("torch") is None:
        raise MissingExtra(
            "--hands-model with weights of our trainer needs PyTorch.", "pip install 'curate-detect[train]'"
        )
    from trainer.checkpoint import read_checkpoint, read_meta
    from trainer.detect import find_weights
    from trainer.errors import TrainerError

    try:
        return read_meta(read_checkpoint(find_weights(path))).classes
    except TrainerError as error:
        raise CurateError(str(error), _CURE) from error


@lru_cache(maxsize=2)
def _loaded(path: Path) -> _Network:
    return _load_onnx(path) if _is_onnx(path) else _load_trainer(path)


def _load_trainer(path: Path) -> _Network:
    import torch

    from trainer.detect import coarsest_stride, detect, fit_in, load_detector
    from trainer.suppression import Suppression

    torch.set_num_threads(1)  # processes share the cores, threads of each would fight for them
    model, meta = load_detector(path)
    stride = coarsest_stride(model)
    suppression = Suppression(_CONFIDENCE, _OVERLAP)

    def look(image: Pixels) -> _Answer:
        fitted = fit_in(image, meta.imgsz, stride)
        (found,) = detect(model, [fitted], suppression)
        boxes = np.asarray(found.xyxy, np.float64).reshape(-1, 4)
        return boxes, np.asarray(found.scores, np.float64), np.asarray(found.classes, np.int64)

    return look


def _load_onnx(path: Path) -> _Network:
    content, header = _read_onnx(path)
    width, height = header.size or (_FREE_SIZE, _FREE_SIZE)
    forward = open_network(path, content, header, "hands model", _CURE)

    def look(image: Pixels) -> _Answer:
        scale = min(width / image.shape[1], height / image.shape[0])
        size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
        left, top = (width - size[0]) // 2, (height - size[1]) // 2
        canvas = np.full((height, width, 3), _GREY, np.uint8)
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        canvas[top : top + size[1], left : left + size[0]] = cv2.resize(image, size, interpolation=method)
        blob = np.ascontiguousarray(canvas.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
        boxes, scores, labels = answer_of(forward(blob), len(header.names))
        boxes = (boxes - np.array([left, top, left, top])) / scale
        return boxes, scores, labels

    return look


def answer_of(raw: NDArray[Any], classes: int) -> _Answer:
    """(boxes xyxy, scores, classes) of one of the three outputs, overlapping boxes taken out.

    `classes` is how many the model names, 0 if it names none. Raises CurateError for any other shape.
    """
    rows = np.asarray(raw, np.float64)
    rows = rows[0] if rows.ndim == 3 and rows.shape[0] == 1 else rows
    if rows.ndim != 2:
        raise CurateError(f"The hands model gives an output of shape {raw.shape}.", _CURE)
    tall, wide = rows.shape
    if tall == 4 + classes if classes else 5 <= tall < wide:
        boxes, each = _corners(rows[:4].T), rows[4:].T
        scores, labels = each.max(axis=1), each.argmax(axis=1)
    elif wide == 6 and (classes > 1 or _are_corners(rows)):
        boxes, scores, labels = rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64)
    elif wide >= 6 and classes in (0, wide - 5):
        boxes, each = _corners(rows[:, :4]), rows[:, 4:5] * rows[:, 5:]
        scores, labels = each.max(axis=1), each.argmax(axis=1)
    else:
        raise CurateError(f"The hands model gives an output of shape {raw.shape}.", _CURE)
    keep = scores >= _CONFIDENCE
    boxes, scores, labels = boxes[keep], scores[keep], labels[keep]
    sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    chosen = np.asarray(
        cv2.dnn.NMSBoxesBatched(sides.tolist(), scores.tolist(), labels.tolist(), _CONFIDENCE, _OVERLAP)
        if len(boxes)
        else [],
        np.int64,
    ).reshape(-1)
    return boxes[chosen], scores[chosen], labels[chosen]


def _are_corners(rows: NDArray[np.float64]) -> bool:
    """Whether six values are two corners, a score and a class, not a box, objectness and one score."""
    whole = (rows[:, 5] == np.floor(rows[:, 5])).all()
    return bool(whole and (rows[:, 2] >= rows[:, 0]).all() and (rows[:, 3] >= rows[:, 1]).all())


def _corners(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """cx, cy, w, h -> x0, y0, x1, y1."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
