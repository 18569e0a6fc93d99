"""How much of a photograph a new picture shows: as close as the thing is seen in its own photographs.

A detector learns sizes as they come. Where the targets were taken from further away than the photographs of
the objects, a part of the target is cut out around what was pasted; nothing is ever enlarged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from curate.paste.hosts.model import Box
from curate.paste.targets import Label, Target

Frame = tuple[int, int, int, int]

_BLOCK = 16  # pixels: cuts along the blocks of a JPEG leave its grain as it is
_SMALLEST = 240  # pixels of the long side of a frame
_CLOSEST = 4.0  # times nearer than the photograph
_ROOM = 1.5  # long side of a frame / of the thing in it
_OF_HOST = 0.8  # long side of a frame / of a host: a hand may be cut off, but must be seen to be one
_MARGIN = 0.2  # of the thing's long side, around it
_RATIOS = (0.01, 0.6)  # believable long sides of a thing / of its picture
_LEFT = 0.25  # share of an old label's box that must be inside the frame for the label to stay


def ratios(images: Sequence[Target], names: Sequence[str]) -> tuple[float, ...]:
    """Long side of every thing of these classes / long side of its photograph, sorted."""
    found = [
        max(x1 - x0, y1 - y0) / max(target.width, target.height)
        for target in images
        for label in target.labels
        if label.name in names
        for x0, y0, x1, y1 in [label.xyxy]
    ]
    return tuple(sorted(float(np.clip(r, *_RATIOS)) for r in found))


def frame(
    size: tuple[int, int],
    things: Sequence[Box],
    hosts: Sequence[Box],
    ratio: float,
    rng: np.random.Generator,
) -> Frame:
    """The part of a picture, (width, height), in which the largest thing has that ratio to the long side.

    All things are in it, hosts too where there is room. The whole picture where it is near enough already.
    """
    width, height = size
    longest = max(max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in things)
    least = max([_SMALLEST, _ROOM * longest, *(_OF_HOST * max(b[2] - b[0], b[3] - b[1]) for b in hosts)])
    nearer = min(ratio * max(size) / longest, _CLOSEST, max(size) / least)
    inner = _around(things, _MARGIN * longest, size)
    wanted = width / max(nearer, 1.0), height / max(nearer, 1.0)
    with_hosts = _around([inner, *hosts], 0.0, size)
    if with_hosts[2] - with_hosts[0] <= wanted[0] and with_hosts[3] - with_hosts[1] <= wanted[1]:
        inner = with_hosts
    x0, x1 = _span(inner[0], inner[2], wanted[0], width, rng)
    y0, y1 = _span(inner[1], inner[3], wanted[1], height, rng)
    return x0, y0, x1, y1


def _around(boxes: Sequence[Box], margin: float, size: tuple[int, int]) -> Box:
    x0, y0 = min(b[0] for b in boxes) - margin, min(b[1] for b in boxes) - margin
    x1, y1 = max(b[2] for b in boxes) + margin, max(b[3] for b in boxes) + margin
    return max(x0, 0.0), max(y0, 0.0), min(x1, float(size[0])), min(y1, float(size[1]))


def _span(low: float, high: float, wanted: float, whole: int, rng: np.random.Generator) -> tuple[int, int]:
    """A span of about `wanted` that holds low .. high, drawn at random, along the blocks."""
    share = float(rng.uniform())
    wanted = max(wanted, high - low)
    first, last = max(high - wanted, 0.0), min(low, whole - wanted)
    start = int(first + share * max(last - first, 0.0)) // _BLOCK * _BLOCK
    stop = min(-(-int(np.ceil(start + wanted)) // _BLOCK) * _BLOCK, whole)
    return start, max(stop, min(int(np.ceil(high)), whole))


def within(labels: Sequence[Label], part: Frame) -> tuple[tuple[Label, ...], tuple[int, ...]]:
    """(the labels on the frame's own pixels, cut off at its sides, numbers of those that are outside it)."""
    x0, y0, x1, y1 = part
    kept, outside = [], []
    for label in labels:
        a0, b0, a1, b1 = label.xyxy
        inner = max(a0, x0), max(b0, y0), min(a1, x1), min(b1, y1)
        w, h = max(inner[2] - inner[0], 0.0), max(inner[3] - inner[1], 0.0)
        if w * h < _LEFT * (a1 - a0) * (b1 - b0):
            outside.append(label.object)
            continue
        box = inner[0] - x0, inner[1] - y0, inner[2] - x0, inner[3] - y0
        cut = label.truncated or inner != label.xyxy
        kept.append(replace(label, xyxy=box, truncated=cut))
    return tuple(kept), tuple(outside)
