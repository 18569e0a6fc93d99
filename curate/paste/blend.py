"""Paint one placement: picture, cut-out and hand in; the picture with the thing in the hand out. Only pixels.

The thing is warped with oversampling, lit like the skin around it, made as sharp as the picture, put behind
the hand where the hand covers it, and shaded where the two meet. Several treatments of the edge, drawn by
the seed, keep a detector from learning the seam (Dwibedi, Misra, Hebert, "Cut, Paste and Learn", ICCV 2017).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.paste.cutouts import Cutout
from curate.paste.hands import Hand
from curate.paste.placement import Placement
from curate.paste.sharpness import edge_width
from curate.paste.skin import Pixels, skin_likelihood

EDGES = ("feather", "gaussian", "none")
_EDGE_SHARES = (0.55, 0.3, 0.15)
_OVERSAMPLING = 4
_SOLID = 0.35  # coverage from which a pixel counts as the thing when its box is measured


@dataclass(frozen=True)
class Painted:
    """What came of a placement. `box` is xyxy around the visible part, None if nothing is visible."""

    image: Pixels
    box: tuple[float, float, float, float] | None
    visible: float  # share of the thing's area that can be seen
    contrast: (
        float  # mean change of the visible pixels, grey levels: what nobody can see is not worth a label
    )
    edge: str
    gain: float  # light of the thing, times
    added_blur: float  # pixels


def paint(
    image: Pixels,
    cutout: Cutout,
    hand: Hand,
    placement: Placement,
    rng: np.random.Generator,
    *,
    grey: bool = False,
) -> Painted:
    """A new picture; `image` is (H, W, 3) RGB and stays as it is. Same arguments, same pixels.

    `grey` takes the colour out of the thing, for pictures that have none.
    """
    window = _window(image, placement)
    x0, y0, x1, y1 = window
    scene = image[y0:y1, x0:x1].astype(np.float32)
    edge = str(rng.choice(EDGES, p=_EDGE_SHARES))
    colour, alpha = _warp(cutout, placement, window)
    if cutout.bar:
        colour = colour * _roundness(placement, window)[..., None]
    gain, colour = _relight(colour, alpha, image, cutout, hand, rng)
    if grey:
        colour = np.repeat(colour @ np.array([[0.299], [0.587], [0.114]], np.float32), 3, axis=2)
    target_edge = local_edge(image, hand)
    own_edge = cutout.edge * placement.length / cutout.length
    added = math.sqrt(max(target_edge**2 - own_edge**2, 0.0))
    added = min(added, 0.3 * placement.thickness)
    if edge == "gaussian":
        added = math.hypot(added, 0.35)
    if added > 0.25:
        colour, alpha = _blur(colour, alpha, added)
    if edge == "feather":
        # only the outline: what is inside stays as sharp as it is
        alpha = np.minimum(alpha, _blur_plane(alpha, 0.6) * 1.15)
    alpha = np.clip(alpha, 0, 1)

    front = (
        hand_matte(image, hand, window, placement.finger) if placement.grip != "box" else np.zeros_like(alpha)
    )
    shown = alpha * (1 - front)
    # light hardly reaches the cleft between the thing and the finger before it
    near = _blur_plane(front, max(0.3 * placement.thickness, 0.8))
    shade = 1 - 0.45 * np.clip(near * 1.6, 0, 1)
    # and the thing keeps light from the skin it touches
    shadow = (
        1
        - 0.28
        * _blur_plane(_shifted(alpha, 0.35 * placement.thickness), max(0.35 * placement.thickness, 0.8))
        * front
    )
    noise = _grain(image, hand, rng, alpha.shape)
    thing = np.clip(colour * shade[..., None] + noise, 0, 255)
    ground = scene * shadow[..., None]
    mixed = ground * (1 - shown[..., None]) + thing * shown[..., None]
    out = image.copy()
    out[y0:y1, x0:x1] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)

    solid = shown > _SOLID
    area = float((alpha > _SOLID).sum())
    if not solid.any():
        return Painted(image.copy(), None, 0.0, 0.0, edge, gain, added)
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    box = (float(x0 + columns[0]), float(y0 + rows[0]), float(x0 + columns[-1] + 1), float(y0 + rows[-1] + 1))
    change = np.abs(out[y0:y1, x0:x1].astype(np.float32) - scene).mean(axis=-1)
    return Painted(
        out, box, float(solid.sum()) / max(area, 1.0), float(change[solid].mean()), edge, gain, added
    )


def local_edge(image: Pixels, hand: Hand) -> float:
    """How blurred the picture is around a hand, pixels."""
    x0, y0, x1, y1 = hand.window
    return edge_width(cv2.cvtColor(image[y0:y1, x0:x1], cv2.COLOR_RGB2GRAY).astype(np.float32))


def _window(image: Pixels, placement: Placement) -> tuple[int, int, int, int]:
    height, width = image.shape[:2]
    reach = math.hypot(placement.length, placement.thickness) / 2 + 8
    return (
        max(int(placement.x - reach), 0),
        max(int(placement.y - reach), 0),
        min(math.ceil(placement.x + reach), width),
        min(math.ceil(placement.y + reach), height),
    )


def _warp(
    cutout: Cutout, placement: Placement, window: tuple[int, int, int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(colour, alpha) in the window: colour (h, w, 3) 0..255, alpha (h, w) 0..1."""
    rgba = cutout.rgba[::-1] if placement.flip else cutout.rgba
    scale = placement.length / (cutout.length * cutout.zoom)  # target pixels a pixel of the cut-out
    premultiplied = rgba.astype(np.float32)
    premultiplied[..., :3] *= premultiplied[..., 3:] / 255
    fine = scale * _OVERSAMPLING
    if fine < 0.75:  # shrink by area first, a bilinear warp would skip pixels
        premultiplied = cv2.resize(premultiplied, None, fx=fine, fy=fine, interpolation=cv2.INTER_AREA)
    rows, columns = premultiplied.shape[:2]
    step_x, step_y = scale * rgba.shape[1] / columns, scale * rgba.shape[0] / rows
    cos, sin = math.cos(placement.angle), math.sin(placement.angle)
    x, y = placement.x - window[0], placement.y - window[1]
    # places of the cut-out -> places of the oversampled window; OpenCV counts from the centre of a pixel
    forward = np.array(
        [
            [cos * step_x, -sin * step_y, x - cos * step_x * columns / 2 + sin * step_y * rows / 2],
            [sin * step_x, cos * step_y, y - sin * step_x * columns / 2 - cos * step_y * rows / 2],
        ]
    )
    forward *= _OVERSAMPLING
    forward[:, 2] += (forward[:, 0] + forward[:, 1]) / 2 - 0.5
    width, height = window[2] - window[0], window[3] - window[1]
    large = cv2.warpAffine(
        premultiplied, forward, (width * _OVERSAMPLING, height * _OVERSAMPLING), flags=cv2.INTER_LINEAR
    )
    small = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    return _straight(small)


def _roundness(placement: Placement, window: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """A round bar lit from above is darker on its lower side; (h, w) factor in [0.78, 1]."""
    y, x = np.mgrid[window[1] : window[3], window[0] : window[2]] + 0.5
    across = -(x - placement.x) * math.sin(placement.angle) + (y - placement.y) * math.cos(placement.angle)
    down = across * math.copysign(1.0, math.cos(placement.angle)) / (placement.thickness / 2)
    shade: NDArray[np.float32] = (1 - 0.22 * np.clip(0.5 + down * 0.6, 0, 1) ** 2).astype(np.float32)
    return shade


def _straight(premultiplied: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    alpha = premultiplied[..., 3] / 255
    colour = premultiplied[..., :3] / np.maximum(alpha, 1e-3)[..., None]
    return np.clip(colour, 0, 255).astype(np.float32), alpha.astype(np.float32)


def _blur(
    colour: NDArray[np.float32], alpha: NDArray[np.float32], sigma: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    joined = np.dstack([colour * alpha[..., None], alpha * 255]).astype(np.float32)
    return _straight(cv2.GaussianBlur(joined, (0, 0), sigma))


def _blur_plane(plane: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    blurred: NDArray[np.float32] = cv2.GaussianBlur(plane, (0, 0), sigma)
    return blurred


def _shifted(plane: NDArray[np.float32], down: float) -> NDArray[np.float32]:
    """Light mostly comes from above."""
    move = np.array([[1, 0, 0], [0, 1, down]], np.float64)
    shifted: NDArray[np.float32] = cv2.warpAffine(plane, move, plane.shape[::-1])
    return shifted


def _relight(
    colour: NDArray[np.float32],
    alpha: NDArray[np.float32],
    image: Pixels,
    cutout: Cutout,
    hand: Hand,
    rng: np.random.Generator,
) -> tuple[float, NDArray[np.float32]]:
    """(gain, colour): light as on the skin here against the skin there, tint of what is brightest here."""
    x0, y0, x1, y1 = hand.window
    near = image[y0:y1, x0:x1]
    lab = cv2.cvtColor(near.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    mask = cv2.resize(hand.mask, (near.shape[1], near.shape[0]), interpolation=cv2.INTER_NEAREST) > 0
    if mask.mean() < 0.02:
        mask = skin_likelihood(near) > 0.4
    gain = 1.0
    if mask.mean() >= 0.02 and cutout.skin_light is not None:
        gain = (float(lab[..., 0][mask].mean()) / max(cutout.skin_light, 10.0)) ** 0.7
    own = cv2.cvtColor(colour / 255, cv2.COLOR_RGB2LAB)
    solid = alpha > 0.5
    if not solid.any():
        return 1.0, colour
    # white paper is never much brighter than the brightest things of the picture, but always than skin
    every = max(1, max(image.shape) // 256)
    overall = cv2.cvtColor((image[::every, ::every] / np.float32(255)), cv2.COLOR_RGB2LAB)[..., 0]
    brightest = float(np.percentile(overall, 99))
    if mask.mean() >= 0.02:
        brightest = max(brightest, 1.25 * float(lab[..., 0][mask].mean()))
    top = float(np.percentile(own[..., 0][solid], 90))
    gain = float(np.clip(gain * rng.uniform(0.94, 1.06), 0.55, 1.35))
    gain = min(gain, min(max(brightest, 50.0), 100.0) / max(top, 1.0))
    own[..., 0] = np.clip(own[..., 0] * gain, 0, 100)
    bright = lab[..., 0] >= np.percentile(lab[..., 0], 80)
    # paper is white: a blue or yellow cast comes from the light it was photographed in
    paper = own[..., 1:][solid & (own[..., 0] >= np.percentile(own[..., 0][solid], 60))].mean(axis=0)
    if float(np.hypot(*paper)) < 14:
        own[..., 1:] -= (0.75 * paper).astype(np.float32)
    tint = np.clip(lab[..., 1:][bright].mean(axis=0) * 0.2, -5, 5)
    own[..., 1:] += tint.astype(np.float32)
    lit = cv2.cvtColor(own.astype(np.float32), cv2.COLOR_LAB2RGB) * 255
    return gain, np.clip(lit, 0, 255).astype(np.float32)


def _grain(
    image: Pixels, hand: Hand, rng: np.random.Generator, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Noise as strong as that of the picture's smooth parts; (h, w, 1)."""
    x0, y0, x1, y1 = hand.window
    grey = cv2.cvtColor(image[y0:y1, x0:x1], cv2.COLOR_RGB2GRAY).astype(np.float32)
    residue = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.2))
    strength = min(float(np.median(residue)) * 1.2, 6.0)
    noise = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), 0.6) * 2.0
    return (noise * strength)[..., None].astype(np.float32)


def hand_matte(
    image: Pixels, hand: Hand, window: tuple[int, int, int, int], finger: int = 0
) -> NDArray[np.float32]:
    """How far each pixel of the window belongs to the hand (or one finger), (h, w) in [0, 1], soft outlines.

    The coarse mask is drawn to the edges of the picture by a guided filter (He, Sun, Tang, PAMI 2013) and
    then taken in by about half a pixel, so that the old background does not shine around the fingers.
    """
    x0, y0, x1, y1 = window
    hx0, hy0, hx1, hy1 = hand.window
    height, width = hand.mask.shape
    sx, sy = (hx1 - hx0) / width, (hy1 - hy0) / height
    move = np.array([[sx, 0, hx0 - x0 + (sx - 1) / 2], [0, sy, hy0 - y0 + (sy - 1) / 2]], np.float64)
    coarse = (
        cv2.warpAffine(hand.front(finger), move, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR).astype(
            np.float32
        )
        / 255
    )
    guide = (image[y0:y1, x0:x1] / np.float32(255)).astype(np.float32)
    radius = max(2, round(1.5 * max(sx, sy)) + 1)
    fine = _guided(guide, coarse, radius, 1e-3)
    return np.clip((fine - 0.5) * 6 + 0.42, 0, 1).astype(np.float32)


def _guided(
    guide: NDArray[np.float32], plane: NDArray[np.float32], radius: int, epsilon: float
) -> NDArray[np.float32]:
    """Colour guided filter: in each window the plane is a linear function of the three colours."""
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(a: NDArray[np.float32]) -> NDArray[np.float32]:
        blurred: NDArray[np.float32] = cv2.blur(a, size)
        return blurred

    m_guide, m_plane = mean(guide), mean(plane)
    together = mean(guide * plane[..., None]) - m_guide * m_plane[..., None]  # (h, w, 3)
    spread = np.empty((*plane.shape, 3, 3), np.float32)
    for i in range(3):
        for j in range(i, 3):
            value = mean(guide[..., i] * guide[..., j]) - m_guide[..., i] * m_guide[..., j]
            spread[..., i, j] = spread[..., j, i] = value
    spread += epsilon * np.eye(3, dtype=np.float32)
    a = np.linalg.solve(spread, together[..., None])[..., 0].astype(np.float32)
    b = m_plane - (a * m_guide).sum(axis=-1)
    filtered: NDArray[np.float32] = (mean(a) * guide).sum(axis=-1) + mean(b)
    return filtered
