"""New pictures on the disk: painted, encoded, labelled, and put on record. The manifest is written last."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from curate import __version__
from curate.engine.local import map_shards
from curate.errors import CurateError, UnsafePath
from curate.fixes.durable import sync_folder, write_file
from curate.formats.images import decode_pixels
from curate.formats.voc import VocAnnotation, VocObject, write
from curate.paste.compose import How, Job, Made, Pasted, paint_job
from curate.paste.cutouts import Cutout
from curate.paste.framing import Frame
from curate.paste.hosts.model import Box
from curate.paste.provenance import MANIFEST, manifest, source
from curate.tree import Tree, display, text_to_name


@dataclass(frozen=True)
class Naming:
    """What things are called in the new annotations. Those of the role background get no label."""

    role: str  # object, distractor, background
    name: str
    mapping: Mapping[str, str]  # of the targets' own classes


def write_images(
    queue: Sequence[Job],
    count: int,
    cutouts: Sequence[Cutout],
    how: How,
    naming: Naming,
    *,
    classes: Sequence[str],
    root: Path,
    origin: Path,
    out: Path,
    workers: int | None,
) -> list[dict[str, Any]]:
    """Paint until `count` pictures have come out well or nothing is left to try; their manifest rows.

    `root` is the data set of the targets, `origin` that of the cut-outs.
    """
    folders = out / "JPEGImages", out / "Annotations"
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    done = 0
    digests = {name: Tree(origin).sha256(name).hex() for name in sorted({c.source for c in cutouts})}
    work = partial(paint_shard, root=root, out=out, cutouts=cutouts, how=how, naming=naming, digests=digests)
    while queue and done < count:
        batch, queue = list(queue[: count - done]), queue[count - done :]
        batch.sort(key=lambda job: job.name)  # pictures of one image are neighbours, it is decoded once
        for shard in map_shards(work, batch, workers=workers, shard=16, in_process_below=24):
            rows.extend(shard)
        done = sum(row["thing"] == 1 for row in rows)
    rows.sort(key=lambda row: (row["image"], row["thing"]))
    listed = [naming.mapping.get(name, name) for name in classes]
    own = [] if naming.role == "background" else [naming.name]
    names = "".join(f"{name}\n" for name in dict.fromkeys([*listed, *own]))
    _write(out / "classes.txt", names.encode())
    for folder in folders:
        sync_folder(folder)
    # the manifest is written last, so its existence means the work completed
    _write(out / MANIFEST, manifest(rows))
    return rows


def paint_shard(
    shard: Sequence[Job],
    *,
    root: Path,
    out: Path,
    cutouts: Sequence[Cutout],
    how: How,
    naming: Naming,
    digests: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Paint and write the pictures of a shard; the manifest rows of those that came out well."""
    tree, rows = Tree(root), []
    name, content, image, digest = "", b"", None, ""
    for job in shard:
        if name != job.target.image:
            name = job.target.image
            try:
                content = tree.read(name)
            except (OSError, UnsafePath):
                content = b""
            # as displayed: the new file carries no EXIF that could turn it
            image, digest = job.target.picture(decode_pixels(content)), hashlib.sha256(content).hexdigest()
        if image is None:
            raise CurateError(f"{display(name)} cannot be read any more.", "Start again.")
        made = paint_job(job, image, content, cutouts, how)
        if made is not None:
            rows.extend(_save(made, cutouts, how, naming, digests, digest, out))
    return rows


def _save(
    made: Made,
    cutouts: Sequence[Cutout],
    how: How,
    naming: Naming,
    digests: Mapping[str, str],
    target_digest: str,
    out: Path,
) -> list[dict[str, Any]]:
    file_name = f"{made.job.name}.jpg"
    digest = hashlib.sha256(made.jpeg).hexdigest()
    own = [
        VocObject(naming.mapping.get(label.name, label.name), label.xyxy, label.difficult, label.truncated)
        for label in made.labels.labels
    ]
    rows, new = [], []
    for number, thing in enumerate(made.things, start=1):
        place = 0
        if naming.role != "background":
            new.append(_object(made, thing, naming.name))
            place = len(own) + len(new)
        row = _row(made, thing, number, cutouts[thing.placement.piece], how, naming)
        row |= {"image": file_name, "sha256": digest, "object": place, "target_sha256": target_digest}
        rows.append({**row, "cutout_sha256": digests[row["cutout_image"]]})
    annotation = VocAnnotation(
        folder="JPEGImages",
        filename=file_name,
        width=made.frame[2] - made.frame[0],
        height=made.frame[3] - made.frame[1],
        objects=[*own, *new],
        source=source(rows),
    )
    _write(out / "JPEGImages" / file_name, made.jpeg)
    _write(out / "Annotations" / f"{made.job.name}.xml", write(annotation))
    return rows


def _object(made: Made, thing: Pasted, name: str) -> VocObject:
    box = thing.painted.box
    assert box is not None
    x0, y0, x1, y1 = box
    cut_off = x0 <= 0 or y0 <= 0 or x1 >= made.job.target.width or y1 >= made.job.target.height
    return VocObject(name, _on_frame(box, made.frame), False, cut_off)


def _on_frame(box: Box, frame: Frame) -> Box:
    """A box of the target on the part of it that the new picture shows."""
    return box[0] - frame[0], box[1] - frame[1], box[2] - frame[0], box[3] - frame[1]


def _row(made: Made, thing: Pasted, number: int, cutout: Cutout, how: How, naming: Naming) -> dict[str, Any]:
    placement, painted, spot = thing.placement, thing.painted, thing.spot
    assert painted.box is not None
    return {
        "thing": number,
        "name": naming.name,
        "role": naming.role,
        "box": list(_on_frame(painted.box, made.frame)),
        "visible": round(painted.visible, 3),
        "contrast": round(painted.contrast, 1),
        "target": made.job.target.image,
        "host": spot.scene.number,
        "host_object": spot.scene.object,
        "host_name": spot.scene.name,
        "host_box": [round(v, 1) for v in _on_frame(spot.scene.host.box, made.frame)],
        "host_found": spot.found.how,
        "host_known": spot.scene.host.how,
        "relation": placement.relation,
        "grip": placement.grip,
        "prior": how.prior.how,
        "cutout_image": cutout.source,
        "cutout_object": cutout.object,
        "cutout_quality": round(cutout.quality, 3),
        "frame": list(made.frame),
        "x": round(placement.x - made.frame[0], 2),
        "y": round(placement.y - made.frame[1], 2),
        "length": round(placement.length, 2),
        "thickness": round(placement.thickness, 2),
        "angle": round(placement.angle, 4),
        "scale": round(placement.thickness / cutout.thickness, 4),
        "mirrored": placement.mirrored,
        "bend": round(placement.bend, 4),
        "taper": round(placement.taper, 4),
        "light": round(placement.light, 4),
        "score": round(placement.score, 4),
        "edge": painted.edge,
        "gain": round(painted.gain, 3),
        "blur_x": round(painted.blur[0], 3),
        "blur_y": round(painted.blur[1], 3),
        "grey": spot.scene.grey,
        "quality": made.quality,
        "updated": list(made.labels.updated),
        "dropped": list(made.labels.dropped),
        "seed": how.seed,
        "curate": __version__,
    }


def _write(path: Path, content: bytes) -> None:
    place = Path(text_to_name(str(path)))
    write_file(place, content, place.with_name(f".{place.name}.partial"))
