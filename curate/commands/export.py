"""Write the hand-over folder: open, split where no lists say how, select, write, say what stayed behind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from curate import anchors as fitting
from curate import splits
from curate.dataset import Dataset
from curate.errors import ConfigError, CurateError
from curate.formats.discover import open_dataset
from curate.handover import Selection, Source, class_list, select, voc_folder, yolo_folder
from curate.handover.folder import prepare
from curate.tree import Tree, display

RATIOS: Mapping[str, float] = {"train": 0.8, "val": 0.1, "test": 0.1}
LEDGER = "negatives.jsonl"  # `curate negatives` writes one beside its images
_SHOWN = 20  # dropped things that are listed on the terminal; dataset.json has all


@dataclass(frozen=True)
class Result:
    """What was written to `out`, and what was not."""

    out: Path
    to: str
    classes: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]  # split -> images, boxes, backgrounds
    anchors: tuple[tuple[float, float], ...] | None
    dropped: tuple[Mapping[str, Any], ...]  # path, line, object, why
    not_kept: Mapping[str, int]
    notes: tuple[str, ...]


def run(
    paths: Sequence[Path],
    *,
    out: Path,
    to: str = "yolo",
    ratios: Mapping[str, float] | None = None,
    seed: int = 0,
    classes: Sequence[str] | None = None,
    keep: Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
    imgsz: int | None = None,
    link: str | None = None,
    empty_as_background: bool = False,
    overwrite: bool = False,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """Merge the data sets at `paths` into one hand-over folder.

    Each set keeps its own split lists; a set without is dealt out by `ratios`. Negatives on record and images
    that curate drew go to train only. Where a val split is missing, part of train becomes it (in proportion
    to `ratios`), because trainers ask for one. `keep` and `rename` choose and map class names; with `imgsz`
    anchors are fitted to the train boxes at that size. Raises CurateError.
    """
    if to not in ("yolo", "voc"):
        raise ConfigError(f"--to {to} is not written.", "Choose yolo or voc.")
    if link not in (None, "hard"):
        raise ConfigError(f"--link {link} is unknown.", "Say hard, or leave it out to copy.")
    trees = [Tree.open(path) for path in paths]
    say("reading")
    datasets = [open_dataset(tree, classes=classes, workers=workers) for tree in trees]
    names = class_list(datasets, rename, keep)
    _check_names(datasets, rename or {}, keep or (), names)
    say("splitting")
    notes: list[str] = []
    sources = []
    for tree, dataset in zip(trees, datasets, strict=True):
        recorded = (tree.root / LEDGER).is_file()
        split_of = _split(dataset, tree, recorded, ratios or RATIOS, seed, notes)
        sources.append(Source(dataset, tree, split_of, backgrounds_on_record=recorded))
        notes += [f"{tree.root.name}: left aside {display(path)}: {why}" for path, why in dataset.skipped]
    sources = _with_val(sources, ratios or RATIOS, seed, notes)
    selection = select(sources, names, rename=rename, empty_as_background=empty_as_background)
    if not any(item.boxes for item in selection.items):
        why = "; ".join(f"{count} x {what}" for what, count in _reasons(selection)) or "the folders are empty"
        raise CurateError(f"There is nothing to export: {why}.", f"Look at it: curate validate {paths[0]}")
    train_anchors = _anchors(selection, imgsz, seed, notes) if imgsz else None
    prepare(out, sources, overwrite=overwrite)

    def progress(done: int) -> None:
        if done % 50 == 0:
            say(f"writing {done:,} of {len(selection.items):,} images")

    hard = link == "hard"
    if to == "voc":
        content = voc_folder.write(selection, sources, out, hard_link=hard, say=progress)
        content["dropped"] = [vars(d) for d in selection.dropped]
    else:
        provenance = {
            "sources": [
                {"name": t.root.name, "format": d.format} for t, d in zip(trees, datasets, strict=True)
            ],
            "seed": seed,
        }
        content = yolo_folder.write(
            selection,
            sources,
            out,
            anchors=train_anchors,
            anchors_imgsz=imgsz or 640,
            hard_link=hard,
            provenance=provenance,
            say=progress,
        )
    return Result(
        out,
        to,
        selection.classes,
        content["counts"],
        train_anchors,
        tuple(content["dropped"]),
        selection.not_kept,
        tuple(notes),
    )


def _check_names(
    datasets: Sequence[Dataset], rename: Mapping[str, str], keep: Sequence[str], names: Sequence[str]
) -> None:
    """A name in `rename` or `keep` that no data set has is a typing mistake."""
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


def _split(
    dataset: Dataset,
    tree: Tree,
    recorded: bool,
    ratios: Mapping[str, float],
    seed: int,
    notes: list[str],
) -> list[str | None]:
    """The split of every image row: own lists, else dealt out; negatives and drawn images to train."""
    height = dataset.images.height
    if recorded:
        return ["train"] * height
    synthetic = [bool(value) for value in dataset.images["synthetic"]]
    found = splits.own(dataset)
    if found is None:
        found = [None] * height
        real = [i for i in range(height) if not synthetic[i]]
        if real:
            grouped = splits.groups(dataset, tree)
            dealt = splits.assign(splits.class_table(dataset)[real], grouped.of[real], ratios, seed)
            for i, split in zip(real, dealt, strict=True):
                found[i] = split
            shares = ", ".join(f"{name} {share:.0%}" for name, share in ratios.items())
            notes += [f"{tree.root.name}: no split lists; dealt out as {shares}", *grouped.notes]
    return ["train" if drawn else split for drawn, split in zip(synthetic, found, strict=True)]


def _with_val(
    sources: Sequence[Source], ratios: Mapping[str, float], seed: int, notes: list[str]
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
            if split == "train" and not synthetic[i] and not source.backgrounds_on_record
        ]
        if rows:
            grouped = splits.groups(source.dataset, source.tree)
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


def _anchors(
    selection: Selection, imgsz: int, seed: int, notes: list[str]
) -> tuple[tuple[float, float], ...] | None:
    wh = np.array(
        [
            ((box.xyxy[2] - box.xyxy[0]) * scale, (box.xyxy[3] - box.xyxy[1]) * scale)
            for item in selection.items
            if item.split == "train"
            for scale in [imgsz / max(item.width, item.height)]
            for box in item.boxes
        ]
    ).reshape(-1, 2)
    if not len(wh):
        notes.append("no anchors: train has no boxes")
        return None
    return tuple((float(w), float(h)) for w, h in fitting.fit(wh, 9, seed))


def _reasons(selection: Selection) -> list[tuple[str, int]]:
    return Counter(d.why for d in selection.dropped).most_common(5)


def read_ledger(folder: Path) -> list[dict[str, Any]]:
    """The decisions that `curate negatives` recorded in a folder; [] where it keeps no ledger."""
    ledger = folder / LEDGER
    if not ledger.is_file():
        return []
    return [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines() if line.strip()]


def describe(result: Result) -> str:
    """The folder for people: a table of splits, then everything that stayed behind."""
    lines = [f"wrote {result.out}", f"{'':<7}{'images':>8}{'boxes':>9}{'backgrounds':>13}"]
    for split, count in result.counts.items():
        lines.append(f"{split:<7}{count['images']:>8,}{count['boxes']:>9,}{count['backgrounds']:>13,}")
    lines.append(f"classes: {', '.join(f'{i} {name}' for i, name in enumerate(result.classes))}")
    lines += [f"note: {note}" for note in result.notes]
    if result.not_kept:
        left = ", ".join(f"{count:,} {name}" for name, count in result.not_kept.items())
        lines.append(f"left out as asked: boxes of {left}")
    if result.dropped:
        images = sum(d["object"] is None for d in result.dropped)
        lines.append(f"not exported: {images} images, {len(result.dropped) - images} single objects")
        shown = result.dropped if result.to == "voc" else result.dropped[:_SHOWN]
        for d in shown:
            place = f"{display(d['path'])}:{d['line']}" if d["line"] else display(d["path"])
            lines.append(f"  {place}: {d['why']}")
        if len(shown) < len(result.dropped):
            lines.append(f"  and {len(result.dropped) - len(shown)} more in {result.out / 'dataset.json'}")
    if result.to == "yolo":
        lines.append(f"next: trainer fit {result.out / 'data.yaml'} -o runs/first --minutes 10")
    return "\n".join(lines)
