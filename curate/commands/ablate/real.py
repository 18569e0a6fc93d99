"""The real photographs of an ablation: which there are, which hang together, which judge whom.

They are written once, as a hand-over folder, and every arm is judged by these same files. Beside them lie the
backgrounds that are kept back from the [negatives] step, and those left for it (`backgrounds.py`).
Nothing that curate drew and no background on record is among the photographs.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from curate import splits
from curate.commands import export as exporting
from curate.commands import run_steps
from curate.commands.ablate import backgrounds as without_objects
from curate.commands.ablate.backgrounds import Background
from curate.commands.ablate.plan import Plan
from curate.commands.run_state import State
from curate.copies.clusters import clusters
from curate.copies.near import near_copies
from curate.dataset import Dataset
from curate.errors import CurateError
from curate.fixes.durable import write_json
from curate.formats.discover import open_dataset
from curate.handover.assembly import Assembly, check_names
from curate.handover.selection import Selection, Source, class_list, select
from curate.negatives.standing import standings
from curate.pixels import PixelReader, Pixels
from curate.tree import Tree, display

NAME = "real.json"
_SCHEMA = 1
_IMGSZ = 640  # at which sizes of boxes are told apart, as in splits
_SHOWN = 5  # names in a note

Say = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Photograph:
    """A real, labelled photograph that judges. Boxes are in stored pixels."""

    source: int  # which of the data sets
    key: str  # what identifies it there, before and after a repair
    image: str  # its path there
    file: str  # below the folder of the ablation
    width: int
    height: int
    sha256: tuple[str, ...]  # of the original, and of the file where an EXIF tag made it another
    group: int  # photographs of one group are never separated, nor drawn one by one
    boxes: tuple[tuple[int, float, float, float, float], ...]  # class, xyxy


@dataclass(frozen=True)
class Real:
    """What judges, on record in real.json, and in backgrounds.json those of [ablate] backgrounds."""

    classes: tuple[str, ...]
    photographs: tuple[Photograph, ...]
    backgrounds: tuple[Background, ...]
    left_for_training: str | None  # folder of the backgrounds that may train, below the ablation's
    trained: tuple[tuple[int, str], ...]  # without folds: (source, key) of the set's own train list
    notes: tuple[str, ...]

    @property
    def groups(self) -> NDArray[np.int64]:
        """Group of each photograph: (N,)."""
        return np.array([photograph.group for photograph in self.photographs], np.int64)


def load(plan: Plan) -> Real | None:
    """What is on record; None where it was never made to the end."""
    told = _record(plan)
    if told is None or (counted := without_objects.load(plan, told["classes"])) is None:
        return None
    held = [Background(**row) for row in told["backgrounds"]]
    backgrounds = without_objects.together(held, counted.pictures)
    notes = [*told["notes"], *counted.notes]
    if not backgrounds:
        notes.append("no backgrounds were given, so false positives are counted on the photographs alone")
    return Real(
        classes=tuple(told["classes"]),
        photographs=tuple(
            Photograph(**{**row, "sha256": tuple(row["sha256"]), "boxes": tuple(map(tuple, row["boxes"]))})
            for row in told["photographs"]
        ),
        backgrounds=backgrounds,
        left_for_training=told["left_for_training"],
        trained=tuple((source, key) for source, key in told["trained"]),
        notes=tuple(notes),
    )


def _record(plan: Plan) -> dict[str, Any] | None:
    """real.json; None where it was never written."""
    try:
        told: dict[str, Any] = json.loads((plan.real_folder / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if told.get("key") != plan.real_key:
        raise CurateError(f"{plan.real_folder} belongs to other data.", "Remove that folder.")
    return told


def make(plan: Plan, say: Say) -> Real:
    """Write what is not there yet of photographs and backgrounds, with its record. Raises CurateError."""
    if _record(plan) is None:
        _make_photographs(plan, say)
    told = _record(plan)
    assert told is not None
    if without_objects.load(plan, told["classes"]) is None:
        say("writing the backgrounds")
        without_objects.make(plan, told["classes"])
    real = load(plan)
    assert real is not None
    return real


def _make_photographs(plan: Plan, say: Say) -> None:
    say("reading the data")
    for name in ("work", "photographs", "held", "backgrounds"):  # what a killed process left
        shutil.rmtree(plan.real_folder / name, ignore_errors=True)
    notes: list[str] = []
    sets = [_open(plan, tree) for tree in trees(plan, fixed=plan.config.fix is not None, say=say)]
    names = class_list(
        [dataset for dataset, _ in sets], plan.config.classes.map, plan.config.classes.keep or None
    )
    check_names([d for d, _ in sets], plan.config.classes.map, plan.config.classes.keep, names)
    judges, trained = _judges(plan, sets, notes)
    sources = [
        Source(dataset, tree, rows, withheld=_not_real(dataset, tree, notes))
        for (dataset, tree), rows in zip(sets, judges, strict=True)
    ]
    selection = select(sources, names, rename=plan.config.classes.map, empty_as_background=_empty(plan))
    if not any(item.boxes for item in selection.items):
        raise CurateError(
            f"No photograph to judge by: none has a box of {', '.join(names)}.",
            "Look at it: curate export PATH, which says why images are left out.",
        )
    say("looking for copies")
    looks = [PixelReader(plan.workers)(dataset, tree) for dataset, tree in sets]
    groups = _groups(sets, looks, notes)
    say("writing the photographs that judge")
    folder = plan.real_folder
    hand_over(Assembly(tuple(sources), selection, ()), folder / "photographs")
    photographs = _photographs(plan, selection, sources, groups)
    notes += _copies_elsewhere(plan, sets, looks, judges)
    if plan.asked.folds is None:
        notes += _copies_that_train(sets, judges, trained, groups)
    held, rest = without_objects.hold_back(plan, notes)
    real = Real(names, photographs, held, rest, tuple(trained), tuple(notes))
    told = {"schema": _SCHEMA, "key": plan.real_key, **asdict(real)}
    # written last, so its existence means that everything before it is there
    write_json(folder / NAME, told)


def trees(plan: Plan, *, fixed: bool, say: Say = lambda _: None) -> list[Tree]:
    """The real data sets; with `fixed` the first one is its repaired copy, which is made where it is not."""
    first = plan.config.data.path
    if fixed:
        config = replace(plan.config, data=replace(plan.config.data, out=plan.real_folder))
        first = plan.real_folder / "work"
        if _record(plan) is None:
            say("repairing a copy")
            run_steps.fix(State(config, plan.workers, say))
    return [Tree.open(path) for path in (first, *plan.real_paths[1:])]


def _open(plan: Plan, tree: Tree) -> tuple[Dataset, Tree]:
    return open_real(plan, tree), tree


def open_real(plan: Plan, tree: Tree) -> Dataset:
    """A data set with the class list of the run."""
    return open_dataset(tree, classes=list(plan.config.classes.names) or None, workers=plan.workers)


def _empty(plan: Plan) -> bool:
    return bool(plan.config.export and plan.config.export.empty_as_background)


def keys_of(dataset: Dataset) -> list[str]:
    """What identifies each image row: its annotation in VOC, where a repair may rename the image."""
    rows = dataset.images.select("annotation", "image").rows()
    if dataset.format == "voc":
        return [annotation or image or "" for annotation, image in rows]
    return [image or annotation or "" for annotation, image in rows]


def _judges(
    plan: Plan, sets: Sequence[tuple[Dataset, Tree]], notes: list[str]
) -> tuple[list[list[str | None]], list[tuple[int, str]]]:
    """("test" for the rows that judge, None for others; a set's own training rows where it has lists)."""
    if plan.asked.folds is not None:
        return [["test"] * dataset.images.height for dataset, _ in sets], []
    judges: list[list[str | None]] = []
    trained: list[tuple[int, str]] = []
    split = None if plan.asked.judges else plan.asked.split
    for number, (dataset, tree) in enumerate(sets):
        if number >= len(sets) - len(plan.asked.judges):
            judges.append(["test"] * dataset.images.height)
            continue
        own = splits.own(dataset)
        if own is None and split is None:
            own = ["train"] * dataset.images.height
        if own is None:
            raise CurateError(
                f"{tree.root} has no split lists, so nothing says which images judge.",
                "Cross-validate: --folds 3, or name labelled sets that judge: [ablate] judges.",
            )
        judges.append(["test" if one is not None and one == split else None for one in own])
        trained += [(number, key) for key, one in zip(keys_of(dataset), own, strict=True) if one == "train"]
        others = sorted({one for one in own if one not in (None, "train", split)})
        if others:
            notes.append(f"{tree.root.name}: images of {', '.join(map(str, others))} neither train nor judge")
    if not any("test" in rows for rows in judges):
        other = "val" if plan.asked.split == "test" else "test"
        raise CurateError(
            f"No image is in the {plan.asked.split} list.",
            f'Write split = "{other}" in [ablate], or cross-validate: --folds 3',
        )
    return judges, trained


def _not_real(dataset: Dataset, tree: Tree, notes: list[str]) -> Mapping[str, str]:
    """Images that must neither judge nor count as the data alone -> why."""
    drawn = {
        image: "curate drew it"
        for image, synthetic in dataset.images.select("image", "synthetic").iter_rows()
        if synthetic and image
    }
    images = dataset.images["image"].to_list()
    kept = {
        images[row]: "a background on record"
        for row, standing in standings(dataset, tree).of.items()
        if standing.is_negative and images[row]
    }
    for count, what in ((len(drawn), "that curate drew"), (len(kept), "that are backgrounds on record")):
        if count:
            notes.append(f"{tree.root.name}: {count} images {what} are left out of the ablation")
    return {**kept, **drawn}


def _groups(
    sets: Sequence[tuple[Dataset, Tree]], looks: Sequence[Pixels], notes: list[str]
) -> list[NDArray[np.int64]]:
    """Group of every row of every set; copies in two sets are one group."""
    found, start = [], 0
    for (dataset, tree), pixels in zip(sets, looks, strict=True):
        own = splits.groups(dataset, tree, pixels)
        notes += [f"{tree.root.name}: {note}" for note in own.notes]
        found.append(own.of + start)
        start += int(own.of.max(initial=-1)) + 1
    if len(sets) > 1:
        flat = np.concatenate(found)
        near = near_copies(
            np.concatenate([look.thumbs for look in looks]), np.concatenate([look.decoded for look in looks])
        )
        same = np.arange(start)
        for rows in clusters(zip(flat[near.a].tolist(), flat[near.b].tolist(), strict=True)):
            same[rows] = min(rows)
        cuts = np.cumsum([len(own) for own in found])[:-1]
        found = np.split(same[flat], cuts)
    return found


def _photographs(
    plan: Plan, selection: Selection, sources: Sequence[Source], groups: Sequence[NDArray[np.int64]]
) -> tuple[Photograph, ...]:
    row_of = [{image: row for row, image in enumerate(source.dataset.images["image"])} for source in sources]
    keys = [keys_of(source.dataset) for source in sources]
    made = []
    for item in selection.items:
        row = row_of[item.source][item.image]
        file = plan.real_folder / "photographs" / "images" / "test" / (item.stem + item.suffix)
        original = hashlib.sha256(sources[item.source].tree.read(item.image)).hexdigest()
        placed = hashlib.sha256(file.read_bytes()).hexdigest()
        assert not item.synthetic, "what curate drew must never judge"
        made.append(
            Photograph(
                source=item.source,
                key=keys[item.source][row],
                image=item.image,
                file=file.relative_to(plan.out).as_posix(),
                width=item.width,
                height=item.height,
                sha256=(original,) if placed == original else (original, placed),
                group=int(groups[item.source][row]),
                boxes=tuple((box.label, *box.xyxy) for box in item.boxes),
            )
        )
    return tuple(made)


def _copies_that_train(
    sets: Sequence[tuple[Dataset, Tree]],
    judges: Sequence[Sequence[str | None]],
    trained: Sequence[tuple[int, str]],
    groups: Sequence[NDArray[np.int64]],
) -> list[str]:
    """Which training photographs are in a group with one that judges."""
    judging = {
        int(group): image
        for (dataset, _), rows, of in zip(sets, judges, groups, strict=True)
        for image, row, group in zip(dataset.images["image"], rows, of, strict=True)
        if row is not None and image
    }
    mine = set(trained)
    alike = [
        f"{display(image)} like {display(judging[int(group)])}"
        for number, ((dataset, _), of) in enumerate(zip(sets, groups, strict=True))
        for image, key, group in zip(dataset.images["image"], keys_of(dataset), of, strict=True)
        if (number, key) in mine and int(group) in judging and image
    ]
    if not alike:
        return []
    return [
        f"{len(alike)} photographs that train look like, or belong with, one that judges "
        f"({'; '.join(alike[:_SHOWN])}); all arms have the advantage"
    ]


def _copies_elsewhere(
    plan: Plan,
    sets: Sequence[tuple[Dataset, Tree]],
    looks: Sequence[Pixels],
    judges: Sequence[Sequence[str | None]],
) -> list[str]:
    """What of targets and objects looks like a photograph that judges. Equal bytes are refused later on."""
    notes = []
    names = [image or "" for dataset, _ in sets for image in dataset.images["image"]]
    judging = np.array([row is not None for rows in judges for row in rows])
    usable = np.concatenate([mine.decoded for mine in looks]) & judging
    for path in plan.foreign_paths:
        tree = Tree.open(path)
        other = open_dataset(tree, workers=plan.workers)
        look = PixelReader(plan.workers)(other, tree)
        near = near_copies(
            np.concatenate([*(mine.thumbs for mine in looks), look.thumbs]),
            np.concatenate([usable, look.decoded]),
            every=True,  # each is named, also where another one connects it
            workers=plan.workers,
        )
        across = [
            (names[a], other.images["image"][b - len(names)])
            for a, b in (sorted(pair) for pair in zip(near.a.tolist(), near.b.tolist(), strict=True))
            if a < len(names) <= b
        ]
        if across:
            shown = "; ".join(f"{display(b)} like {display(a)}" for a, b in across[:_SHOWN])
            notes.append(
                f"{path.name}: {len(across)} pictures look like photographs that judge ({shown}); "
                "take them out, or the arms that use them have an advantage"
            )
    return notes


def hand_over(assembly: Assembly, out: Path, *, seed: int = 0) -> Mapping[str, Mapping[str, Any]]:
    """Write the folder, what was there before is gone; its counts."""

    def write(hard: bool) -> Mapping[str, Mapping[str, Any]]:
        return exporting.write(assembly, out, link="hard" if hard else None, seed=seed).counts

    return linked(out, write)


def linked(out: Path, write: Callable[[bool], T]) -> T:
    """What `write` returns: told to make hard links, and where the file system has none, to copy.

    `out` is a folder of the ablation's own; what a killed process left in it is removed.
    """
    shutil.rmtree(out, ignore_errors=True)
    try:
        return write(True)
    except CurateError:
        shutil.rmtree(out, ignore_errors=True)
        return write(False)


def deal(plan: Plan, real: Real, seed: int) -> list[list[int]]:
    """Which photographs judge in each fold: every one in exactly one fold, groups whole.

    Each seed deals anew, so that the luck of the deal is part of what seeds differ by.
    """
    number = len(real.photographs)
    if plan.asked.folds is None:
        return [list(range(number))]
    names = [str(fold) for fold in range(plan.folds)]
    dealt = splits.assign(_counts(real), real.groups, dict.fromkeys(names, 1 / plan.folds), seed)
    folds = [[i for i in range(number) if dealt[i] == name] for name in names]
    if not all(folds):
        raise CurateError(
            f"{number} photographs, copies kept together, do not fill {plan.folds} folds.",
            "Ask for fewer: --folds 2",
        )
    return folds


def _counts(real: Real) -> NDArray[np.int64]:
    """Boxes of each class, then of each size, in every photograph: (N, C + 3)."""
    table = np.zeros((len(real.photographs), len(real.classes) + len(splits.SIZES)), np.int64)
    for row, photograph in enumerate(real.photographs):
        zoom = _IMGSZ / max(photograph.width, photograph.height)
        for label, x0, y0, x1, y1 in photograph.boxes:
            table[row, label] += 1
            table[row, len(real.classes) + splits.size_of(zoom * ((x1 - x0) * (y1 - y0)) ** 0.5)] += 1
    return table
