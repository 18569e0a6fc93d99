"""Cut-outs pasted into a sample, each with the box around its opaque pixels (copy-paste, Ghiasi et al.,
arXiv:2012.07177).

A cut-out lies as it did in its photograph, turned by a little and mirrored half of the time, and is as large
as the objects of its class are in the training data. Places where it would hide objects are avoided; a box
that is hidden all the same is dropped below `least_visible`.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from trainer.data.augment.hiding import visible_share
from trainer.data.augment.model import Context, Sample, Technique
from trainer.data.augment.polygons import extent
from trainer.data.cutouts import GROWTH, OPAQUE, Cutout, Cutouts
from trainer.data.images import GREY, Image

MOST = 3  # things pasted into one sample
TURN = math.radians(30)  # either way
PLACES = 10  # tried for each
HIDES = 0.3  # share of another box that it may cover
OUTSIDE = 0.1  # part of it that may lie on the grey around photographs
LEAST_SIDE = 4  # pixels of the sample; what is smaller cannot be told from dirt


def edit(sample: Sample, context: Context) -> Sample:
    """Paste one to MOST cut-outs, now and then; of each class of cut-outs as many."""
    cutouts = context.cutouts
    if cutouts is None or not context.happens(context.policy.copy_paste):
        return sample
    pasted = sample._replace(image=sample.image.copy())
    for _ in range(int(context.rng.integers(1, MOST + 1))):
        pasted = _one_more(pasted, cutouts, context)
    return pasted


def _one_more(sample: Sample, cutouts: Cutouts, context: Context) -> Sample:
    rng = context.rng
    cutout = cutouts.drawn(rng)
    side = cutouts.side(cutout.label, rng) * max(context.size) * GROWTH ** rng.uniform(-1, 1)
    angle = cutout.angle + rng.uniform(-TURN, TURN)
    piece = turned(cutout, side, angle, mirrored=bool(rng.random() < 0.5))
    height, width = piece.shape[:2]
    room = np.array(context.size, dtype=np.int64) - np.array([width, height])
    if max(width, height) < LEAST_SIDE or (room < 0).any():
        return sample
    for _ in range(PLACES):
        x, y = (int(v) for v in rng.integers(0, room + 1))
        hidden = np.zeros(sample.image.shape[:2], dtype=bool)
        hidden[y : y + height, x : x + width] = piece[..., 3] >= OPAQUE
        share = visible_share(sample.boxes, hidden)
        around = sample.image[y : y + height, x : x + width]
        on_grey = (around == GREY).all(axis=2).mean()
        if on_grey <= OUTSIDE and (share >= 1 - HIDES).all():
            kept = sample.only(share >= context.policy.least_visible)
            paint(kept.image, piece, (x, y))
            box = np.array([[x, y, x + width, y + height]], np.float32)
            labels = np.append(kept.labels, cutout.label)
            return Sample(kept.image, np.concatenate((kept.boxes, box)), labels)
    return sample


def turned(cutout: Cutout, side: float, angle: float, *, mirrored: bool) -> Image:
    """The cut-out turned clockwise by `angle`, cropped to what is opaque: the longer side is about `side`.

    (h, w, 4) uint8, premultiplied, so that what was transparent leaves no fringe.
    """
    rgba, hull = cutout.premultiplied, cutout.hull
    if mirrored:  # the mirror image of a turned thing is its mirror image, turned the other way
        rgba, angle = rgba[:, ::-1], -angle
        hull = np.stack((rgba.shape[1] - hull[:, 0], hull[:, 1]), axis=1)
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    around = extent(hull @ turn.T)
    scale = side / max(around[2] - around[0], around[3] - around[1])
    if scale < 0.5:  # averaged first: a far smaller picture sampled at points would be all noise
        height, width = rgba.shape[:2]
        smaller = (max(round(width * scale), 1), max(round(height * scale), 1))
        rgba = cv2.resize(np.ascontiguousarray(rgba), smaller, interpolation=cv2.INTER_AREA)
        shrunk = np.array([smaller[0] / width, smaller[1] / height])
    else:
        shrunk = np.ones(2)
    low = np.array(around[:2]) * scale - 2
    size = [math.ceil(v) for v in (np.array(around[2:]) * scale + 2 - low)]
    linear = scale * turn / shrunk  # source pixels as they are now -> result
    offset = linear @ (0.5, 0.5) - low - 0.5
    matrix = np.concatenate((linear, offset[:, None]), axis=1)
    piece = cv2.warpAffine(np.ascontiguousarray(rgba), matrix, size, flags=cv2.INTER_LINEAR)
    opaque = piece[..., 3] >= OPAQUE
    across, down = np.flatnonzero(opaque.any(axis=0)), np.flatnonzero(opaque.any(axis=1))
    if not len(across):
        return piece[:0, :0]
    return piece[down[0] : down[-1] + 1, across[0] : across[-1] + 1]


def paint(image: Image, piece: Image, corner: tuple[int, int]) -> None:
    """Lay a premultiplied piece over the image, in place."""
    x, y = corner
    height, width = piece.shape[:2]
    under = image[y : y + height, x : x + width]
    through = 255 - piece[..., 3:].astype(np.uint16)
    under[:] = np.minimum(piece[..., :3] + (under * through + 127) // 255, 255)


TECHNIQUE = Technique("copy_paste", {"copy_paste": 1.0}, ("copy_paste",), edit=edit)
