"""Many throws of the dice at once: grips in, sized and turned candidates out, one row a candidate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.geometry import area, as_boxes, covered
from curate.paste.hosts.model import HAND, MOUTH, Host
from curate.paste.placement.model import (
    MAX_ENLARGEMENT,
    MIN_INSIDE,
    MIN_LONG_SIDE,
    SOFTER,
    TRAINED_AT,
    Piece,
    Scene,
    usable,
)
from curate.paste.relations import Prior
from curate.paste.sizes import FINGER_MM, HAND_MM, MOUTH_MM

Numbers = NDArray[np.float64]

FINGER_TO_HAND = (0.1, 0.2)  # believable finger widths / size of the hand
# Thickness of a long thin thing / width of a finger where its real size is unknown: that of a cigarette.
_THICKNESS_TO_FINGER = (0.42, 0.6)
_THICKNESS_TO_HAND = (0.06, 0.1)  # where no finger was found
_THICKNESS_TO_MOUTH = (0.13, 0.18)
_SPREAD = 0.12  # of real sizes around their middle: hands and goods differ
_SAMPLES = 48  # places along a thing at which it is asked whether something hides it


@dataclass(frozen=True)
class Grip:
    """One way to hold or lay a thing: a point, the direction of its free end, how much lies behind."""

    x: float
    y: float
    angle: float
    jitter: float  # standard deviation of the angle
    held: tuple[float, float]  # share of the length behind the point, range
    kind: str
    worth: float
    part: int = 0  # the finger before it
    finger: float | None = None  # its width, pixels
    shorter: tuple[float, float] = (0.78, 1.04)  # of the length of a bar: foreshortened, or burnt down
    cut: float | None = None  # direction of the line that hides the end, radians


@dataclass(frozen=True)
class Throws:
    """Candidates as columns, (N,) each; `grip` and `piece` are indices."""

    grip: NDArray[np.intp]
    piece: NDArray[np.intp]
    x: Numbers
    y: Numbers
    angle: Numbers
    length: Numbers
    thickness: Numbers
    held: Numbers
    mirrored: NDArray[np.bool_]
    bend: Numbers
    taper: Numbers
    light: Numbers

    def only(self, keep: NDArray[np.bool_]) -> Throws:
        """The rows that are kept."""
        return Throws(**{name: value[keep] for name, value in self.__dict__.items()})

    def boxes(self) -> Numbers:
        """(N, 4) xyxy around each whole thing."""
        cos, sin = np.abs(np.cos(self.angle)), np.abs(np.sin(self.angle))
        half_w = (cos * self.length + sin * self.thickness) / 2
        half_h = (sin * self.length + cos * self.thickness) / 2
        return np.stack([self.x - half_w, self.y - half_h, self.x + half_w, self.y + half_h], axis=1)


def throw(
    scene: Scene,
    pieces: Sequence[Piece],
    prior: Prior,
    grips: Sequence[Grip],
    times: int,
    rng: np.random.Generator,
) -> Throws:
    """`times` throws at every grip; those that are too small, too large, too soft or off the picture go."""
    allowed = usable(pieces, scene.grey)
    count = len(grips) * times
    grip = np.repeat(np.arange(len(grips)), times)
    share, held_share, turn = rng.uniform(size=count), rng.uniform(size=count), rng.normal(size=count)
    mirrored, swapped = rng.integers(2, size=count) > 0, rng.integers(2, size=count) > 0
    shorter_share, bend = rng.uniform(size=count), rng.normal(0, 0.012, count)
    taper, light = rng.normal(0, 0.07, count), rng.normal(0, 0.05, count)
    chosen, odds = rng.uniform(size=count), _odds(scene, pieces, prior, allowed)
    if not odds.any():
        return _nothing()
    piece = np.searchsorted(np.cumsum(odds) / odds.sum(), chosen, side="right").clip(0, len(pieces) - 1)

    def of_pieces(name: str) -> Numbers:
        return np.array([getattr(p, name) for p in pieces], np.float64)[piece]

    def of_grips(values: Sequence[float]) -> Numbers:
        return np.array(values, np.float64)[grip]

    bar = of_pieces("bar") > 0
    jitter = of_grips([g.jitter for g in grips])
    angle = of_grips([g.angle for g in grips]) + np.clip(turn, -2.2, 2.2) * jitter
    low, high = of_grips([g.held[0] for g in grips]), of_grips([g.held[1] for g in grips])
    held = low + held_share * (high - low)
    fingers = of_grips([g.finger if g.finger is not None else np.nan for g in grips])
    full = _lengths(scene.host, prior, bar, of_pieces("length"), of_pieces("thickness"), fingers, share)
    if prior.pairs and not prior.given:  # the long side of its box was learnt, a bar may lie across it
        full = np.where(bar, full / np.maximum(np.abs(np.cos(angle)), np.abs(np.sin(angle))), full)
    thickness = full * of_pieces("thickness") / of_pieces("length")
    shorter = of_grips([g.shorter[0] for g in grips]), of_grips([g.shorter[1] for g in grips])
    length = np.where(bar, full * (shorter[0] + shorter_share * (shorter[1] - shorter[0])), full)
    # which end is held was not seen: either may be
    other_end = (
        swapped & ~(of_pieces("held_known") > 0) & bar & (of_grips([g.cut is None for g in grips]) > 0)
    )
    angle, held = np.where(other_end, angle + math.pi, angle), np.where(other_end, 1 - held, held)
    upright = ~bar  # what is no bar keeps the angle at which it stood, give or take the grip's jitter
    stood = of_pieces("angle")
    kinds = [g.kind for g in grips]
    carried = np.array([kind in ("foot", "over", "within") for kind in kinds])[grip]
    angle = np.where(upright & carried, stood + np.clip(turn, -2, 2) * np.minimum(jitter, 0.15), angle)
    x = of_grips([g.x for g in grips]) + (0.5 - held) * length * np.cos(angle)
    y = of_grips([g.y for g in grips]) + (0.5 - held) * length * np.sin(angle)
    found = Throws(
        grip=grip,
        piece=piece,
        x=x,
        y=y,
        angle=angle,
        length=length,
        thickness=thickness,
        held=held,
        mirrored=mirrored,
        bend=np.where(bar, bend, 0.0),
        taper=1 + np.where(bar, taper, 0.0),
        light=np.clip(1 + light, 0.85, 1.15),
    )
    enlarged = full / of_pieces("length")
    soft = of_pieces("edge") * enlarged
    fits = (enlarged <= MAX_ENLARGEMENT) & (soft <= scene.edge + SOFTER)
    return found.only(fits & _on_picture(scene, found))


def _odds(scene: Scene, pieces: Sequence[Piece], prior: Prior, allowed: NDArray[np.bool_]) -> Numbers:
    """How often each piece is drawn: the good ones more often, what could not be enlarged so far never."""
    if not len(pieces):
        return np.zeros(0)
    quality = np.array([max(p.quality, 0.05) for p in pieces])
    bar = np.array([p.bar for p in pieces])
    lengths, thick = (np.array([getattr(p, n) for p in pieces], np.float64) for n in ("length", "thickness"))
    none = np.full(len(pieces), np.nan)
    # a finger is wider than the middle of what is believed only where one was found
    least = _lengths(scene.host, prior, bar, lengths, thick, none, np.zeros(len(pieces)))
    possible = least / lengths <= MAX_ENLARGEMENT
    odds: Numbers = np.where(allowed & possible, quality, 0.0)
    return odds


def _lengths(
    host: Host,
    prior: Prior,
    bar: NDArray[np.bool_],
    lengths: Numbers,
    thickness: Numbers,
    fingers: Numbers,
    share: Numbers,
) -> Numbers:
    """Lengths in the target (N,): as learnt or asked for, else by real sizes, else by the hand.

    A long thin thing is measured across: how much of its length a cut-out shows differs, its thickness not.
    """
    low, high = prior.ratio
    by_ratio = host.size * (low + share * (high - low))
    if prior.pairs or prior.given or host.kind not in (HAND, MOUTH):
        return by_ratio
    spread = 1 + _SPREAD * (2 * share - 1)
    if host.kind == MOUTH:
        pixels_a_mm = host.size / MOUTH_MM * spread
        fallback = host.size * (_THICKNESS_TO_MOUTH[0] + share * np.ptp(_THICKNESS_TO_MOUTH))
    else:
        in_hand = host.size / (HAND_MM[1] - share * (HAND_MM[1] - HAND_MM[0]))
        pixels_a_mm = np.where(np.isnan(fingers), in_hand, fingers / FINGER_MM * spread)
        by_finger = fingers * (_THICKNESS_TO_FINGER[0] + share * np.ptp(_THICKNESS_TO_FINGER))
        by_hand = host.size * (_THICKNESS_TO_HAND[0] + share * np.ptp(_THICKNESS_TO_HAND))
        fallback = np.where(np.isnan(fingers), by_hand, by_finger)
    if prior.real is None:
        return np.where(bar, np.minimum(fallback * lengths / thickness, 0.85 * host.size), by_ratio)
    # a cut-out may show less of a thing than there is, but not much more
    by_thickness = prior.real.thickness * pixels_a_mm * lengths / thickness
    longest = 1.1 * prior.real.length * pixels_a_mm
    return np.where(bar, np.minimum(by_thickness, longest), prior.real.length * pixels_a_mm)


def _on_picture(scene: Scene, found: Throws) -> NDArray[np.bool_]:
    """Large enough to be learnt, inside the picture, and not before another labelled thing."""
    boxes = found.boxes()
    long_side = found.length * TRAINED_AT / max(scene.width, scene.height)
    good = long_side >= MIN_LONG_SIDE
    picture = as_boxes([(0, 0, scene.width, scene.height)])
    good &= covered(boxes, picture)[:, 0] >= MIN_INSIDE
    if scene.others and good.any():
        good &= _hidden(found, as_boxes(list(scene.others))).max(axis=1) <= scene.cover
    return np.asarray(good)


def _hidden(found: Throws, others: Numbers) -> Numbers:
    """Share of each other box that each thing covers, (N, 4) -> (things, N), by points all over the thing."""
    along, across = np.meshgrid((np.arange(24) + 0.5) / 24 - 0.5, (np.arange(3) + 0.5) / 3 - 0.5)
    u, v = along.ravel() * found.length[:, None], across.ravel() * found.thickness[:, None]
    cos, sin = np.cos(found.angle)[:, None], np.sin(found.angle)[:, None]
    x = (found.x[:, None] + u * cos - v * sin)[..., None]  # (things, points, 1)
    y = (found.y[:, None] + u * sin + v * cos)[..., None]
    inside = (x >= others[:, 0]) & (x < others[:, 2]) & (y >= others[:, 1]) & (y < others[:, 3])
    covered_area = inside.mean(axis=1) * (found.length * found.thickness)[:, None]
    return np.asarray(covered_area / np.maximum(area(others), 1e-9))


def visibility(host: Host, found: Throws, parts: Sequence[int]) -> tuple[Numbers, NDArray[np.int64]]:
    """(share of each length not behind the host, number of visible stretches); `parts` a grip."""
    along = (np.arange(_SAMPLES) + 0.5) / _SAMPLES - 0.5
    x = found.x[:, None] + along * (found.length * np.cos(found.angle))[:, None]
    y = found.y[:, None] + along * (found.length * np.sin(found.angle))[:, None]
    clear = np.ones(x.shape, bool)
    part = np.array(list(parts) or [0], np.int64)[found.grip] if len(found.grip) else np.zeros(0, np.int64)
    for number in np.unique(part):
        rows = part == number
        clear[rows] = ~host.skin_at(x[rows], y[rows], int(number))
    starts = clear[:, 0].astype(np.int64) + ((~clear[:, :-1]) & clear[:, 1:]).sum(axis=1)
    return clear.mean(axis=1), starts


def on_host(host: Host, found: Throws) -> Numbers:
    """Share of the free half of each thing that lies over the host."""
    along = np.linspace(0.1, 0.5, 16)
    x = found.x[:, None] + along * (found.length * np.cos(found.angle))[:, None]
    y = found.y[:, None] + along * (found.length * np.sin(found.angle))[:, None]
    return host.skin_at(x, y).mean(axis=1)


def _nothing() -> Throws:
    none = np.zeros(0)
    index = np.zeros(0, np.intp)
    return Throws(index, index, none, none, none, none, none, none, np.zeros(0, bool), none, none, none)
