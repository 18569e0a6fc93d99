"""Places on, before or in a thing that is known by its box: a plate, a road, a basket, a face."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from curate.paste.hosts.model import Host
from curate.paste.placement.throws import Grip, Numbers
from curate.paste.relations import Prior

_PLACES = 24
_KINDS = {"on-top-of": "foot", "in-front-of": "over", "inside": "within"}
_INNER = {"on-top-of": 0.38, "in-front-of": 0.3, "inside": 0.34}  # half of the box that is used


def grips(host: Host, prior: Prior, rng: np.random.Generator) -> list[Grip]:
    """Places by what was learnt, with some spread, else evenly in the middle part of the box.

    The point of a grip is the centre of the thing; bars lie at any angle, or as learnt.
    """
    x0, y0, x1, y1 = host.box
    found = []
    for _ in range(_PLACES):
        if prior.places:
            dx, dy = prior.places[int(rng.integers(len(prior.places)))]
            spread = rng.normal(0, 0.06, 2)
            x = host.centre[0] + (dx + spread[0]) * host.size
            y = host.centre[1] + (dy + spread[1]) * host.size
        else:
            half = _INNER[prior.relation]
            u, v = rng.uniform(-half, half, 2)
            x, y = host.centre[0] + u * (x1 - x0), host.centre[1] + v * (y1 - y0)
        if prior.turns:
            angle, jitter = float(prior.turns[int(rng.integers(len(prior.turns)))]), 0.1
        else:
            angle, jitter = float(rng.uniform(-math.pi, math.pi)), 0.12
        found.append(Grip(x, y, angle, jitter, (0.5, 0.5), _KINDS[prior.relation], 0.8, shorter=(0.92, 1.04)))
    return found


def nearness(host: Host, prior: Prior, y: Numbers) -> Numbers:
    """Factor of the size at a row of the picture: things on a deep host are smaller where it is further away.

    1 at the middle of the host; by perspective, size grows linearly with the distance from the horizon.
    """
    row = (y - host.box[1]) / max(host.box[3] - host.box[1], 1.0) - 0.5
    return np.clip(1 + prior.growth * np.clip(row, -0.5, 0.5), 0.2, 2.0)


def within(host: Host, boxes: Numbers, relation: str) -> NDArray[np.bool_]:
    """Whether things lie as the relation says, (N, 4) -> (N,): the foot, or all, inside the host's box."""
    x0, y0, x1, y1 = host.box
    if relation == "inside":
        return np.asarray(
            (boxes[:, 0] >= x0) & (boxes[:, 1] >= y0) & (boxes[:, 2] <= x1) & (boxes[:, 3] <= y1)
        )
    foot = (boxes[:, 0] + boxes[:, 2]) / 2
    if relation == "on-top-of":
        return np.asarray((foot >= x0) & (foot <= x1) & (boxes[:, 3] >= y0) & (boxes[:, 3] <= y1))
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    return np.asarray((foot >= x0) & (foot <= x1) & (middle >= y0) & (middle <= y1))
