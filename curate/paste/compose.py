"""Pictures of a data set -> cut-outs, hands with placements, painted pictures. Writes nothing.

Every function here takes a shard and is pure, so that any number of processes gives the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from curate.errors import CurateError
from curate.formats.images import read_pixels
from curate.paste.blend import Painted, local_edge, paint
from curate.paste.cutouts import Cutout, Refusal, cut
from curate.paste.hands import describe
from curate.paste.placement import MIN_LONG_SIDE, Piece, Placement, Relation, Scene, generator, place
from curate.paste.skin import Pixels, is_grey
from curate.paste.targets import Label, Target
from curate.tree import Tree

MIN_VISIBLE = 0.35  # share of the thing's area that must be seen
MIN_CONTRAST = 22.0  # grey levels; a white thing on white paper teaches that nothing is something
MIN_SHORT_SIDE = 4.0  # pixels at an image size of 640; BOX008 calls less a box that is hardly learnt
MAX_BLUR = 2.6  # pixels of blur around a hand, more shows no finger
MIN_HAND = 40.0  # pixels of a hand at an image size of 640


@dataclass(frozen=True)
class Source:
    """A picture and the boxes to cut things from."""

    image: str
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class Job:
    """One new picture to be made: placements to try, in order."""

    target: Target
    scene: Scene
    placements: tuple[Placement, ...]
    number: int  # the how manieth with this hand
    name: str  # of the new picture, without extension


@dataclass(frozen=True)
class Made:
    """One new picture."""

    job: Job
    placement: Placement
    painted: Painted
    jpeg: bytes


def cut_all(shard: Sequence[Source], *, root: Path) -> list[Cutout | Refusal]:
    """One cut-out or refusal a label, in order."""
    tree, found = Tree(root), []
    for source in shard:
        image = read_pixels(tree, source.image)
        for label in source.labels:
            got = Refusal("the image cannot be read") if image is None else cut(image, label.xyxy)
            found.append(replace(got, source=source.image, object=label.object))
    return found


def piece_of(cutout: Cutout) -> Piece:
    """What placement needs to know of a cut-out."""
    return Piece(
        cutout.length,
        cutout.thickness,
        cutout.edge,
        cutout.bar,
        cutout.grey,
        cutout.held_known,
        cutout.quality,
    )


def place_all(
    shard: Sequence[tuple[Target, tuple[Label, ...]]],
    *,
    root: Path,
    pieces: Sequence[Piece],
    relation: Relation,
    seed: int,
) -> list[tuple[Target, Scene, list[Placement], str | None]]:
    """One row a host: its scene and placements, the best first, or why there are none."""
    tree, found = Tree(root), []
    for target, hosts in shard:
        image = read_pixels(tree, target.image)
        if image is None or image.shape[:2] != (target.height, target.width):
            raise CurateError(
                f"{target.image} changed while it was being read.", "Start again when nothing writes there."
            )
        for host in hosts:
            hand = describe(image, host.xyxy)
            others = tuple(label.xyxy for label in target.labels if label.object != host.object)
            edge = local_edge(image, hand)
            x0, y0, x1, y1 = hand.window
            grey = is_grey(image[y0:y1, x0:x1])
            scene = Scene(
                target.image, host.object, host.name, target.width, target.height, hand, others, edge, grey
            )
            reason = None
            placements: list[Placement] = []
            if hand.size * 640 / max(target.width, target.height) < MIN_HAND:
                reason = "the hand is too small"
            elif edge > MAX_BLUR:
                reason = "the hand is blurred"
            else:
                placements = place(scene, pieces, relation, seed)
                reason = None if placements else "nothing fits the hand"
            found.append((target, scene, placements, reason))
    return found


def paint_job(job: Job, image: Pixels, cutouts: Sequence[Cutout], *, seed: int, quality: int) -> Made | None:
    """The first of the job's placements that can be seen well; None where none can."""
    rng = generator(seed, job.target.image, 1000 * job.scene.object + job.number)
    for placement in job.placements:
        painted = paint(image, cutouts[placement.piece], job.scene.hand, placement, rng, grey=job.scene.grey)
        if painted.box is None or painted.visible < MIN_VISIBLE or painted.contrast < MIN_CONTRAST:
            continue
        x0, y0, x1, y1 = painted.box
        scale = 640 / max(job.target.width, job.target.height)
        if max(x1 - x0, y1 - y0) * scale < MIN_LONG_SIDE or min(x1 - x0, y1 - y0) * scale < MIN_SHORT_SIDE:
            continue
        return Made(job, placement, painted, encode_jpeg(painted.image, quality))
    return None


def encode_jpeg(image: Pixels, quality: int) -> bytes:
    """(H, W, 3) RGB as JPEG."""
    bgr = np.ascontiguousarray(image[..., ::-1])
    ok, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:  # only for images over JPEG's 65,500 pixels a side
        raise CurateError(f"An image of {image.shape[1]} x {image.shape[0]} cannot be JPEG.", "Shrink it.")
    return bytes(encoded)


def encode_png(image: Pixels) -> bytes:
    """(H, W, 3) RGB as PNG."""
    ok, encoded = cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))
    if not ok:
        raise CurateError(f"An image of {image.shape[1]} x {image.shape[0]} cannot be PNG.", "Shrink it.")
    return bytes(encoded)
