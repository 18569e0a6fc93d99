"""The things to paste: cut out of the boxes of a data set, or read from a folder of cut-outs."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from curate.dataset import Dataset
from curate.engine.local import map_shards
from curate.errors import CurateError
from curate.paste.compose import Source, rectangles
from curate.paste.cutouts import Cutout, Refusal, Supply, read_cutouts, supply
from curate.paste.cutouts.supply import MOST
from curate.paste.greyness import grey_ones
from curate.paste.placement.model import Piece
from curate.paste.rectangles import as_thing
from curate.paste.sizes import Real
from curate.paste.targets import Label, Target
from curate.tree import Tree, display_path


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
    dataset: Dataset,
    *,
    boxes: bool,
    folder: Path | None = None,
    cut_from: Path | None = None,
    real: Real | None,
    seed: int,
    workers: int | None,
) -> Pieces:
    """Cut out the things of these classes, or read what is left of them in a `folder` of `curate cutouts`.

    That folder names pictures of `cut_from`; where this is not the data set itself, they are looked for in
    the data set by their content. With `boxes` the rectangles themselves are taken. Raises CurateError where
    there is nothing to cut or nothing good came of it.
    """
    root = dataset.root
    sources = [Source(t.image, labels) for t in images if (labels := _called(t, names))]
    if folder is None:
        shown = [source.image for source in sources]
        found = supply(dataset, names, only=shown, seed=seed, workers=workers)
    else:
        # a picture that is gone, or kept for a test, has no place in new images
        usable = {t.image for t in images} if dataset.objects.height else set(dataset.images["image"])
        found = _left_in(folder, names, usable, root, cut_from or root)
        shown = sorted({cutout.source for cutout in found.cutouts})
    grey = grey_ones(shown, root, workers)
    share = len(grey) / len(shown) if shown else 0.0
    best = tuple(replace(cutout, grey=cutout.source in grey) for cutout in found.cutouts)
    if boxes:
        return _rectangles(sources, names, root, best, grey, share, real, seed, workers)
    if not best:
        raise _nothing(names, found.things, found.refused)
    return Pieces(best, tuple(piece_of(c) for c in best), found.things, found.refused, share)


def _left_in(
    folder: Path, names: Sequence[str], usable: Collection[str], root: Path, cut_from: Path
) -> Supply:
    """The cut-outs in a folder whose pictures may be used."""
    read = read_cutouts(folder, names)
    if cut_from.resolve() == root.resolve():
        here = {name: name for name in usable}
    else:
        here = _copies({cutout.source for cutout in read}, Tree.open(cut_from), usable, Tree.open(root))
    kept = tuple(replace(cut, source=here[cut.source]) for cut in read if cut.source in here)
    if not kept:
        raise CurateError(
            f"No cut-out in {display_path(folder)} is of a picture that may be used of {display_path(root)}.",
            "Name the data set that they were cut out of: --from DIR",
        )
    return Supply(
        kept, len(read), +Counter({"its picture is not there, or not for training": len(read) - len(kept)})
    )


def _copies(names: Collection[str], tree: Tree, others: Collection[str], there: Tree) -> dict[str, str]:
    """For named pictures of one folder the picture of another with the same content, where there is one."""
    same = {hashlib.sha256(there.read(name)).digest(): name for name in sorted(others, reverse=True)}
    files = set(tree.files())
    found = {}
    for name in sorted(names):
        copy = same.get(hashlib.sha256(tree.read(name)).digest()) if name in files else None
        if copy is not None:
            found[name] = copy
    return found


def _rectangles(
    sources: Sequence[Source],
    names: Sequence[str],
    root: Path,
    best: Sequence[Cutout],
    grey: Collection[str],
    share: float,
    real: Real | None,
    seed: int,
    workers: int | None,
) -> Pieces:
    """The boxes as they are, sized like the things in them."""
    order = np.random.default_rng([seed, 1]).permutation(len(sources))
    chosen, total = [], 0
    for index in order:
        if total >= MOST:
            break
        chosen.append(int(index))
        total += len(sources[index].labels)
    work = partial(rectangles, root=root)
    shards = map_shards(
        work, [sources[i] for i in sorted(chosen)], workers=workers, shard=8, in_process_below=16
    )
    tried = [got for shard in shards for got in shard]
    kept = [replace(got, grey=got.source in grey) for got in tried if isinstance(got, Cutout)]
    refused = Counter(got.reason for got in tried if isinstance(got, Refusal))
    if not kept:
        raise _nothing(names, len(tried), refused)
    return Pieces(tuple(kept), tuple(as_thing(r, best, real) for r in kept), len(tried), refused, share)


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


def _called(target: Target, names: Sequence[str]) -> tuple[Label, ...]:
    return tuple(label for label in target.labels if label.name in names and not label.difficult)


def _nothing(names: Sequence[str], tried: int, refused: Counter[str]) -> CurateError:
    reasons = ", ".join(f"{n} x {reason}" for reason, n in refused.most_common() if n) or "there are none"
    return CurateError(
        f"None of {tried} boxes of {', '.join(names)} gave a cut-out: {reasons}.",
        "Name a data set with larger, clearer objects: --from DIR",
    )
