"""What a hand in a box looks like: its skin, the palm, the fingers and gaps, the free edge, the arm's side.

Nothing here knows hands by learning. The largest circle in the mask is the palm; what opening the mask by a
disc wider than a finger takes away are fingers, each with the line from its root to its tip; convexity
defects are the gaps between them; the contour where neither arm nor finger goes on is the free edge. A mask
that does not fill its box, or is all box, is not believed: then the hand is described by its box alone, and
says so.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from curate.arrays import Mask, Pixels
from curate.paste.hosts.belief import free, no_leak, stands_alone
from curate.paste.hosts.model import HAND, Box, Edge, Host, Tip, by_box, clipped
from curate.paste.hosts.outline import largest_inside, outline

_LONG_SIDE = 128  # masks are found at this size; finer outlines come later, where they are needed
_CONTEXT = 0.3  # of the long side of the box, around it
_MOST_FINGERS = 6


def describe(image: Pixels, box: Box) -> Host:
    """The hand in a box of an image, (H, W, 3) RGB; the box is clipped to the image and must have area."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = clipped(box, width, height)
    pad = _CONTEXT * max(x1 - x0, y1 - y0)
    window = (
        max(int(x0 - pad), 0),
        max(int(y0 - pad), 0),
        min(math.ceil(x1 + pad), width),
        min(math.ceil(y1 + pad), height),
    )
    crop = image[window[1] : window[3], window[0] : window[2]]
    zoom = min(1.0, _LONG_SIDE / max(crop.shape[:2]))
    small = cv2.resize(crop, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA) if zoom < 1 else crop
    zx, zy = small.shape[1] / crop.shape[1], small.shape[0] / crop.shape[0]
    inner = ((x0 - window[0]) * zx, (y0 - window[1]) * zy, (x1 - window[0]) * zx, (y1 - window[1]) * zy)
    full, how = outline(small, inner)
    hand = largest_inside(full, inner)
    quality = stands_alone(small, hand, inner) * no_leak(full, inner) * (1.0 if how == "skin" else 0.8)
    if quality <= 0:
        return replace(by_box(HAND, image, box), window=window)
    px, py, radius = _palm(hand)
    arm = _arm(full, inner, (px, py), radius) or _wrist(hand, inner, (px, py), radius)
    parts, ends = _tips(hand, (px, py), radius, arm)
    if arm is None and len(ends) >= 2:
        ends, arm = _without_wrist(ends)
    gaps = _gaps(hand, (px, py), ends)

    def out(x: float, y: float) -> tuple[float, float]:
        return window[0] + x / zx, window[1] + y / zy

    tips = tuple(Tip(*out(t.x, t.y), t.dx, t.dy, t.width / zx, t.length / zx, t.finger) for t in ends)
    rim = tuple(Edge(*out(e.x, e.y), e.dx, e.dy) for e in _rim(hand, inner, (px, py), radius, arm, ends))
    return Host(
        kind=HAND,
        box=(x0, y0, x1, y1),
        window=window,
        mask=full.astype(np.uint8) * 255,
        parts=parts,
        centre=out(px, py),
        radius=radius / zx,
        size=math.sqrt((x1 - x0) * (y1 - y0)),
        quality=quality,
        how=how,
        free=free(image, window, small, hand, full),
        arm=arm,
        tips=tips,
        gaps=gaps,
        rim=rim,
    )


def _palm(hand: Mask) -> tuple[float, float, float]:
    """Centre and radius of the largest circle in the mask."""
    padded = np.pad(hand, 1).astype(np.uint8)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(distance)), distance.shape)
    return float(column) + 0.5, float(row) + 0.5, float(distance[row, column])


def _arm(full: Mask, box: Box, palm: tuple[float, float], radius: float) -> tuple[float, float] | None:
    """Direction of the skin that goes on past the box and is joined to the palm; None where none does."""
    _, labels = cv2.connectedComponents(full.astype(np.uint8), connectivity=4)
    own = labels == labels[int(palm[1]), int(palm[0])]
    y, x = np.mgrid[: full.shape[0], : full.shape[1]] + 0.5
    outside = own & ((x < box[0]) | (x > box[2]) | (y < box[1]) | (y > box[3]))
    if outside.sum() < 0.5 * radius * radius:
        return None
    dx, dy = float(x[outside].mean()) - palm[0], float(y[outside].mean()) - palm[1]
    size = math.hypot(dx, dy)
    return (dx / size, dy / size) if size > 0.5 * radius else None


def _wrist(hand: Mask, box: Box, palm: tuple[float, float], radius: float) -> tuple[float, float] | None:
    """Direction of the side of the box that the mask meets broadly: there a sleeve cuts off the arm.

    Finger tips touch the sides of a box too, but in a narrow place; a wrist is nearly as wide as the palm.
    """
    x0, y0, x1, y1 = (round(v) for v in box)
    depth = max(2, round(0.15 * radius))
    strips = {
        "left": hand[:, x0 : x0 + depth],
        "right": hand[:, max(x1 - depth, 0) : x1],
        "top": hand[y0 : y0 + depth, :],
        "bottom": hand[max(y1 - depth, 0) : y1, :],
    }
    meets: dict[str, tuple[float, float]] = {}  # side -> (how broadly, where)
    for side, strip in strips.items():
        across = strip.all(axis=1 if side in ("left", "right") else 0) if strip.size else np.zeros(0, bool)
        places = np.flatnonzero(across)
        if len(places):
            meets[side] = (len(places) / radius, float(np.mean(places)) + 0.5)
    broad = sorted(meets, key=lambda s: -meets[s][0])
    if not broad or meets[broad[0]][0] < 1.1:
        return None
    if len(broad) > 1 and meets[broad[1]][0] > 0.75 * meets[broad[0]][0]:
        return None  # two sides as broadly: a fist fills its box
    side, where = broad[0], meets[broad[0]][1]
    place = {"left": (x0, where), "right": (x1, where), "top": (where, y0), "bottom": (where, y1)}[side]
    dx, dy = place[0] - palm[0], place[1] - palm[1]
    size = math.hypot(dx, dy)
    return (dx / size, dy / size) if size > 0.5 * radius else None


def _without_wrist(ends: list[Tip]) -> tuple[list[Tip], tuple[float, float] | None]:
    """(fingers, direction of the arm) where a sleeve hides the arm: most fingers point away from it."""
    if len(ends) == 2:
        one, two = ends
        if one.dx * two.dx + one.dy * two.dy > -0.5:
            return ends, None
        lower = max(ends, key=lambda t: t.dy)  # arms mostly hang below their hands
        return [t for t in ends if t is not lower], (lower.dx, lower.dy)
    dx, dy = sum(t.dx * t.length for t in ends), sum(t.dy * t.length for t in ends)
    size = math.hypot(dx, dy)
    if size < 0.5 * sum(t.length for t in ends):  # they point every way
        return ends, None
    dx, dy = dx / size, dy / size
    return [t for t in ends if t.dx * dx + t.dy * dy > -0.2], (-dx, -dy)


def _tips(
    hand: Mask, palm: tuple[float, float], radius: float, arm: tuple[float, float] | None
) -> tuple[Pixels, list[Tip]]:
    """(numbered fingers, their ends, the most prominent first) in pixels of the mask."""
    reach = max(round(0.55 * radius), 2)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    padded = np.pad(hand.astype(np.uint8), reach + 1)
    body = cv2.morphologyEx(padded, cv2.MORPH_OPEN, disc)[reach + 1 : -reach - 1, reach + 1 : -reach - 1]
    fingers = (hand & (body == 0)).astype(np.uint8)
    to_body = cv2.distanceTransform(1 - body, cv2.DIST_L2, 5)
    thickness = cv2.distanceTransform(np.pad(hand, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(fingers, connectivity=8)
    found: list[Tip] = []
    for piece in range(1, count):
        if stats[piece, cv2.CC_STAT_AREA] < 0.12 * radius * radius:
            continue
        rows, columns = np.nonzero(labels == piece)
        far = to_body[rows, columns]
        length = float(far.max())
        if length < 0.5 * radius:
            continue
        end = far > length - max(0.15 * length, 1.5)
        tip = np.array([columns[end].mean() + 0.5, rows[end].mean() + 0.5])
        root_part = far < 0.35 * length
        root = np.array([columns[root_part].mean() + 0.5, rows[root_part].mean() + 0.5])
        direction = tip - root
        size = float(np.hypot(*direction))
        if size < 1:
            continue
        direction /= size
        if arm is not None and ((tip - palm) @ arm) / max(float(np.hypot(*(tip - palm))), 1) > 0.7:
            continue
        # widest inscribed circles along the outer half of the finger
        width = 2 * float(np.percentile(thickness[rows, columns][far > 0.4 * length], 95))
        x, y, dx, dy = float(tip[0]), float(tip[1]), float(direction[0]), float(direction[1])
        found.append(Tip(x, y, dx, dy, width, length, finger=piece))
    found.sort(key=lambda t: (-t.length, t.x, t.y))
    found = found[:_MOST_FINGERS]
    numbered = np.zeros(hand.shape, np.uint8)
    for number, tip_found in enumerate(found, start=1):
        numbered[labels == tip_found.finger] = number
    return numbered, [replace(t, finger=i) for i, t in enumerate(found, start=1)]


def _gaps(hand: Mask, palm: tuple[float, float], tips: list[Tip]) -> tuple[tuple[int, int], ...]:
    """Pairs of fingers side by side with a dent of the outline between them.

    The dents are what the hull of the two fingers' halves holds and the hand does not: convexity defects,
    taken of each pair of neighbours alone, because the hull of a whole hand passes over its shorter fingers.
    """
    if len(tips) < 2:
        return ()
    angles = [math.atan2(t.y - palm[1], t.x - palm[0]) % (2 * math.pi) for t in tips]
    around = sorted(range(len(tips)), key=lambda i: angles[i])
    steps = [
        ((angles[two] - angles[one]) % (2 * math.pi), one, two)
        for one, two in zip(around, [*around[1:], *around[:1]], strict=True)
    ]
    found = []
    for _, first, second in sorted(steps)[:-1]:  # the widest step goes round by the arm
        one, two = tips[first], tips[second]
        if one.dx * two.dx + one.dy * two.dy < 0.3:
            continue
        corners = [
            (t.x - t.dx * t.length * share, t.y - t.dy * t.length * share)
            for t in (one, two)
            for share in (0, 0.5)
        ]
        hull = np.zeros(hand.shape, np.uint8)
        points = cv2.convexHull(np.array(corners, np.float32).round().astype(np.int32))
        cv2.fillConvexPoly(hull, points, 1)
        inside = hull > 0
        if inside.sum() >= 4 and float((~hand[inside]).mean()) > 0.15:
            found.append((min(one.finger, two.finger), max(one.finger, two.finger)))
    return tuple(sorted(set(found)))


def _rim(
    hand: Mask,
    box: Box,
    palm: tuple[float, float],
    radius: float,
    arm: tuple[float, float] | None,
    tips: list[Tip],
) -> list[Edge]:
    """Places of the contour from which nothing of the hand lies outwards, away from arm and fingers."""
    away = arm or (0.0, 1.0)  # sleeves hide the arm; it mostly hangs below the hand
    found = []
    for turn in np.arange(24) * (2 * math.pi / 24):
        dx, dy = math.cos(turn), math.sin(turn)
        if dx * away[0] + dy * away[1] > -0.3:
            continue
        steps = np.linspace(0.5, 2.5, 60) * radius
        x, y = palm[0] + dx * steps, palm[1] + dy * steps
        inside = (x >= 0) & (y >= 0) & (x < hand.shape[1]) & (y < hand.shape[0])
        on = np.zeros(len(steps), bool)
        on[inside] = hand[y[inside].astype(int), x[inside].astype(int)]
        if not on[0] or on.all():
            continue
        at = int(np.argmin(on))
        # a hand reaches no further than its own box, an arm does
        if not (box[0] < x[at] < box[2] and box[1] < y[at] < box[3]):
            continue
        if any(math.hypot(x[at] - t.x, y[at] - t.y) < 0.6 * t.length for t in tips):
            continue
        found.append(Edge(float(x[at]), float(y[at]), dx, dy))
    return found
