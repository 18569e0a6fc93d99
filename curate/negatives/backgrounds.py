"""Backgrounds: pictures of a folder of which its owner says that no object of any class is in them."""

from __future__ import annotations

import numpy as np
import polars as pl

from curate.dataset import Dataset
from curate.formats.discover import open_dataset, recognise
from curate.formats.pairing import is_image_name, split_name
from curate.negatives.candidates import Candidate
from curate.negatives.ledger import VERIFIED
from curate.negatives.standing import Standing, standings
from curate.tree import Tree

LABELLED = "a label lies beside it"


def backgrounds(folder: Tree, *, seed: int, who: str, why: str | None = None) -> tuple[list[Candidate], int]:
    """All images below a folder, in an order that the seed draws, and how many others have a label beside
    them, or in a COCO file.

    Somebody saw an object in those, so they are no backgrounds; but where the label holds none and it is on
    record that nothing is in the image, as in what `curate negatives` wrote, that stands, whoever decided it.
    """
    files = folder.files()
    labelled = {split_name(name)[1].casefold() for name in files if name.lower().endswith((".xml", ".txt"))}
    coco = open_dataset(folder) if folder.with_suffix(".json") and recognise(folder) == "coco" else None
    if coco is not None:
        labelled |= _with_objects(coco)
    names = [name for name in files if is_image_name(name)]
    beside = {name for name in names if split_name(name)[1].casefold() in labelled}
    decided = _decided(coco or open_dataset(folder), folder) if beside else {}
    free = [name for name in names if name not in beside or name in decided]
    order = np.random.default_rng([seed, 3]).permutation(len(free))
    reason = why or "its folder was named as one of backgrounds"

    def candidate(name: str) -> Candidate:
        standing = decided.get(name, Standing(VERIFIED))
        by, because = who, reason
        if standing.decision is not None:
            by, because = standing.decision.who, why or standing.decision.why or reason
        return Candidate(folder.root, name, standing.state, by, because, "folder")

    return [candidate(free[i]) for i in order], len(names) - len(free)


def _decided(data: Dataset, folder: Tree) -> dict[str, Standing]:
    """Images of the folder that are on record, or marked in their annotation, as holding no object."""
    of = standings(data, folder).of
    images = data.images.select("image_id", "image").drop_nulls().iter_rows()
    return {image: of[row] for row, image in images if row in of and of[row].is_negative}


def _with_objects(data: Dataset) -> set[str]:
    """Stems of the images that have an object."""
    images = data.images.filter(pl.col("image_id").is_in(data.objects["image_id"].unique().implode()))
    return {split_name(name)[1].casefold() for name in images["image"].drop_nulls()}
