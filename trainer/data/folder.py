"""The hand-over folder: `data.yaml`, images, labels, and `dataset.json` where there is one.

Paths flow in, a `Folder` flows out: for each split the images, their sizes and their boxes, and a report of
every label row that was not taken as it stands. A bad row costs that row, never its image.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from trainer.data.images import SUFFIXES, TruncatedImageError, UnreadableImageError, image_size, is_image
from trainer.data.labels import FolderReport, LabelRows, Problem, read_labels
from trainer.data.origin import synthetic_among
from trainer.data.shared import shared, twins
from trainer.errors import TrainerError

SPLITS = ("train", "val", "test")
SCHEMA = 1  # of dataset.json
CLASS_FILES = frozenset({"classes.txt", "predefined_classes.txt", "names.txt"})  # tools put them among labels


@dataclass(frozen=True)
class Split:
    """The images of one split, in a fixed order."""

    name: str
    images: list[Path]
    labels: list[NDArray[np.float32]]  # one (n, 5) an image: class, cx, cy, w, h in 0..1 of the image
    sizes: NDArray[np.int64]  # (N, 2) width, height in pixels, upright
    report: FolderReport
    synthetic: NDArray[np.bool_] | None = None  # (N,) made by pasting, as images.csv says; None: not asked

    def __len__(self) -> int:
        return len(self.images)

    def part(self, most: int) -> tuple[list[int], Split]:
        """At most that many images to show, spread evenly over those with boxes: (places, the part)."""
        labelled = [i for i, rows in enumerate(self.labels) if len(rows)] or list(range(len(self)))
        spread = np.linspace(0, len(labelled) - 1, min(most, len(labelled))).round().astype(int)
        places = [labelled[i] for i in spread.tolist()]
        images, labels = [self.images[i] for i in places], [self.labels[i] for i in places]
        synthetic = None if self.synthetic is None else self.synthetic[places]
        return places, replace(
            self, images=images, labels=labels, sizes=self.sizes[places], synthetic=synthetic
        )

    def class_counts(self, classes: int) -> list[int]:
        """How many boxes each class has."""
        labels = np.concatenate([rows[:, 0] for rows in self.labels] or [np.zeros(0, dtype=np.float32)])
        counted: list[int] = np.bincount(labels.astype(np.int64), minlength=classes).tolist()
        return counted

    def box_sizes(self, imgsz: int) -> NDArray[np.float64]:
        """(M, 2) w, h in pixels of all boxes, with each image's long side brought to `imgsz`."""
        parts = [
            labels[:, 3:5].astype(np.float64) * size * (imgsz / size.max())
            for labels, size in zip(self.labels, self.sizes, strict=True)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, 2))

    def box_classes(self) -> NDArray[np.int64]:
        """(M,) the class of each box, in the order of `box_sizes`."""
        return np.concatenate([np.zeros(0), *(rows[:, 0] for rows in self.labels)]).astype(np.int64)

    def box_images(self) -> NDArray[np.int64]:
        """(M,) the place of each box's image, in the order of `box_sizes`."""
        return np.repeat(np.arange(len(self)), [len(rows) for rows in self.labels])


@dataclass(frozen=True)
class Folder:
    """A hand-over folder as read."""

    yaml: Path
    classes: tuple[str, ...]
    splits: dict[str, Split]
    anchors: list[tuple[float, float]] | None  # dataset.json's, w and h in pixels at `anchors_imgsz`
    anchors_imgsz: int | None
    notes: tuple[str, ...] = field(default=())  # what was read otherwise than written, for the log
    not_exported: tuple[Mapping[str, Any], ...] = ()  # dataset.json's: path, line, object, why

    def split(self, name: str) -> Split | None:
        """The split of that name, or None where data.yaml names none."""
        return self.splits.get(name)

    @property
    def report(self) -> FolderReport:
        """The reports of all splits together."""
        return FolderReport.together(split.report for split in self.splits.values())


def read_folder(data_yaml: Path, *, to_train: bool = True) -> Folder:
    """Read the hand-over folder that `data_yaml` describes.

    A split is a folder (searched at any depth), a list of folders, or a .txt of image paths; labels are
    found by exchanging the last folder called `images` for `labels`, or else beside the image. Raises
    TrainerError where the folder cannot be used: no such file, no classes, a split that does not exist; and,
    with `to_train`, where there is no train split or not a single label in it.
    """
    data_yaml = Path(data_yaml)
    contract = _read_yaml(data_yaml)
    classes = _classes(contract, data_yaml)
    keypoints = _keypoints(contract, data_yaml)
    notes: list[str] = []
    looked_at: set[Path] = set()
    bases = _bases(contract, data_yaml)
    splits = {}
    for name in SPLITS:
        written = contract.get(name)
        if written:
            images = _images_of(name, written, bases, data_yaml, notes)
            read = _read_split(name, images, len(classes), keypoints)
            lone = FolderReport(problems=tuple(_labels_without_image(images, looked_at)))
            synthetic = synthetic_among(read.images, data_yaml.parent)
            splits[name] = replace(read, synthetic=synthetic, report=read.report + lone)
    if to_train:
        _refuse_untrainable(splits, data_yaml)
    said = _read_dataset_json(data_yaml.parent / "dataset.json", classes)
    notes += said.differences(splits)
    splits = _with_shared_told(splits, notes)
    return Folder(
        data_yaml, classes, splits, said.anchors, said.anchors_imgsz, tuple(notes), said.not_exported
    )


def count_images(data_yaml: Path, split: str) -> int:
    """How many images a split names, whether they can be read or not; 0 without that split.

    Raises TrainerError where the folder cannot be used.
    """
    data_yaml = Path(data_yaml)
    contract = _read_yaml(data_yaml)
    written = contract.get(split)
    return len(_images_of(split, written, _bases(contract, data_yaml), data_yaml, [])) if written else 0


def _read_yaml(path: Path) -> dict[str, Any]:
    if path.is_dir():
        raise TrainerError(f"{path} is a folder", f"name its data.yaml: {path / 'data.yaml'}")
    if not path.is_file():
        raise TrainerError(f"no data.yaml at {path}", "make one with `curate export --to yolo -o DIR`")
    written = path.read_bytes()
    try:
        content = yaml.safe_load(written)
    except yaml.YAMLError as error:
        cure = "save it as UTF-8" if isinstance(error, yaml.reader.ReaderError) else "correct that line"
        raise TrainerError(f"{path} is not YAML: {' '.join(str(error).split())}", cure) from error
    if not isinstance(content, dict):
        raise TrainerError(f"{path} holds no keys", "it needs at least train:, val: and names:")
    if "names" in content:  # as words: to YAML no, yes, on and off are truth values, and 007 is seven
        plain = yaml.load(written, Loader=yaml.BaseLoader)  # builds nothing but text
        content["names"] = plain.get("names", content["names"])
    return content


def _classes(contract: dict[str, Any], path: Path) -> tuple[str, ...]:
    names = contract.get("names")
    if isinstance(names, dict):
        numbered = {int(number): name for number, name in names.items() if str(number).isdecimal()}
        if sorted(numbered) != list(range(len(names))):
            told = ", ".join(map(str, names))
            raise TrainerError(f"{path}: names are numbered {told}", "number them 0, 1, 2, ... without gaps")
        names = [numbered[i] for i in range(len(numbered))]
    if not isinstance(names, list) or not names:
        raise TrainerError(f"{path} names no classes", "add a line such as names: [cigarette, hand]")
    count = contract.get("nc", len(names))
    if str(count) != str(len(names)):
        raise TrainerError(f"{path}: nc is {count} but {len(names)} classes are named", "make the two agree")
    words = [str(name) for name in names]
    again = [word for word, times in Counter(words).items() if times > 1]
    if again:  # figures by class would be told of one of them
        raise TrainerError(
            f"{path}: {again[0]!r} is the name of several classes", "give each class a name of its own"
        )
    return tuple(words)


def _keypoints(contract: dict[str, Any], path: Path) -> int:
    """How many values of keypoints stand behind a box: `kpt_shape: [17, 3]` are 51; 0 without it."""
    shape = contract.get("kpt_shape")
    if shape is None:
        return 0
    if isinstance(shape, list) and len(shape) == 2 and all(type(n) is int and n > 0 for n in shape):
        return int(shape[0] * shape[1])
    raise TrainerError(
        f"{path}: kpt_shape is {shape}", "write it as [points, values of each], such as [17, 3]"
    )


def _bases(contract: dict[str, Any], path: Path) -> list[Path]:
    """Folders that relative split paths may start from: the yaml's `path`, then the yaml's own folder."""
    own = path.parent
    written = contract.get("path")
    return [own / str(written), own] if written else [own]


def _images_of(
    split: str, written: object, bases: list[Path], data_yaml: Path, notes: list[str]
) -> list[Path]:
    images: list[Path] = []
    for entry in written if isinstance(written, list) else [written]:
        place = _find(str(entry), bases)
        if place is None:
            raise TrainerError(
                f"{data_yaml}: the {split} split {str(entry)!r} does not exist",
                f"correct the path (it is read from {bases[0]}) or remove the line",
            )
        if place[1]:
            notes.append(f"{split}: {str(entry)!r} does not exist here; read {place[0]} instead")
        if place[0].is_dir():
            images += sorted(p for p in place[0].rglob("*") if is_image(p))
        else:
            images += _listed(place[0], bases, split)
    if not images:
        raise TrainerError(f"{data_yaml}: the {split} split has no images", f"it is read from {written!r}")
    return images


def _find(written: str, bases: Iterable[Path]) -> tuple[Path, bool] | None:
    """Where `written` is, and whether it had to be looked for: (path, guessed)."""
    for base in bases:
        if (base / written).exists():
            return base / written, False
    # another machine's path, or Roboflow's ../train/images for train/images: try its tail, longest first
    parts = PureWindowsPath(written).parts if "\\" in written else PurePosixPath(written).parts
    parts = tuple(part for part in parts if part not in ("..", ".", "/"))
    for start in range(len(parts)):
        for base in bases:
            candidate = base.joinpath(*parts[start:])
            if candidate.exists():
                return candidate, True
    return None


def _listed(listing: Path, bases: list[Path], split: str) -> list[Path]:
    """The images a .txt names, one a line, relative to the listing or to the bases."""
    images = []
    text = _listing_text(listing.read_bytes())
    if text is None:
        raise TrainerError(
            f"{listing}: the {split} split is no list of images",
            "name a folder, or a text file in UTF-8 with the path of an image on each line",
        )
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            found = _find(line.strip(), [listing.parent, *bases])
            if found is None:
                raise TrainerError(
                    f"{listing}:{number}: the {split} image {line.strip()!r} does not exist",
                    "correct or remove the line",
                )
            images.append(found[0])
    return images


def _listing_text(data: bytes) -> str | None:
    """The text of a list: UTF-8, UTF-16 with its mark, or GBK as Chinese editors write it; else None."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def label_path(image: Path) -> Path:
    """Where an image's labels are: its last folder called `images` exchanged for `labels`, else beside it."""
    parts = list(image.parts)
    for i in reversed(range(len(parts) - 1)):
        if parts[i] == "images":
            parts[i] = "labels"
            break
    return Path(*parts).with_suffix(".txt")


def _labels_without_image(images: Iterable[Path], looked_at: set[Path]) -> Iterator[Problem]:
    """A problem for each label file whose image is not there: its objects are lost.

    Looked at are the folders that hold the labels of these images and nothing else, once each.
    """
    folders = {label_path(image).parent: image.parent for image in images}
    for labels, pictures in folders.items():
        if labels == pictures or labels in looked_at or not labels.is_dir():
            continue
        looked_at.add(labels)
        stems = {path.stem for path in pictures.iterdir() if path.suffix.lower() in SUFFIXES}
        for path in sorted(labels.glob("*.txt")):
            if path.stem not in stems and path.is_file() and _is_label_file(path):
                yield Problem(path, 0, "", "no image belongs to it", "refused", "IMG001")


def _is_label_file(path: Path) -> bool:
    if path.name.lower() in CLASS_FILES:
        return False
    with path.open("rb") as file:
        words = file.read(256).split()
    return not words or words[0].replace(b".", b"").isdigit()


def _read_split(name: str, images: list[Path], classes: int, keypoints: int) -> Split:
    kept: list[Path] = []
    sizes: list[tuple[int, int]] = []
    labels: list[NDArray[np.float32]] = []
    reports: list[FolderReport] = []
    for image in images:
        try:
            size = image_size(image)
        except UnreadableImageError as error:
            reason = str(error).split(": ", 1)[-1]
            rule = "IMG003" if isinstance(error, TruncatedImageError) else "IMG004"
            problem = Problem(image, 0, "", reason, "image refused", rule)
            reports.append(FolderReport(unreadable_images=1, problems=(problem,)))
            continue
        rows: LabelRows = read_labels(label_path(image), classes, size, keypoints)
        reports.append(rows.report)
        kept.append(image)
        sizes.append(size)
        labels.append(rows.boxes)
    measured = np.array(sizes, dtype=np.int64).reshape(-1, 2)
    return Split(name, kept, labels, measured, FolderReport.together(reports))


def _refuse_untrainable(splits: dict[str, Split], path: Path) -> None:
    train = splits.get("train")
    if train is None:
        raise TrainerError(f"{path} has no train split", "add a line such as train: images/train")
    if not train.images:
        raise TrainerError(f"{path}: no image of the train split can be decoded", "look at the files")
    if not any(len(rows) for rows in train.labels):
        example = label_path(train.images[0])
        raise TrainerError(
            f"{path}: none of the {len(train)} training images has a usable label",
            f"labels are looked for at paths such as {example}; put them there",
        )


def _with_shared_told(splits: dict[str, Split], notes: list[str]) -> dict[str, Split]:
    """The splits, with a problem for each image that an earlier one has, too: it judges what it taught."""
    images = {name: split.images for name, split in splits.items()}
    meant = twins(images)
    notes += [f"{name} is {twin}, image for image: it judges what was taught" for name, twin in meant.items()]
    problems = shared(images, meant)
    return {
        name: replace(split, report=split.report + FolderReport(problems=tuple(problems[name])))
        for name, split in splits.items()
    }


@dataclass(frozen=True)
class _Said:
    """What dataset.json says."""

    anchors: list[tuple[float, float]] | None = None
    anchors_imgsz: int | None = None
    images: Mapping[str, int] = field(default_factory=dict)  # of each split
    not_exported: tuple[Mapping[str, Any], ...] = ()

    def differences(self, splits: Mapping[str, Split]) -> list[str]:
        """Where the folder is not what was exported, and what was left behind then; a line each."""
        lines = []
        for name, count in self.images.items():
            found = len(splits[name]) + splits[name].report.unreadable_images if name in splits else count
            if found != count:
                lines.append(f"dataset.json: {count} images were exported to {name}, {found} are read")
        whole = sum(thing.get("object") is None for thing in self.not_exported)
        if self.not_exported:
            reasons = Counter(str(thing.get("why", "no reason given")) for thing in self.not_exported)
            first = [f"{count} x {why}" for why, count in reasons.most_common(3)]
            rest = [f"{len(reasons) - 3} other reasons"] if len(reasons) > 3 else []
            lines.append(
                f"dataset.json: not exported were images: {whole}, single objects: "
                f"{len(self.not_exported) - whole} ({'; '.join(first + rest)})"
            )
        return lines


def _read_dataset_json(path: Path, classes: tuple[str, ...]) -> _Said:
    """What it says; nothing where there is none."""
    if not path.is_file():
        return _Said()
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise TrainerError(f"{path} is not JSON: {error}", "export the folder again") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise TrainerError(f"{path} has an unknown schema", f"export it with schema {SCHEMA}")
    if tuple(content.get("classes", classes)) != classes:
        raise TrainerError(f"{path} and data.yaml name different classes", "export the folder again")
    try:
        images = {str(name): int(count["images"]) for name, count in (content.get("counts") or {}).items()}
        not_exported = tuple(dict(thing) for thing in content.get("dropped") or ())
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TrainerError(
            f"{path} has counts or dropped things that are none", "export the folder again"
        ) from error
    if content.get("anchors") is None:
        return _Said(images=images, not_exported=not_exported)
    try:
        anchors = [(float(w), float(h)) for w, h in content["anchors"]]
        imgsz = int(content["anchors_imgsz"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise TrainerError(f"{path} has anchors that are no pairs", "export the folder again") from error
    if not all(0 < side < float("inf") for anchor in anchors for side in anchor):
        raise TrainerError(f"{path} has anchors without a size in pixels", "export the folder again")
    return _Said(anchors, imgsz, images, not_exported)


def describe(folder: Folder) -> Iterator[str]:
    """What is in the folder and what was not taken as it stands, a line each, for the log."""
    for split in folder.splits.values():
        boxes = sum(len(rows) for rows in split.labels)
        yield f"{split.name}: {len(split)} images, {boxes} boxes; {split.report.summary()}"
    yield from folder.notes
