"""Images that are the same byte for byte, or pixel for pixel. Names in, groups of rows out."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from curate.errors import UnsafePath
from curate.formats.images import decode_pixels
from curate.tree import Tree


def same_bytes(
    tree: Tree, images: Sequence[tuple[str | None, int | None]], looks: Sequence[bytes | None] | None = None
) -> list[list[int]]:
    """Groups of rows (two or more) whose files hold the same bytes; `images` are (name, size in bytes).

    Only files of equal size are read; rows without image, and files that are empty or cannot be read, are in
    no group. In the order of the rows. `looks`, one a row, are equal for equal bytes; with them fewer files
    are read.
    """
    alike: dict[tuple[int, bytes | None], list[int]] = defaultdict(list)
    for row, (name, size) in enumerate(images):
        if name is not None and size:
            alike[size, looks[row] if looks else None].append(row)
    same: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for (size, _), rows in alike.items():
        if len({images[row][0] for row in rows}) < 2:
            continue
        for row in rows:
            digest = _digest(tree, images[row][0] or "")
            if digest is not None:
                same[size, digest].append(row)
    return sorted(rows for rows in same.values() if len(rows) > 1)


def same_pixels(tree: Tree, names: Iterable[str]) -> list[list[str]]:
    """Groups of names (two or more) whose files decode to the same pixels. Every file is decoded whole."""
    same: dict[tuple[tuple[int, ...], bytes], list[str]] = defaultdict(list)
    for name in names:
        try:
            pixels = decode_pixels(tree.read(name))
        except (OSError, UnsafePath):
            continue  # `curate validate` names it as IMG004
        if pixels is not None:
            same[pixels.shape, hashlib.sha256(pixels.tobytes()).digest()].append(name)
    return [group for group in same.values() if len(group) > 1]


def _digest(tree: Tree, name: str) -> bytes | None:
    """SHA-256 of a file; None where it cannot be read (`curate validate` names it, export leaves it out)."""
    try:
        return tree.sha256(name)
    except (OSError, UnsafePath):
        return None
