"""The best placements of a host, or of none: by its relation, or anywhere in the picture for comparison."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from curate.geometry import as_boxes, covered
from curate.paste.hosts.model import HAND, MOUTH
from curate.paste.placement import carried, held, lips
from curate.paste.placement.model import TRAINED_AT, Cut, Piece, Placement, Scene, generator
from curate.paste.placement.throws import Grip, Numbers, Throws, throw
from curate.paste.priors import angle_likelihood, likelihood
from curate.paste.relations import Prior

_THROWS = {HAND: 6, MOUTH: 8}
_EASILY_SEEN = 24.0  # pixels of length at 640; what is shorter is worth less
_OFTEN = 0.85  # worth of a piece for each time that it was chosen already: many different ones teach more
_TRIES = 24  # to find a place anywhere that covers no label


def place(
    scene: Scene, pieces: Sequence[Piece], prior: Prior, seed: int, *, limit: int = 12
) -> list[Placement]:
    """Good placements on one host, the best first, no two alike; [] where nothing fits."""
    rng = generator(seed, scene.image, scene.number)
    kind = scene.host.kind
    if prior.relation != "held-in":
        ways = carried.grips(scene.host, prior, rng)
    else:
        ways = held.grips(scene.host, rng) if kind == HAND else lips.grips(scene.host, rng)
    found = throw(scene, pieces, prior, ways, _THROWS.get(kind, 4), rng)
    if not len(found.piece):
        return []
    found, visible, worth = _judged(scene, found, ways, prior)
    shown = found.length * TRAINED_AT / max(scene.width, scene.height)
    score = worth * _usual(scene, found, prior) * np.minimum(shown / _EASILY_SEEN, 1) ** 0.5
    score = score * (0.85 + 0.3 * rng.uniform(size=len(score)))
    rows = [
        _row(scene, prior, ways[int(found.grip[i])], found, int(i), float(visible[i]), float(score[i]))
        for i in np.lexsort((found.angle, found.y, found.x, -score))
        if score[i] > 0
    ]
    return _apart(rows, limit)


def _judged(scene: Scene, found: Throws, ways: list[Grip], prior: Prior) -> tuple[Throws, Numbers, Numbers]:
    """(throws, share of each that is seen, worth); worth 0 for what does not lie as the relation says."""
    host = scene.host
    if prior.relation != "held-in":
        factor = carried.nearness(host, prior, found.y)
        found = replace(found, length=found.length * factor, thickness=found.thickness * factor)
        inside = carried.within(host, found.boxes(), prior.relation)
        return found, np.ones(len(factor)), np.where(inside, 0.8, 0.0)
    if host.kind == HAND:
        return found, *held.judge(host, found, ways)
    worth = np.array([g.worth for g in ways])[found.grip] * (0.5 + 0.5 * host.quality)
    return found, 1 - found.held, worth


def _usual(scene: Scene, found: Throws, prior: Prior) -> Numbers:
    """How usual place and angle are by what was learnt, (N,) in [0, 1]; 1 where nothing was."""
    host = scene.host
    dx, dy = (found.x - host.centre[0]) / host.size, (found.y - host.centre[1]) / host.size
    if host.kind == HAND:  # pairs were measured from the middle of the box, not of the palm
        dx = (found.x - (host.box[0] + host.box[2]) / 2) / host.size
        dy = (found.y - (host.box[1] + host.box[3]) / 2) / host.size
    far = np.where(np.hypot(dx, dy) > prior.reach, 0.6, 1.0)
    axis = math.atan2(host.axis[1], host.axis[0]) if host.axis is not None else None
    turned = angle_likelihood(prior, found.angle - axis) if axis is not None else 1.0
    return np.asarray(far * likelihood(prior, dx, dy) * turned)


def _row(
    scene: Scene, prior: Prior, way: Grip, found: Throws, i: int, visible: float, score: float
) -> Placement:
    angle = math.remainder(float(found.angle[i]), 2 * math.pi)
    cut = None
    if way.cut is not None:
        dx, dy = -math.sin(way.cut), math.cos(way.cut)
        if dx * math.cos(angle) + dy * math.sin(angle) < 0:
            dx, dy = -dx, -dy
        cut = Cut(way.x, way.y, dx, dy)
    return Placement(
        image=scene.image,
        host=scene.number,
        piece=int(found.piece[i]),
        relation=prior.relation,
        x=float(found.x[i]),
        y=float(found.y[i]),
        length=float(found.length[i]),
        thickness=float(found.thickness[i]),
        angle=angle,
        mirrored=bool(found.mirrored[i]),
        grip=way.kind,
        part=way.part,
        behind=way.kind in ("finger", "rim"),
        cut=cut,
        bend=float(found.bend[i]),
        taper=float(found.taper[i]),
        light=float(found.light[i]),
        visible=visible,
        score=score,
    )


def _apart(rows: Sequence[Placement], limit: int) -> list[Placement]:
    """The best ones, of many pieces; the same place twice in one picture's variants shows it twice."""
    chosen: list[Placement] = []
    left = list(rows)
    used: Counter[int] = Counter()
    while left and len(chosen) < limit:
        best = max(left, key=lambda row: row.score * _OFTEN ** used[row.piece])
        chosen.append(best)
        used[best.piece] += 1
        left = [row for row in left if row is not best and not _alike(row, best)]
    return chosen


def _alike(one: Placement, two: Placement) -> bool:
    near = math.hypot(one.x - two.x, one.y - two.y) <= 0.25 * one.length
    return near and one.piece == two.piece


def anywhere(scene: Scene, placement: Placement, seed: int, number: int) -> Placement | None:
    """The same piece at the same size at a random place and angle of the picture; None where none is free.

    For comparison: all that differs from a placement by meaning is the place.
    """
    rng = generator(seed, scene.image, scene.number, number, 7)
    taken = as_boxes([*scene.others, scene.host.box])
    bar = placement.length > 1.8 * placement.thickness
    for _ in range(_TRIES):
        angle = float(rng.uniform(-math.pi, math.pi)) if bar else float(rng.normal(0, 0.15))
        moved = replace(placement, angle=angle, x=0.0, y=0.0)
        _, _, half_w, half_h = moved.box
        room_w, room_h = scene.width - 2 * half_w, scene.height - 2 * half_h
        if room_w <= 0 or room_h <= 0:
            continue
        moved = replace(
            moved,
            x=half_w + float(rng.uniform()) * room_w,
            y=half_h + float(rng.uniform()) * room_h,
            relation="anywhere",
            grip="anywhere",
            part=0,
            behind=False,
            cut=None,
            visible=1.0,
        )
        if covered(taken, as_boxes([moved.box])).max() <= scene.cover:
            return moved
    return None
