"""False positives: what a model takes for an object where none is labelled, and what to cut out around it.

In an image that is labelled whole a detection is wrong if it matches no label, of whatever class, at an IoU
of `IOU`. The negative is then a part of the image that holds the detection and no object. In a background of
which its owner says that nothing is in it, every detection is wrong; the negative is the whole image, or a
part where that is asked for. What a model is sure of and nobody labelled may be a label that is missing, so
what is mined is on record as decided by a model, not by a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from curate import geometry
from curate.formats.images import image_facts
from curate.negatives.candidates import Candidate
from curate.negatives.crops import Rectangle, Rules, around
from curate.negatives.labelled import Frame, grown
from curate.negatives.ledger import BY_MODEL, Claim
from curate.negatives.model import Seer
from curate.tree import Tree

IOU = 0.1  # with a label; a detection above it is badly placed, not invented
# Of the side of a typical photograph: no more of an image than is needed, because the larger a part is, the
# likelier an object is on it that nobody labelled.
SIZES = (0.5, 0.7, 1.0)
MOST = 0.75  # of a detection that is on a part, for the part to show it
Say = Callable[[str], None]

NO_ROOM = "an object is too near to what the model saw"
NOTHING_SEEN = "the model sees nothing in it"


def in_labelled(
    model: Seer, frames: Sequence[Frame], root: Path, conf: float, rules: Rules, say: Say
) -> tuple[list[Candidate], Counter[str]]:
    """Parts of labelled images with a false positive, the most confident first; why others gave none."""
    left: Counter[str] = Counter()
    found: list[Candidate] = []
    names = [frame.image for frame in frames]
    for number, (frame, claims) in enumerate(zip(frames, model.see(Tree(root), names, conf), strict=True)):
        _progress(say, number, len(frames))
        if claims is None:
            left["damaged: it cannot be decoded"] += 1
            continue
        wrong = false_positives(claims, frame)
        if not wrong:
            left["the model is right about it" if claims else NOTHING_SEEN] += 1
        taken: list[Rectangle] = []
        for claim in wrong:
            if any(_holds(rectangle, claim) for rectangle in taken):
                continue  # on the picture already
            rectangle = _around(frame, claim, rules, taken)
            if rectangle is None:
                left[NO_ROOM] += 1
                continue
            taken.append(rectangle)
            inside = tuple(_moved(c, rectangle) for c in wrong if c is claim or _holds(rectangle, c))
            found.append(
                Candidate(
                    root,
                    frame.image,
                    BY_MODEL,
                    model.identity.who,
                    f"sees {claim.name} at {claim.confidence:.2f} where no label is",
                    "data set",
                    rectangle,
                    inside,
                    "mined",
                )
            )
    return _ranked(found), left


def in_backgrounds(
    model: Seer,
    candidates: Sequence[Candidate],
    conf: float,
    say: Say,
    *,
    rules: Rules | None = None,
) -> tuple[list[Candidate], Counter[str]]:
    """Backgrounds in which the model sees something, the most confident first. With `rules` cut to a part."""
    left: Counter[str] = Counter()
    found: list[Candidate] = []
    if not candidates:
        return [], left
    tree = Tree(candidates[0].root)
    seen = model.see(tree, [candidate.source for candidate in candidates], conf)
    for number, (candidate, claims) in enumerate(zip(candidates, seen, strict=True)):
        _progress(say, number, len(candidates))
        if not claims:
            left[NOTHING_SEEN if claims is not None else "it cannot be read"] += 1
            continue
        mined = replace(
            candidate,
            state=BY_MODEL,
            who=model.identity.who,
            why=f"sees {claims[0].name} at {claims[0].confidence:.2f}; {candidate.why}",
            claims=claims,
            prefix="mined",
        )
        found.append(mined if rules is None else _cut(mined, tree, rules))
    return _ranked(found), left


def false_positives(claims: Sequence[Claim], frame: Frame) -> list[Claim]:
    """Detections that match no label of any class, in the order given."""
    if not claims:
        return []
    boxes = geometry.as_boxes([claim.xyxy for claim in claims])
    best = geometry.iou_pairwise(boxes, frame.boxes).max(axis=1, initial=0.0)
    return [claim for claim, overlap in zip(claims, best, strict=True) if overlap < IOU]


def _around(frame: Frame, claim: Claim, rules: Rules, taken: Sequence[Rectangle]) -> Rectangle | None:
    """A part of a labelled image around a detection that keeps clear of its objects and of parts taken."""
    longer = max(frame.width, frame.height)
    kept_clear = grown(frame.boxes, rules.margin, longer / 64)
    if geometry.intersection(geometry.as_boxes([claim.xyxy]), kept_clear).any():
        return None
    tried = (around(frame, claim.xyxy, rules, most=size * rules.shape.side) for size in SIZES)
    rectangle = next((one for one in tried if one is not None), None)
    if rectangle is None or not taken:
        return rectangle
    overlap = geometry.intersection(geometry.as_boxes([rectangle]), geometry.as_boxes(taken))
    return None if overlap.any() else rectangle


def _cut(candidate: Candidate, tree: Tree, rules: Rules) -> Candidate:
    """The part of a background around its most confident detection, as large as the photographs of the set.

    All of it where it is not larger than they are.
    """
    facts = image_facts(tree, candidate.source)
    if not facts.width or not facts.height:
        return candidate
    frame = Frame(candidate.source, "", facts.width, facts.height, (), np.zeros((0, 4)))
    rectangle = around(frame, candidate.claims[0].xyxy, rules, most=rules.shape.side)
    if rectangle is None:
        return candidate
    first, *others = candidate.claims
    inside = tuple(_moved(c, rectangle) for c in (first, *(c for c in others if _holds(rectangle, c))))
    return replace(candidate, box=rectangle, claims=inside)


def _holds(rectangle: Rectangle, claim: Claim) -> bool:
    """Whether most of a detection is on a part; its edge may be cut, as at the edge of the image."""
    covered = geometry.covered(geometry.as_boxes([claim.xyxy]), geometry.as_boxes([rectangle]))
    return bool(covered[0, 0] >= MOST)


def _moved(claim: Claim, rectangle: Rectangle) -> Claim:
    """A detection in the pixels of a part, clipped to it."""
    x0, y0, x1, y1 = rectangle
    a, b, c, d = claim.xyxy
    left, top = max(a - x0, 0.0), max(b - y0, 0.0)
    right, bottom = min(c - x0, x1 - x0 + 0.0), min(d - y0, y1 - y0 + 0.0)
    return replace(claim, xyxy=(round(left, 1), round(top, 1), round(right, 1), round(bottom, 1)))


def _ranked(found: list[Candidate]) -> list[Candidate]:
    """The most confident first; of equals in the order of their names."""
    return sorted(found, key=lambda c: (-c.claims[0].confidence, c.source, c.box or ()))


def _progress(say: Say, number: int, of: int) -> None:
    if number % 16 == 0:
        say(f"asking the model: {number:,} of {of:,} images")
