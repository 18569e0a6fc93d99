"""How things lie to each other: the four relations, and what is known of one before any pixel is seen.

`held-in`      hands: between the fingers, behind what holds it; mouths: one end between the lips
`in-front-of`  before the host, upright as it was, anywhere over it
`on-top-of`    lying or standing on the host, its foot inside, smaller where the host is further away
`inside`       wholly within the host's box
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from curate.paste.hosts.names import HOLLOWS, SURFACES, Wanted, folded
from curate.paste.sizes import Real

RELATIONS = ("held-in", "in-front-of", "on-top-of", "inside")
PLACES = ("semantic", "random")  # by the relation, or anywhere, for comparison
FRAMES = ("close", "whole")  # as close as the objects are seen in their own photographs, or all of the target
CUTS = ("outline", "box")  # the thing alone, or its box with the background in it, for comparison

# Length of the thing / size of the host where nothing is known of either. Hands: most of what a hand holds
# is about as long as a palm is wide; others: a thing is smaller than what carries it.
_RATIOS = {
    "held-in": (0.45, 0.72),
    "in-front-of": (0.3, 0.8),
    "on-top-of": (0.12, 0.4),
    "inside": (0.25, 0.6),
}
_DEEP = frozenset(
    folded(name)
    for name in [
        "table",
        "desk",
        "road",
        "street",
        "lane",
        "floor",
        "ground",
        "桌子",
        "路",
        "道路",
        "马路",
        "地面",
        "地板",
    ]
)
_FAR = 0.45  # size at the far edge of a deep host / size at its near edge


@dataclass(frozen=True)
class Prior:
    """What is known of a relation, in sizes of the host; `pairs` labelled pairs taught it, 0: built in.

    `places` are offsets of the centres from that of the host, x and y, in the picture's directions; `turns`
    are angles of the thing to the host's axis, radians modulo pi.
    """

    relation: str
    ratio: tuple[float, float]  # length of the thing / size of the host, range to draw from
    pairs: int = 0
    reach: float = math.inf  # distance of the two centres that is seldom exceeded
    places: tuple[tuple[float, float], ...] = field(default=(), repr=False)
    turns: tuple[float, ...] = field(default=(), repr=False)
    growth: float = (
        0.0  # by how much the ratio grows from the top of the host to its bottom, share of its middle
    )
    real: Real | None = None  # the thing's size in life; only where nothing was learnt
    given: bool = False  # the ratio was asked for

    def with_ratio(self, ratio: tuple[float, float]) -> Prior:
        """The same, at sizes that were asked for."""
        return replace(self, ratio=ratio, given=True)

    @property
    def how(self) -> str:
        """Where the sizes come from, in one word."""
        if self.given:
            return "given"
        return "learnt" if self.pairs else "real size" if self.real else "built in"


def built_in(relation: str, host: str | None = None, real: Real | None = None) -> Prior:
    """What holds where the data tells nothing better."""
    deep = relation == "on-top-of" and host is not None and folded(host) in _DEEP
    growth = 2 * (1 - _FAR) / (1 + _FAR) if deep else 0.0
    return Prior(relation, _RATIOS[relation], growth=growth, real=real)


def default(wanted: Wanted) -> str:
    """The relation that the hosts suggest: things lie on tables, in bowls, and are held by hands."""
    names = {folded(name) for name in wanted.classes}
    if names and names <= SURFACES:
        return "on-top-of"
    if names and names <= HOLLOWS:
        return "inside"
    return "held-in"
