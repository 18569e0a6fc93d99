"""One box in, the best of its possible cut-outs out, or why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from curate.arrays import Mask, Pixels, Plane
from curate.paste.cutouts.bars import find_bars
from curate.paste.cutouts.blobs import COARSE, FINE, USUAL, by_colour, by_place, filled
from curate.paste.cutouts.colours import lab_of, lit_lab
from curate.paste.cutouts.finer import finer
from curate.paste.cutouts.finish import finished
from curate.paste.cutouts.mask_model import MaskModel
from curate.paste.cutouts.masked import from_mask
from curate.paste.cutouts.model import GOOD, Box, Cutout, Piece, Refusal
from curate.paste.cutouts.quality import is_silhouette, measure, overlap, total
from curate.paste.cutouts.strips import Strip
from curate.paste.grabcut import largest
from curate.paste.skin import skin_likelihood

MIN_LENGTH = 18.0  # source pixels along the long side of the box; smaller things show nothing worth pasting
MIN_THICKNESS = 2.5  # source pixels of a bar
_LOOKED = 280  # pixels of the long side of a box on which its thing is looked for
_DRAWN = 640  # and drawn
_SEEN = 0.08  # of its long side around a box, for a mask model
_GROWN = (-0.08, 0.06)  # boxes a little smaller and larger, which should give the same outline
_STRAIGHTER = 0.15
_AROUND = 0.6
_WORTH = 0.25  # of the best bar's score; others are not looked at

_Measured = tuple[Piece, dict[str, float]]  # with its parts


@dataclass(frozen=True, eq=False)
class Given:
    """An outline that is known: a mask, (H, W) bool or 0 .. 1, of the whole image, and how it is."""

    mask: Mask | Plane
    way: str  # polygon, mask or alpha
    exact: bool = False

    @property
    def solid(self) -> Mask:
        """Where it is more thing than ground."""
        return np.asarray(self.mask.astype(np.float32) > 0.5)


def cut(
    image: Pixels,
    box: Box,
    *,
    long: bool | None = None,
    given: Given | None = None,
    model: MaskModel | None = None,
) -> Cutout | Refusal:
    """The thing in a box of an image, (H, W, 3) RGB; box xyxy in its pixels, clipped to it.

    `long` says whether things of this class are long and thin, where that is known. A `given` outline is
    taken as it is; a `model` is asked before the colours are.
    """
    return cut_both(image, box, long=long, given=given, model=model).got


@dataclass(frozen=True, eq=False)
class Both:
    """What came of a box, and what would have come of it were its thing known to be long and thin."""

    got: Cutout | Refusal
    long: Cutout | Refusal

    @classmethod
    def sure(cls, got: Cutout | Refusal) -> Both:
        """The same whether or not that is known."""
        return cls(got, got)


def cut_both(
    image: Pixels,
    box: Box,
    *,
    long: bool | None = None,
    given: Given | None = None,
    model: MaskModel | None = None,
) -> Both:
    """`cut`; where `long` is None, also what True would have given: that costs next to nothing more."""
    scene = _Neighbourhood.of(image, box)
    if scene is None:
        return Both.sure(Refusal("too small", box=box))
    if given is not None:
        plane = scene.shown(given.mask.astype(np.float32))
        piece = from_mask(scene.crop, plane, scene.box, given.way, exact=given.exact)
        parts = measure(piece)
        if not parts:
            return Both.sure(Refusal("its outline holds nothing", box=box))
        return Both.sure(scene.finish(piece, parts | {"given": 1.0}, box))
    modelled = None if model is None else _by_model(scene, model)
    if modelled is not None and (parts := measure(modelled)) and total(parts) >= GOOD:
        return Both.sure(scene.finish(modelled, parts, box))
    small, looked = scene.small
    inner = tuple(v * looked for v in scene.box)
    least = MIN_THICKNESS * scene.scale * looked  # pixels of `small`
    seen, middle = candidates(small, inner, long)  # type: ignore[arg-type]
    usual, every = (
        _best(
            [
                (replace(piece, frame=piece.frame.of_larger(looked)), parts)
                for piece, parts in pieces
                if not piece.ruled or piece.thickness >= least * piece.frame.zoom
            ]
        )
        for pieces in (seen, [*seen, *middle])
    )
    got = scene.finish(*every, box) if isinstance(every, tuple) else Refusal(every, box=box)
    if not middle:
        return Both.sure(got)
    return Both(got, scene.finish(*usual, box) if isinstance(usual, tuple) else Refusal(usual, box=box))


def _best(pieces: Sequence[_Measured]) -> _Measured | str:
    """The one to take, or why none is."""
    if not pieces:
        return "no clear edge"
    shapes = [pair for pair in pieces if not is_silhouette(pair[0])]
    return _chosen(shapes) if shapes else "a mere silhouette"


@dataclass(frozen=True, eq=False)
class _Neighbourhood:
    """A box and what is around it, no larger than cut-outs are kept."""

    crop: Pixels
    box: Box  # in the crop
    scale: float  # crop pixels a source pixel
    window: tuple[int, int, int, int]  # of the source

    @classmethod
    def of(cls, image: Pixels, box: Box) -> _Neighbourhood | None:
        """None where the box is too small to show anything."""
        height, width = image.shape[:2]
        x0, y0, x1, y1 = max(box[0], 0.0), max(box[1], 0.0), min(box[2], width), min(box[3], height)
        side = max(x1 - x0, y1 - y0)
        if side < MIN_LENGTH or min(x1 - x0, y1 - y0) < 2:
            return None
        pad = 0.35 * side + 4
        left, top = max(int(x0 - pad), 0), max(int(y0 - pad), 0)
        right, bottom = math.ceil(min(x1 + pad, width)), math.ceil(min(y1 + pad, height))
        crop, scale = _shrunk(image[top:bottom, left:right], _DRAWN / side)
        inner = ((x0 - left) * scale, (y0 - top) * scale, (x1 - left) * scale, (y1 - top) * scale)
        return cls(crop, inner, scale, (left, top, right, bottom))

    @property
    def side(self) -> float:
        """The long side of the box, crop pixels."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])

    @cached_property
    def small(self) -> tuple[Pixels, float]:
        """(the crop on which the thing is looked for, its size in the crop's)."""
        return _shrunk(self.crop, _LOOKED / self.side)

    def shown(self, plane: Plane) -> Plane:
        """A plane of the whole image, as the crop shows it."""
        left, top, right, bottom = self.window
        size = (self.crop.shape[1], self.crop.shape[0])
        part = np.ascontiguousarray(plane[top:bottom, left:right])
        if size == part.shape[::-1]:
            return part
        return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA))

    def finish(self, piece: Piece, parts: Mapping[str, float], box: Box) -> Cutout:
        """The cut-out of a piece of the crop."""
        small, _ = self.small
        skin = skin_likelihood(small) > 0.4
        light = float(lab_of(small[skin][None])[..., 0].mean()) if skin.mean() > 0.04 else None
        return finished(finer(self.crop, piece), parts, total(parts), self.scale, light, box)


def _by_model(scene: _Neighbourhood, model: MaskModel) -> Piece | None:
    """The piece that a mask model sees in the box; None where it sees none."""
    height, width = scene.crop.shape[:2]
    pad = _SEEN * scene.side
    x0, y0 = max(int(scene.box[0] - pad), 0), max(int(scene.box[1] - pad), 0)
    x1, y1 = min(math.ceil(scene.box[2] + pad), width), min(math.ceil(scene.box[3] + pad), height)
    seen = model.mask(np.ascontiguousarray(scene.crop[y0:y1, x0:x1]))
    if seen is None:
        return None
    plane = np.zeros((height, width), np.float32)
    plane[y0:y1, x0:x1] = seen
    whole, _ = largest(plane > 0.5)
    if not whole.any():
        return None
    near = cv2.dilate(whole.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0  # its soft rim belongs to it
    return from_mask(scene.crop, np.where(near, plane, 0).astype(np.float32), scene.box, "model", exact=False)


def _shrunk(image: Pixels, factor: float) -> tuple[Pixels, float]:
    if factor >= 1:
        return image, 1.0
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), factor


def candidates(crop: Pixels, box: Box, long: bool | None) -> tuple[list[_Measured], list[_Measured]]:
    """(pieces to choose from, with their parts; others for where none of these is good)."""
    bars = [] if long is False else _along_bars(crop, box)
    side = USUAL if long is False else FINE
    looks = by_colour(crop, box, side=side, grown=(0.0, *_GROWN))
    seen = [piece for piece in looks if piece is not None]
    looks += by_colour(crop, box, side=COARSE)
    pieces = [*seen, *(piece for piece in map(filled, seen[:1]) if piece is not None)]
    found = _judged([*bars, *_measured(pieces)], looks)
    if long or any(total(parts) >= GOOD for _, parts in found):
        return found, []
    return found, _judged(_measured([p for p in [by_place(crop, box)] if p is not None]), looks)


def _measured(pieces: Sequence[Piece]) -> list[_Measured]:
    return [(piece, measure(piece)) for piece in pieces]


def _judged(pieces: Sequence[_Measured], looks: Sequence[Piece | None]) -> list[_Measured]:
    """Those that can be judged, with what the others say of them."""
    outlines = [piece for piece, _ in pieces if not piece.ruled]
    found = []
    for piece, parts in pieces:
        if parts:
            if piece.ruled:
                parts["agree"] = max((overlap(piece, other) for other in outlines), default=0.0)
            else:  # is it the same in a smaller box, in a larger one, and seen from afar?
                shares = [0.0 if p is None else overlap(piece, p) for p in looks if p is not piece]
                parts["agree"] = float(np.mean(shares[-3:]))
            found.append((piece, parts))
    return found


def _chosen(found: Sequence[tuple[Piece, dict[str, float]]]) -> tuple[Piece, dict[str, float]]:
    """The best; where that is good anyhow, straight sides before an outline that follows every speck."""

    def rank(candidate: tuple[Piece, dict[str, float]]) -> float:
        quality = total(candidate[1])
        return quality + (_STRAIGHTER if candidate[0].ruled and quality >= GOOD else 0.0)

    best = max(found, key=rank)
    if best[0].ruled:  # the light on a round thing is a bar, too
        for other in found:
            if other[0].ruled and total(other[1]) > _AROUND * total(best[1]) and _within(best[0], other[0]):
                return other
    return best


def _within(piece: Piece, other: Piece) -> bool:
    """Whether a piece is a strip of another one that is hardly longer."""
    a, b = piece.alpha > 0.5, other.frame.seen_in(piece.frame, other.alpha) > 0.5
    return bool((a & b).sum() > 0.9 * a.sum() and 1.25 * a.sum() < b.sum() < 3.5 * a.sum())


def _along_bars(crop: Pixels, box: Box) -> list[_Measured]:
    """A straight piece for every bar, and the outline as it is of the best of them."""
    bars = find_bars(lit_lab(crop), box)
    found = []
    for bar in bars:
        if bar.score > _WORTH * bars[0].score:
            strip = Strip(crop, box, bar)
            if (piece := strip.straight()) is not None:
                found.append((strip, piece, measure(piece)))
    if not found:
        return []
    strip, _, _ = max(found, key=lambda f: total(f[2]))
    free = strip.free()
    return [(piece, parts) for _, piece, parts in found] + _measured([] if free is None else [free])
