"""Where a YOLO folder keeps its images, labels, splits and class names. In: a folder. Out: a `Layout`.

Read are `images/<split>` beside `labels/<split>` (Ultralytics), `<split>/images` beside `<split>/labels`
(Roboflow), `images` beside `labels` without splits, and label files beside their images (darknet), with or
without a `data.yaml`. The paths in it are tried as Ultralytics resolves them; one that leads nowhere
(absolute, of another machine) is matched by its tail: the longest end of the path that exists here.

An image belongs to the label file `images/.../x.jpg -> labels/.../x.txt` (the last such folder of the path),
else to `x.txt` beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import yaml

from curate.errors import UnsafePath
from curate.formats.encoding import decode
from curate.formats.images import IMAGE_SUFFIXES
from curate.tree import Tree, display

MAX_CONFIG_BYTES = 1 << 20  # read by pure Python: several seconds a megabyte
MAX_LIST_BYTES = 64 << 20
MAX_LIST_LINES = 2_000_000
MAX_PATH = 4096  # characters; a longer entry is no path
MAX_DEPTH = 64  # folders of a path whose tail is looked for, which takes quadratic time
IMAGE_FOLDERS = ("images", "image", "imgs", "img", "jpegimages")
LABEL_FOLDERS = ("labels", "label", "annotations")
CLASS_FILES = ("classes.txt", "obj.names", "predefined_classes.txt", "data.names", "names.txt")
SPLIT_OF = {
    **dict.fromkeys(("train", "training", "train2017", "train2014"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "val2017", "val2014"), "val"),
    **dict.fromkeys(("test", "testing", "test2017"), "test"),
}


@dataclass(frozen=True)
class Listed:
    """One image of a split: named by a line of a list file, or lying in the split's folder."""

    list: str | None
    split: str
    line: int | None
    id: str  # word for word
    image: str | None  # None: the list names an image that is not there


@dataclass(frozen=True)
class Layout:
    """`pairs`: (image, label file), either of them None, sorted by path."""

    pairs: tuple[tuple[str | None, str | None], ...]
    splits: tuple[Listed, ...]
    classes: tuple[str, ...]
    classes_from: str | None
    skipped: tuple[tuple[str, str], ...]
    keypoints: int = 0  # values behind the box of each row


@dataclass
class _Finder:
    """What is known of the folder while its layout is being found out."""

    tree: Tree
    files: list[str]
    images: list[str] = field(init=False)
    image_set: frozenset[str] = field(init=False)
    folders: frozenset[str] = field(init=False)  # every folder that has an image somewhere below it
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.images = [name for name in self.files if PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES]
        self.image_set = frozenset(self.images)
        parents: set[str] = set()
        for name in self.images:
            folder = name
            while "/" in folder and (folder := folder.rpartition("/")[0]) not in parents:
                parents.add(folder)
        self.folders = frozenset(parents | {"."})


def find(tree: Tree) -> Layout:
    """The layout of a folder; whatever cannot be made sense of is named in `skipped`, never raised."""
    finder = _Finder(tree, tree.files())
    config_file, config = _config(finder)
    classes, classes_from = _classes(finder, config_file, config)
    keypoints = _keypoints(config)
    if config_file and keypoints:
        finder.skipped.append((config_file, "kpt_shape: the keypoints behind the boxes"))
    splits, lists = _configured_splits(finder, config_file, config)
    if not splits:
        splits, lists = _list_splits(finder)
    seen = {listed.split for listed in splits}
    splits += [listed for listed in _folder_splits(finder) if not lists and listed.split not in seen]
    labels = {
        name.lower(): name
        for name in finder.files
        if name.lower().endswith(".txt") and name not in lists and not _is_prose(name)
    }
    pairs: list[tuple[str | None, str | None]] = []
    used: set[str] = set()
    for image in finder.images:
        label = _label_of(image, labels)
        used.add(label or "")
        pairs.append((image, label))
    beside = {label.rpartition("/")[0] for label in used}
    for label in sorted(set(labels.values()) - used):
        folders = {part.lower() for part in PurePosixPath(label).parts[:-1]}
        if (folders & set(LABEL_FOLDERS) or label.rpartition("/")[0] in beside) and _looks_like_label(
            tree, label
        ):
            pairs.append((None, label))
        else:
            finder.skipped.append((label, "text that is no label file of an image here"))
    pairs.sort(key=lambda pair: (pair[0] or pair[1] or "", pair[1] or ""))
    return Layout(tuple(pairs), tuple(splits), classes, classes_from, tuple(finder.skipped), keypoints)


# --- images and their labels ----------------------------------------------------------------------


def _label_of(image: str, labels: Mapping[str, str]) -> str | None:
    parts = image.lower().split("/")
    parts[-1] = parts[-1].rpartition(".")[0] + ".txt"
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] in IMAGE_FOLDERS:
            for folder in LABEL_FOLDERS:
                found = labels.get("/".join([*parts[:place], folder, *parts[place + 1 :]]))
                if found:
                    return found
    return labels.get("/".join(parts))


def _is_prose(name: str) -> bool:
    base = name.rpartition("/")[2].lower()
    return base in CLASS_FILES or base.startswith(("readme", "license", "licence", "requirements"))


def _looks_like_label(tree: Tree, name: str) -> bool:
    try:
        words = tree.read_head(name, 256).split()
    except (OSError, UnsafePath):
        return True  # the reader will say that it cannot be read
    return not words or words[0].replace(b".", b"").isdigit()


# --- data.yaml and class names --------------------------------------------------------------------


def _config(finder: _Finder) -> tuple[str | None, dict[str, Any]]:
    """The nearest YAML file that names classes or splits; `data.yaml` and `dataset.yaml` first."""
    candidates = [name for name in finder.files if name.lower().endswith((".yaml", ".yml"))]
    preferred = ("data.yaml", "data.yml", "dataset.yaml")

    def order(name: str) -> tuple[int, bool, str]:
        return name.count("/"), name.rpartition("/")[2].lower() not in preferred, name

    for name in sorted(candidates, key=order):
        try:
            text = decode(finder.tree.read(name, MAX_CONFIG_BYTES)).text
            # BaseLoader builds nothing but text, lists and dicts, and keeps `names: [on, off]` as words
            content = yaml.load(text, Loader=yaml.BaseLoader)
        except (OSError, UnsafePath) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            finder.skipped.append((name, f"cannot be read: {reason or error}"))
            continue
        except (yaml.YAMLError, RecursionError) as error:
            finder.skipped.append((name, f"no YAML: {display(' '.join(str(error).split())[:120])}"))
            continue
        if isinstance(content, dict) and {"names", "train", "val", "test", "nc"} & content.keys():
            return name, content
    return None, {}


def _classes(
    finder: _Finder, config_file: str | None, config: Mapping[str, Any]
) -> tuple[tuple[str, ...], str | None]:
    names = config.get("names")
    if isinstance(names, dict):
        by_number = {int(key): value for key, value in names.items() if re.fullmatch(r"\d{1,5}", str(key))}
        names = [by_number.get(i, str(i)) for i in range(max(by_number, default=-1) + 1)]
    if isinstance(names, list) and names:
        # a list among the names may hold itself a billion times, by YAML's aliases
        plain = (name if isinstance(name, str) else str(i) for i, name in enumerate(names))
        return tuple(plain), config_file
    if isinstance(names, str) and names:  # `names: obj.names`: a file
        found = _resolve(finder, names, ["."], frozenset(finder.files))
        if found:
            return _class_lines(finder.tree, found), found
    by_base = [name for name in finder.files if name.rpartition("/")[2].lower() in CLASS_FILES]
    for name in sorted(by_base, key=lambda name: (name.count("/"), name)):
        lines = _class_lines(finder.tree, name)
        if lines:
            return lines, name
    return (), None


def _keypoints(config: Mapping[str, Any]) -> int:
    """How many values of keypoints stand behind a box: `kpt_shape: [21, 3]` are 63; 0 without it."""
    shape = config.get("kpt_shape")
    if (
        isinstance(shape, list)
        and len(shape) == 2
        and all(re.fullmatch(r"[1-9]\d{0,4}", str(n)) for n in shape)
    ):
        return int(shape[0]) * int(shape[1])
    return 0


def _class_lines(tree: Tree, name: str) -> tuple[str, ...]:
    """Names one a line; a blank line inside the list keeps its number, because labels count lines."""
    try:
        text = decode(tree.read(name, MAX_CONFIG_BYTES)).text
    except (OSError, UnsafePath):
        return ()
    lines = text.rstrip().splitlines()
    return tuple(line.strip() or str(number) for number, line in enumerate(lines))


# --- splits ---------------------------------------------------------------------------------------


def _configured_splits(
    finder: _Finder, config_file: str | None, config: Mapping[str, Any]
) -> tuple[list[Listed], set[str]]:
    """What train, val and test of a data.yaml name: folders, lists of folders, .txt lists."""
    base = config_file.rpartition("/")[0] or "." if config_file else "."
    stated = config.get("path")
    bases = [_join(base, stated), base, "."] if isinstance(stated, str) and stated else [base, "."]
    found: list[Listed] = []
    lists: set[str] = set()
    tails: dict[str, list[tuple[str, str, str]]] = {}
    for key, value in config.items():
        split = SPLIT_OF.get(str(key).lower())
        if split is None:
            continue
        for entry in value if isinstance(value, list) else [value]:
            if not isinstance(entry, str) or not entry:
                continue
            a_list = entry.lower().endswith(".txt")
            there = frozenset(finder.files) if a_list else finder.folders
            name = _below(finder, entry, bases, there)
            if name is None and (name := _by_tail(entry, bases, there)):
                tails.setdefault(name, []).append((key, entry, split))
            elif name:
                lists.update([name] if a_list else [])
                found.extend(_members(finder, name, split, bases))
            else:
                finder.skipped.append((config_file or "", f"{key}: {display(entry[:200])} is not there"))
    for name, named in tails.items():
        if len({split for _, _, split in named}) > 1:
            # ../train/images and ../valid/images both end in images/, which says nothing about splits
            keys = ", ".join(key for key, _, _ in named)
            finder.skipped.append(
                (config_file or "", f"{keys}: all of them could only mean {name}; no splits")
            )
            continue
        lists.update([name] if name.lower().endswith(".txt") else [])
        found.extend(_members(finder, name, named[0][2], bases))
    order = ("train", "val", "test")
    return sorted(found, key=lambda listed: order.index(listed.split)), lists


def _members(finder: _Finder, name: str, split: str, bases: Iterable[str]) -> list[Listed]:
    if name.lower().endswith(".txt"):
        return _read_list(finder, name, split, bases)
    prefix = "" if name == "." else f"{name}/"
    return [Listed(None, split, None, image, image) for image in finder.images if image.startswith(prefix)]


def _list_splits(finder: _Finder) -> tuple[list[Listed], set[str]]:
    """train.txt, val.txt, test.txt with a path of an image a line, where no data.yaml says anything."""
    found: list[Listed] = []
    lists: set[str] = set()
    for name in finder.files:
        stem, _, suffix = name.rpartition("/")[2].lower().rpartition(".")
        if suffix != "txt" or stem not in SPLIT_OF:
            continue
        rows = _read_list(finder, name, SPLIT_OF[stem], [name.rpartition("/")[0] or ".", "."])
        if rows and PurePosixPath(rows[0].id).suffix.lower() in IMAGE_SUFFIXES:
            lists.add(name)
            found.extend(rows)
    return found, lists


def _folder_splits(finder: _Finder) -> Iterator[Listed]:
    for image in finder.images:
        for folder in image.lower().split("/")[:-1]:
            if folder in SPLIT_OF:
                yield Listed(None, SPLIT_OF[folder], None, image, image)
                break


def _read_list(finder: _Finder, name: str, split: str, bases: Iterable[str]) -> list[Listed]:
    try:
        lines = decode(finder.tree.read(name, MAX_LIST_BYTES)).text.splitlines()
    except (OSError, UnsafePath) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        finder.skipped.append((name, reason or str(error)))
        return []
    if len(lines) > MAX_LIST_LINES:
        finder.skipped.append((name, f"{len(lines):,} lines, more than any list of images"))
        return []
    bases = [name.rpartition("/")[0] or ".", *bases]
    return [
        Listed(name, split, number, line.strip(), _resolve(finder, line.strip(), bases, finder.image_set))
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def _resolve(finder: _Finder, entry: str, bases: Iterable[str], there: frozenset[str]) -> str | None:
    """The name in `there` that a written path means, or None: below each base, else by its longest tail."""
    return _below(finder, entry, bases, there) or _by_tail(entry, bases, there)


def _below(finder: _Finder, entry: str, bases: Iterable[str], there: frozenset[str]) -> str | None:
    entry = entry.strip().replace("\\", "/")
    if len(entry) > MAX_PATH:
        return None
    root = finder.tree.root.as_posix().rstrip("/") + "/"
    if entry.startswith(root):
        return name if (name := _join(".", entry[len(root) :])) in there else None
    if entry.startswith("/") or re.match(r"[A-Za-z]:", entry):
        return None  # of another machine
    return next((name for base in bases if (name := _join(base, entry)) in there), None)


def _by_tail(entry: str, bases: Iterable[str], there: frozenset[str]) -> str | None:
    if len(entry) > MAX_PATH:
        return None
    parts = [part for part in entry.strip().replace("\\", "/").split("/") if part not in ("", ".", "..")]
    for start in range(max(len(parts) - MAX_DEPTH, 0), len(parts)):
        for base in bases:
            name = _join(base, "/".join(parts[start:]))
            if name in there:
                return name
    return None


def _join(base: str, entry: str) -> str:
    """base/entry without `.` and `..`; "" where it leaves the root."""
    parts: list[str] = []
    for part in [*base.split("/"), *entry.replace("\\", "/").split("/")]:
        if part == ".." and not parts:
            return ""
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or "."
