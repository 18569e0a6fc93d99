"""The grips of a mouth: one end between the lips, the rest outwards and mostly downwards."""

from __future__ import annotations

import math

import numpy as np

from curate.paste.hosts.model import Host
from curate.paste.placement.throws import Grip

_HELD = (0.1, 0.24)  # share of the length in the mouth: a cigarette's filter is a quarter of it


def grips(mouth: Host, rng: np.random.Generator) -> list[Grip]:
    """Directions for a face that looks at us, to the side, or half way; foreshortened as far as it is turned.

    Seen from the front a thing in the mouth points at us, aslant; seen from the side it keeps its length.
    """
    found = []
    for side in (-1.0, 1.0):
        towards = mouth.turn * side  # 1: the way the face looks
        if towards < 0:
            continue  # nobody smokes backwards
        for down in (0.05, 0.35, 0.7, 1.05):
            aslant = down if abs(mouth.turn) < 0.75 else down - 0.25
            angle = aslant if side > 0 else math.pi - aslant
            off = side * float(rng.uniform(0.0, 0.55)) * mouth.radius * (1 - abs(mouth.turn))
            x = mouth.centre[0] + off * math.cos(mouth.tilt)
            y = mouth.centre[1] + off * math.sin(mouth.tilt)
            least = 0.5 + 0.35 * abs(mouth.turn)
            # the lips' line hides the end; where the thing runs along it, a line across does
            steep = abs(math.sin(angle - mouth.tilt)) > 0.42
            line = mouth.tilt if steep else angle + math.pi / 2
            worth = 0.9 if 0.2 < aslant < 0.9 or mouth.turn else 0.7
            found.append(Grip(x, y, angle, 0.14, _HELD, "lips", worth, shorter=(least, 1.0), cut=line))
    return found
