"""The things to paste: cut out of the boxes of a data set, or read from a folder of cut-outs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from curate.engine.local import map_shards
from curate.errors import CurateError
from curate.paste.compose import Source, cut_all
from curate.paste.cutouts import Cutout, Refusal, harmonise
from curate.paste.greyness import grey_ones
from curate.paste.placement.model import Piece
from curate.paste.rectangles import as_thing
from curate.paste.sizes import Real
from curate.paste.targets import Label, Target

_GOOD_CUTOUT = 0.42  # quality below which a cut-out is not used
_MOST_CUTOUTS = 600  # boxes looked at; more would not make the pictures more varied


@dataclass(frozen=True)
class Pieces:
    """What can be pasted. `pieces[i]` is `cutouts[i]` as placement sees it; `refused` counts reasons."""

    cutouts: tuple[Cutout, ...]
    pieces: tuple[Piece, ...]
    boxes: int
    refused: Counter[str]
    grey: float  # share of the photographs with such things that are black and white


def gather(
    images: Sequence[Target],
    names: Sequence[str],
    root: Path,
    *,
    boxes: bool,
    real: Real | None,
    seed: int,
    workers: int | None,
) -> Pieces:
    """Cut out what the boxes of these classes hold; with `boxes` the rectangles themselves.

    Raises CurateError where there is nothing to cut or nothing good came of it.
    """
    sources = [Source(t.image, labels) for t in images if (labels := _called(t, names))]
    order = np.random.default_rng([seed, 1]).permutation(len(sources))
    chosen, total = [], 0
    for index in order:
        if total >= _MOST_CUTOUTS:
            break
        chosen.append(int(index))
        total += len(sources[index].labels)
    shown = [sources[i] for i in sorted(chosen)]
    grey = grey_ones([source.image for source in shown], root, workers)
    share = len(grey) / len(shown) if shown else 0.0
    tried = [
        replace(got, grey=got.source in grey) if isinstance(got, Cutout) else got
        for got in _cut(shown, root, boxes=False, workers=workers)
    ]
    good = harmonise([got for got in tried if isinstance(got, Cutout)])
    best = [c for c in good if c.quality >= _GOOD_CUTOUT]
    refused = Counter(got.reason for got in tried if isinstance(got, Refusal))
    if boxes:
        rectangles = [
            replace(got, grey=got.source in grey)
            for got in _cut(shown, root, boxes=True, workers=workers)
            if isinstance(got, Cutout)
        ]
        if not rectangles:
            raise _nothing(names, len(tried), Counter({"too small": len(tried)}))
        things = tuple(as_thing(r, best, real) for r in rectangles)
        small = Counter({"too small": len(tried) - len(rectangles)})
        return Pieces(tuple(rectangles), things, len(tried), +small, share)
    if not best and good:  # better a poor one than none; the quality stands in the manifest
        best = sorted(good, key=lambda c: -c.quality)[:5]
    refused["too poor"] += len(good) - len(best)
    if not best:
        raise _nothing(names, len(tried), refused)
    return Pieces(tuple(best), tuple(piece_of(c) for c in best), len(tried), +refused, share)


def piece_of(cutout: Cutout) -> Piece:
    """What placement needs to know of a cut-out."""
    return Piece(
        cutout.length,
        cutout.thickness,
        cutout.edge,
        cutout.bar,
        cutout.grey,
        cutout.held_known,
        cutout.quality,
        cutout.angle,
    )


def _cut(
    sources: Sequence[Source], root: Path, *, boxes: bool, workers: int | None
) -> list[Cutout | Refusal]:
    work = partial(cut_all, root=root, boxes=boxes)
    shards = map_shards(work, sources, workers=workers, shard=8, in_process_below=16)
    return [got for shard in shards for got in shard]


def _called(target: Target, names: Sequence[str]) -> tuple[Label, ...]:
    return tuple(label for label in target.labels if label.name in names and not label.difficult)


def _nothing(names: Sequence[str], tried: int, refused: Counter[str]) -> CurateError:
    reasons = ", ".join(f"{n} {reason}" for reason, n in refused.most_common() if n) or "there are none"
    return CurateError(
        f"None of {tried} boxes of {', '.join(names)} gave a cut-out: {reasons}.",
        "Name a data set with larger, clearer objects: --from DIR",
    )
