"""Backgrounds: pictures of a folder of which its owner says that no object of any class is in them."""

from __future__ import annotations

import numpy as np
import polars as pl

from curate.formats.discover import open_dataset, recognise
from curate.formats.pairing import is_image_name, split_name
from curate.negatives.candidates import Candidate
from curate.negatives.ledger import VERIFIED
from curate.tree import Tree

LABELLED = "a label lies beside it"


def backgrounds(folder: Tree, *, seed: int, who: str, why: str | None = None) -> tuple[list[Candidate], int]:
    """All images below a folder, in an order that the seed draws, and how many others have a label beside
    them, or in a COCO file.

    Somebody saw an object in those, so they are no backgrounds.
    """
    files = folder.files()
    labelled = {split_name(name)[1].casefold() for name in files if name.lower().endswith((".xml", ".txt"))}
    labelled |= _in_coco(folder)
    names = [name for name in files if is_image_name(name)]
    free = [name for name in names if split_name(name)[1].casefold() not in labelled]
    order = np.random.default_rng([seed, 3]).permutation(len(free))
    reason = why or "its folder was named as one of backgrounds"
    candidates = [Candidate(folder.root, free[i], VERIFIED, who, reason, "folder") for i in order]
    return candidates, len(names) - len(free)


def _in_coco(folder: Tree) -> set[str]:
    """Stems of the images in which COCO files of the folder have an object."""
    if not folder.with_suffix(".json") or recognise(folder) != "coco":
        return set()
    data = open_dataset(folder)
    images = data.images.filter(pl.col("image_id").is_in(data.objects["image_id"].unique().implode()))
    return {split_name(name)[1].casefold() for name in images["image"].drop_nulls()}
