"""Draw the sample data set: `python -m samples.generate [-o DIR] [--seed 0] [--workers N]`.

Writes DIR/data (Pascal VOC), DIR/backgrounds (places without hands) and DIR/DEFECTS.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from . import defects, plan, scene
from .defects import Entry
from .drawing.held import CLASSES
from .drawing.places import PLACES
from .voc import Annotation

QUALITIES = (86, 84, 82, 80, 78, 75, 72)
LARGEST = 17_500  # bytes a JPEG should not exceed, so that the whole set stays below 4 MB


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """RGB pixels as a JPEG, of the best quality that stays below LARGEST bytes."""
    for quality in QUALITIES:
        data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(data) <= LARGEST:
            break
    return data


def entry(item: plan.Item, seed: int) -> Entry:
    """One labelled picture, drawn and encoded, still without its defect."""
    cv2.setNumThreads(1)
    drawn = scene.picture(item.spec, seed)
    annotation = Annotation(f"{item.stem}.jpg", item.spec.size, drawn.objects)
    if item.plant is defects.png_named_jpg:
        image = cv2.imencode(".png", drawn.pixels[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()
    elif item.plant is defects.exif_rotated:
        image = jpeg(np.ascontiguousarray(np.rot90(drawn.pixels)))
    else:
        image = jpeg(drawn.pixels)
    return Entry(annotation, annotation.text().encode("utf-8"), image)


def backdrop(number: int, seed: int) -> tuple[str, bytes]:
    """One picture for `backgrounds/`: its name and its bytes."""
    cv2.setNumThreads(1)
    place = list(PLACES)[number % len(PLACES)]
    pixels = scene.background(place, number, plan.LANDSCAPE if number % 5 else plan.PORTRAIT, seed)
    return f"{place}-{number // len(PLACES) + 1}.jpg", jpeg(pixels)


def files(seed: int, workers: int) -> dict[str, bytes]:
    """Every file of the set: path relative to the output folder -> bytes."""
    items = plan.items(seed)
    drawn = [item for item in items if item.copy_of is None]
    with ProcessPoolExecutor(workers) as pool:
        entries = dict(
            zip((i.spec.number for i in drawn), pool.map(partial(entry, seed=seed), drawn), strict=True)
        )
        scenes = list(pool.map(partial(backdrop, seed=seed), range(plan.BACKGROUNDS)))
    planted: list[defects.Defect] = []
    found: dict[str, bytes] = {f"backgrounds/{name}": data for name, data in scenes}
    for item in items:
        number = item.spec.number
        if item.copy_of is not None:
            named = Entry(Annotation(f"{item.stem}.jpg", item.spec.size, ()), b"", b"")
            trained = [other.spec.number for other in items if other.split == "train"]
            done, defect = defects.copied(named, entries[item.copy_of], trained.index(item.copy_of) + 1)
            planted.append(defect)
        elif item.plant is not None:
            done, defect = item.plant(entries[number])
            planted.append(defect)
        else:
            done = entries[number]
        found[done.xml_path], found[done.image_path] = done.xml, done.image
    for split in ("train", "val", "test", "trainval"):
        stems = [
            item.stem
            for item in items
            if item.split == split or (split == "trainval" and item.split != "test")
        ]
        found[f"data/ImageSets/Main/{split}.txt"] = "".join(f"{stem}\n" for stem in stems).encode()
    found["data/classes.txt"] = "".join(f"{name}\n" for name in CLASSES).encode()
    found["DEFECTS.md"] = defects.table(planted).encode()
    return found


def write(folder: Path, found: dict[str, bytes]) -> None:
    """Write the files, each by a rename, so that none is ever half there."""
    for name, data in found.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def strangers(folder: Path, names: Iterable[str]) -> list[Path]:
    """Files under data/ and backgrounds/ that this run would not write."""
    ours = {folder / name for name in names}
    there = [
        path for part in ("data", "backgrounds") for path in (folder / part).rglob("*") if path.is_file()
    ]
    return sorted(path for path in there if path not in ours)


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when the set was written, 2 when the folder holds other files."""
    parser = argparse.ArgumentParser(
        prog="python -m samples.generate", description="Draw the sample data set."
    )
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent, metavar="DIR")
    parser.add_argument("--seed", type=int, default=0, help="the same seed draws the same bytes (default 0)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that draw")
    chosen = parser.parse_args(arguments)
    found = files(chosen.seed, chosen.workers)
    odd = strangers(chosen.output, found)
    if odd:
        print(
            f"{len(odd)} files are not of this set, {odd[0]} first; remove them or choose another -o",
            file=sys.stderr,
        )
        return 2
    write(chosen.output, found)
    print(f"{len(found)} files, {sum(map(len, found.values())) / 1e6:.2f} MB in {chosen.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
