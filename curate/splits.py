"""Which images go to train, val and test: groups that must not be separated, then stratified by class.

Images that show the same thing in two splits make a detector look better than it is. Kept together are byte
copies, the siblings that Roboflow makes of one source (`x_jpg.rf.<hash>.jpg`), and the frames of one video
where the name says so (`walk_mp4-12.jpg`, `walk_frame_0012.jpg`). Numbers alone (`IMG_0012`) say nothing.

Groups are dealt out by iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011, algorithm 1): rarest
class first, each group to the split that lacks most of that class.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.dataset import Dataset
from curate.errors import CurateError, UnsafePath
from curate.tree import Tree

NAMES = ("train", "val", "test")
_ROBOFLOW = re.compile(r"^(?P<source>.+?)(?:_(?:jpe?g|png|bmp|webp))?\.rf\.[0-9a-f]{8,}$", re.IGNORECASE)
_FRAME = re.compile(
    r"^(?P<video>.*(?:\.|_)(?:mp4|avi|mov|mkv|webm)|.*?(?:frame|clip|video)s?)[-_. ]*(?P<number>\d+)$",
    re.IGNORECASE,
)
_CUT_VIDEO_ABOVE = 0.25  # share of the images; a longer video is cut into runs of neighbouring frames
_RUNS = 20  # runs that such a video is cut into


@dataclass(frozen=True)
class Groups:
    """`of[i]` is the group of image row i (N,); `notes` say in words what was kept together, and what not."""

    of: NDArray[np.int64]
    notes: tuple[str, ...]


def parse_ratios(text: str) -> dict[str, float]:
    """ "0.8,0.1,0.1" as shares of train, val, test (the last may be left out); they are scaled to sum 1."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if not 2 <= len(values) <= 3 or not all(0 <= v < float("inf") for v in values) or values[0] <= 0:
        raise CurateError(
            f"--ratios {text} cannot be read.", "Give shares of train, val and test, such as 0.8,0.1,0.1."
        )
    total = sum(values)
    return {name: value / total for name, value in zip(NAMES, values, strict=False) if value > 0}


def groups(dataset: Dataset, tree: Tree) -> Groups:
    """Groups of images that must stay in one split; every other image is a group of its own."""
    rows = dataset.images.select("image", "annotation", "stem", "image_bytes").rows()
    parent = list(range(len(rows)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    def join(members: Sequence[int]) -> None:
        for member in members[1:]:
            parent[root(member)] = root(members[0])

    copies = _copies(tree, [(image, size) for image, _, _, size in rows])
    siblings: dict[str, list[int]] = defaultdict(list)
    frames: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for i, (image, annotation, stem, _) in enumerate(rows):
        folder = (image or annotation or "").rpartition("/")[0]
        source = _ROBOFLOW.match(stem or "")
        name = source["source"] if source else (stem or "")
        if source:
            siblings[name].append(i)
        if frame := _FRAME.match(name):
            # the same clip may lie in train/ and in valid/, but 0001.jpg of two folders is not one video
            key = ("" if source else folder, frame["video"].lower())
            frames[key].append((int(frame["number"]), i))
    notes = []
    for what, found in (("byte copies", copies), ("Roboflow siblings", list(siblings.values()))):
        several = [members for members in found if len(members) > 1]
        for members in several:
            join(members)
        if several:
            count = sum(map(len, several))
            notes.append(f"kept together: {count} images in {len(several)} groups of {what}")
    for (_, video), numbered in sorted(frames.items()):
        ordered = [i for _, i in sorted(numbered)]
        if len(ordered) > max(_CUT_VIDEO_ABOVE * len(rows), 1):
            runs = [list(run) for run in np.array_split(ordered, min(_RUNS, len(ordered)))]
            notes.append(f"video {video!r} is most of the set: cut into {len(runs)} runs of neighbours")
        else:
            runs = [ordered]
            if len(ordered) > 1:
                notes.append(f"kept together: {len(ordered)} frames of video {video!r}")
        for run in runs:
            join(run)
    _, of = np.unique([root(i) for i in range(len(rows))], return_inverse=True)
    return Groups(np.asarray(of, dtype=np.int64).reshape(-1), tuple(notes))


def _copies(tree: Tree, images: Sequence[tuple[str | None, int | None]]) -> list[list[int]]:
    """Rows whose image files hold the same bytes. Only files of equal size are read."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for i, (image, size) in enumerate(images):
        if image is not None and size:
            by_size[size].append(i)
    same: dict[bytes, list[int]] = defaultdict(list)
    for members in by_size.values():
        if len({images[i][0] for i in members}) < 2:
            continue
        for i in members:
            digest = _digest(tree, images[i][0] or "")
            if digest is not None:
                same[digest].append(i)
    return [members for members in same.values() if len(members) > 1]


def _digest(tree: Tree, name: str) -> bytes | None:
    """SHA-256 of a file; None where it cannot be read (`curate validate` names it, export leaves it out)."""
    try:
        return hashlib.sha256(tree.read(name)).digest()
    except (OSError, UnsafePath):
        return None


def class_table(dataset: Dataset, names: Sequence[str] | None = None) -> NDArray[np.int64]:
    """Boxes a class in every image row: (N, C), in the order of `names` (default: the dataset's classes)."""
    names = dataset.class_names() if names is None else names
    column = {name: i for i, name in enumerate(names)}
    table = np.zeros((dataset.images.height, len(names)), dtype=np.int64)
    for image_id, name, count in dataset.objects.group_by("image_id", "name").len().iter_rows():
        if name in column and image_id is not None:
            table[image_id, column[name]] += count
    return table


def assign(
    counts: NDArray[np.int64], group_of: NDArray[np.int64], ratios: Mapping[str, float], seed: int = 0
) -> list[str]:
    """The split of every image: counts (N, C) of boxes a class, group_of (N,), ratios that sum to 1.

    Groups stay whole, so the ratios are met as nearly as the groups allow. No images give no splits.
    """
    if len(counts) == 0:
        return []
    # a class counts once an image, and images without any box are a class of their own
    present = np.concatenate([counts > 0, (counts.sum(axis=1) == 0)[:, None]], axis=1).astype(np.float64)
    number = int(group_of.max()) + 1
    weight = np.bincount(group_of, minlength=number).astype(np.float64)  # images a group
    labels = np.zeros((number, present.shape[1]))
    np.add.at(labels, group_of, present)
    names = list(ratios)
    shares = np.array([ratios[name] for name in names])
    wanted = shares[:, None] * labels.sum(axis=0)  # (splits, labels) images still wanted
    room = shares * weight.sum()  # (splits,) images still wanted in all
    rng = np.random.default_rng(seed)
    order = rng.permutation(number)
    order = order[np.argsort(-weight[order], kind="stable")]  # big groups first: small ones fill the gaps
    chosen = np.full(number, -1)
    while (chosen < 0).any():
        left = labels[chosen < 0].sum(axis=0)
        left[left == 0] = np.inf
        label = int(left.argmin())
        for group in order:
            if chosen[group] >= 0 or labels[group, label] == 0:
                continue
            split = max(range(len(names)), key=lambda s: (round(wanted[s, label], 9), round(room[s], 9), -s))
            chosen[group] = split
            wanted[split] -= labels[group]
            room[split] -= weight[group]
    return [names[chosen[group]] for group in group_of]


def achieved(
    counts: NDArray[np.int64], split_of: Sequence[str | None], classes: Sequence[str]
) -> pl.DataFrame:
    """Images and boxes in every split, one row a class, after a row "(images)" with the images in all."""
    names = [name for name in NAMES if name in set(split_of)]
    columns: dict[str, list[object]] = {"class": ["(images)", *classes]}
    for name in names:
        mine = np.array([split == name for split in split_of], dtype=bool)
        boxes = counts[mine].sum(axis=0)
        columns[name] = [int(mine.sum()), *(int(v) for v in boxes)]
    return pl.DataFrame(columns, strict=False)


def own(dataset: Dataset) -> list[str | None] | None:
    """The split of every image row by the set's own lists; None where none says train, val or test.

    `trainval` counts as train for images that no other list names, and only where there is no train list.
    An image in several lists keeps the first of test, val, train: what judges a detector must not teach it.
    """
    found: dict[int, set[str]] = defaultdict(set)
    for split, image_id in dataset.splits.select("split", "image_id").iter_rows():
        if image_id is not None:
            found[image_id].add(split)
    named = set().union(*found.values()) if found else set()
    if not named & {*NAMES, "trainval"}:
        return None
    if "train" not in named:
        for splits in found.values():
            if "trainval" in splits:
                splits.add("train")
    order = ("test", "val", "train")
    return [next((s for s in order if s in found.get(i, ())), None) for i in range(dataset.images.height)]
