"""What a paste takes of a data set: its good cut-outs, and why the other things gave none."""

from __future__ import annotations

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
_POOR, _FEW = 0.2, 5  # where nothing is good: the quality that must do, and how many of such at most


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
    taken = {id(got) for got in kept}
    refused = Counter(reason(got) for got in tried if id(got) not in taken)
    return Supply(tuple(kept), len(tried), refused)


def reason(got: Cutout | Refusal) -> str:
    """Why it is none to be used, whatever its quality."""
    return got.reason if isinstance(got, Refusal) else weakest(got.parts)
