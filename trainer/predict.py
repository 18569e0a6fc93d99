"""Photographs and weights in; drawn pictures, VOC or YOLO labels and predictions.json out.

Under OUT: `pictures/` (drawn), `Annotations/` (VOC) or `labels/` (YOLO), `predictions.json`; the first
three repeat the folders of the source. Boxes are in pixels of the picture as viewers show it: turned as its
EXIF orientation says, as it is in training.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from rich.console import Console
from rich.progress import track

from trainer.annotations import SCHEMA, prediction_rows, predictions_json, voc_xml, yolo_rows
from trainer.data.images import SUFFIXES, Image, UnreadableImageError, channels, is_image, read_image
from trainer.decode import Detections
from trainer.detect import (
    check_imgsz,
    coarsest_stride,
    detect,
    fit_in,
    input_size,
    load_detector,
    read_ahead,
)
from trainer.device import pick_device
from trainer.draw import draw_boxes, drawable
from trainer.errors import TrainerError
from trainer.files import refuse_no_folder, write_atomically
from trainer.plots import PICTURE_SUFFIXES, write_picture
from trainer.suppression import SHOWN, Suppression

FORMATS = ("voc", "yolo", "none")
_AHEAD = 3  # images decoded before the network asks for them; more would only fill the memory


@dataclass(frozen=True)
class Predicted:
    """What was found in one image, in its own pixels."""

    image: str  # relative to the source, with forward slashes
    size: tuple[int, int]  # width, height
    found: Detections


@dataclass(frozen=True)
class Predictions:
    """The outcome of one call."""

    classes: tuple[str, ...]
    images: tuple[Predicted, ...]
    unreadable: tuple[tuple[str, str], ...]  # image and reason
    note: str | None  # what the user should hear once about the pictures

    def counts(self) -> dict[str, int]:
        """Boxes of each class, in the order of the class list."""
        labels = [label for p in self.images for label in p.found.classes.tolist()]
        return {name: labels.count(i) for i, name in enumerate(self.classes)}

    def summary(self) -> dict[str, Any]:
        """Plain types for JSON: how much was looked at and found, and what could not be read."""
        unreadable = [{"image": image, "reason": reason} for image, reason in self.unreadable]
        return {
            "schema": SCHEMA,
            "images": len(self.images),
            "boxes": self.counts(),
            "unreadable": unreadable,
        }


def predict(
    source: str | Path | Sequence[str | Path],
    weights: Path,
    *,
    out: Path,
    imgsz: int | None = None,
    suppression: Suppression = SHOWN,
    device: str = "cpu",
    format: str = "voc",
    draw: bool = True,
    write_json: bool = False,
    recursive: bool = False,
    overwrite: bool = False,
    progress: bool = False,
) -> Predictions:
    """Find objects in an image, a folder of images, a glob, or several of these; write them under `out`.

    `weights` is a .pt file, a run's folder or an exported file; `imgsz` the long side in pixels that the
    network sees, by default the one it was trained at. A box is kept as its best class only.
    An image that cannot be decoded is listed in the result and the rest goes on. Raises TrainerError where
    there is nothing to read or to write, or a file is in the way and `overwrite` is not set; nothing has
    been written then.
    """
    if format not in FORMATS:
        raise TrainerError(f"--format {format} is unknown", f"choose one of {', '.join(FORMATS)}")
    sources = [source] if isinstance(source, str | Path) else source
    root, paths = _join([list_images(s, recursive=recursive, without=out / "pictures") for s in sources])
    names = [path.relative_to(root).as_posix() for path in paths]
    targets = [_Targets.of(out, name, format, draw) for name in names]
    lists = [
        out / name
        for name, wanted in (("predictions.json", write_json), ("classes.txt", format == "yolo"))
        if wanted
    ]
    refuse_no_folder(out)
    _refuse(targets, lists, names, overwrite)
    where = pick_device(device).type
    model, meta = load_detector(Path(weights), where)
    size, stride = meta.imgsz if imgsz is None else imgsz, coarsest_stride(model)
    check_imgsz(model, size)
    framed = input_size(model, size)
    shown, note = drawable(meta.classes)

    done: list[Predicted] = []
    unreadable: list[tuple[str, str]] = []
    images = read_ahead(_read, paths, _AHEAD)
    for path, name, target in track(
        list(zip(paths, names, targets, strict=True)),
        "predict",
        console=Console(stderr=True),
        disable=not progress,
        transient=True,
    ):
        read = next(images)
        if isinstance(read, str):
            unreadable.append((name, read))
            continue
        image, depth = read
        fitted = fit_in(image, framed, stride)
        (found,) = detect(model, [fitted], suppression, device=where)
        done.append(Predicted(name, fitted.size, found))
        if target.picture is not None:
            write_picture(target.picture, draw_boxes(image, found.xyxy, found.classes, shown, found.scores))
        if target.voc is not None:
            written = voc_xml(path.resolve(), fitted.size, found, meta.classes, depth=depth)
            write_atomically(target.voc, written)
        if target.yolo is not None:
            write_atomically(target.yolo, yolo_rows(fitted.size, found))

    if format == "yolo":
        write_atomically(out / "classes.txt", "".join(f"{name}\n" for name in meta.classes).encode("utf-8"))
    if write_json:
        # Written last, so that its existence means that every image was looked at.
        rows = [row for p in done for row in prediction_rows(p.image, p.found, meta.classes)]
        write_atomically(out / "predictions.json", predictions_json(rows))
    return Predictions(meta.classes, tuple(done), tuple(unreadable), note if draw else None)


def list_images(
    source: str | Path, *, recursive: bool = False, without: Path | None = None
) -> tuple[Path, list[Path]]:
    """The images that `source` means, sorted, and the folder that their names are relative to.

    A folder gives the images in it, with `recursive` also those below it, but none under `without`, where an
    earlier call has drawn. A name that exists is never taken for a glob. TrainerError where there is none.
    """
    path = Path(source)
    if path.is_file():
        return path.parent, [path]
    if path.is_dir():
        root, paths = path, sorted(path.rglob("*") if recursive else path.iterdir())
    elif glob.has_magic(str(source)):
        root = _root_of(path)
        # Path.glob takes no absolute pattern
        paths = [Path(p) for p in sorted(glob.glob(str(source), recursive=True))]  # noqa: PTH207
    else:
        raise TrainerError(f"there is no {source}", "name an image, a folder of images or a glob in quotes")
    drawn = without.resolve() if without is not None else None
    found = [p for p in paths if is_image(p)]
    images = [p for p in found if drawn is None or drawn not in p.resolve().parents]
    if found and not images:
        raise TrainerError(
            f"what is in {source} was drawn by an earlier call, for it lies in {without}",
            "name another source, or another -o",
        )
    if not images:
        hint = "" if recursive or not path.is_dir() else ", or --recursive to look in its folders"
        raise TrainerError(
            f"no images in {source}", f"name one that holds {', '.join(sorted(SUFFIXES))} files{hint}"
        )
    return root, images


def _join(listed: Sequence[tuple[Path, list[Path]]]) -> tuple[Path, list[Path]]:
    """One listing out of several: each image once, relative to the deepest folder that holds them all."""
    if len(listed) == 1:
        return listed[0]
    paths = sorted({_without_dots(path) for _, images in listed for path in images})
    if not paths:
        raise TrainerError("there is nothing to look at", "name an image, a folder of images or a glob")
    try:
        return Path(os.path.commonpath([path.parent for path in paths])), paths
    except ValueError as error:  # two drives of Windows
        raise TrainerError("the sources lie on different drives", "call predict once for each") from error


def _without_dots(path: Path) -> Path:
    """An absolute path that climbs nowhere: `..` in a name would lead out of the folder written to."""
    path = path.absolute()
    # only where there is one, since links that are followed change the names of their folders
    return path.parent.resolve() / path.name if os.pardir in path.parts else path


@dataclass(frozen=True)
class _Targets:
    """The files of one image; None for what is not wanted."""

    picture: Path | None
    voc: Path | None
    yolo: Path | None

    @classmethod
    def of(cls, out: Path, name: str, format: str, draw: bool) -> _Targets:
        relative = PurePosixPath(name)
        # A format that drawings cannot be written in keeps its suffix in the name: scan.tif.png.
        known = relative.suffix.lower() in PICTURE_SUFFIXES
        picture = out / "pictures" / (relative if known else relative.with_name(relative.name + ".png"))
        return cls(
            picture if draw else None,
            out / "Annotations" / relative.with_suffix(".xml") if format == "voc" else None,
            out / "labels" / relative.with_suffix(".txt") if format == "yolo" else None,
        )


def _refuse(
    targets: Sequence[_Targets], lists: Sequence[Path], names: Sequence[str], overwrite: bool
) -> None:
    """TrainerError where nothing would be written, two images share a label file, or a file is in the way."""
    owner: dict[Path, str] = {}
    for name, target in zip(names, targets, strict=True):
        for path in (target.picture, target.voc, target.yolo):
            if path is not None and owner.setdefault(path, name) != name:
                raise TrainerError(
                    f"{owner[path]} and {name} would both become {path.name}",
                    "rename one of them or use --format none",
                )
    everything = [*owner, *lists]
    if not everything:
        raise TrainerError(
            "nothing would be written", "leave out --no-draw, or add --format voc or --output-format json"
        )
    there = [] if overwrite else [path for path in everything if path.exists()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise TrainerError(f"{there[0]}{more} would be overwritten", "add --overwrite or choose another -o")


def _root_of(pattern: Path) -> Path:
    """The folders of a glob before its first wildcard."""
    plain = []
    for part in pattern.parts[:-1]:
        if glob.has_magic(part):
            break
        plain.append(part)
    return Path(*plain) if plain else Path(os.curdir)


def _read(path: Path) -> tuple[Image, int] | str:
    """The pixels and how many channels their file has, or the reason why there are none."""
    try:
        return read_image(path), channels(path)
    except UnreadableImageError as error:
        return str(error).removeprefix(f"{path}: ")
