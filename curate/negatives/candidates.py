"""Candidates in, negatives out: those that can be read, show something, are no copies, and that pass a check.

Whatever is proposed, a background, a crop or what a model got wrong, is looked at here in the order in which
it is proposed, until there are enough. What is refused is counted, with the reason.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.copies.clusters import clusters
from curate.engine.local import map_shards
from curate.errors import UnsafePath
from curate.formats.images import ImageFacts, decode_pixels, facts_of_bytes
from curate.negatives.crops import Rectangle
from curate.negatives.ledger import NEVER, Claim
from curate.pixels.look import SIDE, Look, look_at
from curate.tree import Tree

QUALITY = 95  # of JPEG, for what is cut out or shrunk
# what every trainer reads, with the extension that says the truth
EXTENSIONS = {"jpeg": ".jpg", "mpo": ".jpg", "png": ".png", "bmp": ".bmp", "webp": ".webp"}
BLACK, WHITE, ONE_COLOUR = 16, 240, 8  # grey values of 255, as IMG009 draws the lines
FLAT = 4.0  # standard deviation of the grey values in a small part of a wall without a mark
MOSTLY = 0.75  # of the parts of a crop; one that is flat to that share shows nothing
BLURRED = 0.15  # of the sharpness that is usual in the set; a crop with less is out of focus

A_COPY_OF_THE_SET = "a copy of an image of the data set"
NEARLY_OF_THE_SET = "nearly a copy of an image of the data set"
A_COPY = "a copy of another negative"
NEARLY = "nearly a copy of another negative"


@dataclass(frozen=True)
class Candidate:
    """An image, or with `box` (xyxy, stored pixels) a part of one, that may become a negative."""

    root: Path
    source: str  # relative to `root`
    state: str  # what it would be on record as
    who: str
    why: str
    origin: str  # "folder" or "data set"
    box: Rectangle | None = None
    claims: tuple[Claim, ...] = ()  # what a model saw in it, in its own pixels
    prefix: str = "neg"  # of the new file name


@dataclass(frozen=True)
class Negative:
    """A candidate that was taken: its name in the new folder, and what its source is."""

    name: str
    candidate: Candidate
    sha256: str  # of the source
    facts: ImageFacts  # of the source


@dataclass(frozen=True)
class Choice:
    """What was taken, why other candidates were not (counted), and what the check held back.

    Suspects are like what was taken, with what the model saw as their claims, and never labelled.
    """

    chosen: tuple[Negative, ...]
    refused: Mapping[str, int]
    suspects: tuple[Negative, ...] = ()


@dataclass(frozen=True)
class Known:
    """The images of the data set, to refuse copies of them.

    `by_size` maps file sizes to paths; `thumbs` (N, SIDE, SIDE) are those of images that could be decoded.
    """

    tree: Tree
    by_size: Mapping[int, Sequence[str]]
    thumbs: NDArray[np.uint8]
    sharpness: float = 0.0  # the usual one; 0: none is known


Check = Callable[[Sequence[Candidate]], list[tuple[Claim, ...] | None]]  # None: it cannot be read
_Looked = tuple[str, ImageFacts, Look]  # SHA-256 and facts of the source, look of the candidate


def choose(
    candidates: Sequence[Candidate],
    count: int,
    known: Known,
    *,
    check: Check | None = None,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Choice:
    """The first `count` candidates that can be negatives. `check` says what a model sees in them.

    Those in which it sees something are suspects and do not count. The result is the same for any number of
    workers.
    """
    chooser = _Chooser(known)
    waiting = list(candidates)
    least = 16
    while waiting and len(chooser.chosen) < count:
        missing = count - len(chooser.chosen)
        part = max(missing + missing // 4, least)
        batch, waiting = waiting[:part], waiting[part:]
        say(f"looking at candidates: {len(chooser.chosen):,} of {count:,} found")
        looked = _look(batch, known.sharpness, workers)
        passed, done = chooser.sift(batch, looked, missing)
        waiting = batch[done:] + waiting
        if done == len(batch):  # few can be taken: larger batches, because each is compared with all images
            least = 2 * part
        claims = [()] * len(passed) if check is None or not passed else check([c for c, *_ in passed])
        for (candidate, digest, facts), seen in zip(passed, claims, strict=True):
            if seen is None:
                chooser.refused["it cannot be read"] += 1
                continue
            if seen:
                why = f"the check sees {seen[0].name} at {seen[0].confidence:.2f}"
                candidate = replace(candidate, state=NEVER, why=why, claims=seen, prefix="suspect")
            chooser.take(candidate, digest, facts)
    chosen = sorted(chooser.chosen, key=lambda negative: negative.name)
    return Choice(tuple(chosen), dict(sorted(chooser.refused.items())), tuple(chooser.suspects))


@dataclass
class _Chooser:
    known: Known
    chosen: list[Negative] = field(default_factory=list)
    suspects: list[Negative] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)
    _thumbs: list[NDArray[np.uint8]] = field(default_factory=list)  # of all that were no copies
    _digests: set[str] = field(default_factory=set)
    _hashes: dict[int, set[str]] = field(default_factory=dict)

    def sift(
        self, batch: Sequence[Candidate], looked: Sequence[_Looked | str], most: int
    ) -> tuple[list[tuple[Candidate, str, ImageFacts]], int]:
        """The first `most` of a batch that can be read and are no copies, and how many were gone through."""
        passed: list[tuple[Candidate, str, ImageFacts]] = []
        likeness = _alike(self.known.thumbs, self._thumbs, batch, looked)
        for number, (candidate, look) in enumerate(zip(batch, looked, strict=True)):
            if len(passed) == most:
                return passed, number
            why = look if isinstance(look, str) else self._copy(candidate, look)
            if why is None:
                why = likeness.why(number)
            if why is not None:
                self.refused[why] += 1
                continue
            assert not isinstance(look, str)
            digest, facts, seen = look
            likeness.took(number)
            self._thumbs.append(seen.thumb)
            self._digests.add(f"{digest} {candidate.box}")
            passed.append((candidate, digest, facts))
        return passed, len(batch)

    def take(self, candidate: Candidate, digest: str, facts: ImageFacts) -> None:
        """Give it a name and put it where its state belongs."""
        negative = Negative(new_name(candidate, facts, self.names), candidate, digest, facts)
        (self.suspects if candidate.state == NEVER else self.chosen).append(negative)

    def _copy(self, candidate: Candidate, look: _Looked) -> str | None:
        digest, facts, _ = look
        if f"{digest} {candidate.box}" in self._digests:
            return A_COPY
        if candidate.origin == "folder" and self._of_the_set(facts.bytes or 0, digest):
            return A_COPY_OF_THE_SET
        return None

    def _of_the_set(self, size: int, digest: str) -> bool:
        """Only files whose size makes a copy possible are hashed."""
        if size not in self._hashes:
            self._hashes[size] = set()
            for name in self.known.by_size.get(size, ()):
                # what cannot be read cannot be trained on either
                with suppress(OSError, UnsafePath):
                    self._hashes[size].add(self.known.tree.sha256(name).hex())
        return digest in self._hashes[size]


@dataclass(frozen=True)
class _Likeness:
    """Groups of near-copies among what is known, what was taken before, and a batch."""

    group_of: Mapping[int, int]  # number in the batch -> group, where it is like something
    of_the_set: frozenset[int]  # groups
    of_the_taken: set[int]

    def why(self, number: int) -> str | None:
        """Why a candidate of the batch cannot be taken, beside all that was taken so far."""
        group = self.group_of.get(number)
        if group in self.of_the_set:
            return NEARLY_OF_THE_SET
        return NEARLY if group in self.of_the_taken else None

    def took(self, number: int) -> None:
        """A candidate of the batch was taken."""
        if number in self.group_of:
            self.of_the_taken.add(self.group_of[number])


def _alike(
    known: NDArray[np.uint8],
    taken: Sequence[NDArray[np.uint8]],
    batch: Sequence[Candidate],
    looked: Sequence[_Looked | str],
) -> _Likeness:
    """A part of an image of the set is like its own image, so it is compared with other negatives alone."""
    from curate.copies.near import near_copies

    if all(candidate.origin != "folder" for candidate in batch):
        known = known[:0]
    numbers = [number for number, look in enumerate(looked) if not isinstance(look, str)]
    fresh = [look[2].thumb for look in looked if not isinstance(look, str)]
    found = near_copies(np.concatenate([known, *(thumb[None] for thumb in (*taken, *fresh))]))
    before, first = len(known), len(known) + len(taken)
    pairs = [
        (low, high)
        for low, high in (sorted(pair) for pair in zip(found.a.tolist(), found.b.tolist(), strict=True))
        if high >= first and (low >= before or batch[numbers[high - first]].origin == "folder")
    ]
    # two that are each like a third count as alike: near-copies are told of the first of equal ones only
    groups = clusters(pairs)
    group_of = {numbers[row - first]: i for i, rows in enumerate(groups) for row in rows if row >= first}
    of_the_set = frozenset(i for i, rows in enumerate(groups) if rows[0] < before)
    of_the_taken = {i for i, rows in enumerate(groups) if any(before <= row < first for row in rows)}
    return _Likeness(group_of, of_the_set, of_the_taken)


def _look(batch: Sequence[Candidate], sharpness: float, workers: int | None) -> list[_Looked | str]:
    """In the order of the batch; parts of one image are looked at together, so that it is decoded once."""
    order = sorted(range(len(batch)), key=lambda number: (batch[number].root, batch[number].source))
    shards = map_shards(
        partial(look_shard, sharpness=sharpness),
        [batch[number] for number in order],
        workers=workers,
        shard=16,
        in_process_below=64,
    )
    looked = [look for shard in shards for look in shard]
    return [look for _, look in sorted(zip(order, looked, strict=True), key=lambda pair: pair[0])]


def look_shard(candidates: Sequence[Candidate], *, sharpness: float) -> list[_Looked | str]:
    """What each candidate is, or why it can be none."""
    found: list[_Looked | str] = []
    last: tuple[Path, str] | None = None
    content: bytes | None = None
    pixels: NDArray[np.uint8] | None = None
    for candidate in candidates:
        if (candidate.root, candidate.source) != last:
            last, pixels = (candidate.root, candidate.source), None
            try:
                content = Tree(candidate.root).read(candidate.source)
            except (OSError, UnsafePath):
                content = None
        if content is None:
            found.append("it cannot be read")
            continue
        facts = facts_of_bytes(content)
        if facts.problem not in (None, "trailing-bytes") or not facts.width or not facts.height:
            found.append(f"damaged: {facts.problem or 'no size'}")
        elif facts.format not in EXTENSIONS:
            found.append(f"{facts.format} is not read by every trainer")
        else:
            if candidate.box is not None and pixels is None:
                pixels = decode_pixels(content)
            found.append(_looked(candidate, content, facts, pixels, sharpness))
    return found


def _looked(
    candidate: Candidate,
    content: bytes,
    facts: ImageFacts,
    pixels: NDArray[np.uint8] | None,
    sharpness: float,
) -> _Looked | str:
    if candidate.box is None:
        look = look_at(content)
    elif pixels is None:
        return "damaged: it cannot be decoded"
    else:
        x0, y0, x1, y1 = candidate.box
        look = look_at(encoded(pixels[y0:y1, x0:x1], ".jpg"))
    why = poor(look, sharpness if candidate.box is not None else 0.0)
    return why or (hashlib.sha256(content).hexdigest(), facts, look)


def poor(look: Look, sharpness: float) -> str | None:
    """Why a picture shows too little to learn from; None where it does not. `sharpness` is the usual one."""
    shown = look.figures
    if shown.darkest is None or shown.brightest is None or shown.sharpness is None:
        return "damaged: it cannot be decoded"
    if shown.brightest < BLACK or shown.darkest > WHITE or shown.brightest - shown.darkest < ONE_COLOUR:
        return "it is black, white or of one colour"
    if sharpness and _flat(look.thumb) > MOSTLY:
        return "it is flat: nothing to learn from"
    if shown.sharpness < BLURRED * sharpness:
        return "it is out of focus"
    return None


def _flat(thumb: NDArray[np.uint8]) -> float:
    """Share of a thumbnail's parts, eight by eight of them, that are of nearly one grey."""
    part = SIDE // 8
    parts = thumb.astype(np.float32).reshape(8, part, 8, part)
    return float((parts.std(axis=(1, 3)) < FLAT).mean())


def encoded(pixels: NDArray[np.uint8], suffix: str) -> bytes:
    """RGB pixels as a JPEG or PNG."""
    import cv2

    settings = [cv2.IMWRITE_JPEG_QUALITY, QUALITY] if suffix == ".jpg" else []
    done, content = cv2.imencode(suffix, np.ascontiguousarray(pixels[..., ::-1]), settings)
    assert done, "an image of this size can always be encoded"
    return bytes(content)


def new_name(candidate: Candidate, facts: ImageFacts, names: set[str]) -> str:
    """A name that is new, says where the image comes from, and has the extension of its real format."""
    stem = re.sub(r"\.[^./]*$", "", candidate.source)
    flat = re.sub(r"[\\/:*?\"<>|\x00-\x1f\uf780-\uf7ff]", "_", stem)
    flat = flat if len(flat.encode()) <= 120 else flat[-40:]
    place = "" if candidate.box is None else "_{}_{}".format(*candidate.box)
    first = new = f"{candidate.prefix}_{flat}{place}"
    number = 1
    while new.casefold() in names:  # without the extension: a.png and a.jpg would share one annotation
        number += 1
        new = f"{first}_{number}"
    names.add(new.casefold())
    extension = EXTENSIONS[str(facts.format)]
    # what is cut out of a format without loss keeps it; of the others JPEG is the smallest that all read
    return new + (extension if candidate.box is None else ".png" if extension in (".png", ".bmp") else ".jpg")
