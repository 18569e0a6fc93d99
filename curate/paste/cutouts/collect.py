"""All things of a data set, or of a folder of pictures with alpha: tables in, cut-outs and refusals out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import polars as pl

from curate.arrays import Pixels, Plane
from curate.dataset import Dataset, drawn_on
from curate.engine.local import begin_shards
from curate.errors import CurateError, UnsafePath
from curate.formats.images import MAX_PIXELS, facts_of_bytes
from curate.formats.outlines import Key, MaskFile, Outline, Polygons, draw, find_outlines
from curate.geometry import as_boxes, clip, displayed, opposite, rotate_for_exif
from curate.paste.cutouts.cutting import Both, Given, cut, cut_both
from curate.paste.cutouts.kin import harmonise
from curate.paste.cutouts.mask_model import load
from curate.paste.cutouts.masked import box_of
from curate.paste.cutouts.model import GOOD, WAYS, Box, Cutout, Refusal
from curate.paste.greyness import colourless
from curate.paste.hosts.names import folded
from curate.paste.targets import training_images
from curate.tree import Tree, display

_BROKEN_IMAGE = ("empty", "not-an-image", "truncated", "no-header", "unreadable")
_WITH_ALPHA = (".png", ".webp", ".tif", ".tiff")
_PILOT = 16  # boxes of a class that are looked at first: is it long and thin?
_ENOUGH = 4  # of them must be told
_TOLD = 0.3  # quality from which a shape is believed

Place = tuple[int, int]  # of a thing: number of its picture, and its own in there
Shape = Mapping[str, bool]  # whether a class is long and thin, where that is known


@dataclass(frozen=True)
class Thing:
    """One object to be cut out; its box on the stored pixels, None where only an outline says where it is."""

    object: int  # 1-based, in its annotation
    name: str
    box: Box | None
    outlines: tuple[Outline, ...] = ()


@dataclass(frozen=True)
class Picture:
    """An image and the things in it. `width` and `height` are those of the picture that outlines lie on."""

    image: str
    things: tuple[Thing, ...]
    width: int
    height: int
    turned: int = 1  # EXIF orientation, where outlines lie on the picture as it is displayed


def pictures(
    dataset: Dataset, tree: Tree, wanted: Sequence[str], ways: Sequence[str] = WAYS
) -> tuple[list[Picture], Counter[str]]:
    """(images with things of the wanted classes, all if none is named; why others were left aside).

    Where the set has split lists, only training images are used: a piece of a test image in a training image
    would be learnt by heart. A folder of pictures without annotations gives those with alpha, each one thing.
    """
    if not dataset.objects.height:
        return _bare(dataset, wanted), Counter()
    names = called(dataset.objects["name"].drop_nulls().unique().to_list(), wanted)
    training, left = training_images(dataset), Counter[str]()
    usable: dict[int, dict[str, Any]] = {}
    for row in dataset.images.iter_rows(named=True):
        reason = _why_not(row, training)
        if reason is None:
            usable[row["image_id"]] = row
        elif row["annotation"] is not None:
            left[reason] += 1
    kept: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in dataset.boxes.filter(pl.col("name").is_in(names)).iter_rows(named=True):
        if row["image_id"] in usable and not row["difficult"]:
            kept[row["image_id"]].append(row)
    outlines = _outlines(dataset.format, tree, usable, kept) if {"polygon", "mask"} & set(ways) else {}
    found = []
    for image_id, rows in kept.items():
        picture = _picture(usable[image_id], rows, outlines, left, dataset.format)
        if picture.things:
            found.append(picture)
    found.sort(key=lambda p: p.image)
    return found, left


def called(there: Iterable[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """The class names that are meant, all where none is named; case and blanks do not count.

    Raises CurateError, listing the classes there are, where one that was named is not there.
    """
    classes = sorted(set(there))
    if not wanted:
        return tuple(classes)
    found: dict[str, None] = {}
    for name in wanted:
        same = [c for c in classes if c == name] or [c for c in classes if folded(c) == folded(name)]
        if not same:
            listed = ", ".join(repr(display(c)) for c in classes[:20]) or "none"
            raise CurateError(
                f"No class is called {display(name)}; the classes there are: {listed}.",
                "Name those to cut out: --object CLASS,CLASS",
            )
        found.update(dict.fromkeys(same))
    return tuple(found)


def chosen(found: Sequence[Picture], most: int, seed: int) -> list[Picture]:
    """Pictures drawn at random until they have `most` things, in their order."""
    total, taken = 0, []
    for index in np.random.default_rng([seed, 1]).permutation(len(found)):
        if total >= most:
            break
        taken.append(int(index))
        total += len(found[index].things)
    return [found[index] for index in sorted(taken)]


def collect(
    root: Path,
    found: Sequence[Picture],
    *,
    ways: Sequence[str] = WAYS,
    model: Path | None = None,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> list[Cutout | Refusal]:
    """One cut-out or refusal a thing, in order; things of one class compared. Raises CurateError."""
    work = partial(cut_all, root=root, ways=tuple(ways), model=None if model is None else str(model))
    say("looking at shapes")
    pilot = _pilot(found)
    tried = _run(partial(work, shapes={}), _these(found, pilot), workers, lambda _: None)
    shapes = _shapes([both.got for both in tried if isinstance(both.got, Cutout)])
    # the pilot's are done, except those of compact things, which are cut in another way
    results: dict[Place, Cutout | Refusal] = {}
    for place, both in zip(pilot, tried, strict=True):
        long = shapes.get(_thing(found, place).name)
        if long is not False:
            results[place] = both.long if long else both.got
    places = [(i, j) for i, picture in enumerate(found) for j in range(len(picture.things))]
    rest, done = [place for place in places if place not in results], len(results)
    cut = _run(
        partial(work, shapes=shapes),
        _these(found, rest),
        workers,
        lambda n: say(f"cutting out, {done + n:,} of {len(places):,}"),
    )
    results.update(zip(rest, (both.got for both in cut), strict=True))
    in_order = [results[place] for place in places]
    kin = iter(harmonise([got for got in in_order if isinstance(got, Cutout)]))
    return [next(kin) if isinstance(got, Cutout) else got for got in in_order]


def _run(
    work: Callable[[Sequence[Picture]], list[Both]],
    found: Sequence[Picture],
    workers: int | None,
    done: Callable[[int], None],
) -> list[Both]:
    results: list[Both] = []
    for shard in begin_shards(work, found, workers=workers, shard=4, in_process_below=9):
        results.extend(shard)
        done(len(results))
    return results


def cut_all(
    shard: Sequence[Picture], *, root: Path, ways: tuple[str, ...], model: str | None, shapes: Shape
) -> list[Both]:
    """One cut-out or refusal a thing, in order."""
    cv2.setNumThreads(1)  # every core has a worker of its own
    tree, results = Tree(root), list[Both]()
    network = None if model is None or "model" not in ways else load(model)
    for picture in shard:
        image, alpha = _read(tree, picture.image)
        grey = image is not None and colourless(image)
        for thing in picture.things:
            if image is None:
                both = Both.sure(Refusal("the image cannot be read", box=thing.box))
            else:
                given = next(_given(tree, picture, thing, image, alpha, ways), None)
                box = thing.box if given is None else box_of(given.solid)
                long = shapes.get(thing.name)
                if box is None or (given is None and not {"box", "model"} & set(ways)):
                    both = Both.sure(Refusal("no outline", box=thing.box))
                elif given is None and "box" not in ways:
                    got = cut(image, box, model=network, long=long)
                    if isinstance(got, Cutout) and got.way != "model":
                        got = Refusal("the model sees nothing", box=box)
                    both = Both.sure(got)
                else:
                    both = cut_both(image, box, long=long, given=given, model=network)
            named = partial(_named, picture=picture, thing=thing, grey=grey)
            results.append(
                Both.sure(named(both.got))
                if both.got is both.long
                else Both(named(both.got), named(both.long))
            )
    return results


def _named(got: Cutout | Refusal, *, picture: Picture, thing: Thing, grey: bool) -> Cutout | Refusal:
    """With where it comes from."""
    if isinstance(got, Cutout):  # a white thing on white is not black and white, its photograph is
        got = replace(got, grey=grey)
    return replace(got, source=picture.image, object=thing.object, name=thing.name)


def _given(
    tree: Tree, picture: Picture, thing: Thing, image: Pixels, alpha: Plane | None, ways: Sequence[str]
) -> Iterator[Given]:
    """Its known outlines as masks of the stored pixels, the surest first."""
    height, width = image.shape[:2]
    for outline in thing.outlines:
        way = "polygon" if isinstance(outline, Polygons) else "mask"
        if way not in ways:
            continue
        on = _shown(thing.box, picture, width, height) if isinstance(outline, MaskFile) else None
        mask = draw(outline, picture.width, picture.height, on, tree)
        stored = None if mask is None else displayed(mask, opposite(picture.turned))
        if stored is not None and stored.shape == (height, width):
            yield Given(stored, way)
    if alpha is not None and "alpha" in ways:
        if thing.box is not None:
            inside = np.zeros_like(alpha)
            x0, y0, x1, y1 = (round(v) for v in thing.box)
            inside[max(y0, 0) : y1, max(x0, 0) : x1] = alpha[max(y0, 0) : y1, max(x0, 0) : x1]
            alpha = inside
        if (alpha > 0.5).any():
            yield Given(alpha, "alpha", exact=True)


def _shown(box: Box | None, picture: Picture, width: int, height: int) -> Box | None:
    """A box of the stored pixels on the picture that outlines lie on."""
    if box is None:
        return box
    size = (height, width) if picture.turned >= 5 else (width, height)
    x0, y0, x1, y1 = rotate_for_exif(as_boxes([box]), opposite(picture.turned), *size)[0]
    return float(x0), float(y0), float(x1), float(y1)


def _read(tree: Tree, name: str) -> tuple[Pixels | None, Plane | None]:
    """((H, W, 3) RGB, (H, W) alpha 0 .. 1 or None where all is opaque); None where it cannot be decoded."""
    try:
        content = tree.read(name)
    except (OSError, UnsafePath):
        return None, None
    facts = facts_of_bytes(content)
    if not 0 < (facts.width or 0) * (facts.height or 0) <= MAX_PIXELS:
        return None, None
    alpha = None
    array = np.frombuffer(content, np.uint8)
    try:
        if facts.format in ("png", "webp", "tiff"):
            whole = cv2.imdecode(array, cv2.IMREAD_UNCHANGED)
            if whole is not None and whole.ndim == 3 and whole.shape[2] == 4:
                alpha = whole[..., 3].astype(np.float32) / np.iinfo(whole.dtype).max
        bgr = cv2.imdecode(array, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None, None
    if bgr is None:
        return None, None
    if alpha is not None and (alpha.min() > 0.99 or alpha.shape != bgr.shape[:2]):
        alpha = None
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), alpha


# --- what there is to cut out -------------------------------------------------------------------------


def _bare(dataset: Dataset, wanted: Sequence[str]) -> list[Picture]:
    """The images of a folder without annotations: each one thing, if it has an alpha channel."""
    rows = [
        row
        for row in dataset.images.iter_rows(named=True)
        if row["image"] is not None and str(row["image"]).lower().endswith(_WITH_ALPHA)
    ]
    if not rows:
        raise CurateError(
            f"{display(str(dataset.root))} has no labelled object, and no picture that could have alpha.",
            "Name a data set with boxes, or a folder of PNG or WebP pictures without background.",
        )
    if len(wanted) != 1:
        raise CurateError(
            "These pictures have no annotations, so nothing says what they show.",
            "Name their class: --object NAME",
        )
    name = wanted[0]
    return [
        Picture(str(r["image"]), (Thing(1, name, None),), r["image_width"] or 0, r["image_height"] or 0)
        for r in sorted(rows, key=lambda r: str(r["image"]))
    ]


def _why_not(row: Mapping[str, object], training: set[int] | None) -> str | None:
    if row["image"] is None or row["image_problem"] in _BROKEN_IMAGE or not row["image_width"]:
        return "no image that can be read"
    if row["synthetic"]:
        return "drawn by curate already"
    if training is not None and row["image_id"] not in training:
        return "not in the training split"
    return None


def _outlines(
    format: str,
    tree: Tree,
    usable: Mapping[int, Mapping[str, object]],
    kept: Mapping[int, Sequence[Mapping[str, object]]],
) -> dict[Key, list[Outline]]:
    wanted: dict[str, list[int]] = defaultdict(list)
    images: dict[str, str] = {}
    for image_id, rows in kept.items():
        annotation = str(usable[image_id]["annotation"])
        images[annotation] = str(usable[image_id]["image"])
        wanted[annotation].extend(int(str(row["object"])) for row in rows)
    boxed = {
        (str(usable[image_id]["annotation"]), int(str(row["object"])))
        for image_id, rows in kept.items()
        for row in rows
        if format == "yolo" and not row["polygon"]
    }
    return find_outlines(tree, format, wanted, images, boxed)


def _picture(
    image: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    outlines: Mapping[Key, Sequence[Outline]],
    left: Counter[str],
    layout: str,
) -> Picture:
    width, height = int(str(image["image_width"])), int(str(image["image_height"]))
    turned = 1
    things = []
    several = Counter(row["object"] for row in rows)
    for row in rows:
        number = int(str(row["object"]))
        if several[row["object"]] > 1:
            left["an object with several boxes"] += row["box"] == 1
            continue
        turned = drawn_on(layout, image, row["frame_width"])
        box = _box(row, turned, width, height)
        known = tuple(outlines.get((str(image["annotation"]), number), ()))
        if box is None and not known:
            left["an object without a box"] += 1
            continue
        things.append(Thing(number, str(row["name"]), box, known))
    on = (height, width) if turned >= 5 else (width, height)
    return Picture(str(image["image"]), tuple(things), *on, turned)


def _box(row: Mapping[str, object], turned: int, width: int, height: int) -> Box | None:
    corners = [row[side] for side in ("xmin", "ymin", "xmax", "ymax")]
    if any(corner is None for corner in corners):
        return None
    box = as_boxes([[float(str(corner)) for corner in corners]])
    box = rotate_for_exif(box, turned, width, height)
    x0, y0, x1, y1 = (float(v) for v in clip(box, width, height)[0])
    return (x0, y0, x1, y1) if x1 - x0 >= 1 and y1 - y0 >= 1 else None


# --- what shape they have -----------------------------------------------------------------------------


def _pilot(found: Sequence[Picture]) -> list[Place]:
    """Some things of each class that have nothing but a box, spread evenly over all pictures."""
    places: dict[str, list[Place]] = defaultdict(list)
    for i, picture in enumerate(found):
        for j, thing in enumerate(picture.things):
            if not thing.outlines and thing.box is not None:
                places[thing.name].append((i, j))
    taken: list[Place] = []
    for some in places.values():
        if len(some) > _PILOT // 2:
            spread = np.linspace(0, len(some) - 1, min(_PILOT, len(some))).round().astype(int)
            taken.extend(some[index] for index in spread)
    return sorted(taken)


def _these(found: Sequence[Picture], places: Sequence[Place]) -> list[Picture]:
    """The pictures with the things at these places alone; `places` in order."""
    kept: dict[int, list[Thing]] = defaultdict(list)
    for place in places:
        kept[place[0]].append(_thing(found, place))
    return [replace(found[index], things=tuple(things)) for index, things in kept.items()]


def _thing(found: Sequence[Picture], place: Place) -> Thing:
    return found[place[0]].things[place[1]]


def _shapes(tried: Sequence[Cutout]) -> dict[str, bool]:
    """Whether most of a class are bars; only classes of which that can be told."""
    bars: dict[str, list[bool]] = defaultdict(list)
    for cutout in tried:
        if cutout.way == "box" and cutout.quality >= _TOLD:
            bars[cutout.name].append(cutout.bar)
    return {name: bool(np.mean(some) >= 0.5) for name, some in bars.items() if len(some) >= _ENOUGH}


def split(
    results: Sequence[Cutout | Refusal], least: float = GOOD
) -> tuple[list[Cutout], list[Cutout], list[Refusal]]:
    """(good, too poor, refused)."""
    cutouts = [got for got in results if isinstance(got, Cutout)]
    good, poor = ([c for c in cutouts if (c.quality >= least) is want] for want in (True, False))
    return good, poor, [got for got in results if isinstance(got, Refusal)]
