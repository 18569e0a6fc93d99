"""Images that are byte for byte the same. Only files of equal size are read."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import polars as pl

from curate.rules.model import Facts


def groups(facts: Facts) -> list[list[Mapping[str, Any]]]:
    """Rows of IMAGES whose files hold the same bytes, two or more a group, in table order."""
    sized = facts.data.images.filter(pl.col("image").is_not_null() & (pl.col("image_bytes") > 0))
    rivals = sized.filter(pl.col("image_bytes").is_duplicated())
    found: dict[tuple[int, bytes], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rivals.iter_rows(named=True):
        if row["image_problem"] != "unreadable":
            digest = hashlib.sha256(facts.tree.read(row["image"])).digest()
            found[row["image_bytes"], digest].append(row)
    return [rows for rows in found.values() if len(rows) > 1]
