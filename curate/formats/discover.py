"""Which format a folder is in, told by what its files hold, and the reader for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curate.errors import CurateError, NotADataset, UnsafePath
from curate.formats.images import IMAGE_SUFFIXES
from curate.formats.pairing import split_name
from curate.tree import Tree, display, display_path

if TYPE_CHECKING:
    from curate.dataset import Dataset
    from curate.formats.voc_folder import VocReading

FORMATS = ("voc", "yolo", "coco")
_SAMPLE = 64  # files of a kind that are looked into
_VOC_START = re.compile(rb"<(?:\w+:)?(?:annotation|object|bndbox)\b", re.IGNORECASE)
_YOLO_ROW = re.compile(rb"\s*\d+(?:\.0+)?(?:[ \t]+[-+.\deE]+){4,}\s*(?:\n|\Z)")
_YOLO_YAML = re.compile(rb"^(?:names|nc|train)\s*:", re.MULTILINE)


def open_dataset(
    root: Path | Tree,
    *,
    classes: Sequence[str] | None = None,
    format: str | None = None,
    workers: int | None = None,
    use_cache: bool = False,
) -> Dataset:
    """Read a data set in any format we know; `format` (voc, yolo, coco) is recognised where it is not given.

    A folder of images without any annotation is a VOC data set in which nothing is labelled yet. With
    `use_cache`, what VOC files said is kept below `root` (see `cache.py`). Raises NotADataset where there is
    nothing to read.
    """
    tree = root if isinstance(root, Tree) else Tree.open(root)
    with begin(tree, format=format, workers=workers, use_cache=use_cache) as reading:
        return reading.finish(classes)


@dataclass(frozen=True)
class Reading:
    """A data set that is being read; `finish` takes the classes, if they are not those it declares.

    At the end of a `with` block what was read is in the cache.
    """

    tree: Tree
    finish: Callable[[Sequence[str] | None], Dataset]
    names: Sequence[str] | None = None  # of VOC files
    stamps: Sequence[int] = ()  # of these (see `cache.py`), once `finish` has been called
    remember: Callable[[], None] = lambda: None  # keeps what `after` needs
    after: Callable[[Tree], Reading] | None = None  # the same folder with other changes over it, read quickly
    settle: Callable[[], None] = lambda: None  # waits until what was read is in the cache
    stop: Callable[[], None] = lambda: None  # instead of `finish`

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *_: object) -> None:
        self.settle()


def begin(
    tree: Tree, *, format: str | None = None, workers: int | None = None, use_cache: bool = False
) -> Reading:
    """`open_dataset` in two steps: the files of VOC folders are being read when this returns."""
    chosen = format or recognise(tree)
    if chosen == "voc":
        from curate.formats import voc_folder

        return _of_voc(voc_folder.begin(tree, workers, use_cache=use_cache))
    if chosen == "yolo":
        from curate.formats import yolo

        return Reading(tree, lambda classes: yolo.read(tree, classes, workers))
    if chosen == "coco":
        from curate.formats import coco

        return Reading(tree, lambda classes: coco.read(tree, classes, workers))
    raise CurateError(f"{chosen} is no format that can be read.", f"Choose one of {', '.join(FORMATS)}.")


def _of_voc(reading: VocReading) -> Reading:
    def remember() -> None:
        reading.remembers = True

    return Reading(
        tree=reading.tree,
        finish=reading.finish,
        names=reading.names,
        stamps=reading.stamps,
        remember=remember,
        after=lambda tree: _of_voc(reading.after(tree)),
        settle=reading.settle,
        stop=reading.stop,
    )


def recognise(tree: Tree) -> str:
    """voc, yolo or coco; where a folder holds both of the first two, the one with more annotation files.

    A COCO file counts only where there are neither VOC nor YOLO annotations: it often lies beside them.
    """
    files = tree.files()
    images = tree.with_suffix(*IMAGE_SUFFIXES)
    annotations = tree.with_suffix(".xml")
    if not any(_VOC_START.search(_head(tree, name).replace(b"\0", b"")) for name in _sampled(annotations)):
        # nothing that looks like VOC, but files in a folder of that name are broken rather than foreign
        annotations = [name for name in annotations if "annotations" in name.lower().split("/")]
    labels = _yolo_labels(tree, images)
    if annotations and len(annotations) >= len(labels):
        return "voc"
    if labels:
        return "yolo"
    if any(_is_coco(tree, name) for name in tree.with_suffix(".json")):
        return "coco"
    if any(
        _YOLO_YAML.search(_head(tree, name)) for name in files if name.lower() in ("data.yaml", "data.yml")
    ):
        return "yolo"
    if images:
        return "voc"
    folder = display_path(tree.root)
    aside = "".join(f" Left aside: {display(path)}, {why}." for path, why in tree.left_aside()[:3])
    raise NotADataset(
        f"{folder} holds no images and no annotations that we can read ({len(files):,} files).{aside}",
        "Name a folder with VOC XML, YOLO labels or a COCO JSON file.",
    )


def _yolo_labels(tree: Tree, images: Sequence[str]) -> list[str]:
    """Text files in a `labels` folder or beside an image of their stem, if some have rows of numbers."""
    texts = tree.with_suffix(".txt")
    stems = {split_name(name)[:2] for name in images} if texts else set()
    labels = []
    for name in texts:
        folder, stem, suffix = split_name(name)
        if suffix.lower() == ".txt" and ("labels" in folder.lower().split("/") or (folder, stem) in stems):
            labels.append(name)
    looks = any(_YOLO_ROW.match(_head(tree, name)) for name in _sampled(labels))
    return labels if looks else []


def _sampled(names: Sequence[str]) -> Sequence[str]:
    """Names spread evenly over all of them."""
    step = max(len(names) // _SAMPLE, 1)
    return names[::step]


def _is_coco(tree: Tree, name: str) -> bool:
    """Whether a JSON file has COCO's lists, near its beginning or its end."""
    try:
        content = tree.read_head(name, 1 << 16)
        if len(content) == 1 << 16:
            content += tree.read_tail(name, 1 << 16)
    except (OSError, UnsafePath):
        return False
    return sum(key in content for key in (b'"images"', b'"annotations"', b'"categories"')) >= 2


def _head(tree: Tree, name: str) -> bytes:
    try:
        return tree.read_head(name, 4096)
    except (OSError, UnsafePath):
        return b""
