"""What a hand in a box looks like: a mask of its skin, the palm, finger tips, the side the arm comes from.

Nothing here knows hands by learning. Skin colour seeds GrabCut inside the box; the largest circle in the
mask is the palm; what stands out from it and does not go towards the arm are fingers. A mask that does not
fill its box, or is all box, is not believed: then the hand is described by its box alone, and says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.paste.skin import Pixels, skin_likelihood

# Names by which data sets call hands; compared after NFKC, lower case, and with blanks, - and _ removed.
HAND_NAMES = frozenset(
    "hand hands lefthand righthand left right lhand rhand handleft handright hleft hright palm fist fingers"
    " person_hand personhand humanhand smokinghand handheld 手 手部 手掌 左手 右手 双手 人手 拳头".replace(
        "_", ""
    ).split()
)
_LONG_SIDE = 176  # masks are found at this size; finer outlines come later, where they are needed
_CONTEXT = 0.3  # of the long side of the box, around it


@dataclass(frozen=True)
class Tip:
    """The end of a finger: place, direction from the knuckle outwards (unit vector), width; image pixels."""

    x: float
    y: float
    dx: float
    dy: float
    width: float
    length: float  # how far the finger stands out from the rest of the hand
    finger: int  # its number in Hand.fingers


@dataclass(frozen=True, eq=False)
class Hand:
    """A hand as placement sees it; all places in pixels of the image.

    `mask` is (h, w) uint8, 0 or 255, for the window (x0, y0, x1, y1); `fingers` numbers the fingers in it,
    0 is the rest. `how` is "skin" or, where no mask could
    be believed, "box": then there are no tips and the palm is the middle of the box.
    """

    box: tuple[float, float, float, float]
    window: tuple[int, int, int, int]
    mask: Pixels
    fingers: Pixels
    palm: tuple[float, float]
    palm_radius: float
    arm: tuple[float, float] | None  # unit vector from the palm to the arm
    tips: tuple[Tip, ...]
    quality: float  # 0 .. 1
    how: str

    @property
    def size(self) -> float:
        """Geometric mean of the sides of the box, pixels."""
        return math.sqrt((self.box[2] - self.box[0]) * (self.box[3] - self.box[1]))

    def front(self, finger: int) -> Pixels:
        """What lies before a thing held by that finger, as (h, w) 0 or 255; 0: the whole hand and arm."""
        return self.mask if finger == 0 else np.where(self.fingers == finger, self.mask, 0).astype(np.uint8)

    def skin_at(
        self, x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]], finger: int = 0
    ) -> NDArray[np.bool_]:
        """Whether places of the image lie on the hand (or that finger of it); False outside the window."""
        x0, y0, x1, y1 = self.window
        height, width = self.mask.shape
        column = np.floor((x - x0) * width / (x1 - x0)).astype(int)
        row = np.floor((y - y0) * height / (y1 - y0)).astype(int)
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        out = np.zeros(np.shape(x), bool)
        out[inside] = self.front(finger)[row[inside], column[inside]] > 0
        return out


def describe(image: Pixels, box: tuple[float, float, float, float]) -> Hand:
    """The hand in a box of an image, (H, W, 3) RGB; the box is clipped to the image and must have area."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = max(box[0], 0.0), max(box[1], 0.0), min(box[2], width), min(box[3], height)
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
    full = _segment(small, inner)
    hand = _inside(full, inner)
    quality = _belief(small, hand, inner) * _no_leak(full, inner)
    quality *= 1 - 0.8 * _holding(small, hand, full)
    if quality <= 0:
        return Hand(
            box=(x0, y0, x1, y1),
            window=window,
            mask=np.zeros(small.shape[:2], np.uint8),
            fingers=np.zeros(small.shape[:2], np.uint8),
            palm=((x0 + x1) / 2, (y0 + y1) / 2),
            palm_radius=0.3 * min(x1 - x0, y1 - y0),
            arm=None,
            tips=(),
            quality=0.0,
            how="box",
        )
    px, py, radius = _palm(hand)
    arm = _arm(full, inner, (px, py), radius)
    fingers, ends = _tips(hand, (px, py), radius, arm)
    if arm is None and len(ends) >= 2:
        ends, arm = _without_wrist(ends)
    tips = tuple(
        Tip(window[0] + t.x / zx, window[1] + t.y / zy, t.dx, t.dy, t.width / zx, t.length / zx, t.finger)
        for t in ends
    )
    return Hand(
        box=(x0, y0, x1, y1),
        window=window,
        mask=full.astype(np.uint8) * 255,
        fingers=fingers,
        palm=(window[0] + px / zx, window[1] + py / zy),
        palm_radius=radius / zx,
        arm=arm,
        tips=tips,
        quality=quality,
        how="skin",
    )


def _segment(image: Pixels, box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    """Skin in the crop, hand and arm together."""
    rows, columns = image.shape[:2]
    likely = cv2.GaussianBlur(skin_likelihood(image), (0, 0), 1.0)
    y, x = np.mgrid[:rows, :columns] + 0.5
    x0, y0, x1, y1 = box
    inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    if (likely[inside] > 0.3).mean() < 0.12:
        return np.zeros((rows, columns), bool)
    labels = np.full((rows, columns), cv2.GC_PR_BGD, np.uint8)
    labels[likely > 0.3] = cv2.GC_PR_FGD
    labels[inside & (likely > 0.75)] = cv2.GC_FGD
    # colours no skin has, whatever the light
    labels[likely < 0.004] = cv2.GC_BGD
    if not ((labels == cv2.GC_BGD) | (labels == cv2.GC_PR_BGD)).any():
        return np.ones((rows, columns), bool)
    cv2.setRNGSeed(20)
    bgr = np.ascontiguousarray(image[..., ::-1])
    cv2.grabCut(bgr, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK)
    mask = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    # nails, rings, highlights
    holes = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return holes > 0


def _inside(mask: NDArray[np.bool_], box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    """The largest piece of the mask within the box."""
    clipped = np.zeros_like(mask)
    x0, y0, x1, y1 = (round(v) for v in box)
    clipped[y0:y1, x0:x1] = mask[y0:y1, x0:x1]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(clipped.astype(np.uint8), connectivity=4)
    if count < 2:
        return clipped
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def _belief(image: Pixels, hand: NDArray[np.bool_], box: tuple[float, float, float, float]) -> float:
    """How far the mask can be trusted: it reaches the sides of its box, leaves some of it, and stands out."""
    if hand.sum() < 64:
        return 0.0
    rows, columns = np.flatnonzero(hand.any(axis=1)), np.flatnonzero(hand.any(axis=0))
    width, height = box[2] - box[0], box[3] - box[1]
    reach = min((columns[-1] + 1 - columns[0]) / width, (rows[-1] + 1 - rows[0]) / height, 1.0)
    share = float(hand.sum()) / (width * height)
    if reach < 0.6 or not 0.18 < share < 0.9:
        return 0.0
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    rim_out = (cv2.dilate(hand.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0) & ~hand
    rim_in = hand & (cv2.erode(hand.astype(np.uint8), np.ones((7, 7), np.uint8)) == 0)
    if not rim_out.any() or not rim_in.any():
        return 0.0
    stands_out = float(np.linalg.norm(lab[rim_in].mean(axis=0) - lab[rim_out].mean(axis=0)))
    return reach * min(stands_out / 25, 1.0) * (1.0 if 0.3 < share < 0.8 else 0.7)


def _no_leak(full: NDArray[np.bool_], box: tuple[float, float, float, float]) -> float:
    """1 while the skin around the box may be an arm, down to 0 where the surroundings are taken for skin."""
    outside = np.ones_like(full)
    outside[round(box[1]) : round(box[3]), round(box[0]) : round(box[2])] = False
    if not outside.any():
        return 1.0
    return float(np.clip((0.6 - full[outside].mean()) / 0.25, 0.0, 1.0))


def _holding(image: Pixels, hand: NDArray[np.bool_], full: NDArray[np.bool_]) -> float:
    """Share of what shows between the fingers in colours that do not occur around: it holds something."""
    points = np.argwhere(hand)[:, ::-1].astype(np.int32)
    if len(points) < 64:
        return 0.0
    hull = np.zeros(hand.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    near = cv2.dilate(full.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0  # the rim mixes both colours
    between = (hull > 0) & ~near
    around = (hull == 0) & ~near
    if between.sum() < 0.06 * hull.sum() or not around.any():
        return 0.0
    lab = cv2.cvtColor(cv2.GaussianBlur(image, (0, 0), 1.5), cv2.COLOR_RGB2LAB)
    bins = (lab[..., 0] // 32).astype(int) * 1024 + (lab[..., 1] // 8).astype(int) * 32 + lab[..., 2] // 8
    seen = np.bincount(bins[around], minlength=8 * 1024) / around.sum()
    share = float((seen[bins[between]] < 0.01).mean())
    return share * min(float(between.sum()) / (0.2 * float(hull.sum())), 1.0)


def _palm(hand: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Centre and radius of the largest circle in the mask."""
    padded = np.pad(hand, 1).astype(np.uint8)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(distance)), distance.shape)
    return float(column) + 0.5, float(row) + 0.5, float(distance[row, column])


def _arm(
    full: NDArray[np.bool_], box: tuple[float, float, float, float], palm: tuple[float, float], radius: float
) -> tuple[float, float] | None:
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
    hand: NDArray[np.bool_], palm: tuple[float, float], radius: float, arm: tuple[float, float] | None
) -> tuple[Pixels, list[Tip]]:
    """(numbered fingers, their ends, the most prominent first) in pixels of the mask.

    What opening the mask by a disc wider than a finger takes away are fingers (and the wrist).
    """
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
    found = found[:6]
    numbered = np.zeros(hand.shape, np.uint8)
    for number, tip_found in enumerate(found, start=1):
        numbered[labels == tip_found.finger] = number
    return numbered, [replace(t, finger=i) for i, t in enumerate(found, start=1)]
