"""What a paste takes of a data set: its good cut-outs, and why the other things gave none."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from curate.dataset import Dataset
from curate.paste.cutouts.collect import chosen, collect, pictures
from curate.paste.cutouts.model import GOOD, WAYS, Cutout, Refusal
from curate.paste.cutouts.quality import weakest
from curate.tree import Tree

MOST = 600  # things looked at; more would not make the pictures more varied
WHOLE = 0.8  # of the sides of its labelled box, which a whole thing spans at least
_POOR, _FEW = 0.2, 5  # where nothing is good: the quality that must do, and how many of such at most
_ENOUGH = 8  # whole things of a class, so that parts are left out
_PART = "only a part of what its box holds"


@dataclass(frozen=True)
class Supply:
    """Cut-outs to paste, of how many things, and how many others were refused for which reason."""

    cutouts: tuple[Cutout, ...]
    things: int
    refused: Counter[str]


def supply(
    dataset: Dataset,
    names: Sequence[str],
    *,
    only: Iterable[str] | None = None,
    seed: int,
    model: Path | None = None,
    workers: int | None = None,
) -> Supply:
    """The good cut-outs of these classes, by outlines where there are any, a mask model where one is given.

    Where none is good, a few poor ones. `only` are the images that may be used, all if None.

    A clean half of a thing, cut off at a hand, makes a label that is shorter than what people draw around
    such things, and a detector that learns the half. So parts are left out where there are enough whole ones.
    """
    tree = Tree.open(dataset.root)
    ways = [way for way in WAYS if way != "model" or model is not None]
    found, _ = pictures(dataset, tree, names, ways)
    if only is not None:
        usable = frozenset(only)
        found = [picture for picture in found if picture.image in usable]
    tried = collect(tree.root, chosen(found, MOST, seed), ways=ways, model=model, workers=workers)
    kept = [got for got in tried if isinstance(got, Cutout) and got.quality >= GOOD]
    if not kept:  # better a poor one than none; the quality stands in the manifest
        poor = [got for got in tried if isinstance(got, Cutout) and got.quality >= _POOR]
        kept = sorted(poor, key=lambda got: -got.quality)[:_FEW]
    parts = {id(got) for got in _parts(kept)}
    taken = {id(got) for got in kept} - parts
    kept = [got for got in kept if id(got) in taken]
    refused = Counter(_PART if id(got) in parts else reason(got) for got in tried if id(got) not in taken)
    return Supply(tuple(kept), len(tried), refused)


def reason(got: Cutout | Refusal) -> str:
    """Why it is none to be used, whatever its quality."""
    return got.reason if isinstance(got, Refusal) else weakest(got.parts)


def spanned(cutout: Cutout) -> float:
    """The share of the sides of its labelled box that it spans, the longer one counting more; 0 .. 1."""
    if cutout.box is None:
        return 1.0
    x0, y0, x1, y1 = cutout.box
    across, down = abs(math.cos(cutout.angle)), abs(math.sin(cutout.angle))
    width = cutout.length * across + cutout.thickness * down
    height = cutout.length * down + cutout.thickness * across
    return (min(width, x1 - x0) + min(height, y1 - y0)) / max(x1 - x0 + y1 - y0, 1e-6)


def _parts(cutouts: Sequence[Cutout]) -> list[Cutout]:
    """Those that are parts of things of which there are enough whole ones."""
    whole = Counter(got.name for got in cutouts if spanned(got) >= WHOLE)
    return [got for got in cutouts if whole[got.name] >= _ENOUGH and spanned(got) < WHOLE]
