"""The folder that `curate negatives` writes: images, object-less annotations, a ledger, contact sheets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.commands.negatives_sources import Wish, shown
from curate.engine.local import map_shards
from curate.errors import CurateError
from curate.fixes.durable import sync_folder, write_file
from curate.formats.images import facts_of_bytes
from curate.formats.voc import VocAnnotation, write
from curate.negatives.candidates import Negative, encoded
from curate.negatives.ledger import LEDGER, NEVER, Claim, Decision, dump
from curate.negatives.pictures import Picture
from curate.negatives.sheet import Shown, contact_sheet
from curate.negatives.standing import DATABASE
from curate.tree import Tree, display

_MOST_SHOWN = 120  # suspects on a sheet


def write_folder(
    out: Path,
    taken: Sequence[Negative],
    suspects: Sequence[Negative],
    wish: Wish,
    *,
    when: str | None,
    lists: bool,
    workers: int | None,
) -> tuple[Path, ...]:
    """Write what was taken into `out`; returns the contact sheets. With `lists` all of it is in train.

    Suspects are drawn, and written as well where they are among what was taken.
    """
    for folder in ("JPEGImages", "Annotations"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    work = partial(write_shard, out=out, max_side=wish.max_side, when=when, seed=wish.seed)
    shards = map_shards(work, taken, workers=workers, shard=32, in_process_below=128)
    decisions = sorted((row for shard in shards for row in shard), key=lambda row: row.image)
    if lists:
        stems = "".join(f"{Path(row.image).stem}\n" for row in decisions)
        (out / "ImageSets" / "Main").mkdir(parents=True, exist_ok=True)
        _write(out / "ImageSets" / "Main" / "train.txt", stems.encode())
    for folder in ("JPEGImages", "Annotations"):
        sync_folder(out / folder)
    sheets = _sheets(out, wish, decisions, suspects)
    # the ledger is written last, so its existence means the work completed
    _write(out / LEDGER, dump(decisions))
    return sheets


def write_shard(
    negatives: Sequence[Negative], *, out: Path, max_side: int | None, when: str | None, seed: int
) -> list[Decision]:
    """Write images and their annotations; what is on record of them."""
    return [_write_one(negative, out, max_side, when, seed) for negative in negatives]


def _write_one(negative: Negative, out: Path, max_side: int | None, when: str | None, seed: int) -> Decision:
    candidate, name = negative.candidate, negative.name
    content = Tree(candidate.root).read(candidate.source)
    if hashlib.sha256(content).hexdigest() != negative.sha256:
        raise CurateError(f"{display(candidate.source)} changed meanwhile.", "Start again.")
    claims = candidate.claims
    longer = max(negative.facts.width or 0, negative.facts.height or 0)
    if candidate.box is not None or (max_side is not None and longer > max_side):
        # as it is displayed, because a new file carries no EXIF
        picture = Picture.of(content, candidate.box)
        if picture is None:
            cure = "Leave out --max-side to copy it as it is."
            raise CurateError(f"{display(candidate.source)} cannot be decoded.", cure)
        pixels, scale = shrunk(picture.pixels, max_side)
        claims = tuple(_scaled(claim, scale) for claim in picture.shown(claims))
        suffix = ".jpg" if candidate.box is None else Path(name).suffix
        content, name = encoded(pixels, suffix), f"{Path(name).stem}{suffix}"
    made, sha256 = facts_of_bytes(content), hashlib.sha256(content).hexdigest()
    # says that the missing objects are a decision, for whoever has the annotation and not the ledger
    said = {"database": DATABASE, "annotation": candidate.state, "image": display(candidate.source)}
    width, height = made.width or 0, made.height or 0
    annotation = VocAnnotation("JPEGImages", name, width, height, made.channels or 3, source=said)
    _write(out / "JPEGImages" / name, content)
    _write(out / "Annotations" / f"{Path(name).stem}.xml", write(annotation))
    return Decision(
        image=f"JPEGImages/{name}",
        decision=candidate.state,
        who=candidate.who,
        sha256=sha256,
        bytes=len(content),
        when=when,
        why=candidate.why,
        source=candidate.source,
        origin=candidate.origin,
        source_sha256=None if sha256 == negative.sha256 else negative.sha256,
        box=candidate.box,
        claims=claims,
        seed=seed,
    )


def shrunk(pixels: NDArray[np.uint8], max_side: int | None) -> tuple[NDArray[np.uint8], float]:
    """(pixels, scale): the longer side is brought down to `max_side`."""
    import cv2

    longer = max(pixels.shape[:2])
    if max_side is None or longer <= max_side:
        return pixels, 1.0
    zoom = max_side / longer
    size = (max(1, round(pixels.shape[1] * zoom)), max(1, round(pixels.shape[0] * zoom)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), zoom


def _scaled(claim: Claim, scale: float) -> Claim:
    if scale == 1:
        return claim
    x0, y0, x1, y1 = (round(value * scale, 1) for value in claim.xyxy)
    return replace(claim, xyxy=(x0, y0, x1, y1))


def _sheets(
    out: Path, wish: Wish, decisions: Sequence[Decision], suspects: Sequence[Negative]
) -> tuple[Path, ...]:
    """Contact sheets in OUT/.curate, where they are no images of the data set."""
    made: list[Path] = []
    negatives = [row for row in decisions if row.decision != NEVER]
    if wish.sheet and negatives:
        order = np.random.default_rng([wish.seed, 7]).permutation(len(negatives))[: wish.sheet]
        some = [negatives[i] for i in sorted(order)]
        pictures = (Shown.of(Picture.of((out / one.image).read_bytes()), one.claims) for one in some)
        made.append(_sheet(out, "sheet.png", pictures))
    if suspects:
        candidates = [suspect.candidate for suspect in suspects[:_MOST_SHOWN]]
        made.append(_sheet(out, "suspects.png", (Shown.of(shown(one), one.claims) for one in candidates)))
    return tuple(made)


def _sheet(out: Path, name: str, pictures: Iterable[Shown]) -> Path:
    target = out / ".curate" / name
    target.parent.mkdir(exist_ok=True)
    _write(target, encoded(contact_sheet(pictures), ".png"))
    return target


def _write(path: Path, content: bytes) -> None:
    write_file(path, content, path.with_name(f".{path.name}.partial"))
