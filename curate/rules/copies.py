"""Images that are the same, or nearly the same, as the SET rules ask about them.

Bytes are always compared, though only files of equal size are read. Pixels are compared where `--pixels`
looks at them: files that decode to the same picture count as copies like those with the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from curate.copies.clusters import clusters
from curate.copies.exact import same_bytes, same_pixels
from curate.engine.threads import map_parts
from curate.rules.model import Facts

if TYPE_CHECKING:  # numpy is loaded only where pixels are looked at
    from curate.copies.near import NearCopies

_JPEG = ("jpeg", "mpo")


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
    return same_bytes(
        facts.tree, [(name if good else None, size) for name, size, good in names], facts.once(_looks)
    )


def _looks(facts: Facts) -> list[bytes | None] | None:
    """A digest of what each row shows, None where it could not be decoded; None without --pixels."""
    if facts.pixels is None:
        return None
    from curate.copies.fingerprint import digests

    decoded = facts.pixels.decoded.tolist()
    return [look if good else None for look, good in zip(digests(facts.pixels.thumbs), decoded, strict=True)]


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
    from curate.copies.kept import near_copies_of

    return near_copies_of(facts.pixels)


def pairs(facts: Facts) -> frozenset[tuple[int, int]]:
    """`near` as pairs of rows; ask by `facts.once(pairs)`."""
    found = facts.once(near)
    return frozenset() if found is None else frozenset(zip(found.a.tolist(), found.b.tolist(), strict=True))


def near_clusters(facts: Facts) -> list[list[int]]:
    """Rows that near-copies and copies connect; ask by `facts.once(near_clusters)`."""
    same = ((group[0], row) for group in facts.once(copied) for row in group[1:])
    return clusters([*sorted(facts.once(pairs)), *same])


def _pixel_copies(facts: Facts) -> list[list[int]]:
    """Rows whose files differ and decode to the same pixels; only likely ones are decoded whole.

    Two JPEG of the same pixels have the same thumbnail. Other formats are not scaled down while they are
    decoded, and other modes are made grey in other ways: up to 4.7 grey values apart in 270 photographs.
    """
    found, looks = facts.once(near), facts.once(_looks)
    if facts.pixels is None or found is None or looks is None:
        return []
    images = facts.data.images
    sizes = list(zip(images["image_width"], images["image_height"], strict=True))
    jpeg = [kind in _JPEG for kind in images["image_format"]]
    repeated = {row for group in facts.once(byte_copies) for row in group[1:]}  # no need to decode these
    same: dict[bytes, dict[tuple[int, int], list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, look in enumerate(looks):
        if look is not None and row not in repeated:
            same[look][sizes[row]].append(row)
    alike = [(rows[0], row) for of_size in same.values() for rows in of_size.values() for row in rows[1:]]
    for a, b in found.alike.tolist():
        one, other = same[looks[a] or b""], same[looks[b] or b""]
        for size in one.keys() & other.keys():
            if not all(jpeg[row] for row in (*one[size], *other[size])):
                alike.append((one[size][0], other[size][0]))
    row_of = {images["image"][row]: row for pair in alike for row in pair}
    likely = [[images["image"][row] for row in group] for group in clusters(alike)]
    whole = map_parts(partial(same_pixels, facts.tree), likely, workers=facts.pixels.workers)
    return [sorted(row_of[name] for name in names) for groups in whole for names in groups]
