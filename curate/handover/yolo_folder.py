"""Write a selection as the YOLO folder every trainer reads, with `dataset.json` beside it.

data.yaml           names and the three folders, relative to itself, so that the folder may be moved
images/<split>/     the pictures, bytes unchanged but for an orientation tag
labels/<split>/     `class cx cy w h` a line; an empty file for a background
images.csv          a row an image: its split, the data set it comes from, whether it was made by us
dataset.json        schema, classes, anchors, counts, provenance, what was dropped; written last
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from curate import __version__
from curate.formats import yolo
from curate.handover.folder import place_image, write_text
from curate.handover.selection import Dropped, Selection, Source
from curate.tree import display

SCHEMA = 1
IMAGES_TABLE = "images.csv"
SPLITS = ("train", "val", "test")


def write(
    selection: Selection,
    sources: Sequence[Source],
    out: Path,
    *,
    anchors: Sequence[Sequence[float]] | None = None,
    anchors_imgsz: int = 640,
    hard_link: bool = False,
    provenance: Mapping[str, Any] | None = None,
    say: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Write the folder into `out`, which must be empty; returns what `dataset.json` holds.

    `anchors` are (w, h) in pixels of images letterboxed to `anchors_imgsz`. `say` is told how many images
    are done. Raises OSError.
    """
    splits = [name for name in SPLITS if any(item.split == name for item in selection.items)]
    for split in splits:
        (out / "images" / split).mkdir(parents=True)
        (out / "labels" / split).mkdir(parents=True)
    counts = {name: {"images": 0, "boxes": 0, "backgrounds": 0} for name in splits}
    dropped = list(selection.dropped)
    for done, item in enumerate(selection.items, start=1):
        boxes = np.array([box.xyxy for box in item.boxes]).reshape(-1, 4)
        label = yolo.write([box.label for box in item.boxes], boxes, item.width, item.height)
        dropped += [
            Dropped(item.image, None, None, f"box {item.boxes[i].xyxy} rounds to no area")
            for i in label.refused
        ]
        rows = len(item.boxes) - len(label.refused)
        place_image(
            item,
            sources[item.source],
            out / "images" / item.split / (item.stem + item.suffix),
            hard_link=hard_link,
        )
        (out / "labels" / item.split / f"{item.stem}.txt").write_bytes(label.text.encode())
        count = counts[item.split]
        count["images"] += 1
        count["boxes"] += rows
        count["backgrounds"] += rows == 0
        say(done)
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "classes": list(selection.classes),
        "anchors": [list(anchor) for anchor in anchors] if anchors is not None else None,
        "anchors_imgsz": anchors_imgsz,
        "counts": counts,
        "provenance": {
            "writer": f"curate {__version__}",
            "synthetic": sum(item.synthetic for item in selection.items),
            "not_kept": dict(selection.not_kept),
            "renamed": {stem: display(path) for stem, path in sorted(selection.renamed.items())},
            **(provenance or {}),
        },
        "dropped": [
            {"path": display(d.path), "line": d.line, "object": d.object, "why": d.why} for d in dropped
        ],
    }
    write_text(out / IMAGES_TABLE, _images_table(selection, sources))
    names = dict(enumerate(selection.classes))
    contract = {split: f"images/{split}" for split in splits} | {"nc": len(names), "names": names}
    write_text(out / "data.yaml", yaml.safe_dump(contract, allow_unicode=True, sort_keys=False))
    # written last, so its existence means that everything before it is there
    write_text(out / "dataset.json", json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    return content


def _images_table(selection: Selection, sources: Sequence[Source]) -> str:
    """A row an image: what evaluations are sliced by (`trainer val --by source`)."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("image", "split", "source", "synthetic"))
    for item in selection.items:
        where = sources[item.source].tree.root.name
        image = f"images/{item.split}/{item.stem}{item.suffix}"
        table.writerow((image, item.split, display(where), str(item.synthetic).lower()))
    return text.getvalue()
