"""The images that cost most, as rows for the page's script: pictures made small, boxes, mistakes in words.

Bounded whatever the size of the data set: so many images, so many bytes, so many boxes of each.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from trainer.data.images import UnreadableImageError, read_image, resize_long_side
from trainer.metrics import Matching
from trainer.metrics.mistakes import KINDS
from trainer.metrics.worst import ImageMistakes

LONG_SIDE = 800  # px of a picture on the page, at most
QUALITY = 80  # of its JPEG
MOST_BYTES = 9_000_000  # of all pictures together, before Base64
MOST_BOXES = 300  # labels, and detections of a pane, of one image

_CODES = {kind: code for code, kind in enumerate(KINDS)}


class Pane:
    """One detector's view: its matching, the working confidence, and its mistakes by image."""

    def __init__(self, matching: Matching, confidence: float, mistakes: Sequence[ImageMistakes]) -> None:
        self.matching = matching
        self.mistakes = {row.image: row.mistakes for row in mistakes}
        order = np.argsort(matching.image, kind="stable")
        shown = order[matching.score[order] >= confidence]
        self._shown = shown
        self._edges = np.searchsorted(matching.image[shown], np.arange(matching.images + 1))

    def detections(self, image: int) -> list[int]:
        """Those of the working confidence, best first, at most `MOST_BOXES`."""
        mine = self._shown[self._edges[image] : self._edges[image + 1]]
        best = mine[np.argsort(-self.matching.score[mine], kind="stable")][:MOST_BOXES]
        return [int(i) for i in best]


def rows(
    images: Sequence[int],
    panes: Sequence[Pane],
    paths: Sequence[Path],
    sizes: Sequence[tuple[int, int]],
    says: Sequence[str],
) -> tuple[list[dict[str, Any]], int]:
    """One row an image for page.js, and how many were left out because the page would grow too large.

    `says[i]` is a sentence about `images[i]`; "{cost}" in it becomes the cost of what is shown.
    """
    with ThreadPoolExecutor(2) as pool:
        pictures = list(pool.map(lambda i: _jpeg(paths[i]), images))
    result: list[dict[str, Any]] = []
    room = MOST_BYTES
    for i, picture, said in zip(images, pictures, says, strict=True):
        room -= len(picture or b"")
        if room < 0:
            break
        width, height = sizes[i]
        result.append(
            {
                "name": paths[i].name,
                "width": width,
                "height": height,
                "picture": f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}" if picture else "",
                "says": said,
                **_boxes(i, panes),
            }
        )
    return result, len(images) - len(result)


def _boxes(image: int, panes: Sequence[Pane]) -> dict[str, Any]:
    """Labels (x1, y1, x2, y2, class), detections of each pane (the same and a score), and mistakes (pane,
    kind, cost, place of the detection or -1, place of the label or -1).
    """
    matching = panes[0].matching
    low, high = np.searchsorted(matching.truth_image, (image, image + 1)).tolist()
    concerned = {m.label for pane in panes for m in pane.mistakes.get(image, ()) if m.label >= 0}
    kept = sorted(range(low, high), key=lambda g: (g not in concerned, g))[:MOST_BOXES]
    place = {g: i for i, g in enumerate(kept)}
    labels = [[*_box(matching.truth_xyxy[g]), int(matching.truth_label[g])] for g in kept]
    shown: list[list[list[float]]] = []
    mistakes: list[list[float]] = []
    for number, pane in enumerate(panes):
        of = pane.matching
        there = {d: i for i, d in enumerate(pane.detections(image))}
        shown.append([[*_box(of.xyxy[d]), int(of.label[d]), round(float(of.score[d]), 3)] for d in there])
        for m in pane.mistakes.get(image, ()):
            if m.detection >= 0 and m.detection not in there:
                continue
            detection = there.get(m.detection, -1)
            mistakes.append([number, _CODES[m.kind], round(m.cost, 3), detection, place.get(m.label, -1)])
    return {"labels": labels, "panes": shown, "mistakes": mistakes}


def _box(xyxy: np.ndarray) -> list[float]:
    return [round(float(value), 1) for value in xyxy]


def _jpeg(path: Path) -> bytes | None:
    """The picture made small; None where the file can be read no more."""
    try:
        image = read_image(path)
    except UnreadableImageError:
        return None  # it was read a moment ago: the page stands, with boxes on an empty ground
    if max(image.shape[:2]) > LONG_SIDE:
        image = resize_long_side(image, LONG_SIDE)
    done, data = cv2.imencode(
        ".jpg", np.ascontiguousarray(image[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    return data.tobytes() if done else None
