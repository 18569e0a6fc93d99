"""How good a cut-out is: pieces in; parts, each from 0 (bad) to 1, and a total out.

The total is a probability: that the cut-out, looked at enlarged beside its photograph, would be called good.
Its weights were fitted by logistic regression to verdicts by eye on boxes of seven public data sets
(cigarettes, pens, hands, raccoons, blood cells); tests/bench/cutouts.py compares it with verdicts. Weights
are never negative, so that a better part never makes a worse total.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Mask, Plane
from curate.paste.cutouts.colours import Colours, lab_of, quantiles
from curate.paste.cutouts.frames import around
from curate.paste.cutouts.model import Piece
from curate.paste.cutouts.sight import Sight
from curate.paste.sharpness import edge_width

_LEAST_AREA = 20  # working pixels; less has no outline to judge
_NEAR = 14  # working pixels around an outline that the blurs across it reach
_CLEAR = 5.0  # Lab units across an outline that can be seen


@dataclass(frozen=True)
class _Part:
    """What one part weighs, what it usually is in a good cut-out, and what to call a lack of it."""

    weight: float
    usual: float
    lack: str


# Of pieces between two straight lines, and of pieces whose outline is as it was found.
_RULED = {
    "edges": _Part(0.4, 0.99, "no clear edge"),
    "contrast": _Part(4.2, 0.91, "it hardly stands out"),
    "whole": _Part(7.5, 1.0, "only a small part of it can be seen"),
    "smooth": _Part(5.7, 0.98, "a ragged outline"),
    "open": _Part(5.5, 1.0, "it has no end to be seen"),
    "straight": _Part(1.4, 0.90, "something juts into it"),
    "agree": _Part(9.3, 0.83, "no certain outline"),
    "sharp": _Part(3.6, 1.0, "blurred"),
}
_RULED_BASE = -34.4
_FOUND = {
    "edges": _Part(5.0, 0.96, "no clear edge"),
    "contrast": _Part(3.8, 0.88, "it hardly stands out"),
    "apart": _Part(2.3, 0.81, "its colours are those around it"),
    "clean": _Part(4.1, 1.0, "background in it"),
    "whole": _Part(4.0, 1.0, "only a small part of it can be seen"),
    "smooth": _Part(6.2, 0.96, "a ragged outline"),
    "open": _Part(1.9, 1.0, "its box cuts it"),
    "solid": _Part(3.7, 1.0, "it has holes"),
    "uncut": _Part(2.2, 1.0, "the edge of the photograph cuts it"),
    "agree": _Part(1.1, 0.90, "no certain outline"),
    "long": _Part(3.1, 1.0, "too small"),
}
_FOUND_BASE = -34.7
_ODD = 0.7  # of `usual`, see kin.py
_GIVEN = 2.0  # that somebody drew the outline; not fitted, no set of ours has one


def measure(piece: Piece) -> dict[str, float]:
    """The parts of one piece by itself; {} where there is nothing to judge. `agree` needs the others."""
    mask = (piece.alpha > 0.5) & piece.photo
    if np.count_nonzero(mask) < _LEAST_AREA:
        return {}
    sight = piece.sight or Sight(piece.picture)
    scale = max(1.0, 0.02 * math.sqrt(mask.size))
    # what is far from the thing has no part in what follows
    low, high = around(mask, 0)
    thinner = min(low.stop - low.start, high.stop - high.start)
    window = around(mask, math.ceil(max(_NEAR, 4 * scale, 0.6 * thinner)) + 4)
    piece, mask = _seen_through(piece, window), mask[window]
    lab = sight.lab[window]
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    height = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    thick = piece.thickness if piece.ruled else 2 * float(depth.max())
    rim, clipped = _rim(piece, mask, depth)
    across, spread = _across(lab, mask, piece.photo, float(np.clip(0.12 * thick, 1.2, 3.0)))
    here, there = across[rim], spread[rim]
    steep = cv2.dilate(_gradient(lab), np.ones((3, 3)))
    steepest = cv2.dilate(steep, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    seen = (across > np.maximum(_CLEAR, 0.6 * spread)) | ((steep > 0.7 * steepest) & (across > 4))
    parts = {
        "edges": _mean((here > _CLEAR) & (here > 0.8 * there)),
        "contrast": _mean(np.minimum(here / np.maximum(there, 2), 3)) / 3,
        **_palette(sight.soft_colours.part(window), piece, mask, depth, height, thick),
        "whole": _whole(piece, mask & (depth < 1.5)) / 0.6,  # half of a thing behind a hand is enough
        "smooth": _smoothness(mask, scale),
        "open": _open(piece, mask, seen),
    }
    if piece.ruled:
        parts["straight"] = piece.straight
        parts["sharp"] = _sharp(piece, height, depth, thick)
    else:
        parts["solid"] = 1 - 4 * _hollow(mask)
        parts["uncut"] = 1 - 5 * clipped
        parts["long"] = _extent(mask) / piece.frame.zoom / 60
    kinds = _RULED if piece.ruled else _FOUND
    return {name: float(np.clip(parts[name], 0, 1)) for name in kinds if name in parts}


def _seen_through(piece: Piece, window: tuple[slice, slice]) -> Piece:
    """The part of a piece in a window of its picture."""
    top, left = window[0].start, window[1].start
    return replace(
        piece,
        picture=np.ascontiguousarray(piece.picture[window]),
        alpha=piece.alpha[window],
        photo=piece.photo[window],
        box=None if piece.box is None else piece.box - (left, top),
        span=None if piece.span is None else (piece.span[0] - left, piece.span[1] - left),
        sight=None,
    )


def overlap(piece: Piece, other: Piece) -> float:
    """Intersection over union of two pieces of one picture."""
    a, b = piece.alpha > 0.5, other.frame.seen_in(piece.frame, other.alpha) > 0.5
    return float((a & b).sum() / max(int((a | b).sum()), 1))


def total(parts: Mapping[str, float]) -> float:
    """The probability that it would be called good; a part that could not be measured counts as usual."""
    kinds, base = (_RULED, _RULED_BASE) if "straight" in parts else (_FOUND, _FOUND_BASE)
    base += _GIVEN * parts.get("given", 0.0)
    worth = base + sum(part.weight * parts.get(name, part.usual) for name, part in kinds.items())
    return 1 / (1 + math.exp(-worth))


def weakest(parts: Mapping[str, float]) -> str:
    """In words, which part lowers the total most."""
    kinds = _RULED if "straight" in parts else _FOUND
    if parts.get("usual", 1.0) < _ODD:
        return "unlike the others of its class"
    lost = {name: part.weight * (part.usual - parts.get(name, part.usual)) for name, part in kinds.items()}
    return kinds[max(lost, key=lambda name: lost[name])].lack


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if values.size else 0.0


def _rim(piece: Piece, mask: Mask, depth: Plane) -> tuple[Mask, float]:
    """(the outline that can be judged, share of all of it that the edge of the photograph cut)."""
    rim = mask & (depth <= 1.5)
    within = cv2.erode(np.pad(piece.photo, 1).astype(np.uint8), np.ones((5, 5)))[1:-1, 1:-1] > 0
    clipped = float((rim & ~within).sum()) / max(int(rim.sum()), 1)
    return rim & within & ~_ends(piece, mask.shape[1]), clipped


def _ends(piece: Piece, columns: int) -> NDArray[np.bool_]:
    """Columns at the ends of a bar, where it is rounded, or hidden: (1, columns)."""
    if piece.span is None:
        return np.zeros((1, columns), bool)
    pad, place = 0.3 * piece.thickness, np.arange(columns)
    return np.asarray((place < piece.span[0] + pad) | (place >= piece.span[1] - pad))[None]


def _across(lab: Plane, mask: Mask, photo: Mask, reach: float) -> tuple[Plane, Plane]:
    """At every pixel: distance of the colours just inside and just outside, and how much both vary."""
    kernel = np.ones((3, 3))  # the half-covered rim is neither
    shrunk = cv2.erode(mask.astype(np.uint8), kernel) > 0
    inside, vary = _side(lab, shrunk if shrunk.any() else mask, reach)
    outside, vary_too = _side(lab, photo & (cv2.dilate(mask.astype(np.uint8), kernel) == 0), reach)
    away = inside - outside
    return np.sqrt((away * away).sum(axis=-1)), np.sqrt(vary + vary_too)


def _side(lab: Plane, where: Mask, reach: float) -> tuple[Plane, Plane]:
    """Mean colour (h, w, 3) and variance (h, w) of the pixels of one side, near every pixel."""
    weight = where.astype(np.float32)
    amount = np.maximum(cv2.GaussianBlur(weight, (0, 0), reach), 1e-3)
    mean = cv2.GaussianBlur(lab * weight[..., None], (0, 0), reach) / amount[..., None]
    square = cv2.GaussianBlur((lab**2).sum(axis=-1) * weight, (0, 0), reach) / amount
    return mean, np.maximum(square - (mean**2).sum(axis=-1), 0)


def _gradient(lab: Plane) -> Plane:
    soft = cv2.GaussianBlur(lab, (0, 0), 0.7)
    dx = cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=1) / 2
    dy = cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=1) / 2
    return np.asarray(np.sqrt((dx**2 + dy**2).sum(axis=-1)))


def _palette(
    colours: Colours, piece: Piece, mask: Mask, depth: Plane, height: Plane, thick: float
) -> dict[str, float]:
    """How far its colours are not those around it, and how little of it has the colours of what is there."""
    core = mask & (depth > 1.0)
    ring = piece.photo & (height > 1.5) & (height < max(6.0, 0.6 * thick))
    if piece.span is not None:
        place = np.arange(mask.shape[1])
        near = (place >= piece.span[0] - 0.1 * thick) & (place < piece.span[1] + 0.1 * thick)
        ring &= near[None]
    if core.sum() < 10 or ring.sum() < 10:
        return {}
    own, others = colours.share(core), colours.share(ring)
    shared = float(np.sqrt(own * others).sum())  # Bhattacharyya coefficient
    like = colours.told(own, others)
    return {"apart": 1 - shared, "clean": 1 - float((like[core] < 0.35).mean())}


def _in_box(piece: Piece, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where places (N, 2) lie along the two sides of the box, (N, 2), and how long these are, (2,)."""
    assert piece.box is not None
    a, b, _, d = piece.box
    sides = np.stack([b - a, d - a])
    length = np.maximum(np.linalg.norm(sides, axis=1), 1e-6)
    return (points - a) @ (sides / length[:, None]).T, length


def _whole(piece: Piece, rim: Mask) -> float:
    """How much of its box it spans, the longer side counting more; its outline tells."""
    if piece.box is None:
        return 1.0
    places, sides = _in_box(piece, np.argwhere(rim)[:, ::-1].astype(np.float64) + 0.5)
    low, high = np.clip(places.min(axis=0), 0, sides), np.clip(places.max(axis=0), 0, sides)
    return float((high - low).sum() / sides.sum())


def _open(piece: Piece, mask: Mask, seen: Mask) -> float:
    """1 less the share of its outline that only its box, and nothing to be seen, makes an end of."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    line = max(contours, key=len)[:, 0]
    at_end = _ends(piece, mask.shape[1])[0, line[:, 0]]
    if piece.box is not None:
        places, sides = _in_box(piece, line.astype(np.float64) + 0.5)
        at_end = at_end | (np.minimum(places, sides - places) < 2).any(axis=1)
    return 1 - float((~seen[line[:, 1], line[:, 0]] & at_end).mean())


def _smoothness(mask: Mask, scale: float) -> float:
    """Length of the outline once smoothed by `scale` pixels, of what it is."""
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), scale) > 0.5
    return _around(soft) / max(_around(mask), 1.0)


def _around(mask: Mask) -> float:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return float(sum(cv2.arcLength(contour, True) for contour in contours))


def _hollow(mask: Mask) -> float:
    """Area of its holes, of its own."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = cv2.drawContours(np.zeros(mask.shape, np.uint8), contours, -1, 1, cv2.FILLED)
    return float(int(whole.sum()) / max(int(mask.sum()), 1)) - 1


def _extent(mask: Mask) -> float:
    return max(cv2.minAreaRect(np.argwhere(mask).astype(np.float32))[1])


def _sharp(piece: Piece, height: Plane, depth: Plane, thick: float) -> float:
    grey = cv2.cvtColor(piece.picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    band = (height < 3) & (depth < 3) & piece.photo
    return 2 - 2 * edge_width(grey, band) / max(0.4 * thick, 0.5)


def is_silhouette(piece: Piece) -> bool:
    """Whether it is dark all over and shows nothing in itself."""
    inner = cv2.erode((piece.alpha > 0.5).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    shown = piece.picture[inner if inner.any() else piece.alpha > 0.5]
    return not len(shown) or quantiles(lab_of(shown[None])[..., 0], 0.8)[0] < 25
