"""Data sets opened, dealt out to splits and selected from: all that an export needs before it writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate import splits
from curate.anchors import Shapes
from curate.dataset import Dataset
from curate.errors import ConfigError, CurateError
from curate.formats.discover import open_dataset
from curate.handover.selection import Selection, Source, class_list, select
from curate.negatives.ledger import BY_MODEL
from curate.negatives.standing import Standings, standings
from curate.negatives.standing import digest as digest_of
from curate.paste.provenance import lineage
from curate.tree import Tree, display

if TYPE_CHECKING:
    from trainer.anchor_choice import Choice

RATIOS: Mapping[str, float] = {"train": 0.8, "val": 0.1, "test": 0.1}


@dataclass(frozen=True)
class Assembly:
    """The data sets of one export, opened, split and selected from; nothing is written yet."""

    sources: tuple[Source, ...]
    selection: Selection
    notes: tuple[str, ...]


def assemble(
    paths: Sequence[Path],
    *,
    ratios: Mapping[str, float] | None = None,
    seed: int = 0,
    classes: Sequence[str] | None = None,
    keep: Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
    empty_as_background: bool = False,
    group: splits.Grouping = splits.groups,
    workers: int | None = None,
) -> Assembly:
    """Open the data sets at `paths`, split them, and select what a trainer can use. Raises CurateError.

    Each set keeps its own split lists; a set without is dealt out by `ratios`. Negatives on record, where no
    list has them, and images that curate drew go to train, and stay here where they show what a val or test
    image shows. What a model alone calls a negative judges nothing: it stays here where a list has it in val
    or test. Where a val split is missing, part of train becomes it (in proportion to `ratios`), because
    trainers ask for one. `classes` is the declared list of every set; `keep` and `rename` choose and map
    names. `group` says which images of a set must not be separated (`splits.PixelGroups` where pixels are to
    be looked at).
    """
    trees = [Tree.open(path) for path in paths]
    datasets = [open_dataset(tree, classes=classes, workers=workers) for tree in trees]
    names = class_list(datasets, rename, keep)
    check_names(datasets, rename or {}, keep or (), names)
    notes: list[str] = []
    sources = []
    for tree, dataset in zip(trees, datasets, strict=True):
        found = standings(dataset, tree)
        split_of = split_rows(dataset, tree, found, ratios or RATIOS, seed, notes, group)
        sources.append(Source(dataset, tree, split_of, found.of, _by_model_alone(dataset, found, split_of)))
        notes += [
            f"{tree.root.name}: {line.file}:{line.line} cannot be read: {display(line.why)}"
            for line in found.ledger.unread
        ]
        notes += [f"{tree.root.name}: left aside {display(path)}: {why}" for path, why in dataset.skipped]
    sources = _without_leaks(_with_val(sources, ratios or RATIOS, seed, notes, group))
    selection = select(sources, names, rename=rename, empty_as_background=empty_as_background)
    if not any(item.boxes for item in selection.items):
        why = "; ".join(f"{count} x {what}" for what, count in _reasons(selection)) or "the folders are empty"
        raise CurateError(f"There is nothing to export: {why}.", f"Look at it: curate validate {paths[0]}")
    return Assembly(tuple(sources), selection, tuple(notes))


class TrainBoxes(NamedTuple):
    """What of the train boxes anchors and levels are chosen by."""

    wh: Shapes  # (N, 2) pixels, images letterboxed to the training size
    image: NDArray[np.int64]  # (N,) numbers the image of each
    classes: NDArray[np.int64]  # (N,)


def train_boxes(selection: Selection, imgsz: int) -> TrainBoxes:
    """The boxes of the train split."""
    rows = [
        ((box.xyxy[2] - box.xyxy[0]) * scale, (box.xyxy[3] - box.xyxy[1]) * scale, number, box.label)
        for number, item in enumerate(item for item in selection.items if item.split == "train")
        for scale in [imgsz / max(item.width, item.height)]
        for box in item.boxes
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return TrainBoxes(table[:, :2], table[:, 2].astype(np.int64), table[:, 3].astype(np.int64))


def choose_anchors(
    selection: Selection,
    imgsz: int,
    *,
    strides: Sequence[int] | Literal["auto"] | None = None,
    anchor_t: float | None = None,
    seed: int = 0,
) -> Choice | None:
    """Anchors for the train boxes at `imgsz`, fitted or published, whichever is advised; None without boxes.

    `strides` are the levels of the network: the usual ones, or with "auto" those that the boxes need.
    """
    from trainer import levels  # loads no torch
    from trainer.anchor_choice import choose
    from trainer.anchors import THRESHOLD

    found = train_boxes(selection, imgsz)
    if not len(found.wh):
        return None
    usual = levels.advise(found.wh, found.classes)
    chosen = usual.strides if strides == "auto" else tuple(strides or usual.usual)
    return choose(
        found.wh,
        found.image,
        imgsz=imgsz,
        strides=chosen,
        anchor_t=anchor_t or THRESHOLD,
        seed=seed,
        classes=found.classes,
    )


def check_names(
    datasets: Sequence[Dataset], rename: Mapping[str, str], keep: Sequence[str], names: Sequence[str]
) -> None:
    """Raises ConfigError: a name in `rename` or `keep` that no data set has is a typing mistake."""
    there = {name for data in datasets for name in data.class_names()}
    there |= {name for data in datasets for name in data.objects["name"].drop_nulls().unique()}
    for name in rename:
        if name not in there:
            raise ConfigError(f"There is no class {name!r} to rename.", _choices(there))
    for name in keep:
        if name not in there | set(rename.values()):
            raise ConfigError(f"There is no class {name!r} to keep.", _choices(there))
    if not names:
        raise CurateError("The data sets name no class.", "Give the list: --classes hand,cigarette")


def _choices(names: set[str]) -> str:
    return "There are: " + ", ".join(sorted(names)) + "."


def split_rows(
    dataset: Dataset,
    tree: Tree,
    found: Standings,
    ratios: Mapping[str, float],
    seed: int,
    notes: list[str],
    group: splits.Grouping = splits.groups,
) -> list[str | None]:
    """The split of every image row: own lists, else dealt out; negatives and drawn images to train."""
    height = dataset.images.height
    synthetic = [bool(value) for value in dataset.images["synthetic"]]
    dealt_out = splits.own(dataset)
    if dealt_out is None:
        dealt_out = ["train"] * height
        decided = {row for row, standing in found.of.items() if standing.decision or standing.is_negative}
        real = [i for i in range(height) if not synthetic[i] and i not in decided]
        if real:
            grouped = group(dataset, tree)
            dealt = splits.assign(splits.class_table(dataset)[real], grouped.of[real], ratios, seed)
            for i, split in zip(real, dealt, strict=True):
                dealt_out[i] = split
            shares = ", ".join(f"{name} {share:.0%}" for name, share in ratios.items())
            notes += [f"{tree.root.name}: no split lists; dealt out as {shares}", *grouped.notes]
    return ["train" if drawn else split for drawn, split in zip(synthetic, dealt_out, strict=True)]


def _by_model_alone(dataset: Dataset, found: Standings, split_of: Sequence[str | None]) -> dict[str, str]:
    """Images of val and test that nobody but a model calls backgrounds, and why they stay here."""
    images = dataset.images["image"].to_list()
    return {
        images[row]: f"{BY_MODEL}: nobody has looked, so it cannot judge in {split_of[row]}"
        for row, standing in found.of.items()
        if standing.state == BY_MODEL and split_of[row] in ("val", "test") and images[row] is not None
    }


def _with_val(
    sources: Sequence[Source],
    ratios: Mapping[str, float],
    seed: int,
    notes: list[str],
    group: splits.Grouping,
) -> list[Source]:
    """The sources, with part of train as val where no source has one."""
    if any("val" in source.split_of for source in sources):
        return list(sources)
    share = ratios.get("val", 0.0)
    if share <= 0:
        notes.append("no val split was asked for; most trainers demand one")
        return list(sources)
    result = []
    for source in sources:
        synthetic = source.dataset.images["synthetic"]
        rows = [
            i
            for i, split in enumerate(source.split_of)
            if split == "train"
            and not synthetic[i]
            and not (i in source.standings and source.standings[i].is_negative)
        ]
        if rows:
            grouped = group(source.dataset, source.tree)
            counts = splits.class_table(source.dataset)[rows]
            rest = ratios.get("train", 0.0)
            two = {"train": rest / (rest + share), "val": share / (rest + share)}
            split_of = list(source.split_of)
            for i, split in zip(rows, splits.assign(counts, grouped.of[rows], two, seed), strict=True):
                split_of[i] = split
            taken = split_of.count("val")
            notes.append(f"{source.tree.root.name}: no val list; {taken} images of train became val")
            source = replace(source, split_of=split_of)
        result.append(source)
    return result


def _without_leaks(sources: Sequence[Source]) -> list[Source]:
    """The sources, without drawn images whose target or cut-out comes from a val or test image, and without
    negatives that are cut from one."""
    judged: dict[str, str] = {}  # by name, as the ledger names what a part was cut from
    digests: dict[str, str] = {}
    anything_drawn = any(
        source.dataset.images["synthetic"].fill_null(value=False).any() for source in sources
    )
    for source in sources:
        for image, split in zip(source.dataset.images["image"], source.split_of, strict=True):
            if split in ("val", "test") and image is not None:
                judged[image] = split
                # what cannot be read judges nothing
                if anything_drawn and (digest := digest_of(source.tree, image)) is not None:
                    digests[digest] = f"{image}, which is in {split}"
    return [
        replace(source, withheld={**source.withheld, **_cut_from(source, judged), **_leaks(source, digests)})
        for source in sources
    ]


def _cut_from(source: Source, judged: Mapping[str, str]) -> dict[str, str]:
    """Negatives that are parts of a judged image, by its name -> why they must not go out."""
    images = source.dataset.images["image"].to_list()
    withheld = {}
    for row, standing in source.standings.items():
        decision, image = standing.decision, images[row]
        whole = decision.source if decision is not None and decision.origin == "data set" else None
        if whole is not None and whole in judged and image is not None:
            withheld[image] = f"it is cut from {whole}, which is in {judged[whole]}"
    return withheld


def _leaks(source: Source, judged: Mapping[str, str]) -> dict[str, str]:
    """Drawn images that hold pixels of a judged one, by its SHA-256 -> why they must not go out."""
    withheld = {}
    rows = source.dataset.images.select("image", "annotation", "synthetic").rows()
    for image, annotation, drawn in rows:
        if drawn and image is not None:
            for digest, part in sorted(lineage(source.tree.read(annotation)).parents.items()):
                if digest in judged:
                    withheld[image] = f"its {part} comes from {judged[digest]}"
    return withheld


def _reasons(selection: Selection) -> list[tuple[str, int]]:
    return Counter(d.why for d in selection.dropped).most_common(5)
