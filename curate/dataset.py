"""The fact tables: what the files literally say, in columns. Readers fill them and never judge.

Boxes are `xyxy`, pixels, 0-based, far edge exclusive. What the file says word for word stands beside what
it means (`written` beside `xmin`), so that a message can quote the user's own text. Lines and columns are
1-based; a column counts characters of the decoded line. Paths are relative to the root, see `tree.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

# One row an annotation file and/or an image. An image without annotation has annotation = null, an annotation
# whose image cannot be found has image = null.
IMAGES = {
    "image_id": pl.UInt32,  # row number; the key of the other tables
    "stem": pl.String,  # file name without folder and extension
    "annotation": pl.String,  # path of the XML / txt / JSON
    "image": pl.String,  # path of the image file
    # what the annotation file says of itself
    "readable": pl.Boolean,  # objects could be read from the annotation (null: there is no annotation)
    "root_tag": pl.String,
    "encoding": pl.String,  # Python codec that decodes the bytes: utf-8, gb18030, utf-16-le, big5, cp1252 ...
    "declared_encoding": pl.String,  # from <?xml encoding=...?>, null if none
    "bom": pl.Boolean,
    "folder": pl.String,
    "filename": pl.String,  # as written
    "filename_line": pl.UInt32,
    "filename_column": pl.UInt32,
    "path_written": pl.String,  # <path>, which labelImg fills with an absolute path; no reader uses it
    "size_written": pl.String,  # "800x532x3" word for word; null if there is no <size>
    "width": pl.Int64,  # stated; null if missing or not a number
    "height": pl.Int64,
    "depth": pl.Int64,
    "size_line": pl.UInt32,
    "size_column": pl.UInt32,
    "synthetic": pl.Boolean,  # <source> says that curate drew it
    "odd_flags": pl.Boolean,  # some <difficult> or <truncated> seems to say neither 0 nor 1; VOC only
    # what the image file says
    "image_bytes": pl.UInt64,
    "image_format": pl.String,  # jpeg, png, gif, bmp, webp, tiff, heic, mpo; null if none of them
    "image_width": pl.Int64,  # stored pixels, EXIF not applied
    "image_height": pl.Int64,
    "image_channels": pl.Int64,
    "orientation": pl.UInt8,  # EXIF 0x0112; 1 where absent
    "image_problem": pl.String,  # null, empty, not-an-image, truncated, trailing-bytes, no-header, unreadable
    "image_problem_detail": pl.String,
}

# Values of `image_problem`: of which nothing can be drawn, and of which all of the picture cannot be.
NO_PICTURE = ("empty", "not-an-image", "no-header", "unreadable")
NOT_WHOLE = (*NO_PICTURE, "truncated")
# Values of `image_format` that OpenCV decodes and trainers look for.
DECODED = ("jpeg", "mpo", "png", "bmp", "webp", "tiff")
LEAST_SIDE = 1.0  # pixels; a box no wider or higher is a click, not an object (VOC writes it xmin = xmax)

# One row a box; an object without any box has one row whose corners are null, one with several has several.
OBJECTS = {
    "object_id": pl.UInt32,  # row number
    "image_id": pl.UInt32,
    "object": pl.UInt32,  # 1-based <object> in its file (row of a YOLO txt, annotation in COCO)
    "box": pl.UInt32,  # 1-based position of the box in its object; 0 if it has none
    "name": pl.String,  # as written, not stripped; null if missing
    "xmin": pl.Float64,  # null if missing or not a finite number
    "ymin": pl.Float64,
    "xmax": pl.Float64,
    "ymax": pl.Float64,
    "written": pl.String,  # "10,20,80,90" word for word: xmin,ymin,xmax,ymax; "" for a missing part
    "difficult": pl.Boolean,
    "truncated": pl.Boolean,
    "polygon": pl.Boolean,  # carries a polygon
    "rotated": pl.Boolean,  # carries a rotated box (robndbox)
    "line": pl.UInt32,  # of <object>
    "column": pl.UInt32,
    "name_line": pl.UInt32,
    "name_column": pl.UInt32,
    "box_line": pl.UInt32,
    "box_column": pl.UInt32,
}

# What `Dataset.boxes` knows of the image; each column costs as much memory as one of OBJECTS.
OF_THE_IMAGE = ("annotation", "image")

# One row a thing the reader stumbled over (see formats/voc.py for the kinds); a file may have several.
PROBLEMS = {
    "image_id": pl.UInt32,
    "kind": pl.String,
    "line": pl.UInt32,
    "column": pl.UInt32,
    "detail": pl.String,
}

# One row a line of ImageSets/Main/*.txt or of a YOLO list; or, in a folder-split layout, one row an image.
SPLITS = {
    "list": pl.String,  # path of the list file, null in a folder-split layout
    "split": pl.String,  # train, val, test, trainval, or the name of the list
    "line": pl.UInt32,
    "id": pl.String,  # word for word
    "image_id": pl.UInt32,  # null: listed but absent
}


@dataclass(frozen=True)
class Dataset:
    """A data set as four tables, the class list it declares, and where it lies."""

    root: Path
    format: str  # voc, yolo, coco
    images: pl.DataFrame
    objects: pl.DataFrame
    problems: pl.DataFrame
    splits: pl.DataFrame
    classes: tuple[str, ...]  # declared; () if nothing declares them
    classes_from: str | None  # the file that declares them, or "--classes"
    skipped: tuple[tuple[str, str], ...] = ()  # (path, why) of files that were looked at and left aside

    @cached_property
    def boxes(self) -> pl.DataFrame:
        """Objects joined with OF_THE_IMAGE of their image's row, plus `frame_width`, `frame_height`.

        The frame is the picture the boxes lie on: the real image where it can be read, in the orientation
        that the stated size agrees with (EXIF 5..8 shows the picture turned); otherwise the stated size;
        null if neither is known.
        """
        images = self.images.select(*OF_THE_IMAGE, *frame_size())
        # image_id is the number of the row; what is of the objects is not copied
        return self.objects.hstack(images.select(pl.all().gather(self.objects["image_id"])))

    @cached_property
    def twins(self) -> pl.Series:
        """Whether the image of each object may hold another one with the same corners.

        A clash of hashes may say so of one that has no twin, so whoever asks compares these few again.
        """
        # zero is added because -0.0 and 0.0 are one number with two hashes
        corners = [pl.col(corner) + 0.0 for corner in ("xmin", "ymin", "xmax", "ymax")]
        marks = self.objects.select(pl.struct("image_id", *corners).hash()).to_series()
        return marks.is_duplicated()

    def class_names(self) -> tuple[str, ...]:
        """The declared classes, or the names found in the objects in order of frequency, then alphabet."""
        if self.classes:
            return self.classes
        counts = (
            self.objects.drop_nulls("name")
            .group_by("name")
            .len()
            .sort(["len", "name"], descending=[True, False])
        )
        return tuple(counts["name"])


def drawn_on(layout: str, image: Mapping[str, Any], frame_width: int | None) -> int:
    """The orientation of the picture that the boxes of an image lie on; 1: its pixels as they are stored.

    Shares of a YOLO row lie on the picture as displayed (see formats/yolo.py); elsewhere the stated size
    tells, which is what makes the frame as wide as it is.
    """
    displayed = layout == "yolo" or frame_width != image["image_width"]
    return (image["orientation"] or 1) if displayed else 1


def frame_size() -> tuple[pl.Expr, pl.Expr]:
    """Expressions over IMAGES that give `frame_width` and `frame_height`."""
    turned = (
        (pl.col("orientation") >= 5)
        & (pl.col("width") == pl.col("image_height"))
        & (pl.col("height") == pl.col("image_width"))
        & (pl.col("image_width") != pl.col("image_height"))
    ).fill_null(False)
    stated_w = pl.when(pl.col("width") > 0).then(pl.col("width"))
    stated_h = pl.when(pl.col("height") > 0).then(pl.col("height"))
    return (
        pl.when(turned)
        .then(pl.col("image_height"))
        .otherwise(pl.coalesce("image_width", stated_w))
        .alias("frame_width"),
        pl.when(turned)
        .then(pl.col("image_width"))
        .otherwise(pl.coalesce("image_height", stated_h))
        .alias("frame_height"),
    )
