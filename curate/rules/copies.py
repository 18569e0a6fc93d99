"""Images that are the same, or nearly the same, as the SET rules ask about them.

Bytes are always compared, though only files of equal size are read. Pixels are compared where `--pixels`
looks at them: files that decode to the same picture count as copies like those with the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from curate.copies.clusters import clusters
from curate.copies.exact import same_bytes, same_pixels
from curate.rules.model import Facts

if TYPE_CHECKING:  # numpy is loaded only where pixels are looked at
    from curate.copies.near import NearCopies

_SAME_PLACE = 0.02  # of a side: how far a copy with the same pixels may seem to be moved
_SAME_GREY = 0.995


def groups(facts: Facts) -> list[list[Mapping[str, Any]]]:
    """Rows of IMAGES whose files hold the same bytes or pixels, two or more a group, in table order."""
    images = facts.data.images
    return [[images.row(row, named=True) for row in group] for group in facts.once(copied)]


def copied(facts: Facts) -> list[list[int]]:
    """The same as row numbers; ask by `facts.once(copied)`."""
    pairs = [(group[0], row) for group in facts.once(byte_copies) for row in group[1:]]
    pairs += [(group[0], row) for group in facts.once(_pixel_copies) for row in group[1:]]
    return clusters(pairs)


def byte_copies(facts: Facts) -> list[list[int]]:
    """Rows whose files hold the same bytes; ask by `facts.once(byte_copies)`."""
    readable = facts.data.images["image_problem"].ne_missing("unreadable")
    names = zip(facts.data.images["image"], facts.data.images["image_bytes"], readable, strict=True)
    return same_bytes(facts.tree, [(name if good else None, size) for name, size, good in names])


def likeness(facts: Facts, row: int, other: int) -> str:
    """In which way two copies are the same, in words."""
    group_of = facts.once(_byte_group_of)
    same = row in group_of and group_of[row] == group_of.get(other)
    return "byte for byte" if same else "pixel for pixel"


def _byte_group_of(facts: Facts) -> dict[int, int]:
    """Row -> the number of its group of `byte_copies`."""
    return {row: number for number, group in enumerate(facts.once(byte_copies)) for row in group}


def near(facts: Facts) -> NearCopies | None:
    """Pairs of rows that show nearly the same picture; None without --pixels. Ask by `facts.once(near)`."""
    if facts.pixels is None:
        return None
    from curate.copies.near import near_copies

    return near_copies(facts.pixels.thumbs, facts.pixels.decoded)


def pairs(facts: Facts) -> frozenset[tuple[int, int]]:
    """`near` as pairs of rows; ask by `facts.once(pairs)`."""
    found = facts.once(near)
    return frozenset() if found is None else frozenset(zip(found.a.tolist(), found.b.tolist(), strict=True))


def near_clusters(facts: Facts) -> list[list[int]]:
    """Rows that near-copies and copies connect; ask by `facts.once(near_clusters)`."""
    same = ((group[0], row) for group in facts.once(copied) for row in group[1:])
    return clusters([*sorted(facts.once(pairs)), *same])


def _pixel_copies(facts: Facts) -> list[list[int]]:
    """Rows whose files differ and decode to the same pixels; only likely ones are decoded whole."""
    found = facts.once(near)
    if facts.pixels is None or found is None:
        return []
    import numpy as np

    from curate.copies.fingerprint import digests

    images = facts.data.images
    sizes = list(zip(images["image_width"], images["image_height"], strict=True))
    moved = np.abs(found.place - np.array([0, 0, 1, 1], np.float32)).max(axis=1, initial=0)
    still = (found.turn == 0) & (moved <= _SAME_PLACE) & (found.agreement >= _SAME_GREY)
    alike = [(a, b) for a, b in zip(found.a[still].tolist(), found.b[still].tolist(), strict=True)]
    flat: dict[tuple[bytes, Any], list[int]] = defaultdict(list)  # too flat for near-copies
    decoded = np.flatnonzero(facts.pixels.decoded)
    for row, digest in zip(decoded.tolist(), digests(facts.pixels.thumbs[decoded]), strict=True):
        flat[digest, sizes[row]].append(row)
    alike += [(rows[0], row) for rows in flat.values() for row in rows[1:]]
    row_of = {images["image"][row]: row for pair in alike for row in pair}
    likely = clusters([(a, b) for a, b in alike if sizes[a] == sizes[b]])
    same = [same_pixels(facts.tree, [images["image"][row] for row in group]) for group in likely]
    return [sorted(row_of[name] for name in names) for groups_of_one in same for names in groups_of_one]
