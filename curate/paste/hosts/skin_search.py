"""Hands by the colour and shape of skin alone: the last resort, where nothing is labelled and no model given.

Colour finds skin, the cascades of OpenCV take faces out of it, and of what is left the pieces count whose
outline is as notched as fingers make it. An arm is cut down to its free end. The command says aloud how often
this is right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels
from curate.geometry import as_boxes, iou_pairwise
from curate.paste.hosts.faces import faces, scaled
from curate.paste.hosts.hands import describe
from curate.paste.hosts.model import HAND, Box, Found
from curate.paste.skin import is_grey, skin_likelihood

_LONG_SIDE = 400  # pixels at which hands are looked for
_TO_FACE = (0.12, 0.9)  # area of the skin of a hand, with some arm / area of the box of its owner's face
_AREA = (0.01, 0.3)  # the same as a share of the picture, where no face tells the scale
_MOST_SKIN = 0.35  # of a picture without a face; more is a wall or a table in the colour of skin
_LONGEST = 1.9  # long side / short side of a hand; what is longer has an arm
_SEEMS = 0.6  # belief from which a piece is taken for a hand ...
_STANDS_OUT = 0.2  # ... if it also can be told from what is around it: quality, see hands.describe

# Share of the boxes found on hands_phone_voc that overlap a labelled hand (IoU of at least 0.3), and of its
# hands that are found: python -m tests.bench.hands
MEASURED = (0.0, 0.0)


def hands_by_skin(image: Pixels) -> list[Found]:
    """What may be hands in an image, (H, W, 3) RGB, the likeliest first; [] on a grey one.

    Where a face is seen, its own colour is the colour of skin, and its size tells that of the hands.
    """
    zoom = min(1.0, _LONG_SIDE / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA) if zoom < 1 else image
    if is_grey(small):
        return []
    seen = [scaled(face.box, zoom) for face in faces(image)]
    found: list[Found] = []
    if seen:
        for box in seen:
            skin = _like_face(small, box) & (skin_likelihood(small) > 0.01)
            area = (box[2] - box[0]) * (box[3] - box[1])
            limits = (_TO_FACE[0] * area, _TO_FACE[1] * area)
            found += _pieces(_without_faces(skin, seen), small, limits)
    else:
        skin = skin_likelihood(small) > 0.3
        if skin.mean() < _MOST_SKIN:
            limits = (_AREA[0] * skin.size, _AREA[1] * skin.size)
            found = [replace(f, belief=0.8 * f.belief) for f in _pieces(skin, small, limits)]
    grown = [replace(f, box=scaled(f.box, 1 / zoom)) for f in found if f.belief >= _SEEMS]
    apart = _apart(sorted(grown, key=lambda f: (-f.belief, f.box)))
    return [f for f in apart if describe(image, f.box).quality >= _STANDS_OUT]


def _like_face(image: Pixels, box: Box) -> NDArray[np.bool_]:
    """Where the picture has the colour of a face, in whatever light."""
    lab = cv2.cvtColor(cv2.GaussianBlur(image, (0, 0), 1.0), cv2.COLOR_RGB2LAB).astype(np.float32)
    x0, y0, x1, y1 = box
    w, h = x1 - x0, y1 - y0
    cheeks = lab[round(y0 + 0.45 * h) : round(y0 + 0.75 * h), round(x0 + 0.2 * w) : round(x0 + 0.8 * w)]
    if cheeks.size < 48:
        return np.zeros(lab.shape[:2], bool)
    middle = np.median(cheeks.reshape(-1, 3), axis=0)
    spread = 1.48 * np.median(np.abs(cheeks.reshape(-1, 3) - middle), axis=0)
    # hands are often lit otherwise than faces, and a little redder
    allowed = np.maximum(spread * 2.2, [34.0, 7.0, 7.0])
    return np.asarray((np.abs(lab - middle) < allowed).all(axis=-1))


def _without_faces(skin: NDArray[np.bool_], boxes: Sequence[Box]) -> NDArray[np.bool_]:
    """From the hair line to the neck."""
    out = skin.copy()
    for x0, y0, x1, y1 in boxes:
        w, h = x1 - x0, y1 - y0
        out[max(round(y0 - h / 4), 0) : round(y1 + h / 2), max(round(x0 - w / 8), 0) : round(x1 + w / 8)] = (
            False
        )
    return out


def _pieces(skin: NDArray[np.bool_], image: Pixels, limits: tuple[float, float]) -> list[Found]:
    mask = cv2.morphologyEx(skin.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    found = []
    for piece in range(1, count):
        if limits[0] <= stats[piece, cv2.CC_STAT_AREA] <= limits[1]:
            box, belief = _judge(labels == piece, image)
            found.append(Found(HAND, HAND, 0, box, "skin", belief))
    return found


def _apart(found: Sequence[Found]) -> list[Found]:
    """Each hand once: two faces may both claim it."""
    kept: list[Found] = []
    for one in found:
        if not kept or iou_pairwise(as_boxes([one.box]), as_boxes([k.box for k in kept])).max() < 0.3:
            kept.append(one)
    return kept


def _judge(piece: NDArray[np.bool_], image: Pixels) -> tuple[Box, float]:
    """(box of the hand in a piece of skin, how much it looks like one)."""
    rows, columns = np.nonzero(piece)
    centre = np.array([columns.mean(), rows.mean()])
    offsets = np.stack([columns, rows], axis=1) - centre
    spread, axes = np.linalg.eigh(np.cov(offsets.T) + 1e-6 * np.eye(2))
    axis = axes[:, 1]
    along = offsets @ axis
    length, width = float(np.ptp(along)) + 1, 4 * math.sqrt(float(spread[0]))
    has_arm = length > _LONGEST * width
    reach = _LONGEST * width if has_arm else length
    keep = _free_end(along, columns, rows, piece.shape, reach)
    part = np.zeros(piece.shape, np.uint8)
    part[rows[keep], columns[keep]] = 1
    x0, x1 = float(columns[keep].min()), float(columns[keep].max() + 1)
    y0, y1 = float(rows[keep].min()), float(rows[keep].max() + 1)
    contours, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=cv2.contourArea)
    hull = cv2.convexHull(contour)
    solid = cv2.contourArea(contour) / max(cv2.contourArea(hull), 1.0)
    # an outline of fingers is longer than that of a blob with the same hull
    notched = cv2.arcLength(contour, True) / max(cv2.arcLength(hull, True), 1.0)
    aspect = max(x1 - x0, y1 - y0) / max(min(x1 - x0, y1 - y0), 1.0)
    touches = x0 <= 1 or y0 <= 1 or x1 >= piece.shape[1] - 1 or y1 >= piece.shape[0] - 1
    belief = float(np.clip((notched - 0.98) / 0.2, 0.3, 1) * np.clip((1.0 - solid) / 0.12, 0.3, 1))
    belief *= 1.0 if aspect < 2.4 else 0.5
    belief *= 0.6 if touches else 1.0
    belief *= float(np.clip((solid - 0.5) / 0.15, 0, 1))  # shreds of a wooden table are no hand
    belief *= _smooth(image, part > 0)
    return (x0, y0, x1, y1), belief


def _smooth(image: Pixels, part: NDArray[np.bool_]) -> float:
    """1 for the even tones of skin, 0 for a pattern: by the contrast of neighbouring pixels inside."""
    inner = cv2.erode(part.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if inner.sum() < 12:
        return 0.5
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    rough = np.abs(cv2.Laplacian(grey, cv2.CV_32F))[inner]
    return float(np.clip((30 - np.percentile(rough, 75)) / 15, 0, 1))


def _free_end(
    along: NDArray[np.float64],
    columns: NDArray[np.intp],
    rows: NDArray[np.intp],
    shape: tuple[int, ...],
    reach: float,
) -> NDArray[np.bool_]:
    """Which pixels of a long piece belong to the hand: the end that is further from the picture's border."""
    low, high = along <= along.min() + 0.1 * reach, along >= along.max() - 0.1 * reach
    room = []
    for end in (low, high):
        x, y = float(columns[end].mean()), float(rows[end].mean())
        room.append(min(x, y, shape[1] - 1 - x, shape[0] - 1 - y))
    if room[0] > room[1]:
        return np.asarray(along <= along.min() + reach)
    return np.asarray(along >= along.max() - reach)
