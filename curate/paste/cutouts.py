"""Things cut out of their boxes: pictures with boxes in, straightened RGBA pieces with a quality out.

Only boxes are needed. A long thin thing (a cigarette, a pen) is found as a bar in its box (`bars.py`), the
crop is turned until the bar lies level, and GrabCut (Rother, Kolmogorov, Blake, SIGGRAPH 2004), seeded by
the bar, finds its outline there; anything else is cut by GrabCut seeded by the middle of the box. Whatever
does not stand out clearly is refused, with the reason, because a bad cut-out shows in every picture it is
pasted into.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.paste.bars import Bar, edge_contrast, fit_bar
from curate.paste.sharpness import edge_width
from curate.paste.skin import Pixels, is_grey, skin_likelihood

MIN_LENGTH = 24.0  # source pixels along the long side; smaller things show nothing worth pasting
MIN_THICKNESS = 3.5  # source pixels of a bar
_MAX_TWO_SIDED = 13.0  # Lab units between the two long halves of a bar; more is a bar and a finger
_MIN_BAR_SCORE = 9.0  # Lab units of contrast along the weaker edge
_MAX_BAR_RATIO = 0.45
_MIN_SUPPORT = 7.0  # Lab units a column of a bar needs to count as seen
_MIN_VISIBLE = 0.5  # share of a bar's length that must be seen without a break
_RNG_SEED = 20  # GrabCut draws its first clusters at random


@dataclass(frozen=True, eq=False)
class Cutout:
    """One thing without its background, long axis level, the end by which it is held (if known) at the left.

    `rgba` is (h, w, 4) uint8, straight (not premultiplied) alpha, `zoom` times the size it had in its source.
    Lengths are source pixels.
    """

    rgba: Pixels
    zoom: float
    length: float
    thickness: float
    edge: float  # blur of its outline, source pixels; see sharpness.edge_width
    held_known: bool
    bar: bool  # long and thin
    grey: bool
    skin_light: float | None  # mean luminance (Lab, 0..100) of the skin around it: how it was lit
    quality: float  # 0 .. 1
    source: str = ""
    object: int = 0
    angle: float = 0.0  # radians from the source's x axis to its long axis, y downwards


@dataclass(frozen=True)
class Refusal:
    """Why a box gave no cut-out."""

    reason: str
    source: str = ""
    object: int = 0


def cut(image: Pixels, box: tuple[float, float, float, float]) -> Cutout | Refusal:
    """The thing in a box of an image, (H, W, 3) RGB; box xyxy in its pixels, clipped to it."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = max(box[0], 0.0), max(box[1], 0.0), min(box[2], width), min(box[3], height)
    if max(x1 - x0, y1 - y0) < MIN_LENGTH:
        return Refusal("too small")
    pad = 0.35 * max(x1 - x0, y1 - y0) + 4
    left, top = max(int(x0 - pad), 0), max(int(y0 - pad), 0)
    crop = image[top : math.ceil(min(y1 + pad, height)), left : math.ceil(min(x1 + pad, width))]
    inner = (x0 - left, y0 - top, x1 - left, y1 - top)
    lab = cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    bar = fit_bar(lab, inner)
    if bar is None:
        return Refusal("too small")
    elongated = bar.thickness <= _MAX_BAR_RATIO * bar.length
    if elongated and bar.score >= _MIN_BAR_SCORE:
        found = _cut_bar(crop, bar)
    elif elongated and min(x1 - x0, y1 - y0) < _MAX_BAR_RATIO * max(x1 - x0, y1 - y0):
        return Refusal("no clear edge")
    else:
        found = _cut_blob(crop, inner)
    if isinstance(found, Refusal):
        return found
    skin = skin_likelihood(crop) > 0.4
    return replace(
        found,
        skin_light=float(lab[..., 0][skin].mean()) if skin.mean() > 0.04 else None,
    )


def harmonise(cutouts: list[Cutout]) -> list[Cutout]:
    """Compare kin with kin: turn the ones whose held end is unknown like the others, mark down the odd ones.

    Where the held ends of the known ones differ in colour from their free ends, the unknown ones are turned
    so that they differ the same way; nothing is turned on a weak likeness. Then the quality of those whose
    colours are far from the middle of all (a wrong thing was cut, or an unusual one) is lowered.
    """
    coloured = [c for c in cutouts if c.bar and not c.grey]
    known = [_end_difference(c) for c in coloured if c.held_known]
    common = np.mean(known, axis=0) if len(known) >= 3 else np.zeros(3)
    size = float(np.linalg.norm(common))
    out = []
    for cutout in cutouts:
        if not cutout.held_known and cutout.bar and size > 4:
            likeness = float(_end_difference(cutout) @ common) / size
            if likeness < -5:
                cutout = replace(cutout, rgba=np.ascontiguousarray(cutout.rgba[::-1, ::-1]))
            cutout = replace(cutout, held_known=abs(likeness) > 5)
        out.append(cutout)
    profiles = {i: _profile(c) for i, c in enumerate(out) if c.bar and not c.grey}
    if len(profiles) >= 6:
        middle = np.median(list(profiles.values()), axis=0)
        far = {i: float(np.linalg.norm(p - middle, axis=-1).mean()) for i, p in profiles.items()}
        usual = float(np.median(list(far.values())))
        for i, distance in far.items():
            out[i] = replace(
                out[i], quality=out[i].quality * min(1.0, (1.5 * usual / max(distance, 1e-6)) ** 2)
            )
    return out


def _profile(cutout: Cutout) -> NDArray[np.float64]:
    """Mean Lab colour of eighths of the length, (8, 3)."""
    lab = cv2.cvtColor(np.ascontiguousarray(cutout.rgba[..., :3]).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    weight = (cutout.rgba[..., 3:] > 128).astype(np.float32) + 1e-3
    parts = np.array_split(np.arange(lab.shape[1]), 8)
    return np.array([(lab[:, p] * weight[:, p]).sum((0, 1)) / weight[:, p].sum() for p in parts], np.float64)


def _end_difference(cutout: Cutout) -> NDArray[np.float64]:
    """Mean Lab colour of the left third less that of the right."""
    lab = cv2.cvtColor(np.ascontiguousarray(cutout.rgba[..., :3]).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    solid, third = cutout.rgba[..., 3] > 128, lab.shape[1] // 3
    left, right = lab[:, :third][solid[:, :third]], lab[:, -third:][solid[:, -third:]]
    return np.asarray(left.mean(axis=0) - right.mean(axis=0), np.float64)


def _grabcut(image: Pixels, labels: Pixels, rounds: int = 3) -> NDArray[np.bool_]:
    cv2.setRNGSeed(_RNG_SEED)
    bgr = np.ascontiguousarray(image[..., ::-1])
    cv2.grabCut(bgr, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), rounds, cv2.GC_INIT_WITH_MASK)
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)


def level(image: NDArray[np.generic], bar: Bar, zoom: float, margin: tuple[float, float]) -> Pixels:
    """The neighbourhood of a bar, turned so that it lies level: margins (along, across) in source pixels."""
    size = (
        max(8, round((bar.length + 2 * margin[0]) * zoom)),
        max(8, round((bar.thickness + 2 * margin[1]) * zoom)),
    )
    cos, sin = math.cos(bar.angle) / zoom, math.sin(bar.angle) / zoom
    mid_x, mid_y = (size[0] - 1) / 2, (size[1] - 1) / 2
    back = np.array(
        [
            [cos, -sin, bar.x - 0.5 - cos * mid_x + sin * mid_y],
            [sin, cos, bar.y - 0.5 - sin * mid_x - cos * mid_y],
        ]
    )
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    turned: Pixels = cv2.warpAffine(image, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return turned


def _cut_bar(crop: Pixels, bar: Bar) -> Cutout | Refusal:
    zoom = float(np.clip(18 / bar.thickness, min(1.0, 360 / bar.length), 4.0))
    margin = (0.25 * bar.length, max(1.5 * bar.thickness, 4.0))
    strip = level(crop, bar, zoom, margin)
    rows, columns = strip.shape[:2]
    mid = (rows - 1) / 2
    thick, start, stop = bar.thickness * zoom, margin[0] * zoom, columns - margin[0] * zoom
    across = np.abs(np.arange(rows) - mid)[:, None]
    along = np.maximum(start - np.arange(columns), np.arange(columns) - stop)[None, :]  # > 0 beyond the ends
    labels = np.full((rows, columns), cv2.GC_PR_BGD, np.uint8)
    labels[(across < 0.62 * thick) & (along < 0.03 * bar.length * zoom)] = cv2.GC_PR_FGD
    labels[(across < 0.25 * thick) & (along < -0.08 * bar.length * zoom)] = cv2.GC_FGD
    labels[np.broadcast_to(across > 0.95 * thick, labels.shape)] = cv2.GC_BGD
    labels[np.broadcast_to(along > 0.1 * bar.length * zoom, labels.shape)] = cv2.GC_BGD
    mask = _grabcut(strip, labels)

    covered = mask[int(mid - 0.2 * thick) : int(mid + 0.2 * thick) + 2].mean(axis=0) > 0.6
    if covered.sum() < 0.3 * (stop - start):
        return Refusal("no clear outline")
    above, below = _edges(mask, mid)
    line_above, line_below = _line(above, covered), _line(below, covered)
    fitted = float(np.median(line_below - line_above))
    if not 0.35 * thick < fitted < 1.6 * thick:
        return Refusal("no clear outline")
    lab = cv2.cvtColor(strip.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    middle = float(np.mean(line_above + line_below) / 2)
    flat = Bar(columns / 2, middle + 0.5, columns / 0.94, fitted, 0.0)
    contrast = edge_contrast(lab, [flat], columns, inside=0.35, beyond=0.15)[0]
    contrast = np.convolve(np.pad(contrast, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    straight = (np.abs(above - line_above) < 0.3 * fitted) & (np.abs(below - line_below) < 0.3 * fitted)
    seen = covered & (contrast > _MIN_SUPPORT) & straight
    first, last = _longest_run(seen, allowed_gap=round(0.05 * (stop - start)))
    visible = (last - first) / (stop - start)
    if visible < _MIN_VISIBLE:
        return Refusal("hidden for the most part")
    if (last - first) / zoom < MIN_LENGTH:
        return Refusal("too small")
    if fitted / zoom < MIN_THICKNESS:
        return Refusal("too small")
    if (last - first) < 2.2 * fitted:
        return Refusal("too short for its thickness")

    inset = 0.04 * fitted
    y = np.arange(rows, dtype=np.float32)[:, None]
    alpha = np.clip(y - (line_above + inset) + 0.5, 0, 1) * np.clip((line_below - inset) - y + 0.5, 0, 1)
    outline = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    # between the ends the two lines are the outline; a dark band or a highlight is no hole
    outline[:, first + round(0.4 * fitted) : last - round(0.4 * fitted)] = 1.0
    alpha = alpha * cv2.GaussianBlur(outline, (0, 0), 0.8)
    alpha *= ((np.arange(columns) >= first) & (np.arange(columns) < last)).astype(np.float32)[None]
    grey = cv2.cvtColor(strip, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edge = (
        edge_width(grey, np.broadcast_to((across > 0.3 * thick) & (across < 0.8 * thick), grey.shape)) / zoom
    )
    if edge > 0.4 * fitted / zoom:
        return Refusal("blurred")
    two_sided = _two_sidedness(lab, line_above, line_below, first, last)
    if two_sided > _MAX_TWO_SIDED:
        return Refusal("something else beside it")
    body = lab[..., 0][alpha > 0.9]
    if body.mean() < 25 and body.std() < 8:
        return Refusal("a mere silhouette")
    support = float(np.minimum(contrast[first:last], 40).mean())
    quality = (
        min(support / 25, 1.0)
        * min(visible / 0.9, 1.0)
        * min((last - first) / zoom / 60, 1.0) ** 0.5
        * float(straight[first:last].mean())
        * (1 - two_sided / 40)
        * (0.65 + 0.35 * min(_detail(lab, alpha, first, last) / 12, 1.0))
    )
    pad = 3
    top, bottom = _span(alpha.max(axis=1) > 0.02, pad)
    begin, end = max(first - pad, 0), min(last + pad, columns)
    rgba = _without_background(strip, alpha)[top:bottom, begin:end]
    held = _held_end(strip, mid, thick, first, last)
    if held > 0:
        rgba = np.ascontiguousarray(rgba[::-1, ::-1])
    return Cutout(
        rgba=rgba,
        zoom=zoom,
        length=(last - first) / zoom,
        thickness=fitted / zoom,
        edge=edge,
        held_known=held != 0,
        bar=True,
        grey=is_grey(strip),
        skin_light=None,
        quality=quality,
        angle=bar.angle + (math.pi if held > 0 else 0.0),
    )


def _cut_blob(crop: Pixels, box: tuple[float, float, float, float]) -> Cutout | Refusal:
    """A thing that is no bar: GrabCut seeded by an ellipse, then judged by its outline."""
    zoom = min(1.0, 320 / max(crop.shape[:2]))
    small = cv2.resize(crop, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA) if zoom < 1 else crop
    rows, columns = small.shape[:2]
    x0, y0, x1, y1 = (v * zoom for v in box)
    y, x = np.mgrid[:rows, :columns] + 0.5
    radius = np.hypot((x - (x0 + x1) / 2) / ((x1 - x0) / 2), (y - (y0 + y1) / 2) / ((y1 - y0) / 2))
    inside = (x >= x0 - 1) & (x <= x1 + 1) & (y >= y0 - 1) & (y <= y1 + 1)
    labels = np.full((rows, columns), cv2.GC_BGD, np.uint8)
    labels[inside] = cv2.GC_PR_BGD
    labels[inside & (radius < 0.85)] = cv2.GC_PR_FGD
    labels[inside & (radius < 0.3)] = cv2.GC_FGD
    mask = _largest(_grabcut(small, labels))
    share = mask.sum() / max((x1 - x0) * (y1 - y0), 1)
    if not 0.12 < share < 0.95:
        return Refusal("no clear outline")
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=cv2.contourArea)
    solidity = cv2.contourArea(outline) / max(cv2.contourArea(cv2.convexHull(outline)), 1)
    _, _, w, h = cv2.boundingRect(outline)
    fills = min(w / (x1 - x0), h / (y1 - y0))
    if fills < 0.8:
        return Refusal("hidden for the most part")
    if solidity < 0.8:
        return Refusal("not one piece")
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    contrast = _outline_contrast(lab, mask)
    if contrast < _MIN_BAR_SCORE:
        return Refusal("no clear edge")
    alpha = cv2.GaussianBlur(
        cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32), (0, 0), 1.0
    )
    (cx, cy), (w, h), degrees = cv2.minAreaRect(outline)
    if w < h:
        w, h, degrees = h, w, degrees + 90
    frame = Bar(cx + 0.5, cy + 0.5, w, h, math.radians(degrees))
    rgba = level(_without_background(small, alpha), frame, 1.0, (3.0, 3.0))
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return Cutout(
        rgba=rgba,
        zoom=zoom,
        length=w / zoom,
        thickness=h / zoom,
        edge=edge_width(grey) / zoom,
        held_known=False,
        bar=False,
        grey=is_grey(small),
        skin_light=None,
        quality=min(contrast / 25, 1.0) * min(fills, 1.0) * solidity,
        angle=frame.angle,
    )


def _outline_contrast(lab: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """Mean Lab distance between the colours just inside and just outside the outline."""
    inner = mask.astype(np.float32)
    kernel = (0, 0)
    inside = cv2.GaussianBlur(lab * inner[..., None], kernel, 2.0)
    inside /= np.maximum(cv2.GaussianBlur(inner, kernel, 2.0), 1e-3)[..., None]
    outside = cv2.GaussianBlur(lab * (1 - inner)[..., None], kernel, 2.0)
    outside /= np.maximum(cv2.GaussianBlur(1 - inner, kernel, 2.0), 1e-3)[..., None]
    rim = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    return float(np.linalg.norm(inside - outside, axis=-1)[rim].mean())


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return mask
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def _edges(mask: NDArray[np.bool_], mid: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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
        scale = max(float(np.median(residual[use])), 0.5)
        w = weight / (1 + (residual / scale) ** 2)
        slope, intercept = np.polyfit(x, edge, 1, w=np.sqrt(w))
        line = intercept + slope * x
    return line


def _longest_run(flags: NDArray[np.bool_], allowed_gap: int) -> tuple[int, int]:
    """[first, last) of the longest stretch of True in which no gap is longer than allowed; (0, 0) if none."""
    places = np.flatnonzero(flags)
    if not len(places):
        return 0, 0
    breaks = np.flatnonzero(np.diff(places) > allowed_gap + 1)
    starts = places[np.concatenate([[0], breaks + 1])]
    stops = places[np.concatenate([breaks, [len(places) - 1]])] + 1
    best = int(np.argmax(stops - starts))
    return int(starts[best]), int(stops[best])


def _span(flags: NDArray[np.bool_], pad: int) -> tuple[int, int]:
    places = np.flatnonzero(flags)
    return max(int(places[0]) - pad, 0), min(int(places[-1]) + 1 + pad, len(flags))


def _two_sidedness(
    lab: NDArray[np.float32], above: NDArray[np.float64], below: NDArray[np.float64], first: int, last: int
) -> float:
    """Mean Lab distance between the upper and the lower half of a bar, column by column.

    A round thing in one light differs by its shading; half a finger or a strip of background by far more.
    """
    places = np.arange(first, last, dtype=np.float32)
    samples = []
    for share in (0.15, 0.3, 0.4, 0.6, 0.7, 0.85):
        rows = (above + share * (below - above))[first:last].astype(np.float32)
        samples.append(cv2.remap(lab, places[None], rows[None], cv2.INTER_LINEAR)[0])
    halves = np.array(samples).reshape(2, 3, -1, 3).mean(axis=1)
    kernel = np.full((1, 9), 1 / 9, np.float32)  # speckles of ash are not a side
    difference = cv2.filter2D((halves[0] - halves[1])[None], -1, kernel)[0]
    difference *= np.array(
        [0.4, 1.0, 1.0], np.float32
    )  # light falls off around a round thing, colour does not
    return float(np.linalg.norm(difference, axis=-1).mean())


def _detail(lab: NDArray[np.float32], alpha: NDArray[np.float32], first: int, last: int) -> float:
    """How much the colour changes along a bar, Lab units: a filter and a glowing end say what it is."""
    weight = (alpha > 0.9).astype(np.float32)[:, first:last]
    total = np.maximum(weight.sum(axis=0), 1e-3)[:, None]
    columns = (lab[:, first:last] * weight[..., None]).sum(axis=0) / total
    return float(np.linalg.norm(columns[weight.any(axis=0)].std(axis=0)))


def _held_end(strip: Pixels, mid: float, thick: float, first: int, last: int) -> int:
    """-1: skin (fingers, lips) lies around the left end, +1: the right; 0: no telling."""
    skin = skin_likelihood(strip)
    rows = np.abs(np.arange(strip.shape[0]) - mid) < 1.3 * thick
    reach = max(int(0.3 * (last - first)), 4)
    left = float(skin[rows, max(first - reach, 0) : first + reach // 2].mean())
    right = float(skin[rows, max(last - reach // 2, 0) : last + reach].mean())
    if max(left, right) < 0.15 or max(left, right) < 1.5 * min(left, right):
        return 0
    return -1 if left > right else 1


def _without_background(image: Pixels, alpha: NDArray[np.float32]) -> Pixels:
    """RGBA whose half-covered rim has the colour of the thing, not a mix with what it lay on."""
    sure = (alpha > 0.9).astype(np.float32)
    weight, colour = sure.copy(), image.astype(np.float32) * sure[..., None]
    filled = image.astype(np.float32)
    blurred = cv2.GaussianBlur(weight, (0, 0), 1.5)
    spread = cv2.GaussianBlur(colour, (0, 0), 1.5) / np.maximum(blurred, 1e-3)[..., None]
    rim = (sure == 0) & (blurred > 0.02)
    filled[rim] = spread[rim]
    out = np.dstack([np.clip(filled, 0, 255), alpha * 255]) + 0.5
    return out.astype(np.uint8)
