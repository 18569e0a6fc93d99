"""Pictures without any object of the classes that are trained: an ablation counts false positives on them.

OUT/real-*/held/      the share of [negatives] from that is kept back; OUT/real-*/backgrounds/ is the rest
OUT/backgrounds-*/    those of [ablate] backgrounds, which judge and do nothing else: no training depends on
                      them, so when others are named later, what is trained by then is only judged again
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate import splits
from curate.commands.ablate.plan import Plan
from curate.dataset import Dataset
from curate.errors import CurateError
from curate.fixes.durable import write_json
from curate.formats.discover import open_dataset
from curate.pixels import PixelReader
from curate.tree import Tree
from curate.wording import count

NAME = "backgrounds.json"
_SCHEMA = 1


@dataclass(frozen=True)
class Background:
    """A picture without any object, on which false positives are counted."""

    image: str  # its path in the folder it comes from
    file: str  # below the folder of the ablation
    width: int
    height: int
    sha256: str
    group: int  # copies of each other are never drawn one by one


@dataclass(frozen=True)
class Counted:
    """Those of [ablate] backgrounds, on record in backgrounds.json; groups count from 0."""

    classes: tuple[str, ...]  # of which no picture holds an object
    pictures: tuple[Background, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Folder:
    """A folder of pictures, and the rows of those that can be used."""

    tree: Tree
    dataset: Dataset
    rows: NDArray[np.int64]
    groups: NDArray[np.int64]  # of every row of the data set

    @classmethod
    def open(cls, plan: Plan, folder: Path, ours: Sequence[str] | None, least: int) -> _Folder:
        """`ours` are the classes that no picture may hold, None: it may hold no object at all."""
        tree = Tree.open(folder)
        dataset = open_dataset(tree, workers=plan.workers)
        labelled = _labelled(dataset, plan, ours)
        usable = (dataset.images["image_width"] > 0).fill_null(False)
        usable &= ~dataset.images["synthetic"].fill_null(False)
        rows = [row for row, good in enumerate(usable) if good and row not in labelled]
        if len(rows) < least:
            said = f"{folder} holds {len(rows)} pictures without objects."
            raise CurateError(said, "Name a folder with more backgrounds.")
        groups = splits.groups(dataset, tree, PixelReader(plan.workers)(dataset, tree)).of
        return cls(tree, dataset, np.array(rows, np.int64), groups)

    def copy(self, plan: Plan, row: int, place: Tree) -> Background:
        """Write one picture below `place`."""
        facts = self.dataset.images.row(row, named=True)
        content = self.tree.read(facts["image"])
        path = place.path(facts["image"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return Background(
            facts["image"],
            path.relative_to(plan.out).as_posix(),
            facts["image_width"],
            facts["image_height"],
            hashlib.sha256(content).hexdigest(),
            int(self.groups[row]),
        )


def _labelled(dataset: Dataset, plan: Plan, ours: Sequence[str] | None) -> set[int]:
    """Rows of pictures that hold an object of ours, or one of which nobody knows what it is."""
    objects = dataset.objects
    if ours is None or (dataset.format == "yolo" and not dataset.classes):  # there names are mere numbers
        return set(objects["image_id"])
    rename = plan.config.classes.map
    return {
        row
        for row, name in objects.select("image_id", "name").iter_rows()
        if name is None or rename.get(name, name) in ours
    }


def hold_back(plan: Plan, notes: list[str]) -> tuple[tuple[Background, ...], str | None]:
    """(the share of [negatives] from that counts, folder of the rest, which may train); (nothing, None)
    where all of it may.
    """
    source, share = plan.held_from, plan.hold_out
    if source is None:
        return (), None
    there = _Folder.open(plan, source, None, least=2)
    shares = {"train": 1 - share, "held": share}
    dealt = splits.assign(np.zeros((len(there.rows), 1), np.int64), there.groups[there.rows], shares)
    held = {int(row) for row, where in zip(there.rows, dealt, strict=True) if where == "held"}
    if not 0 < len(held) < len(there.rows):
        raise CurateError(
            f"{source} has too few pictures, or too many copies, to keep {share:.0%} back.",
            "Give pictures of their own for counting: [ablate] backgrounds.",
        )
    notes.append(f"{len(held)} of {len(there.rows)} pictures of {source.name} are kept back from training")
    rest = plan.real_folder / "backgrounds"
    copies = {
        row: there.copy(plan, row, Tree(plan.real_folder / "held" if row in held else rest))
        for row in there.rows.tolist()
    }
    return tuple(copies[row] for row in copies if row in held), rest.relative_to(plan.out).as_posix()


def load(plan: Plan, classes: Sequence[str]) -> Counted | None:
    """What is on record; None where it was never made to the end, or made for other classes."""
    if not plan.asked.backgrounds:
        return Counted(tuple(classes), (), ())
    try:
        told = json.loads((plan.backgrounds_folder / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if told.get("key") != plan.backgrounds_key:
        raise CurateError(f"{plan.backgrounds_folder} belongs to other pictures.", "Remove that folder.")
    if told["classes"] != list(classes):
        return None
    pictures = tuple(Background(**row) for row in told["pictures"])
    return Counted(tuple(classes), pictures, tuple(told["notes"]))


def make(plan: Plan, classes: Sequence[str]) -> Counted:
    """Copy the pictures of [ablate] backgrounds that hold nothing of `classes`, and put them on record."""
    out = plan.backgrounds_folder
    shutil.rmtree(out, ignore_errors=True)  # what a killed process left
    found: dict[str, Background] = {}
    notes: list[str] = []
    start = 0
    for number, folder in enumerate(plan.asked.backgrounds, 1):
        there = _Folder.open(plan, folder, classes, least=1)
        left = there.dataset.images.height - len(there.rows)
        if left:
            notes.append(f"{folder.name}: {count(left, 'picture')} cannot count false positives")
        place = Tree(out / str(number))
        for row in there.rows.tolist():
            one = there.copy(plan, row, place)
            if found.setdefault(one.sha256, _moved(one, start)).file != one.file:
                (plan.out / one.file).unlink()  # the same picture again
        start += int(there.groups.max(initial=-1)) + 1
    made = Counted(tuple(classes), tuple(found.values()), tuple(notes))
    told = {"schema": _SCHEMA, "key": plan.backgrounds_key, **asdict(made)}
    # written last, so its existence means that everything before it is there
    write_json(out / NAME, told)
    return made


def together(held: Sequence[Background], counted: Sequence[Background]) -> tuple[Background, ...]:
    """Both, each picture once, groups apart."""
    known = {one.sha256 for one in held}
    start = max((one.group for one in held), default=-1) + 1
    return (*held, *(_moved(one, start) for one in counted if one.sha256 not in known))


def _moved(one: Background, start: int) -> Background:
    return replace(one, group=one.group + start)
