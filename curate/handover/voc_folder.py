"""Write a selection as a Pascal VOC folder: JPEGImages, Annotations, ImageSets/Main, classes.txt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from curate.fixes.durable import write_file
from curate.formats import voc
from curate.handover.folder import place_image, write_text
from curate.handover.selection import Item, Selection, Source
from curate.negatives.ledger import LEDGER, Decision, dump
from curate.negatives.standing import DATABASE

SPLITS = ("train", "val", "test")


def write(
    selection: Selection,
    sources: Sequence[Source],
    out: Path,
    *,
    hard_link: bool = False,
    say: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Write the folder into `out`, which must be empty; returns its classes and counts. Raises OSError.

    Boxes keep `difficult` and `truncated`. What curate drew keeps saying so in `<source>`. What is on record
    of backgrounds goes with them, into a ledger that is about the files as they are written.
    """
    for name in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (out / name).mkdir(parents=True)
    members: dict[str, list[str]] = {name: [] for name in SPLITS}
    counts: dict[str, dict[str, int]] = {}
    decisions: list[Decision] = []
    for done, item in enumerate(selection.items, start=1):
        file_name = item.stem + item.suffix
        place_image(item, sources[item.source], out / "JPEGImages" / file_name, hard_link=hard_link)
        if item.decision is not None:
            content = (out / "JPEGImages" / file_name).read_bytes()
            decisions.append(
                replace(
                    item.decision,
                    image=f"JPEGImages/{file_name}",
                    sha256=hashlib.sha256(content).hexdigest(),
                    bytes=len(content),
                )
            )
        annotation = voc.VocAnnotation(
            folder="JPEGImages",
            filename=file_name,
            width=item.width,
            height=item.height,
            depth=item.channels,
            objects=[
                voc.VocObject(selection.classes[box.label], box.xyxy, box.difficult, box.truncated)
                for box in item.boxes
            ],
            source=_source(item),
        )
        (out / "Annotations" / f"{item.stem}.xml").write_bytes(voc.write(annotation))
        members[item.split].append(item.stem)
        count = counts.setdefault(item.split, {"images": 0, "boxes": 0, "backgrounds": 0})
        count["images"] += 1
        count["boxes"] += len(item.boxes)
        count["backgrounds"] += not item.boxes
        say(done)
    if decisions:
        write_file(out / LEDGER, dump(decisions), out / f".{LEDGER}.partial")
    write_text(out / "classes.txt", "".join(f"{name}\n" for name in selection.classes))
    # the lists last: they say which images belong to the set, so with them it is complete
    for split, stems in members.items():
        if stems:
            write_text(out / "ImageSets" / "Main" / f"{split}.txt", "".join(f"{s}\n" for s in stems))
    return {"classes": list(selection.classes), "counts": {s: counts[s] for s in SPLITS if s in counts}}


def _source(item: Item) -> dict[str, str]:
    """What an annotation says of its own origin."""
    if item.synthetic:
        return {"database": voc.SYNTHETIC_SOURCE}
    if item.decision is not None:
        return {"database": DATABASE, "annotation": item.decision.decision}
    return {}
