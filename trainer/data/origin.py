"""Which images were made by pasting: what images.csv of the hand-over folder says of them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.errors import TrainerError

TABLE = "images.csv"  # in the hand-over folder: where each image comes from
_YES = frozenset({"true", "1", "yes"})


def synthetic_among(images: Sequence[Path], folder: Path) -> NDArray[np.bool_]:
    """(N,) of images: whether one was pasted. All real where the folder has no such table, or no such column.

    Raises TrainerError where the table cannot be read.
    """
    table = folder / TABLE
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        return np.zeros(len(images), dtype=bool)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainerError(f"{table} cannot be read: {error}", "export the data set again") from error
    drawn = {
        folder / row["image"]
        for row in rows
        if row.get("image") and (row.get("synthetic") or "").strip().lower() in _YES
    }
    return np.array([image in drawn for image in images], dtype=bool).reshape(len(images))
