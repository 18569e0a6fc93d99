"""A long thin thing cut out along its bar: a picture and a bar in, pieces out.

The bar is turned level. GrabCut, seeded by its axis, finds the outline; two lines through the outline's long
sides are the thing where it is straight (a cigarette before smoke, a finger across it), the outline itself
is it where it is not (a pen with a clip). Both are offered; quality.py chooses.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Mask, Pixels, Plane
from curate.paste.cutouts.bars import Bar, chance, edge_contrast, longest_worth, with_gaps
from curate.paste.cutouts.colours import quantiles
from curate.paste.cutouts.frames import Frame
from curate.paste.cutouts.model import Box, Piece
from curate.paste.cutouts.sight import Sight
from curate.paste.grabcut import NO, PERHAPS, PERHAPS_NO, YES, grabcut, largest

_THICKNESS = 12  # pixels of a bar on its working picture
_LENGTH = 100  # or, where that is more, of its length
_MOST_ZOOM = 4.0


class Strip:
    """The neighbourhood of a bar, level, with the bar in its middle; box and bar in pixels of the crop."""

    def __init__(self, crop: Pixels, box: Box, bar: Bar) -> None:
        zoom = min(max(_THICKNESS / bar.thickness, _LENGTH / bar.length), _MOST_ZOOM)
        along, across = 0.25 * bar.length, max(1.5 * bar.thickness, 4.0)
        width = max(8, round((bar.length + 2 * along) * zoom))
        height = max(8, round((bar.thickness + 2 * across) * zoom))
        frame = Frame(bar.x, bar.y, bar.angle, zoom, width, height)
        margin = along * zoom
        self.frame = frame
        self.picture: Pixels = frame.cut(crop)
        self.photo: Mask = frame.shows(*crop.shape[1::-1])
        x0, y0, x1, y1 = box
        self.corners = frame.places(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float64))
        self.sight = Sight(self.picture)
        self.lab = self.sight.lab
        self.nothing = chance(self.lab)
        self.rows, self.columns = self.picture.shape[:2]
        self.mid = (self.rows - 1) / 2
        self.thickness = bar.thickness * frame.zoom
        length = self.columns - 2 * margin
        self.length = length
        self.start, self.stop = margin + bar.start * length, margin + bar.stop * length
        self.across = np.abs(np.arange(self.rows) - self.mid)[:, None]
        place = np.arange(self.columns)
        self.beyond = np.maximum(self.start - place, place - self.stop)[None, :]  # > 0 outside what is seen
        self.ends = np.maximum(margin - place, place - (self.columns - margin))[None, :]

    def _outline(self, reach: float) -> Mask:
        """What belongs to the bar, at most `reach` thicknesses from its axis."""
        core = (self.across < 0.3 * self.thickness) & (self.beyond < -0.06 * (self.stop - self.start))
        ground = (self.across > 0.8 * self.thickness) & (self.beyond < 0.1 * self.length)
        like = self.sight.colours.likelihood(core, ground & self.photo)
        band = (self.across < 0.62 * self.thickness) & (self.beyond < 0.05 * self.length)
        labels = np.full(core.shape, PERHAPS_NO, np.uint8)
        labels[band & (like > 0.3)] = PERHAPS
        labels[(self.across < reach * self.thickness) & (like > 0.8) & (self.beyond < 0.05 * self.length)] = (
            PERHAPS
        )
        labels[core & (like > 0.3)] = YES
        labels[(like < 0.05) & ~core] = NO
        labels[np.broadcast_to(self.across > reach * self.thickness, labels.shape)] = NO
        labels[np.broadcast_to(self.ends > 0.1 * self.length, labels.shape)] = NO
        return grabcut(self.picture, labels, 1)

    def straight(self) -> Piece | None:
        """Between two lines through the long sides of the outline, as far as it follows them."""
        mask = self._outline(reach=0.95)
        thick = self.thickness
        middle = slice(int(self.mid - 0.2 * thick), int(self.mid + 0.2 * thick) + 2)
        covered = mask[middle].mean(axis=0) > 0.6
        near = covered & (self.beyond[0] < 0.03 * self.length)
        if near.sum() < max(6, 0.4 * (self.stop - self.start)):
            return None
        upper, lower = _edges(mask, self.mid)
        above, below = _line(upper, near), _line(lower, near)
        fitted = float(np.median((below - above)[near]))
        if not 0.35 * thick < fitted < 1.6 * thick or (below - above)[near].min() < 0.2 * thick:
            return None
        contrast = self._contrast(above, below)
        clear = (np.abs(upper - above) < 0.3 * fitted) & (np.abs(lower - below) < 0.3 * fitted)
        # ash and a filter have other colours than the paper, but edges all the same; a finger has none here
        worth = np.minimum(contrast, 20.0) - self.nothing - np.where(covered & clear, 0.0, 4.0)
        worth[self.ends[0] > 0.1 * self.length] = -20.0
        _, starts, stops = longest_worth(with_gaps(worth)[None])
        first, last = _unbridged(contrast, int(starts[0]), int(stops[0]), 0.5 * fitted)
        if last - first < 6:
            return None
        mask = self._again(above, below, first, last)
        inset = 0.04 * fitted
        y = np.arange(self.rows, dtype=np.float32)[:, None]
        alpha = np.clip(y - (above + inset) + 0.5, 0, 1) * np.clip((below - inset) - y + 0.5, 0, 1)
        # only across: along the thing a pixel more would be what lies beyond its end
        outline = cv2.dilate(mask.astype(np.uint8), np.ones((3, 1), np.uint8)).astype(np.float32)
        # between the ends the two lines are the outline; a dark band or a highlight is no hole
        outline[:, first + round(0.4 * fitted) : last - round(0.4 * fitted)] = 1.0
        alpha = alpha * cv2.GaussianBlur(outline, (0, 0), 0.8)
        place = np.arange(self.columns)
        alpha = (alpha * ((place >= first) & (place < last))[None]).astype(np.float32)
        return Piece(
            self.picture,
            alpha,
            self.photo,
            self.frame,
            self.corners,
            span=(first, last),
            thickness=fitted,
            straight=float(clear[first:last].mean()),
            sight=self.sight,
        )

    def _again(self, above: NDArray[np.float64], below: NDArray[np.float64], first: int, last: int) -> Mask:
        """The outline once more, now that it is known where the thing can be seen: ash and all."""
        y, x = np.mgrid[: self.rows, : self.columns] + 0.5
        height = np.maximum(below - above, 1.0)
        across = np.abs(y - (above + below) / 2) / height
        beyond = np.maximum(first - x, x - last) / float(np.median(height))
        core = (across < 0.3) & (beyond < -0.5)
        ground = ((across > 0.75) | (beyond > 0.4)) & (beyond < 2.0) & self.photo
        like = self.sight.colours.likelihood(core, ground)
        labels = np.full(core.shape, PERHAPS_NO, np.uint8)
        labels[(across < 0.6) & (beyond < 0.3) & (like > 0.4)] = PERHAPS
        labels[core & (like > 0.2)] = YES
        labels[(across > 0.8) | (beyond > 0.5)] = NO
        return grabcut(self.picture, labels, 1)

    def free(self) -> Piece | None:
        """The outline as it is."""
        mask = largest(self._outline(reach=1.4))[0]
        places = np.flatnonzero(mask.any(axis=0))
        if len(places) < 6:
            return None
        mask = _smooth(mask)
        alpha = _soft(mask)
        return Piece(self.picture, alpha, self.photo, self.frame, self.corners, sight=self.sight)

    def _contrast(self, above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
        """Lab units across the weaker of two lines, at every column."""
        middle, fitted = float(np.mean(above + below) / 2), float(np.median(below - above))
        # a bar is looked at over 96 % of its length
        flat = np.array([[self.columns / 2, middle + 0.5, self.columns / 0.96, fitted, 0.0]])
        contrast = edge_contrast(self.lab, flat, self.columns, inside=0.35, beyond=0.15)[0][0]
        smooth = np.convolve(np.pad(contrast, 2, mode="edge"), np.full(5, 0.2), mode="valid")
        return np.asarray(smooth, np.float64)


def _unbridged(contrast: NDArray[np.float64], first: int, last: int, gap: float) -> tuple[int, int]:
    """The longest part of [first, last) without a stretch longer than `gap` that is far paler than the rest.

    A finger across a thing shows some edge, too, but far less than the thing does.
    """
    if last - first < 6:
        return first, last
    pale = contrast[first:last] < 0.35 * np.median(contrast[first:last])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], pale, [False]]).astype(int)))
    cuts = [(a, b) for a, b in edges.reshape(-1, 2) if b - a > gap]
    starts = [0, *(int(b) for _, b in cuts)]
    stops = [*(int(a) for a, _ in cuts), last - first]
    start, stop = max(zip(starts, stops, strict=True), key=lambda run: run[1] - run[0])
    return first + start, first + stop


def _smooth(mask: Mask) -> Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel)
    return largest(opened > 0)[0]


def _soft(mask: Mask) -> Plane:
    """A soft alpha, half a pixel inside the outline."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur((inner + mask) / 2, (0, 0), 0.8), np.float32)


def _edges(mask: Mask, mid: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Upper and lower edge of the part of each column that is joined to the middle row, in pixels."""
    centre = round(mid)
    above = np.cumprod(mask[: centre + 1][::-1], axis=0).sum(axis=0)
    below = np.cumprod(mask[centre:], axis=0).sum(axis=0)
    return centre + 0.5 - above.astype(np.float64), centre - 0.5 + below.astype(np.float64)


def _line(edge: NDArray[np.float64], use: NDArray[np.bool_]) -> NDArray[np.float64]:
    """A line through an edge that ignores what juts out (smoke, fingers), by reweighted least squares."""
    x = np.arange(len(edge), dtype=np.float64)
    weight = use.astype(np.float64)
    line = np.full(len(edge), float(np.median(edge[use])))
    for _ in range(8):
        residual = np.abs(edge - line)
        scale = max(quantiles(residual[use], 0.5)[0], 0.5)
        w = weight / (1 + (residual / scale) ** 2)
        every = w.sum()
        middle, height = (w @ x) / every, (w @ edge) / every
        apart = w * (x - middle)
        line = height + (apart @ edge) / (apart @ (x - middle)) * (x - middle)
    return line
