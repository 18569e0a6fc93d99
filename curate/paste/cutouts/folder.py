"""Cut-outs in a folder: PNG files that can be looked at and sorted by hand, and JSON that tells of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from curate import __version__
from curate.arrays import Pixels
from curate.errors import CurateError, UnsafePath
from curate.formats.images import MAX_PIXELS, facts_of_bytes
from curate.paste.cutouts.model import WAYS, Cutout
from curate.paste.hosts.names import folded
from curate.tree import Tree, display, display_path

FOLDER, INDEX = "cutouts", "cutouts.json"
SCHEMA = 1
_NOT_SAVED = frozenset({"rgba"})
_UNSAFE = re.compile(r"[\\/:*?\"<>|\x00-\x1f\x7f\uf780-\uf7ff]")
_LONGEST_NAME = 120  # bytes


def file_names(cutouts: Sequence[Cutout]) -> list[str]:
    """A file name for each: the path of its picture and its number, unique also where case does not count."""
    names, seen = [], Counter[str]()
    for cutout in cutouts:
        flat = _UNSAFE.sub("_", re.sub(r"\.[^./]*$", "", cutout.source)) or "cutout"
        while len(flat.encode()) > _LONGEST_NAME:
            flat = flat[1:]
        name = f"{flat}_{cutout.object}"
        seen[name.casefold()] += 1
        if (again := seen[name.casefold()]) > 1:
            name = f"{name}_{again}"
        names.append(f"{name}.png")
    return names


def index(cutouts: Sequence[Cutout], names: Sequence[str], about: Mapping[str, Any]) -> bytes:
    """The JSON file; `about` says how they were made."""
    rows = []
    for cutout, name in zip(cutouts, names, strict=True):
        row = {key: value for key, value in asdict(cutout).items() if key not in _NOT_SAVED}
        rows.append({"file": name, **row})
    content = {"schema": SCHEMA, "curate": __version__, **about, "cutouts": rows}
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "surrogatepass")


def encode(rgba: Pixels) -> bytes:
    """(H, W, 4) as PNG, without loss."""
    ok, encoded = cv2.imencode(".png", cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
    if not ok:
        raise CurateError(f"A cut-out of {rgba.shape[1]} x {rgba.shape[0]} cannot be PNG.", "Report this.")
    return bytes(encoded)


def read_cutouts(out: Path, names: Sequence[str] = ()) -> list[Cutout]:
    """What `curate cutouts` wrote, of these classes or of all: every cut-out whose PNG is still there.

    Case and blanks of names do not count.

    Raises CurateError where the folder holds none, or a file of it is none of ours.
    """
    tree = Tree.open(out)
    shown = display_path(out)
    cure = "Name the folder that curate cutouts has written."
    try:
        content = json.loads(tree.read(INDEX))
    except FileNotFoundError as error:
        raise CurateError(f"{shown} holds no {INDEX}.", cure) from error
    except (OSError, UnsafePath, ValueError, RecursionError) as error:
        raise CurateError(f"{shown}/{INDEX} cannot be read: {display(str(error))}.", cure) from error
    rows = content.get("cutouts") if isinstance(content, dict) else None
    if not isinstance(rows, list) or content.get("schema") != SCHEMA:
        raise CurateError(f"{shown}/{INDEX} is not of the kind that this version writes.", cure)
    there = {name for name in tree.files() if name.startswith(f"{FOLDER}/")}
    meant = {folded(name) for name in names}
    wanted = [
        row for row in rows if not names or (isinstance(row, dict) and folded(str(row.get("name"))) in meant)
    ]
    found = [cutout for row in wanted if (cutout := _read_row(tree, row, there, shown)) is not None]
    if not found:
        classes = sorted({str(row.get("name")) for row in rows if isinstance(row, dict)})
        raise CurateError(
            f"{shown} holds no cut-out{' of ' + ', '.join(map(display, names)) if names else ''}"
            f"{'; its classes are: ' + ', '.join(map(display, classes)) if names and classes else ''}.",
            cure,
        )
    return found


def _read_row(tree: Tree, row: Mapping[str, Any], there: set[str], shown: str) -> Cutout | None:
    """One cut-out; None where its PNG was deleted."""
    try:
        name = f"{FOLDER}/{row['file']}"
        return _cutout(row, _decoded(tree.read(name))) if name in there else None
    except (KeyError, TypeError, ValueError, AttributeError, OSError, UnsafePath) as error:
        what = row.get("file") if isinstance(row, dict) else row
        why = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise CurateError(
            f"The cut-out {display(str(what))[:200]} of {shown} cannot be read: {display(why)}.",
            "Delete its PNG, or make the cut-outs again.",
        ) from error


def _decoded(content: bytes) -> Pixels:
    facts = facts_of_bytes(content)
    if not 0 < (facts.width or 0) * (facts.height or 0) <= MAX_PIXELS:
        raise ValueError("its PNG is damaged")
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3 or picture.shape[2] != 4 or picture.dtype != np.uint8:
        raise ValueError("its PNG has no alpha channel")
    rgba: Pixels = cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA)
    return rgba


def _cutout(row: Mapping[str, Any], rgba: Pixels) -> Cutout:
    box, light, parts = row["box"], row["skin_light"], row["parts"]
    if row["way"] not in WAYS or not isinstance(parts, dict):
        raise ValueError("its way or parts mean nothing")
    return Cutout(
        rgba=rgba,
        zoom=float(row["zoom"]),
        length=float(row["length"]),
        thickness=float(row["thickness"]),
        edge=float(row["edge"]),
        held_known=bool(row["held_known"]),
        bar=bool(row["bar"]),
        grey=bool(row["grey"]),
        skin_light=None if light is None else float(light),
        quality=float(row["quality"]),
        source=str(row["source"]),
        object=int(row["object"]),
        name=str(row["name"]),
        way=str(row["way"]),
        box=None if box is None else _box(box),
        angle=float(row["angle"]),
        parts={str(key): float(value) for key, value in parts.items()},
    )


def _box(values: Sequence[Any]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(value) for value in values)
    return x0, y0, x1, y1
