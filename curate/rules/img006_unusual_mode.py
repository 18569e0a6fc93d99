"""unusual-mode: CMYK, 16 bits a channel, a palette, transparency, or an animation.

## What
The file is read by every decoder, but not by all in the same way. Alpha is only worth knowing: decoders drop
it, and what lay behind it shows.

## Why it hurts training
Pillow gives four channels for CMYK and palette numbers instead of colours, OpenCV gives RGB; 16 bits become 8
by cutting or by scaling; of an animation one takes the first picture, another all. The colours of training
and of use then differ.

## Example
A scan saved for printing: a JPEG with four channels.

## Repair
Unsafe for CMYK, 16 bits and palettes in formats that can hold RGB: the file is encoded anew as 8-bit RGB
(JPEG at quality 95); the journal keeps the original, and `curate undo` brings it back. What an animation or
transparency should become only a person can say.

## Evidence
`pens_cutout_yolo`, a public set of 40 pictures, holds two PNG files with palettes of 16 colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from curate.errors import UnsafePath
from curate.findings import Edit, Finding, FixClass, ReplaceBytes, Severity
from curate.formats.images import decode_pixels
from curate.formats.modes import ALPHA, ANIMATED, CMYK, mode
from curate.formats.voc import Document
from curate.rules.model import Facts, Rule, Stage

# what is encoded anew, and as what; the others have no 8-bit RGB or would need another name
_SUFFIX = {"jpeg": ".jpg", "png": ".png", "bmp": ".bmp", "tiff": ".tif"}
_QUALITY = 95
_HEAD = 1 << 16


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    image = facts.data.images.filter(pl.col("image").is_not_null() & pl.col("image_problem").is_null())
    # a JPEG is usual but for its four channels, and the others are few
    rows = image.filter(
        ~pl.col("image_format").is_in(["jpeg", "mpo", "heic"]) | (pl.col("image_channels") == 4)
    )
    for row in rows.iter_rows(named=True):
        found = _mode(facts, row)
        if found is None:
            continue
        upright = row["orientation"] in (None, 1)  # encoding anew drops the tag that turns the picture
        plain = found not in (ALPHA, ANIMATED) and row["image_format"] in _SUFFIX and upright
        yield rule.finding(
            row,
            f"the picture is stored as {found}"
            + (" channel beside its colours" if found == ALPHA else " colours" if found == CMYK else ""),
            "Decoders differ in what they make of it: channels, colours or the picture itself.",
            safety=FixClass.UNSAFE if plain and facts.data.format == "voc" else FixClass.MANUAL,
            fix="encode it anew as 8-bit RGB; the journal keeps the original" if plain else _advice(found),
            path=row["image"],
            severity=Severity.INFO if found == ALPHA else None,
        )


def _advice(found: str) -> str:
    if found == ANIMATED:
        return "save the picture that was labelled"
    return "save it on the background it should have" if found == ALPHA else "save it as 8-bit RGB"


def _mode(facts: Facts, row: Mapping[str, Any]) -> str | None:
    if row["image_format"] in ("jpeg", "mpo"):
        return CMYK
    try:
        whole = row["image_format"] == "tiff"  # its directory lies anywhere
        content = facts.tree.read(row["image"]) if whole else facts.tree.read_head(row["image"], _HEAD)
    except (OSError, UnsafePath):
        return None  # IMG004 says so
    return mode(lambda offset, count: content[offset : offset + count], len(content))


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    import cv2

    content = facts.tree.read(finding.path)
    pixels = decode_pixels(content)
    row = facts.data.images.filter(pl.col("image") == finding.path).row(0, named=True)
    if pixels is None:
        return []
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY] if row["image_format"] == "jpeg" else []
    done, encoded = cv2.imencode(_SUFFIX[row["image_format"]], pixels[:, :, ::-1], options)
    return [ReplaceBytes(finding.path, 0, len(content), encoded.tobytes())] if done else []


RULE = Rule(
    code="IMG006",
    name="unusual-mode",
    severity=Severity.WARNING,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
