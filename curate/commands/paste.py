"""Make new training images: objects cut out of one data set, held by the hands of another."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate import __version__
from curate.dataset import Dataset
from curate.engine.local import map_shards
from curate.errors import CurateError, OutputExists
from curate.fixes.durable import sync_folder, write_file
from curate.formats.discover import open_dataset
from curate.formats.images import read_pixels
from curate.formats.voc import SYNTHETIC_SOURCE, VocAnnotation, VocObject, write
from curate.paste.compose import (
    Job,
    Made,
    Source,
    cut_all,
    encode_png,
    paint_job,
    piece_of,
    place_all,
)
from curate.paste.cutouts import Cutout, Refusal, harmonise
from curate.paste.placement import Relation, Scene, learn
from curate.paste.sheet import Shown, contact_sheet
from curate.paste.targets import Label, Target, free_hosts, held_pairs, match_classes, targets
from curate.tree import Tree, display, text_to_name

MANIFEST = "manifest.jsonl"
_GOOD_CUTOUT = 0.42  # quality below which a cut-out is not used
_MOST_CUTOUTS = 600  # boxes looked at; more would not make the pictures more varied
_AGAIN = 0.85  # each further picture with the same hand is worth that much less than a new hand
_MOST_AGAIN = 4
_GOOD_PLACEMENT = 0.42


@dataclass(frozen=True)
class Result:
    """What was made. `refused` and `left_aside` count reasons: of boxes to cut out, of target images."""

    out: Path
    made: int
    asked: int
    cutouts: int
    boxes: int
    refused: Mapping[str, int]
    hands: int
    left_aside: Mapping[str, int]
    relation: Relation
    hosts: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Settings:
    seed: int
    quality: int
    name: str  # of the pasted object in the new annotations
    mapping: Mapping[str, str]
    out: Path


def run(
    path: Path,
    *,
    onto: Sequence[str],
    name: str,
    count: int,
    out: Path,
    source: Path | None = None,
    rename: str | None = None,
    mapping: Mapping[str, str] | None = None,
    seed: int = 0,
    quality: int = 95,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """Write `count` new images with annotations to `out`: objects called `name` of `source`, held by hosts.

    `onto` names classes of `path` ("hands" is every usual name of a hand); `rename` is the object's class in
    the new annotations, `mapping` renames the targets' own classes there. Raises CurateError.
    """
    _check(path, out, count, quality)
    say("reading the targets")
    tree = Tree.open(path)
    dataset = open_dataset(tree, workers=workers)
    images, left = targets(dataset)
    hosts = match_classes(_names(dataset), onto)
    say("reading the objects")
    origin = dataset if source is None else open_dataset(Tree.open(source), workers=workers)
    sources, _ = (images, left) if source is None else targets(origin)
    label = match_classes(_names(origin), [name])
    say("cutting out")
    cutouts, boxes, refused = _cutouts(sources, label, origin.root, seed, workers)
    relation = _relation(sources, label, onto)
    settings = _Settings(seed, quality, rename or name, mapping or {}, out)

    say("looking at hands")
    candidates, hand_count = _candidates(
        images, hosts, tree.root, cutouts, relation, count, seed, workers, left
    )
    say("painting")
    out_images, out_annotations = out / "JPEGImages", out / "Annotations"
    for folder in (out_images, out_annotations):
        folder.mkdir(parents=True, exist_ok=True)
    records = _paint(candidates, count, cutouts, tree.root, settings, workers)
    names = [settings.mapping.get(n, n) for n in _names(dataset)]
    classes = list(dict.fromkeys([*names, settings.name]))
    _write(out / "classes.txt", "".join(f"{c}\n" for c in classes).encode())
    for folder in (out_images, out_annotations):
        sync_folder(folder)
    # the manifest is written last, so its existence means the work completed
    lines = [json.dumps(r, ensure_ascii=False, sort_keys=True) + "\n" for r in records]
    _write(out / MANIFEST, "".join(lines).encode())
    notes = []
    if len(records) < count:
        notes.append(
            f"only {len(records)} of {count} could be made: {hand_count} hands gave no more that look right"
        )
    return Result(
        out=out,
        made=len(records),
        asked=count,
        cutouts=len(cutouts),
        boxes=boxes,
        refused=dict(refused.most_common()),
        hands=hand_count,
        left_aside=dict(left.most_common()),
        relation=relation,
        hosts=hosts,
        notes=tuple(notes),
    )


def describe(result: Result) -> str:
    """The result for people, several lines."""
    relation = result.relation
    known = (
        f"learnt from {relation.learned_from} pairs of host and object"
        if relation.learned_from
        else "built in (fewer than 20 labelled pairs of host and object to learn from)"
    )
    lines = [
        f"{result.made} new images in {display(str(result.out))}",
        f"  {result.cutouts} cut-outs out of {result.boxes} boxes",
        *(f"    not cut out: {count} x {why}" for why, count in result.refused.items()),
        f"  {result.hands} hosts ({', '.join(result.hosts)})",
        *(f"    left aside: {count} x {why}" for why, count in result.left_aside.items()),
        f"  sizes: {known}",
        *(f"  {note}" for note in result.notes),
    ]
    return "\n".join(lines)


def sheet(out: Path, n: int = 40, seed: int = 0) -> Path:
    """Draw `n` random pictures of a finished run side by side; returns the path, OUT/.curate/sheet.png."""
    manifest = out / MANIFEST
    if not manifest.is_file():
        raise CurateError(f"{out} holds no {MANIFEST}.", "Name the folder that curate paste has written.")
    records = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    chosen = np.random.default_rng(seed).permutation(len(records))[:n]
    shown = [
        Shown(
            out / "JPEGImages" / records[i]["image"],
            tuple(records[i]["box"]),
            tuple(records[i]["host"]["box"]),
        )
        for i in sorted(chosen)
    ]
    # reading a data set passes this folder over: the sheet is no image of it
    target = out / ".curate" / "sheet.png"
    target.parent.mkdir(exist_ok=True)
    _write(target, encode_png(contact_sheet(shown)))
    return target


def _check(path: Path, out: Path, count: int, quality: int) -> None:
    if count < 1:
        raise CurateError(f"{count} images cannot be made.", "Give --count at least 1.")
    if not 1 <= quality <= 100:
        raise CurateError(f"A JPEG quality of {quality} does not exist.", "Give one from 1 to 100.")
    if out.resolve() == path.resolve() or path.resolve() in out.resolve().parents:
        raise CurateError(
            f"{out} lies inside {path}; new images would become part of the data they are made from.",
            "Name a folder elsewhere.",
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputExists(f"{out} is there already and not empty.", "Name a new folder, or empty this one.")


def _names(dataset: Dataset) -> list[str]:
    return sorted(set(dataset.objects["name"].drop_nulls().to_list()))


def _cutouts(
    images: Sequence[Target], names: Sequence[str], root: Path, seed: int, workers: int | None
) -> tuple[list[Cutout], int, Counter[str]]:
    """(good ones, boxes looked at, why the others are none)."""
    sources = [Source(t.image, labels) for t in images if (labels := _called(t, names))]
    order = np.random.default_rng([seed, 1]).permutation(len(sources))
    chosen, total = [], 0
    for index in order:
        if total >= _MOST_CUTOUTS:
            break
        chosen.append(int(index))
        total += len(sources[index].labels)
    shards = map_shards(
        partial(cut_all, root=root),
        [sources[i] for i in sorted(chosen)],
        workers=workers,
        shard=8,
        in_process_below=16,
    )
    tried = [got for shard in shards for got in shard]
    refused = Counter(got.reason for got in tried if isinstance(got, Refusal))
    good = harmonise([got for got in tried if isinstance(got, Cutout)])
    best = [c for c in good if c.quality >= _GOOD_CUTOUT]
    if not best and good:  # better a poor one than none; the quality stands in the manifest
        best = sorted(good, key=lambda c: -c.quality)[:5]
    refused["too poor"] += len(good) - len(best)
    if not best:
        reasons = ", ".join(f"{n} {reason}" for reason, n in refused.most_common() if n) or "there are none"
        raise CurateError(
            f"None of {len(tried)} boxes of {', '.join(names)} gave a cut-out: {reasons}.",
            "Name a data set with larger, clearer objects: --from DIR",
        )
    return best, len(tried), +refused


def _called(target: Target, names: Sequence[str]) -> tuple[Label, ...]:
    return tuple(label for label in target.labels if label.name in names and not label.difficult)


def _relation(images: Sequence[Target], names: Sequence[str], onto: Sequence[str]) -> Relation:
    """How the object lies in its host where both are labelled in the data set it comes from."""
    there = {label.name for target in images for label in target.labels}
    try:
        hosts = match_classes(there, onto)
    except CurateError:  # that data set has no hands
        return learn([])
    return learn([pair for name in names for pair in held_pairs(images, hosts, name)])


def _candidates(
    images: Sequence[Target],
    hosts: Sequence[str],
    root: Path,
    cutouts: Sequence[Cutout],
    relation: Relation,
    count: int,
    seed: int,
    workers: int | None,
    left: Counter[str],
) -> tuple[list[Job], int]:
    """(pictures that could be made, the best first; hands they are made with)."""
    usable = []
    for target in images:
        if free := free_hosts(target, hosts):
            usable.append((target, tuple(free)))
        else:
            left["no free hand"] += 1
    # a hand in three is refused; more images than that would only cost time
    order = np.random.default_rng([seed, 2]).permutation(len(usable))[: max(3 * count, 24)]
    work = partial(place_all, root=root, pieces=[piece_of(c) for c in cutouts], relation=relation, seed=seed)
    shards = map_shards(
        work, [usable[i] for i in sorted(order)], workers=workers, shard=8, in_process_below=16
    )
    rows = [row for shard in shards for row in shard]
    left.update(reason for *_, reason in rows if reason)
    placed = [(target, scene, placements) for target, scene, placements, _ in rows if placements]
    # as few pictures of one hand as the count allows: each takes its share of the hand's placements
    scores = np.array([placements[0].score for *_, placements in placed])
    shares = 1
    while shares < _MOST_AGAIN and _enough(scores, shares) < 1.3 * count:
        shares += 1
    jobs: list[tuple[float, Job]] = []
    for target, scene, placements in placed:
        for number in range(shares):
            if own := tuple(placements[number::shares]):
                job = Job(target, scene, own, number, _new_name(target, scene, number))
                jobs.append((own[0].score * _AGAIN**number, job))
    jobs.sort(key=lambda j: (-j[0], j[1].name))
    return [job for _, job in jobs], len(placed)


def _enough(scores: NDArray[np.float64], shares: int) -> int:
    """How many good pictures there are where each hand may be used `shares` times."""
    return int(sum((scores * _AGAIN**n >= _GOOD_PLACEMENT).sum() for n in range(shares)))


def _new_name(target: Target, scene: Scene, number: int) -> str:
    """Unique among the new pictures: the path of the old one, its hand, the how manieth."""
    stem = re.sub(r"\.[^./]*$", "", target.image)
    flat = re.sub(r"[\\/:*?\"<>|\x00-\x1f\uf780-\uf7ff]", "_", stem)
    short = flat if len(flat.encode()) <= 120 else flat[-40:]
    return f"{short}_paste{scene.object}_{number}"


def _paint(
    candidates: Sequence[Job],
    count: int,
    cutouts: Sequence[Cutout],
    root: Path,
    settings: _Settings,
    workers: int | None,
) -> list[dict[str, Any]]:
    """Paint until `count` pictures have come out well or nothing is left to try; their records, by name."""
    records: list[dict[str, Any]] = []
    queue = _unique(candidates)
    while queue and len(records) < count:
        batch, queue = queue[: count - len(records)], queue[count - len(records) :]
        batch.sort(key=lambda job: job.name)  # pictures of one image are neighbours, it is decoded once
        work = partial(paint_shard, root=root, cutouts=cutouts, settings=settings)
        for shard in map_shards(work, batch, workers=workers, shard=16, in_process_below=24):
            records.extend(shard)
    return sorted(records, key=lambda r: str(r["image"]))


def _unique(jobs: Sequence[Job]) -> list[Job]:
    """Names may fall together once flattened, or where case does not count: the later ones get a tail."""
    seen: Counter[str] = Counter()
    out = []
    for job in jobs:
        key = job.name.casefold()
        seen[key] += 1
        if seen[key] > 1:
            job = Job(job.target, job.scene, job.placements, job.number, f"{job.name}_{seen[key]}")
        out.append(job)
    return out


def paint_shard(
    jobs: Sequence[Job], *, root: Path, cutouts: Sequence[Cutout], settings: _Settings
) -> list[dict[str, Any]]:
    """Paint and write the pictures of a shard; the manifest rows of those that came out well."""
    tree, records = Tree(root), []
    loaded: tuple[str, Any] = ("", None)
    for job in jobs:
        if loaded[0] != job.target.image:
            loaded = (job.target.image, read_pixels(tree, job.target.image))
        if loaded[1] is None:
            raise CurateError(f"{display(job.target.image)} cannot be read any more.", "Start again.")
        made = paint_job(job, loaded[1], cutouts, seed=settings.seed, quality=settings.quality)
        if made is not None:
            records.append(_save(made, cutouts[made.placement.piece], settings))
    return records


def _save(made: Made, cutout: Cutout, settings: _Settings) -> dict[str, Any]:
    job, placement, painted = made.job, made.placement, made.painted
    assert painted.box is not None
    record: dict[str, Any] = {
        "image": f"{job.name}.jpg",
        "object": settings.name,
        "box": list(painted.box),
        "target": job.target.image,
        "host": {"object": job.scene.object, "name": job.scene.host, "box": list(job.scene.hand.box)},
        "cutout": {
            "image": cutout.source,
            "object": cutout.object,
            "quality": round(cutout.quality, 3),
        },
        "placement": {
            k: round(v, 3) if isinstance(v, float) else v
            for k, v in asdict(placement).items()
            if k not in ("image", "object", "host", "piece")
        },
        "hand": job.scene.hand.how,
        "scale": round(placement.length / cutout.length, 4),
        "visible": round(painted.visible, 3),
        "contrast": round(painted.contrast, 1),
        "edge": painted.edge,
        "gain": round(painted.gain, 3),
        "blur": round(painted.added_blur, 3),
        "seed": settings.seed,
        "curate": __version__,
    }
    own = [
        VocObject(settings.mapping.get(label.name, label.name), label.xyxy, label.difficult, label.truncated)
        for label in job.target.labels
    ]
    x0, y0, x1, y1 = painted.box
    cut = x0 <= 0 or y0 <= 0 or x1 >= job.target.width or y1 >= job.target.height
    told = {k: record[k] for k in ("target", "cutout", "scale", "edge", "seed")}
    annotation = VocAnnotation(
        folder="JPEGImages",
        filename=f"{job.name}.jpg",
        width=job.target.width,
        height=job.target.height,
        objects=[*own, VocObject(settings.name, painted.box, False, cut)],
        source={
            "database": SYNTHETIC_SOURCE,
            "annotation": json.dumps(told, ensure_ascii=False, sort_keys=True),
        },
    )
    _write(settings.out / "JPEGImages" / f"{job.name}.jpg", made.jpeg)
    _write(settings.out / "Annotations" / f"{job.name}.xml", write(annotation))
    return record


def _write(path: Path, content: bytes) -> None:
    place = Path(text_to_name(str(path)))
    write_file(place, content, place.with_name(f".{place.name}.partial"))
