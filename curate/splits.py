"""Which images go to train, val and test: groups that must not be separated, then stratified by class.

Images that show the same thing in two splits make a detector look better than it is. Kept together are byte
copies, what the names call siblings, frames of one video or tiles of one picture (copies/evidence.py says
how), and where pixels were looked at near-copies and bursts of a camera.

Groups are dealt out by iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011, algorithm 1): rarest
class first, each group to the split that lacks most of that class.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.copies import evidence
from curate.copies.clusters import clusters
from curate.copies.exact import same_bytes
from curate.copies.kept import near_copies_of
from curate.dataset import Dataset
from curate.errors import CurateError
from curate.tree import Tree, display

if TYPE_CHECKING:
    from curate.pixels import Pixels

Grouping = Callable[[Dataset, Tree], "Groups"]
NAMES = ("train", "val", "test")
SIZES = ("small", "medium", "large")
_SIZE_LIMITS = (32, 96)  # square roots of areas, as COCO draws the lines, at _IMGSZ pixels of the long side
_IMGSZ = 640
_KINDS = {evidence.SIBLINGS: "Roboflow siblings", evidence.TILES: "tiles", evidence.BURST: "bursts"}


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


def groups(dataset: Dataset, tree: Tree, pixels: Pixels | None = None) -> Groups:
    """Groups of images that must stay in one split; every other image is a group of its own.

    With `pixels` near-copies and bursts are kept together, too.
    """
    names = [
        image or annotation or "" for image, annotation in dataset.images.select("image", "annotation").rows()
    ]
    kinds: dict[str, list[list[int]]] = {"byte copies": _byte_copies(dataset, tree)}
    if pixels is not None:
        near = near_copies_of(pixels)
        kinds["near-copies"] = clusters(zip(near.a.tolist(), near.b.tolist(), strict=True))
    videos = []
    for group in evidence.groups(evidence.named(dataset.images, names, pixels)):
        if group.kind == evidence.FRAMES:
            videos.append(group)
        else:
            kinds.setdefault(_KINDS[group.kind], []).append(list(group.rows))
    notes = [_kept(kind, found, names) for kind, found in kinds.items() if found]
    pairs = [(rows[0], row) for found in kinds.values() for rows in found for row in rows[1:]]
    for video in sorted(videos, key=lambda group: group.source):
        runs = _runs(video, len(names))
        if len(runs) > 1:
            notes.append(
                f"video {video.source!r} is most of the set: cut into {len(runs)} runs of neighbours"
            )
        else:
            notes.append(f"kept together: {len(video.rows)} frames of video {video.source!r}")
        pairs += [(run[0], row) for run in runs for row in run[1:]]
    together = clusters(pairs)
    of = np.arange(len(names), dtype=np.int64)
    for rows in together:
        of[rows] = rows[0]
        if len(rows) > max(evidence.LARGE * len(names), 1) and len(rows) > 1:
            notes.append(f"{len(rows)} of {len(names)} images hang together and go to one split")
    return Groups(np.unique(of, return_inverse=True)[1].reshape(-1).astype(np.int64), tuple(notes))


@dataclass
class PixelGroups:
    """`groups` with a look at the pixels; at each data set once, however often it is asked.

    With `use_cache` data sets keep what was seen of them (see `curate.pixels.kept`).
    """

    workers: int | None = None
    say: Callable[[str], None] = lambda _: None
    use_cache: bool = False
    _known: dict[Path, tuple[list[str | None], Groups]] = field(default_factory=dict, repr=False)

    def __call__(self, dataset: Dataset, tree: Tree) -> Groups:
        """Groups of images that must stay in one split."""
        from curate.pixels import PixelReader  # OpenCV is loaded only where pixels are looked at

        names = dataset.images["image"].to_list()
        if tree.root not in self._known or self._known[tree.root][0] != names:
            reader = PixelReader(self.workers, self.say, self.use_cache)
            self._known[tree.root] = names, groups(dataset, tree, reader(dataset, tree))
        return self._known[tree.root][1]


def _kept(kind: str, found: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    count = sum(map(len, found))
    example = ", ".join(display(names[row].rpartition("/")[2]) for row in found[0][:2])
    return f"kept together: {count} images in {len(found)} groups of {kind}, such as {example}"


def _runs(video: evidence.Group, images: int) -> list[list[int]]:
    """The frames in one run, or a long video in runs of neighbours: it could not be dealt out otherwise."""
    frames = list(video.rows)
    if len(frames) <= max(evidence.LARGE * images, 1):
        return [frames]
    return [run.tolist() for run in np.array_split(np.array(frames), min(evidence.RUNS, len(frames)))]


def _byte_copies(dataset: Dataset, tree: Tree) -> list[list[int]]:
    return same_bytes(tree, dataset.images.select("image", "image_bytes").rows())


def class_table(dataset: Dataset, names: Sequence[str] | None = None) -> NDArray[np.int64]:
    """Boxes a class in every image row: (N, C), in the order of `names` (default: the dataset's classes)."""
    names = dataset.class_names() if names is None else names
    column = {name: i for i, name in enumerate(names)}
    table = np.zeros((dataset.images.height, len(names)), dtype=np.int64)
    for image_id, name, count in dataset.objects.group_by("image_id", "name").len().iter_rows():
        if name in column and image_id is not None:
            table[image_id, column[name]] += count
    return table


def size_table(dataset: Dataset) -> NDArray[np.int64]:
    """Boxes of each of SIZES in every image row, at 640 pixels of the long side: (N, 3)."""
    table = np.zeros((dataset.images.height, len(SIZES)), dtype=np.int64)
    side = (pl.col("xmax") - pl.col("xmin")) * (pl.col("ymax") - pl.col("ymin"))
    scale = _IMGSZ / pl.max_horizontal("frame_width", "frame_height")
    boxes = dataset.boxes.select("image_id", side=side.clip(0).sqrt() * scale).drop_nulls()
    for image_id, length in boxes.iter_rows():
        table[image_id, size_of(length)] += 1
    return table


def size_of(length: float) -> int:
    """Which of SIZES a box has; `length` is the square root of its area at 640 pixels of the long side."""
    return int(np.searchsorted(_SIZE_LIMITS, length, side="right"))


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
    group_of = np.unique(group_of, return_inverse=True)[1].reshape(-1)  # rows left out may leave gaps
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


def wanted_and_got(
    counts: NDArray[np.int64],
    split_of: Sequence[str | None],
    labels: Sequence[str],
    ratios: Mapping[str, float],
) -> pl.DataFrame:
    """`achieved`, and beside each split what its ratio asks for: "train", "train wanted", ..."""
    got = achieved(counts, split_of, labels)
    total = got.select(pl.sum_horizontal(pl.all().exclude("class"))).to_series()
    columns: dict[str, object] = {"class": got["class"]}
    for name, share in ratios.items():
        columns[name] = got[name] if name in got.columns else [0] * got.height
        columns[f"{name} wanted"] = (total * share).round(1)
    return pl.DataFrame(columns)


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
