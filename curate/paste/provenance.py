"""Where every pixel of a new picture comes from: in the annotation's own <source>, and in a Parquet table.

The picture it was pasted into and those that things were cut from are named by SHA-256, so that whoever deals
out splits can keep what they show out of those that judge.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from curate import __version__
from curate.errors import CurateError
from curate.formats.voc import SYNTHETIC_SOURCE, parse
from curate.formats.voc_document import child
from curate.tree import display

MANIFEST = "manifest.parquet"
MOST_SEED = 2**63 - 1  # that fits its column

# One row a pasted thing.
COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "image": pl.String,  # file name in JPEGImages
    "sha256": pl.String,  # of that file
    "thing": pl.Int32,  # 1-based among those pasted into the picture
    "object": pl.Int32,  # 1-based in the annotation; 0: background, which has no label
    "name": pl.String,  # class
    "role": pl.String,  # object, distractor, background
    "box": pl.List(pl.Float64),  # xyxy of the visible part
    "visible": pl.Float64,  # share of its area that can be seen
    "contrast": pl.Float64,  # grey levels between it and what was there
    "target": pl.String,  # the picture it was pasted into, in its data set
    "target_sha256": pl.String,
    "host": pl.Int32,  # its number there; the order in which hosts were found
    "host_object": pl.Int32,  # 1-based in the annotation; 0: found without a label
    "host_name": pl.String,
    "host_box": pl.List(pl.Float64),
    "host_found": pl.String,  # label, model, face, skin
    "host_known": pl.String,  # skin, outline, box, lips, face: what is known of its shape
    "relation": pl.String,
    "grip": pl.String,
    "prior": pl.String,  # learnt, given, real size, built in
    "cutout_image": pl.String,  # the picture it was cut from, in its data set
    "cutout_sha256": pl.String,
    "cutout_object": pl.Int32,
    "cutout_quality": pl.Float64,
    "frame": pl.List(pl.Int32),  # xyxy of the part of the target that the picture shows
    "x": pl.Float64,  # centre of the whole thing
    "y": pl.Float64,
    "length": pl.Float64,
    "thickness": pl.Float64,
    "angle": pl.Float64,
    "scale": pl.Float64,  # target pixels a source pixel
    "mirrored": pl.Boolean,
    "bend": pl.Float64,
    "taper": pl.Float64,
    "light": pl.Float64,
    "score": pl.Float64,
    "edge": pl.String,  # feather, gaussian, poisson, none
    "gain": pl.Float64,
    "blur_x": pl.Float64,
    "blur_y": pl.Float64,
    "grey": pl.Boolean,  # the colour was taken out of the picture
    "quality": pl.Int32,  # of the JPEG
    "updated": pl.List(pl.Int32),  # old labels whose boxes shrank to their visible part
    "dropped": pl.List(pl.Int32),  # old labels of which too little is left visible, or within the frame
    "seed": pl.Int64,
    "curate": pl.String,
}

_TOLD = (
    *("name", "role", "host_object", "relation", "cutout_image", "cutout_sha256", "cutout_object"),
    *("frame", "x", "y", "scale", "angle", "mirrored", "edge"),
)


def manifest(rows: Sequence[dict[str, Any]]) -> bytes:
    """The table as Parquet; the same rows give the same bytes."""
    frame = pl.DataFrame(list(rows), schema=COLUMNS, orient="row")
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()


def read(folder: Path) -> pl.DataFrame:
    """The table of a finished run. Raises CurateError where the folder holds none."""
    path = folder / MANIFEST
    if not path.is_file():
        raise CurateError(
            f"{display(str(folder))} holds no {MANIFEST}.", "Name the folder that curate paste has written."
        )
    try:
        # read here, because Polars opens no path that is no Unicode
        return pl.read_parquet(io.BytesIO(path.read_bytes()))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise CurateError(f"{MANIFEST} cannot be read: {error}.", "Paste again into a new folder.") from error


def source(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """What <source> of a new annotation says; `rows` are those of its picture."""
    first = rows[0]
    told = {
        "target": first["target"],
        "target_sha256": first["target_sha256"],
        "seed": first["seed"],
        "curate": __version__,
        "things": [{key: row[key] for key in _TOLD} for row in rows],
    }
    return {
        "database": SYNTHETIC_SOURCE,
        "sha256": first["sha256"],
        "annotation": json.dumps(told, ensure_ascii=False, sort_keys=True),
    }


@dataclass(frozen=True)
class Lineage:
    """What an annotation says of its image: its digest as it was written, and those of what it was made from.

    `parents` are digests with the part they play: target or object.
    """

    own: str | None
    parents: Mapping[str, str]


def lineage(content: bytes) -> Lineage:
    """The lineage that an annotation file tells; nothing where it cannot be understood."""
    document = parse(content)
    part = child(document.root, "source") if document.root is not None else None
    if part is None:
        return Lineage(None, {})
    digest, told = child(part, "sha256"), child(part, "annotation")
    parents: dict[object, str] = {}
    try:
        value = json.loads(told.text) if told is not None and told.text else {"things": []}
        parents = {thing.get("cutout_sha256"): "object" for thing in value["things"]}
        parents[value.get("target_sha256")] = "target"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        parents = {}  # somebody else's <source>, or an edited one
    own = digest.text.strip() if digest is not None and digest.text else None
    return Lineage(own, {name: role for name, role in parents.items() if isinstance(name, str)})
