"""Background images as recorded decisions: nobody labelled them, and somebody says that nothing is in them.

An image without a label is not a negative, it is an image that nobody has looked at. What makes it a negative
is a decision, and a decision has an author and a source. The ledger keeps one a line, as JSON.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from curate.errors import CurateError, UnsafePath
from curate.formats.images import ImageFacts, facts_of_bytes
from curate.formats.pairing import is_image_name, split_name
from curate.tree import Tree

LEDGER = "negatives.jsonl"
ADVISED = 0.1  # share of all images up to which background images are usual; more starves the classes
_EXTENSIONS = {"jpeg": ".jpg", "png": ".png", "bmp": ".bmp", "webp": ".webp"}  # what every trainer reads


@dataclass(frozen=True)
class Decision:
    """One line of the ledger. `source` is relative to the folder the images were taken from."""

    image: str
    source: str
    sha256: str
    decision: str
    who: str
    seed: int
    when: str | None = None


@dataclass(frozen=True)
class Negative:
    """A background image that was chosen: its name in the new set, where it comes from, what it is."""

    name: str
    source: str
    sha256: str
    facts: ImageFacts


@dataclass(frozen=True)
class Choice:
    """What was chosen, and why other files were not (counted)."""

    chosen: tuple[Negative, ...]
    refused: Mapping[str, int]


def wanted(labelled: int, ratio: float) -> int:
    """How many negatives make up `ratio` of all images beside so many labelled ones: 90 and 0.1 -> 10."""
    if not 0 < ratio < 1:
        raise CurateError(f"A ratio of {ratio:g} cannot be.", "Give a share of all images, such as 0.1.")
    return round(labelled * ratio / (1 - ratio))


def choose(
    backgrounds: Tree, count: int, *, seed: int, taken: Mapping[int, Sequence[str]], known: Tree
) -> Choice:
    """Up to `count` background images, drawn by the seed from all below a folder.

    `taken` maps file sizes to the image paths of `known` that have them: exact copies of those, and of each
    other, are refused, and so is what no trainer reads and what has a label beside it.
    """
    files = backgrounds.files()
    labelled = {split_name(name)[1].casefold() for name in files if name.lower().endswith((".xml", ".txt"))}
    candidates = [name for name in files if is_image_name(name)]
    order = np.random.default_rng([seed, 3]).permutation(len(candidates))
    chosen: list[Negative] = []
    refused: Counter[str] = Counter()
    seen: dict[str, str] = {}
    names: set[str] = set()
    hashes = _Hashes(known, taken)
    for index in order:
        if len(chosen) == count:
            break
        source = candidates[index]
        found = _examine(backgrounds, source, labelled)
        if isinstance(found, str):
            refused[found] += 1
            continue
        digest, facts = found
        if digest in seen:
            refused["a copy of another background"] += 1
            continue
        if hashes.has(facts.bytes or 0, digest):
            refused["a copy of an image of the data set"] += 1
            continue
        seen[digest] = source
        chosen.append(Negative(_name(source, facts, names), source, digest, facts))
    chosen.sort(key=lambda negative: negative.name)
    return Choice(tuple(chosen), dict(sorted(refused.items())))


def _examine(tree: Tree, name: str, labelled: set[str]) -> tuple[str, ImageFacts] | str:
    """(SHA-256, facts) of a file that can be a negative, or why it cannot."""
    if split_name(name)[1].casefold() in labelled:
        return "a label lies beside it"
    try:
        content = tree.read(name)
    except (OSError, UnsafePath):
        return "it cannot be read"
    facts = facts_of_bytes(content)
    if facts.problem not in (None, "trailing-bytes") or not facts.width or not facts.height:
        return f"damaged: {facts.problem or 'no size'}"
    if facts.format not in _EXTENSIONS:
        return f"{facts.format} is not read by every trainer"
    return hashlib.sha256(content).hexdigest(), facts


class _Hashes:
    """SHA-256 of the known images, computed only for those whose size makes a copy possible."""

    def __init__(self, tree: Tree, by_size: Mapping[int, Sequence[str]]) -> None:
        self._tree = tree
        self._by_size = by_size
        self._known: dict[int, set[str]] = {}

    def has(self, size: int, digest: str) -> bool:
        if size not in self._known:
            self._known[size] = set()
            digests = (self._digest(name) for name in self._by_size.get(size, ()))
            self._known[size].update(d for d in digests if d is not None)
        return digest in self._known[size]

    def _digest(self, name: str) -> str | None:
        try:
            return hashlib.sha256(self._tree.read(name)).hexdigest()
        except (OSError, UnsafePath):
            return None  # what cannot be read cannot be trained on either


def _name(source: str, facts: ImageFacts, names: set[str]) -> str:
    """A name that is new, says where the image comes from, and has the extension of its real format."""
    stem = re.sub(r"\.[^./]*$", "", source)
    flat = re.sub(r"[\\/:*?\"<>|\x00-\x1f\uf780-\uf7ff]", "_", stem)
    flat = flat if len(flat.encode()) <= 120 else flat[-40:]
    extension = _EXTENSIONS[str(facts.format)]
    new, number = f"neg_{flat}", 1
    while new.casefold() in names:  # without the extension: a.png and a.jpg would share one annotation
        number += 1
        new = f"neg_{flat}_{number}"
    names.add(new.casefold())
    return new + extension


def ledger(decisions: Sequence[Decision]) -> bytes:
    """One JSON object a line, in the order given; what is not known is left out."""
    rows = ({k: v for k, v in asdict(d).items() if v is not None} for d in decisions)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
