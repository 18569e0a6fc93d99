"""Pictures of a data set -> cut-outs, hosts with placements, painted pictures. Writes nothing.

Every function here takes a shard and is pure, so that any number of processes gives the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels
from curate.errors import CurateError
from curate.formats.images import read_pixels
from curate.paste.blend.grain import encode_jpeg, jpeg_quality
from curate.paste.blend.light import greyed
from curate.paste.blend.paint import Look, Painted, paint
from curate.paste.blend.surroundings import Surroundings, look
from curate.paste.blend.warp import window_of
from curate.paste.covering import Relabelled, relabel, shares
from curate.paste.cutouts import Cutout, Refusal
from curate.paste.framing import Frame, frame, within
from curate.paste.greyness import colourless
from curate.paste.hosts.find import Finder, describe
from curate.paste.hosts.model import Found
from curate.paste.placement.choose import anywhere, place
from curate.paste.placement.model import (
    MAX_COVER,
    MIN_LONG_SIDE,
    TRAINED_AT,
    Piece,
    Placement,
    Scene,
    generator,
)
from curate.paste.rectangles import rectangle, upright
from curate.paste.relations import Prior
from curate.paste.targets import Label, Target
from curate.tree import Tree, display

MIN_VISIBLE = 0.35  # share of the thing's area that must be seen
MIN_CONTRAST = 22.0  # grey levels; a white thing on white paper teaches that nothing is something
MIN_SHORT_SIDE = 4.0  # pixels at an image size of 640; BOX008 calls less a box that is hardly learnt
MAX_BLUR = 2.6  # pixels of blur around a host, more shows no finger
MIN_FREE = 0.6  # below, a hand holds something already
_MIN_HOST = {"hand": 40.0, "mouth": 14.0, "thing": 24.0}  # size in pixels at an image size of 640
USUAL_QUALITY = 95  # of a JPEG made of a picture that is none


@dataclass(frozen=True)
class Source:
    """A picture and the boxes to cut things from."""

    image: str
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class Looked:
    """A host as it was looked at: its scene, its surroundings, its placements, or why there are none."""

    target: Target
    found: Found
    scene: Scene
    here: Surroundings
    placements: tuple[Placement, ...]
    reason: str | None


@dataclass(frozen=True)
class Spot:
    """One thing of a new picture: where it may go, in order."""

    scene: Scene
    found: Found
    here: Surroundings
    placements: tuple[Placement, ...]


@dataclass(frozen=True)
class Job:
    """One new picture to be made."""

    target: Target
    spots: tuple[Spot, ...]
    number: int  # the how manieth with its first host
    name: str  # of the new picture, without extension


@dataclass(frozen=True)
class Pasted:
    """One thing in a new picture."""

    spot: Spot
    placement: Placement
    painted: Painted


@dataclass(frozen=True)
class Made:
    """One new picture."""

    job: Job
    things: tuple[Pasted, ...]
    labels: Relabelled
    frame: Frame  # the part of the target that it shows
    jpeg: bytes
    quality: int


@dataclass(frozen=True)
class How:
    """What a run asks of every picture."""

    prior: Prior
    finder: Finder
    seed: int
    anywhere: bool = False  # at random places, for comparison
    boxes: bool = False  # rectangles, not cut-outs, for comparison
    grey: float = 0.0  # share of pictures in colour that become grey
    quality: int | None = None  # of the new JPEGs; None: as the photograph's
    cover: float = MAX_COVER
    ratios: tuple[float, ...] = ()  # sizes of things in their photographs, see framing.py; (): show all
    edge: str | None = None  # one way to join edges instead of the mix


def rectangles(shard: Sequence[Source], *, root: Path) -> list[Cutout | Refusal]:
    """One rectangle or refusal a label, in order."""
    tree, found = Tree(root), []
    for source in shard:
        image = read_pixels(tree, source.image)
        for label in source.labels:
            if image is None:
                got: Cutout | Refusal = Refusal("the image cannot be read")
            else:
                got = rectangle(image, label.xyxy)
            found.append(replace(got, source=source.image, object=label.object))
    return found


def look_all(shard: Sequence[Target], *, root: Path, pieces: Sequence[Piece], how: How) -> list[Looked]:
    """One row a host: what it looks like, where things may go, the best first, or why nowhere."""
    cv2.setNumThreads(1)  # processes share the cores; threads of each would fight for them
    tree, rows = Tree(root), []
    for target in shard:
        image = target.picture(read_pixels(tree, target.image))
        if image is None or image.shape[:2] != (target.height, target.width):
            raise CurateError(
                f"{display(target.image)} changed while it was being read.",
                "Start again when nothing writes there.",
            )
        grey = colourless(image) or generator(how.seed, target.image, 5).uniform() < how.grey
        for number, (found, turn) in enumerate(how.finder.find(image, target), start=1):
            rows.append(_look_at(image, target, found, turn, number, pieces, how, grey))
    return rows


def _look_at(
    image: Pixels,
    target: Target,
    found: Found,
    turn: float,
    number: int,
    pieces: Sequence[Piece],
    how: How,
    grey: bool,
) -> Looked:
    host = describe(image, found, turn)
    here = look(image, host)
    others = tuple(label.xyxy for label in target.labels if label.object != found.object)
    scene = Scene(
        image=target.image,
        object=found.object,
        name=found.name,
        number=number,
        width=target.width,
        height=target.height,
        host=host,
        others=others,
        edge=here.edge,
        grey=grey,
        cover=how.cover,
    )
    placements: list[Placement] = []
    if host.size * TRAINED_AT / max(target.width, target.height) < _MIN_HOST[host.kind]:
        reason: str | None = f"the {host.kind} is too small"
    elif here.edge > MAX_BLUR and host.kind != "thing":
        reason = f"the {host.kind} is blurred"
    elif host.free < MIN_FREE:
        reason = f"the {host.kind} holds something"
    else:
        placements = place(scene, pieces, how.prior, how.seed)
        if how.anywhere:
            moved = [anywhere(scene, p, how.seed, i) for i, p in enumerate(placements)]
            placements = [p for p in moved if p is not None]
        reason = None if placements else f"nothing fits the {host.kind}"
    return Looked(target, found, scene, here, tuple(placements), reason)


def paint_job(job: Job, image: Pixels, content: bytes, cutouts: Sequence[Cutout], how: How) -> Made | None:
    """The job's things, each in the first of its places in which it can be seen well; None where none can.

    `content` are the bytes of the photograph, from which the grain of the new one is told.
    """
    original = _grey_picture(image) if job.spots[0].scene.grey and not colourless(image) else image
    canvas = original.copy()
    covered = np.zeros(image.shape[:2], bool)
    jpeg = jpeg_quality(content)
    things: list[Pasted] = []
    for index, spot in enumerate(job.spots):
        rng = generator(how.seed, job.target.image, spot.scene.number, job.number, index)
        others = [label.xyxy for label in job.target.labels if label.object != spot.found.object]
        others += [t.painted.box for t in things if t.painted.box is not None]
        for placement in spot.placements:
            if how.boxes:
                placement = upright(placement, cutouts[placement.piece])
            painted = _try(canvas, original, cutouts, spot, placement, jpeg, others, covered, how, rng)
            if painted is not None:
                things.append(Pasted(spot, placement, painted))
                break
    if not things:
        return None
    quality, halved = jpeg or (USUAL_QUALITY, False)
    if how.quality is not None:
        quality, halved = how.quality, halved and how.quality < 90
    part = _frame(job, things, how)
    labels = relabel(job.target.labels, covered)
    inside, outside = within(labels.labels, part)
    cut = np.ascontiguousarray(canvas[part[1] : part[3], part[0] : part[2]])
    return Made(
        job,
        tuple(things),
        Relabelled(inside, labels.updated, (*labels.dropped, *outside)),
        part,
        encode_jpeg(cut, quality, halved),
        quality,
    )


def _frame(job: Job, things: Sequence[Pasted], how: How) -> Frame:
    size = job.target.width, job.target.height
    if not how.ratios:
        return 0, 0, *size
    rng = generator(how.seed, job.target.image, job.spots[0].scene.number, job.number, 13)
    ratio = float(np.quantile(how.ratios, rng.uniform()))
    boxes = [thing.painted.box for thing in things if thing.painted.box is not None]
    hosts = [] if how.anywhere else [thing.spot.scene.host.box for thing in things]
    return frame(size, boxes, hosts, ratio, rng)


def _try(
    canvas: Pixels,
    original: Pixels,
    cutouts: Sequence[Cutout],
    spot: Spot,
    placement: Placement,
    jpeg: tuple[int, bool] | None,
    others: Sequence[tuple[float, float, float, float]],
    covered: NDArray[np.bool_],
    how: How,
    rng: np.random.Generator,
) -> Painted | None:
    """Paint it if it can be seen well and hides no other label; else leave the canvas as it was."""
    # blocks of a file that is written at the photograph's own quality come by themselves
    grain = jpeg if how.quality is not None and jpeg is not None and jpeg[0] < how.quality else None
    manner = Look(spot.here, spot.scene.grey, grain, how.edge)
    x0, y0, x1, y1 = window_of(canvas, placement)
    before = canvas[y0:y1, x0:x1].copy()
    painted = paint(canvas, original, cutouts[placement.piece], spot.scene.host, placement, manner, rng)
    if painted.box is None:
        return None
    if _seen_well(painted, placement, spot.scene, how):
        now = covered.copy()
        now[y0:y1, x0:x1] |= painted.solid
        if not others or max(shares(others, now)) <= how.cover:
            covered[y0:y1, x0:x1] |= painted.solid
            return painted
    canvas[y0:y1, x0:x1] = before
    return None


def _seen_well(painted: Painted, placement: Placement, scene: Scene, how: How) -> bool:
    assert painted.box is not None
    x0, y0, x1, y1 = painted.box
    scale = TRAINED_AT / max(scene.width, scene.height)
    return (
        painted.visible >= MIN_VISIBLE
        and (painted.contrast >= MIN_CONTRAST or how.boxes)
        and max(x1 - x0, y1 - y0) * scale >= MIN_LONG_SIDE
        and min(x1 - x0, y1 - y0) * scale >= MIN_SHORT_SIDE
    )


def _grey_picture(image: Pixels) -> Pixels:
    return np.clip(greyed(image.astype(np.float32)) + 0.5, 0, 255).astype(np.uint8)


def encode_png(image: Pixels) -> bytes:
    """(H, W, 3) RGB as PNG."""
    ok, encoded = cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))
    if not ok:
        raise CurateError(f"An image of {image.shape[1]} x {image.shape[0]} cannot be PNG.", "Shrink it.")
    return encoded.tobytes()
